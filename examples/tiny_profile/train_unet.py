"""Train the diffusion UNet of the `tiny` profile: from a caption to the latents of one picture.

A `UNet2DConditionModel` on the VAE's latents (4 x 8 x 14 for a frame of 64 x 112), cross-attending to the 77 states of
the CLIP text model, as Stable Diffusion does (Rombach et al., CVPR 2022). Needs the VAE, the text model and the
tokenizer that it will be used with.

    cd stages/profiles/tiny && python ../../../examples/tiny_profile/train_unet.py --out unet --vae vae \\
        --text-encoder text_encoder --tokenizer tokenizer --classifier image_classifier
"""

from __future__ import annotations

import argparse
import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from films_data import CONCEPTS, Batch, Films
from judge_unet import judge
from training import Run, adamw, arguments, follow, hushed, save_half
from transformers import CLIPTextModel, CLIPTokenizer
from wording import plain

from eeg2vid.stages.pretrained.vae import encode, load_vae
from eeg2vid.stages.simulation.films import TRAINING_SEEDS

SIZE, SHOWN = (64, 112), 2  # px; pictures of each film
DRAWS = 2  # noises for each picture: to render and to encode one costs as much as to learn from it
FORGET = 0.1  # share of the captions left out, for classifier-free guidance (Ho and Salimans, 2022)
POSITIONS = 77


@dataclass(frozen=True)
class Surroundings:
    """The frozen models around the UNet."""

    vae: AutoencoderKL
    text: CLIPTextModel
    tokenizer: CLIPTokenizer

    @classmethod
    def load(cls, vae: Path, text: Path, tokenizer: Path, device: str = "cpu") -> Surroundings:
        """Load them from their folders, in float32."""
        model = CLIPTextModel.from_pretrained(text, local_files_only=True, dtype=torch.float32)
        model = model.to(device).eval().requires_grad_(False)
        return cls(load_vae(vae, device), model, CLIPTokenizer.from_pretrained(tokenizer, local_files_only=True))

    @torch.no_grad()
    def states(self, captions: Sequence[str]) -> torch.Tensor:
        """Return the text model's last hidden states, `(caption, 77, width)`."""
        ids = self.tokenizer(
            list(captions), padding="max_length", max_length=POSITIONS, truncation=True, return_tensors="pt"
        )["input_ids"]
        return self.text(ids.to(self.text.device)).last_hidden_state


def build(width: int, channels: Sequence[int], seed: int, size: Sequence[int] = (8, 14)) -> UNet2DConditionModel:
    """Return a fresh UNet for text states of `width` numbers; text enters at half the resolution and below."""
    plain_ends = len(channels) - 1
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return UNet2DConditionModel(
            sample_size=list(size),
            in_channels=4,
            out_channels=4,
            block_out_channels=list(channels),
            layers_per_block=1,
            down_block_types=["DownBlock2D"] + ["CrossAttnDownBlock2D"] * plain_ends,
            up_block_types=["CrossAttnUpBlock2D"] * plain_ends + ["UpBlock2D"],
            cross_attention_dim=width,
            attention_head_dim=4,  # the number of heads, whatever the name says (diffusers' own remark)
            norm_num_groups=16,
        )


def make_schedule() -> DDPMScheduler:
    """Return Stable Diffusion's schedule, pressed to pure noise at its end, for v-prediction.

    Without zero terminal signal a picture's mean brightness leaks into the last step and cannot be made later; with it
    the noise cannot be predicted there, but v can (Lin et al., WACV 2024; v: Salimans and Ho, ICLR 2022).
    """
    return DDPMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
    )


def fingerprint(folder: Path) -> str:
    """Return what a model's files are known by: the beginning of a digest."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in (".safetensors", ".json", ".txt"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in found)).hexdigest()[:16]


def train(args: Any, films: Films, around: Surroundings) -> tuple[UNet2DConditionModel, Run, dict[str, Any]]:
    """Train; return the average of the weights over the last steps, the run and its facts."""
    unet = build(around.text.config.hidden_size, args.channels, args.seed).to(args.device)
    average = copy.deepcopy(unet).requires_grad_(False)
    schedule = make_schedule()

    def loss_of(batch: Batch, step: int) -> torch.Tensor:
        del step  # the global generator is seeded for it
        frames, captions = batch["frames"], [plain(text) for text in batch["captions"]]
        latents = torch.from_numpy(encode(around.vae, frames.reshape(-1, *frames.shape[2:]), batch=64))
        forgotten = torch.rand(len(captions)) < FORGET
        said = ["" if gone else text for text, gone in zip(captions, forgotten.tolist(), strict=True)]
        latents = latents.repeat_interleave(DRAWS, 0)
        states = around.states(said).repeat_interleave(frames.shape[1] * DRAWS, 0)
        noise = torch.randn(latents.shape)
        # one time out of each of as many equal stretches: less scatter than independent times
        times = (torch.randperm(len(latents)) + torch.rand(len(latents))) / len(latents) * len(schedule.betas)
        times = times.long()
        noisy, wanted = schedule.add_noise(latents, noise, times), schedule.get_velocity(latents, noise, times)
        found = unet(noisy.to(args.device), times.to(args.device), encoder_hidden_states=states).sample
        return torch.nn.functional.mse_loss(found, wanted.to(args.device))

    settings = {
        "batch": args.batch,
        "rate": args.rate,
        "channels": list(args.channels),
        "concepts": len(films.concepts),
        "films": films.origin,
    }
    settings |= {"vae": fingerprint(args.vae), "text": fingerprint(args.text_encoder)}
    settings |= {"tokenizer": fingerprint(args.tokenizer)}
    run = Run(
        unet,
        adamw(unet, args.rate, decay=0.01),
        args.out,
        args.minutes,
        args.seed,
        args.threads,
        steps=args.steps,
        precision=args.precision,
        warm_up=min(200, args.steps or 200),
        also={"average": average},
        settings=settings,
    )
    facts = run.loop(
        loss_of, lambda first: films.batches(args.batch, None, args.seed, first), partial(follow, average, unet)
    )
    return average, run, facts | {"films": films.origin}


def save(unet: UNet2DConditionModel, folder: Path) -> None:
    """Write weights (float16), `config.json` and `scheduler_config.json` into one folder; the UNet stays in float16."""
    save_half(unet, folder)
    make_schedule().save_pretrained(folder)


def options() -> argparse.ArgumentParser:
    """Return the parser of this script's options."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--vae", type=Path, required=True, help="folder of the VAE")
    parser.add_argument("--text-encoder", type=Path, required=True, help="folder of the CLIP text model")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of its tokenizer")
    parser.add_argument("--classifier", type=Path, help="folder of the image classifier, to judge with")
    parser.add_argument("--channels", type=int, nargs="+", default=[64, 112], help="of each resolution")
    parser.add_argument("--batch", type=int, default=24, help="films a step; two pictures of each, two noises")
    parser.add_argument("--rate", type=float, default=8e-4, help="highest learning rate")
    parser.add_argument("--concepts", type=int, nargs="+", default=list(CONCEPTS))
    parser.add_argument("--judged", type=int, default=4, help="pictures of each concept to generate and judge")
    parser.add_argument("--guidance", type=float, default=3.0, help="of the generated pictures")
    parser.add_argument("--preview", type=Path, help="write a picture: generated from the captions of films")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Train, save, judge, write the card."""
    args = options().parse_args(argv)
    hushed()
    around = Surroundings.load(args.vae, args.text_encoder, args.tokenizer, args.device)
    films = Films(TRAINING_SEEDS, SIZE, SHOWN, tuple(args.concepts), args.workers, shelf=args.films)
    unet, run, facts = train(args, films, around)
    save(unet, args.out)
    around = Surroundings.load(args.vae, args.text_encoder, args.tokenizer)
    card = judge(args, facts, around)
    (args.out / "card.md").write_text(card, encoding="utf-8")
    run.finish()
    print(card)


if __name__ == "__main__":
    main()
