"""Measure a saved tiny classifier on films of `JUDGING_SEEDS`, and write its card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from classes import DISTRACTORS, SPEED_SCALE, FlowingFilms, attributes, distract, image_labels, video_labels
from numpy.typing import NDArray
from seer import CLASSES, FEATURE, FRAMES, SIZE, concepts_of, load, look

from eeg2vid.stages.datasets.protocol import CONCEPT_NAMES
from eeg2vid.stages.simulation.films import JUDGING_SEEDS, TRAINING_SEEDS

PICTURE = 2  # which of the six frames an image model is shown
FEW = 20  # of each distractor
Frames = NDArray[np.uint8]


def blurred(frames: Frames, factor: int) -> Frames:
    """Return frames that lost all detail finer than `factor` px."""
    pixels = torch.from_numpy(frames).permute(0, 1, 4, 2, 3).flatten(0, 1).float()
    small = torch.nn.functional.avg_pool2d(pixels, factor)
    large = torch.nn.functional.interpolate(small, frames.shape[2:4], mode="bilinear", align_corners=False)
    return large.round().to(torch.uint8).permute(0, 2, 3, 1).numpy().reshape(frames.shape)


def through_vae(frames: Frames, folder: Path) -> Frames:
    """Return frames as a VAE gives them back."""
    from eeg2vid.stages.pretrained.vae import decode, encode, load_vae

    vae = load_vae(folder)
    flat = frames.reshape(-1, *frames.shape[2:])
    return decode(vae, encode(vae, flat)).reshape(frames.shape)


def _attribute_lines(outputs: dict[str, NDArray[Any]], targets: dict[str, NDArray[Any]]) -> list[str]:
    lines = ["| attribute | right | most frequent value | mean over values |", "|---|---|---|---|"]
    for name, target in targets.items():
        found = outputs[name]
        if found.shape[1] == 1:
            middle = np.median(target)
            r = np.corrcoef(found[:, 0], target)[0, 1]
            fast = ((found[:, 0] > middle) == (target > middle)).mean()
            error = np.abs(found[:, 0] - target).mean() * SPEED_SCALE[1]
            lines.append(f"| {name} (fast / slow) | {fast:.1%} | 50.0% | r = {r:.3f}, mean error of ln {error:.2f} |")
            continue
        right = found.argmax(axis=1) == target
        values, counts = np.unique(target, return_counts=True)
        balanced = np.mean([right[target == value].mean() for value in values])
        lines.append(f"| {name} | {right.mean():.1%} | {counts.max() / len(target):.1%} | {balanced:.1%} |")
    return lines


def _confused(truth: NDArray[np.int64], found: NDArray[np.int64]) -> str:
    pairs = Counter((int(a), int(b)) for a, b in zip(truth, found, strict=True) if a != b)
    names = ("nothing", *CONCEPT_NAMES)
    return ", ".join(f"{names[a]} as {names[b]} ({n})" for (a, b), n in pairs.most_common(8)) or "none"


def judge(
    folder: Path, facts: dict[str, Any], concepts: Sequence[int], each: int, seen: int, vae: Path | None = None
) -> str:
    """Measure the saved, reloaded classifier; return the card.

    Parameters
    ----------
    folder
        Where `seer.save` wrote it.
    facts
        Of the training, from `training.Run`.
    concepts, each
        Concepts to judge by, and clips of each.
    seen
        How many clips it was trained on.
    vae
        Judge also films that went through this VAE.
    """
    seer = load(folder)
    kind, names = seer.kind, np.array(CLASSES[seer.kind].names)
    batch = FlowingFilms(JUDGING_SEEDS, SIZE, FRAMES, tuple(concepts), told=False).batch(each * len(concepts), 0)
    flow = batch["flow"] if kind == "video" else None
    specs, films = batch["specs"], batch["frames"]
    shown = films if kind == "video" else films[:, PICTURE : PICTURE + 1]
    truth = np.array([spec.concept for spec in specs], np.int64)
    labels = image_labels(specs) if flow is None else video_labels(specs, flow)

    probabilities, outputs = look(seer, shown)
    found = concepts_of(kind, probabilities)
    lines = ["| shown | concept right, of 40 | fine class right |", "|---|---|---|"]

    def row(name: str, seen_as: NDArray[Any]) -> None:
        concept = (concepts_of(kind, seen_as) == truth).mean()
        lines.append(f"| {name} | {concept:.1%} | {(seen_as.argmax(axis=1) == labels).mean():.1%} |")

    row("clean", probabilities)
    for factor in (2, 4):
        row(f"blurred to {SIZE[1] // factor}x{SIZE[0] // factor} px", look(seer, blurred(shown, factor))[0])
    if vae is not None:
        row("through the VAE", look(seer, through_vae(shown, vae))[0])
    if kind == "video":
        stills = np.repeat(shown[:, PICTURE : PICTURE + 1], FRAMES, axis=1)
        row("one frame, six times", look(seer, stills)[0])
    table = "\n".join(lines)

    rng = np.random.default_rng(0)
    wrong = [(d, distract(d, shown[rng.integers(len(shown))], rng)) for d in DISTRACTORS for _ in range(FEW)]
    seen_as = look(seer, np.stack([frames for _, frames in wrong]))[0]
    none = (concepts_of(kind, seen_as) == 0).mean()
    exact = (names[seen_as.argmax(axis=1)] == [name for name, _ in wrong]).mean()

    per_concept = sorted((float((found[truth == c] == c).mean()), CONCEPT_NAMES[c - 1]) for c in set(truth.tolist()))
    worst = ", ".join(f"{name} {share:.0%}" for share, name in per_concept[:6])
    what = {
        "image": "a `ViTForImageClassification`: one picture, 64 x 112 px (height x width), patches of 8 px",
        "video": "a `VideoMAEForVideoClassification`: six frames, 64 x 112 px (height x width), spread over "
        "the 2 s of a clip, tubelets of 2 x 8 x 8",
    }[kind]
    earlier = {"": "", kind: " It went on from an earlier round, whose clips are not counted here."}
    start = earlier.get(facts.get("started", ""), " It started from the image classifier.")
    options = f"{kind} " + " ".join(f"--{name} {facts[name]}" for name in ("seed", "steps", "threads", "precision"))
    parameters = sum(p.numel() for p in seer.parameters()) / 1e6
    return f"""# tiny {kind} classifier

{what[0].upper()}{what[1:]}; {parameters:.2f} million parameters, float16. It knows the simulated films of
`eeg2vid simulate` and nothing else: on real films it is useless.

- {len(names)} classes: the 40 concepts, finer, and {len(DISTRACTORS)} kinds of pictures without a concept.
  `attributes.json` says which concept each class belongs to (0: none); the probability of a concept is the sum.
- Attribute heads in `attributes.safetensors`: linear, on `{FEATURE[kind]}`;
  described in `attributes.json`.{" A still picture shows no speed: no such head." if kind == "image" else ""}
- Made by `examples/tiny_profile/train_classifiers.py {options}` in {facts["minutes"]} minutes,
  {facts["seconds_per_step"]} s a step (torch {facts["torch"]}); the loss was {facts["first_loss"]:.3f} at first and
  {facts["last_loss"]:.3f} in the end.{start}
- Learned from {seen} clips ({facts["films"]}), clip seeds {TRAINING_SEEDS.start} to {TRAINING_SEEDS.stop - 1}, which no
  simulated study uses.

Judged on {len(specs)} films of a third range of seeds ({JUDGING_SEEDS.start} to {JUDGING_SEEDS.stop - 1}), with the
weights as stored:

{table}

Pictures without a concept: {none:.1%} recognised as such, {exact:.1%} as the right kind ({len(wrong)} shown).
Weakest concepts: {worst}. Most frequent errors: {_confused(truth, found)}.

{chr(10).join(_attribute_lines(outputs, attributes(specs, flow)))}
"""
