"""Train a classifier of the `tiny` profile: a ViT for pictures (`image`) or a VideoMAE for films (`video`).

Learns fine classes (`classes.py`) and attributes from simulated films whose clip seeds no simulated study can use:
flipped, cropped, recoloured, some blurred or noisy, since generated films are not clean. The video model starts from
the trained image model; either can go on in another round from what an earlier one wrote.

    python examples/tiny_profile/train_classifiers.py image --out stages/profiles/tiny/image_classifier
    python examples/tiny_profile/train_classifiers.py video --out stages/profiles/tiny/video_classifier \\
        --start-from stages/profiles/tiny/image_classifier
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from classes import DISTRACTORS, FlowingFilms, attributes, distract, image_labels, video_labels
from films_data import CONCEPTS, Batch, Films
from judge_classifiers import judge
from seer import CLASSES, FRAMES, SIZE, Seer, build, load, save, start_from_image
from training import Run, adamw, arguments, hushed

from eeg2vid.stages.simulation.films import TRAINING_SEEDS

ATTRIBUTE_WEIGHT = 0.15  # of each head's loss beside the classes'
SMOOTHING = 0.05
ROUGH = 0.25  # share of the clips that are blurred, and of those made noisy
SHOWN = {"image": 3, "video": FRAMES}  # frames of each clip that are rendered


def _some(count: int, share: float) -> torch.Tensor:
    return torch.nonzero(torch.rand(count) < share).flatten()


def augment(frames: torch.Tensor) -> torch.Tensor:
    """Flip, crop, recolour, blur and add noise, each clip in its own way (torch's global generator).

    Parameters
    ----------
    frames
        uint8 `(clip, frame, height, width, 3)`.

    Returns
    -------
    float32 `(clip, frame, 3, height, width)`, about [-1, 1].
    """
    clips, count, height, width, _ = frames.shape
    pixels = frames.permute(0, 1, 4, 2, 3).float() / 127.5 - 1
    zoom = torch.empty(clips).uniform_(0.85, 1.0)
    theta = torch.zeros(clips, 2, 3)
    theta[:, 0, 0] = zoom * (torch.randint(0, 2, (clips,)) * 2 - 1)
    theta[:, 1, 1] = zoom
    theta[:, :, 2] = (1 - zoom)[:, None] * torch.empty(clips, 2).uniform_(-1, 1)
    grid = torch.nn.functional.affine_grid(
        theta.repeat_interleave(count, 0), [clips * count, 3, height, width], align_corners=False
    )
    pixels = torch.nn.functional.grid_sample(pixels.flatten(0, 1), grid, padding_mode="border", align_corners=False)
    pixels = pixels.reshape(clips, count, 3, height, width)
    gain = torch.empty(clips, 1, 3, 1, 1).uniform_(-0.04, 0.04) + torch.empty(clips, 1, 1, 1, 1).uniform_(0.85, 1.15)
    pixels = pixels * gain + torch.empty(clips, 1, 1, 1, 1).uniform_(-0.08, 0.08)
    for factor in (2, 4):
        rows = _some(clips, ROUGH / 2)
        if len(rows):
            small = torch.nn.functional.avg_pool2d(pixels[rows].flatten(0, 1), factor)
            large = torch.nn.functional.interpolate(small, (height, width), mode="bilinear", align_corners=False)
            pixels[rows] = large.reshape(len(rows), count, 3, height, width)
    rows = _some(clips, ROUGH)
    level = torch.empty(len(rows), 1, 1, 1, 1).uniform_(0, 0.2)
    pixels[rows] += level * torch.randn(len(rows), count, 3, height, width)
    return pixels.clamp(-1, 1)


def loss_of(seer: Seer, batch: Batch, rng: np.random.Generator) -> torch.Tensor:
    """Return the loss of a batch in which a few clips are turned into distractors."""
    frames, specs, classes = batch["frames"], batch["specs"], CLASSES[seer.kind]
    drawn = rng.integers(0, len(classes.names), len(specs)) < len(DISTRACTORS)  # as frequent as other classes
    kinds = rng.integers(0, len(DISTRACTORS), len(specs))
    for row in np.flatnonzero(drawn):
        frames[row] = distract(DISTRACTORS[kinds[row]], frames[row], rng)
    flow = batch["flow"] if seer.kind == "video" else None
    labels = image_labels(specs) if flow is None else video_labels(specs, flow)
    targets = attributes(specs, flow)
    labels = np.where(drawn, [classes.names.index(DISTRACTORS[k]) for k in kinds], labels)
    if seer.kind == "image":  # every frame is a picture of its own
        count = frames.shape[1]
        labels, drawn = labels.repeat(count), drawn.repeat(count)
        targets = {name: target.repeat(count) for name, target in targets.items()}
    device = next(seer.parameters()).device
    logits, outputs = seer(augment(torch.from_numpy(frames)).to(device))
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels).to(device), label_smoothing=SMOOTHING)
    clean = torch.from_numpy(~drawn).to(device)
    for name, target in targets.items():
        wanted = torch.from_numpy(target).to(device)
        if wanted.is_floating_point():
            error = torch.nn.functional.smooth_l1_loss(outputs[name][:, 0], wanted, reduction="none")
        else:
            error = torch.nn.functional.cross_entropy(outputs[name], wanted, reduction="none")
        loss = loss + ATTRIBUTE_WEIGHT * (error * clean).sum() / clean.sum().clamp(min=1)
    return loss


def stream(kind: str, concepts: Sequence[int], workers: int = 0, shelf: Path | None = None) -> Films:
    """Return the films to learn from."""
    source = FlowingFilms if kind == "video" else Films
    return source(TRAINING_SEEDS, SIZE, SHOWN[kind], tuple(concepts), workers, told=False, shelf=shelf)


def train(args: Any, films: Films) -> tuple[Seer, Run, dict[str, Any]]:
    """Train; return the classifier, the run and its facts."""
    seer, started = build(args.kind, args.width, args.layers, args.seed), ""
    if args.start_from is not None:
        earlier = load(args.start_from)
        started = earlier.kind
        if started == args.kind:
            seer.load_state_dict(earlier.state_dict())
        else:
            start_from_image(seer, earlier)
    seer.to(args.device)
    settings = {"kind": args.kind, "width": args.width, "layers": args.layers, "batch": args.batch, "rate": args.rate}
    settings |= {"started": started, "concepts": len(films.concepts), "films": films.origin}
    run = Run(
        seer,
        adamw(seer, args.rate),
        args.out,
        args.minutes,
        args.seed,
        args.threads,
        steps=args.steps,
        precision=args.precision,
        warm_up=min(200, args.steps or 200),
        settings=settings,
    )
    facts = run.loop(
        lambda batch, step: loss_of(seer, batch, np.random.default_rng([args.seed, step, 11])),
        lambda first: films.batches(args.batch, None, args.seed, first),
    )
    return seer, run, facts | {"started": started, "films": films.origin}


def options() -> argparse.ArgumentParser:
    """Return the parser of this script's options."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("kind", choices=sorted(CLASSES))
    parser.add_argument(
        "--start-from", type=Path, help="folder of a trained model: the same kind, or for video the image model"
    )
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--batch", type=int, default=24, help="clips a step; an image model sees three frames of each")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--concepts", type=int, nargs="+", default=list(CONCEPTS))
    parser.add_argument("--judged", type=int, default=25, help="clips of each concept that it is judged by")
    parser.add_argument("--vae", type=Path, help="judge also films that went through this VAE")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Train, save, judge, write the card."""
    args = options().parse_args(argv)
    hushed()
    films = stream(args.kind, args.concepts, args.workers, args.films)
    seer, run, facts = train(args, films)
    save(seer, args.out)
    card = judge(args.out, facts, args.concepts, args.judged, args.batch * facts["steps"], args.vae)
    (args.out / "card.md").write_text(card, encoding="utf-8")
    run.finish()
    print(card)


if __name__ == "__main__":
    main()
