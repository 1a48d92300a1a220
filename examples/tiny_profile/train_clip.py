"""Train the CLIP of the `tiny` profile: text model and image encoder together, contrastively, on simulated films.

    python examples/tiny_profile/make_tokenizer.py --out stages/profiles/tiny/tokenizer
    python examples/tiny_profile/train_clip.py --tokenizer stages/profiles/tiny/tokenizer --out stages/profiles/tiny

Writes `text_encoder` (CLIPTextModelWithProjection) and `image_encoder` (CLIPVisionModelWithProjection) into `--out`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from films_data import CONCEPTS, Batch, Films
from numpy.typing import NDArray
from pictures import save_processor, to_pixels
from training import Run, adamw, arguments, hushed, save_half
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionModelWithProjection,
)
from wording import WordTargets, corpus, plain

from eeg2vid.stages.simulation.films import JUDGING_SEEDS, TRAINING_SEEDS

WIDTH = 128
TEXT_LAYERS, IMAGE_LAYERS, HEADS = 4, 5, 4
SIDE, PATCH = 112, 14  # 8 x 8 patches, each of 8 rows x 14 columns of a frame of 64 x 112
CLIPS, FRAMES = 48, 2  # per step
RATE = 1e-3
WORDS_WEIGHT = 0.05  # of the auxiliary loss: which words the caption holds, told from either embedding
SETS, SET = 8, 64  # captions to choose among when judging
PROMPTS = 20  # captions per concept, whose mean stands for it


def build(tokenizer: CLIPTokenizer, width: int = WIDTH, image_layers: int = IMAGE_LAYERS) -> CLIPModel:
    """Return a fresh CLIP."""
    shared = {"hidden_size": width, "intermediate_size": 4 * width, "num_attention_heads": HEADS}
    text = {
        **shared,
        "vocab_size": len(tokenizer),
        "num_hidden_layers": TEXT_LAYERS,
        "max_position_embeddings": tokenizer.model_max_length,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "projection_dim": width,
    }
    vision = {
        **shared,
        "num_hidden_layers": image_layers,
        "image_size": SIDE,
        "patch_size": PATCH,
        "projection_dim": width,
    }
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=width))


class Trainee(torch.nn.Module):
    """CLIP and the auxiliary head that is thrown away."""

    def __init__(self, clip: CLIPModel, words: int) -> None:
        super().__init__()
        self.clip = clip
        self.words = torch.nn.Linear(clip.projection_dim, words)

    def images(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return image embeddings, `(image, channel)`."""
        return self.clip.visual_projection(self.clip.vision_model(pixel_values=pixels).pooler_output)

    def texts(self, ids: torch.Tensor) -> torch.Tensor:
        """Return text embeddings, `(text, channel)`."""
        return self.clip.text_projection(self.clip.text_model(input_ids=ids).pooler_output)


def contrast(images: torch.Tensor, texts: torch.Tensor, captions: Sequence[str], scale: torch.Tensor) -> torch.Tensor:
    """Return CLIP's symmetric loss (Radford et al., ICML 2021, figure 3), equal captions all counting as the right one.

    Parameters
    ----------
    images
        `(frame of a clip * clip, channel)`: image k belongs to caption k // frames.
    texts
        `(clip, channel)`.
    captions
        Of the clips.
    scale
        Inverse temperature.
    """
    names = {text: k for k, text in enumerate(dict.fromkeys(captions))}
    index = torch.tensor([names[text] for text in captions], device=texts.device)
    same = (index.repeat_interleave(len(images) // len(texts))[:, None] == index[None]).float()
    one, two = (torch.nn.functional.normalize(each.float(), dim=-1) for each in (images, texts))
    with torch.autocast(texts.device.type, enabled=False):  # differences of logits are small
        logits = scale.exp().clamp(max=100.0) * one @ two.T
    to_text = torch.nn.functional.cross_entropy(logits, same / same.sum(1, keepdim=True))
    to_image = torch.nn.functional.cross_entropy(logits.T, same.T / same.T.sum(1, keepdim=True))
    return (to_text + to_image) / 2


def train(
    tokenizer: CLIPTokenizer, out: Path, films: Films, *, clips: int = CLIPS, width: int = WIDTH,
    image_layers: int = IMAGE_LAYERS, device: str = "cpu", seed: int = 0, **run_options: Any,
) -> tuple[CLIPModel, Run, dict[str, Any]]:  # fmt: skip
    """Train, or go on; return the model, the run (to finish after saving) and the facts for the card."""
    targets = WordTargets(corpus(4000, seed, films.concepts)[1])
    torch.manual_seed(seed)
    trainee = Trainee(build(tokenizer, width, image_layers), len(targets.words)).to(device)

    def loss_of(batch: Batch, step: int) -> torch.Tensor:
        frames = batch["frames"].reshape(-1, *batch["frames"].shape[2:])
        captions = [plain(text) for text in batch["captions"]]
        ids = tokenizer(captions, padding=True, truncation=True, return_tensors="pt")["input_ids"].to(device)
        images, texts = trainee.images(to_pixels(frames, SIDE).to(device)), trainee.texts(ids)
        wanted = targets(captions).to(device)
        both = torch.cat([wanted.repeat_interleave(len(images) // len(texts), 0), wanted])
        told = torch.nn.functional.binary_cross_entropy_with_logits(
            trainee.words(torch.cat([images, texts])), both, reduction="sum"
        ) / len(both)
        return contrast(images, texts, captions, trainee.clip.logit_scale) + WORDS_WEIGHT * told

    settings = {"clips": clips, "width": width, "layers": image_layers, "frames": films.frames, "films": films.origin}
    run = Run(trainee, adamw(trainee, RATE), out, seed=seed, settings=settings, **run_options)
    facts = run.loop(loss_of, lambda first: films.batches(clips, None, seed, first))
    return trainee.clip, run, facts | {"films": films.origin}


def save(clip: CLIPModel, out: Path) -> None:
    """Write the two halves, each as the class that its users load."""
    state = clip.float().cpu().state_dict()
    for kind, part, name in (
        (CLIPTextModelWithProjection, clip.config.text_config, "text_encoder"),
        (CLIPVisionModelWithProjection, clip.config.vision_config, "image_encoder"),
    ):
        half = kind(part)
        half.load_state_dict({key: state[key] for key in half.state_dict()})
        save_half(half, out / name)
    save_processor(out / "image_encoder", "CLIPImageProcessor", SIDE)


class Judge:
    """The saved halves, loaded as any user would."""

    def __init__(self, out: Path, tokenizer: CLIPTokenizer) -> None:
        self.tokenizer = tokenizer
        self.text = CLIPTextModelWithProjection.from_pretrained(out / "text_encoder", dtype=torch.float32).eval()
        self.image = CLIPVisionModelWithProjection.from_pretrained(out / "image_encoder", dtype=torch.float32).eval()
        self.processor = CLIPImageProcessorPil.from_pretrained(out / "image_encoder")

    @torch.inference_mode()
    def texts(self, captions: Sequence[str]) -> torch.Tensor:
        """Return unit embeddings of captions."""
        ids = self.tokenizer(list(captions), padding="max_length", max_length=77, truncation=True, return_tensors="pt")[
            "input_ids"
        ]
        found = [self.text(input_ids=some).text_embeds for some in ids.split(64)]
        return torch.nn.functional.normalize(torch.cat(found), dim=-1)

    @torch.inference_mode()
    def images(self, frames: NDArray[np.uint8]) -> torch.Tensor:
        """Return unit embeddings of frames, uint8 `(n, height, width, 3)`."""
        found = []
        for start in range(0, len(frames), 64):
            pixels = self.processor(list(frames[start : start + 64]), return_tensors="pt")["pixel_values"]
            found.append(self.image(pixel_values=pixels).image_embeds)
        return torch.nn.functional.normalize(torch.cat(found), dim=-1)

    def measure(self, films: Films, sets: int = SETS, size: int = SET) -> dict[str, float]:
        """Return retrieval both ways among `size` captions, and 40-way accuracy against the mean of true captions."""
        specs, captions = corpus(PROMPTS * len(films.concepts), 99, films.concepts)
        concept = np.array([spec.concept for spec in specs])
        prompts = self.texts(captions)
        means = torch.stack([prompts[torch.from_numpy(concept == each)].mean(0) for each in films.concepts])
        means = torch.nn.functional.normalize(means, dim=-1)
        to_text, to_image, classes = [], [], []
        for number in range(sets):
            batch = films.batch(size, 1, number)
            said = np.array([plain(text) for text in batch["captions"]])
            texts, images = self.texts(list(said)), self.images(batch["frames"][:, batch["frames"].shape[1] // 2])
            likeness = (images @ texts.T).numpy()
            to_text.append(said[likeness.argmax(1)] == said)
            to_image.append(said[likeness.argmax(0)] == said)
            named = np.asarray(films.concepts)[(images @ means.T).argmax(1).numpy()]
            classes.append(named == np.array([spec.concept for spec in batch["specs"]]))
        return {
            "caption": float(np.mean(to_text)),
            "picture": float(np.mean(to_image)),
            "concept": float(np.mean(classes)),
        }


CARD = """# tiny CLIP: {which}

{what}
It was trained together with its other half on simulated films and knows nothing else.

- Made by `examples/tiny_profile/train_clip.py --seed {seed} --steps {steps}` (torch {torch}, threads: {threads},
  {precision}) in {minutes} minutes, {seconds_per_step} s a step; {clips} clips of {frames} frames a step, {films}.
  {millions:.2f} million parameters, float16.
- Learned from clip seeds {first} to {last}, which no simulated study uses.
- CLIP's symmetric loss; equal captions count as equally right. An auxiliary head that named the caption's words from
  either embedding kept in the text what a still cannot show (speed); it is thrown away.
- Pictures of any size are squeezed to {side}x{side} px: nothing is cropped. The inverse temperature ended
  at {scale:.1f}.

Measured with these float16 files on {judged} clips of a third range of seeds ({judging_first} to {judging_last}),
one frame of each:

| frames | right caption of {set} | right picture of {set} | concept of {concepts}* |
|---|---|---|---|
{table}
| chance | {chance} | {chance} | {concept_chance} |

* The nearest of {concepts} means of {prompts} true captions.

A still does not show how fast things move: captions that differ in that alone are told apart by guessing.
"""


def write_cards(
    out: Path, facts: dict[str, Any], rows: dict[str, dict[str, float]], scale: float, films: Films
) -> None:
    """Write one card into each of the two folders."""
    table = "\n".join(
        f"| {size} | {row['caption']:.1%} | {row['picture']:.1%} | {row['concept']:.1%} |" for size, row in rows.items()
    )
    halves = {
        "text_encoder": ("text model", "A `CLIPTextModelWithProjection`: 77 positions, its own small vocabulary."),
        "image_encoder": ("image encoder", "A `CLIPVisionModelWithProjection` of 8 x 8 patches."),
    }
    for name, (which, what) in halves.items():
        size = sum(path.stat().st_size for path in (out / name).glob("*.safetensors"))
        card = CARD.format(
            **facts, which=which, what=what, clips=CLIPS, frames=FRAMES, millions=size / 2e6, side=SIDE, scale=scale,
            first=TRAINING_SEEDS.start, last=TRAINING_SEEDS.stop - 1, judged=SETS * SET, set=SET, prompts=PROMPTS,
            judging_first=JUDGING_SEEDS.start, judging_last=JUDGING_SEEDS.stop - 1, concepts=len(films.concepts),
            table=table, chance=f"{1 / SET:.1%}", concept_chance=f"{1 / len(films.concepts):.1%}",
        )  # fmt: skip
        (out / name / "card.md").write_text(card, encoding="utf-8")


def main(argv: list[str] | None = None) -> None:
    """Train, save, judge, write the cards."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder from make_tokenizer.py")
    args = parser.parse_args(argv)
    hushed()
    tokenizer = CLIPTokenizer.from_pretrained(args.tokenizer)
    films = Films(TRAINING_SEEDS, frames=FRAMES, workers=args.workers, shelf=args.films)
    clip, run, facts = train(
        tokenizer, args.out / "image_encoder", films, device=args.device, seed=args.seed, minutes=args.minutes,
        steps=args.steps, threads=args.threads, precision=args.precision,
    )  # fmt: skip
    scale = float(clip.logit_scale.detach().exp())
    save(clip, args.out)
    judge = Judge(args.out, tokenizer)
    rows = {
        f"{width}x{height}": judge.measure(Films(JUDGING_SEEDS, (height, width), frames=2, concepts=CONCEPTS))
        for height, width in ((64, 112), (144, 256))
    }
    write_cards(args.out, facts, rows, scale, films)
    run.finish()
    print((args.out / "image_encoder" / "card.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
