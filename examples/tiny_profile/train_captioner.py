"""Train the captioner of the `tiny` profile: BLIP's class, small, on frames of simulated films and their captions.

python examples/tiny_profile/train_captioner.py --out stages/profiles/tiny/captioner
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from films_data import Batch, Films
from make_tokenizer import CAPTIONS, wordpiece
from numpy.typing import NDArray
from pictures import save_processor, to_pixels
from training import Run, adamw, arguments, hushed, save_half
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
    BlipProcessor,
)
from wording import ASPECTS, Reader, WordTargets, corpus, plain

from eeg2vid.stages.simulation.films import JUDGING_SEEDS, TRAINING_SEEDS

WIDTH = 128
IMAGE_LAYERS, TEXT_LAYERS, HEADS = 5, 3, 4
SIDE, PATCH = 112, 14
CLIPS, FRAMES = 48, 2  # per step
RATE = 1e-3
WORDS_WEIGHT = 0.05
POSITIONS = 64
JUDGED = 400
EXAMPLES = 8


def build(
    tokenizer: BertTokenizer, width: int = WIDTH, image_layers: int = IMAGE_LAYERS
) -> BlipForConditionalGeneration:
    """Return a fresh captioner; its sentences start with [CLS] and end with [SEP]."""
    shared = {"hidden_size": width, "intermediate_size": 4 * width, "num_attention_heads": HEADS}
    text = {
        **shared,
        "vocab_size": len(tokenizer),
        "encoder_hidden_size": width,
        "projection_dim": width,
        "num_hidden_layers": TEXT_LAYERS,
        "max_position_embeddings": POSITIONS,
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        **shared,
        "num_hidden_layers": image_layers,
        "image_size": SIDE,
        "patch_size": PATCH,
        "projection_dim": width,
        "initializer_range": 0.02,
    }
    config = BlipConfig(text_config=text, vision_config=vision, projection_dim=width, image_text_hidden_size=width)
    return BlipForConditionalGeneration(config)


class Trainee(torch.nn.Module):
    """The captioner and an auxiliary head on the picture that is thrown away."""

    def __init__(self, blip: BlipForConditionalGeneration, words: int) -> None:
        super().__init__()
        self.blip = blip
        self.words = torch.nn.Linear(blip.config.vision_config.hidden_size, words)

    def forward(self, pixels: torch.Tensor, ids: torch.Tensor, wanted: torch.Tensor, pad: int) -> torch.Tensor:
        """Return the loss of pictures `(clip * frame, ...)` and tokens `(clip, token)`: next token, and words."""
        frames = len(pixels) // len(ids)
        states = self.blip.vision_model(pixel_values=pixels)
        tokens = ids.repeat_interleave(frames, 0)
        loss = self.blip.text_decoder(
            input_ids=tokens,
            attention_mask=(tokens != pad).long(),
            encoder_hidden_states=states.last_hidden_state,
            labels=tokens.masked_fill(tokens == pad, -100),
            reduction="mean",
        ).loss
        told = torch.nn.functional.binary_cross_entropy_with_logits(
            self.words(states.pooler_output), wanted.repeat_interleave(frames, 0), reduction="sum"
        ) / len(pixels)
        return loss.mean() + WORDS_WEIGHT * told


def train(
    tokenizer: BertTokenizer, out: Path, films: Films, *, clips: int = CLIPS, width: int = WIDTH,
    image_layers: int = IMAGE_LAYERS, device: str = "cpu", seed: int = 0, **run_options: Any,
) -> tuple[BlipForConditionalGeneration, Run, dict[str, Any]]:  # fmt: skip
    """Train, or go on; return the model, the run (to finish after saving) and the facts for the card."""
    targets = WordTargets(corpus(4000, seed, films.concepts)[1])
    torch.manual_seed(seed)
    trainee = Trainee(build(tokenizer, width, image_layers), len(targets.words)).to(device)

    def loss_of(batch: Batch, step: int) -> torch.Tensor:
        frames = batch["frames"].reshape(-1, *batch["frames"].shape[2:])
        captions = [plain(text) for text in batch["captions"]]
        ids = tokenizer(captions, padding=True, truncation=True, max_length=POSITIONS, return_tensors="pt")["input_ids"]
        pixels = to_pixels(frames, SIDE).to(device)
        return trainee(pixels, ids.to(device), targets(captions).to(device), tokenizer.pad_token_id)

    settings = {"clips": clips, "width": width, "layers": image_layers, "frames": films.frames, "films": films.origin}
    run = Run(trainee, adamw(trainee, RATE), out, seed=seed, settings=settings, **run_options)
    facts = run.loop(loss_of, lambda first: films.batches(clips, None, seed, first))
    return trainee.blip, run, facts | {"films": films.origin}


def save(blip: BlipForConditionalGeneration, tokenizer: BertTokenizer, out: Path) -> None:
    """Write model, tokenizer and picture processor into one folder, as BlipProcessor expects them."""
    save_half(blip.cpu(), out)
    tokenizer.save_pretrained(out)
    (out / "vocab.txt").write_text("\n".join(tokenizer.convert_ids_to_tokens(range(len(tokenizer)))) + "\n", "utf-8")
    save_processor(out, "BlipImageProcessor", SIDE)


class Judge:
    """The saved captioner, loaded as any user would."""

    def __init__(self, out: Path) -> None:
        tokenizer = BertTokenizer.from_pretrained(out)
        self.processor = BlipProcessor(BlipImageProcessorPil.from_pretrained(out), tokenizer)
        self.model = BlipForConditionalGeneration.from_pretrained(out, dtype=torch.float32).eval()

    @torch.inference_mode()
    def describe(self, frames: NDArray[np.uint8], beams: int = 3) -> list[str]:
        """Return a caption of each frame, uint8 `(n, height, width, 3)`."""
        said: list[str] = []
        for start in range(0, len(frames), 50):
            pixels = self.processor(images=list(frames[start : start + 50]), return_tensors="pt")
            ids = self.model.generate(**pixels, num_beams=beams, do_sample=False, max_new_tokens=30)
            said += self.processor.batch_decode(ids, skip_special_tokens=True)
        return [plain(text) for text in said]

    def measure(self, films: Films, count: int = JUDGED) -> tuple[str, str]:
        """Return the card's two tables: what captions say rightly, and examples."""
        reader = Reader()
        batch = films.batch(count, 1)
        true = [plain(text) for text in batch["captions"]]
        said = self.describe(batch["frames"][:, films.frames // 2])
        found = reader.compare(said, true)
        lines = [f"| {aspect} | {found[aspect][0]:.1%} | {found[aspect][1]:.1%} |" for aspect in ASPECTS]
        whole = np.mean([one == two for one, two in zip(said, true, strict=True)])
        lines.append(f"| every word | {whole:.1%} | |")
        examples = [f"| {two} | {one} |" for one, two in zip(said[:EXAMPLES], true, strict=False)]
        return "\n".join(lines), "\n".join(examples)


CARD = """# tiny captioner

A `BlipForConditionalGeneration` of {millions:.2f} million parameters (float16) with a WordPiece tokenizer of {tokens}
tokens. It was trained on simulated films and knows nothing else: on real films it is useless, take the `sd` profile.

- Made by `examples/tiny_profile/train_captioner.py --seed {seed} --steps {steps}` (torch {torch}, threads: {threads},
  {precision}) in {minutes} minutes, {seconds_per_step} s a step; {clips} clips of {frames} frames a step, {films}.
- Learned from clip seeds {first} to {last}, which no simulated study uses.
- Pictures of any size are squeezed to {side}x{side} px: nothing is cropped. An auxiliary head that named the caption's
  words helped the picture's half to learn; it is thrown away.

Measured with these float16 files on {judged} clips of a third range of seeds ({judging_first} to {judging_last}), one
frame of each at 112x64, three beams. An aspect is right if the sentence says of it what the true caption says, silence
included; beside it, how often the commonest answer is right:

| aspect | right | commonest answer |
|---|---|---|
{table}

A still does not show how fast things move: `speed` can hardly be better than the commonest answer.

| true | said |
|---|---|
{examples}
"""


def main(argv: list[str] | None = None) -> None:
    """Make the tokenizer, train, save, judge, write the card."""
    args = arguments(__doc__.splitlines()[0]).parse_args(argv)
    hushed()
    tokenizer = wordpiece(corpus(CAPTIONS, args.seed)[1])
    films = Films(TRAINING_SEEDS, frames=FRAMES, workers=args.workers, shelf=args.films)
    blip, run, facts = train(
        tokenizer, args.out, films, device=args.device, seed=args.seed, minutes=args.minutes, steps=args.steps,
        threads=args.threads, precision=args.precision,
    )  # fmt: skip
    save(blip, tokenizer, args.out)
    table, examples = Judge(args.out).measure(Films(JUDGING_SEEDS, frames=2))
    card = CARD.format(
        **facts, millions=sum(p.numel() for p in blip.parameters()) / 1e6,
        tokens=len(tokenizer), clips=CLIPS,
        frames=FRAMES, first=TRAINING_SEEDS.start, last=TRAINING_SEEDS.stop - 1, side=SIDE, judged=JUDGED,
        judging_first=JUDGING_SEEDS.start, judging_last=JUDGING_SEEDS.stop - 1, table=table, examples=examples,
    )  # fmt: skip
    (args.out / "card.md").write_text(card, encoding="utf-8")
    run.finish()
    print(card)


if __name__ == "__main__":
    main()
