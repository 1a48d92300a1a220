"""Train the tiny UNet to denoise clips: attention between frames, on simulated films.

The UNet is inflated as Tune-A-Video inflates Stable Diffusion's (Wu et al., ICCV 2023) and an adapter of it is trained.
The baseline that it must beat is one picture shown six times.

    cd stages/profiles/tiny && python ../../../examples/tiny_profile/train_motion.py --out ../../../build/motion \\
        --unet unet --vae vae --text-encoder text_encoder --tokenizer tokenizer --classifier video_classifier
"""

from __future__ import annotations

import argparse
import copy
from functools import partial
from pathlib import Path
from typing import Any

import torch
from films_data import CONCEPTS, Batch, Films
from judge_motion import judge
from seer import FRAMES, SIZE
from train_unet import FORGET, Surroundings, fingerprint
from training import Run, adamw, arguments, follow, hushed
from wording import plain

from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.stages.diffusion.finetuning import noised
from eeg2vid.stages.diffusion.inflated import InflatedUNet
from eeg2vid.stages.diffusion.schedule import load_schedule
from eeg2vid.stages.pretrained.unet import load_unet
from eeg2vid.stages.pretrained.vae import encode
from eeg2vid.stages.simulation.films import TRAINING_SEEDS

DRAWS = 2  # noises for each clip: to encode one costs as much as to learn from it


def settings_of(args: Any) -> InflationSettings:
    """Return how the UNet is inflated."""
    return InflationSettings(
        self_attention=args.self_attention,
        group_norm=args.group_norm,
        positions=not args.no_positions,
        trained=args.trained,
        lora_rank=args.lora_rank,
        lora_alpha=args.lora_rank,
    )


def frame_noise(shape: torch.Size, beta: float) -> torch.Tensor:
    """Draw noise of unit variance for `(clip, frame, ...)`; frames of a clip share `beta` of its variance."""
    shared, own = torch.randn(shape[0], 1, *shape[2:]), torch.randn(shape)
    return beta**0.5 * shared + (1 - beta) ** 0.5 * own


def train(args: Any, films: Films, around: Surroundings) -> tuple[InflatedUNet, Run, dict[str, Any]]:
    """Train; return the network with the average of its adapter over the last steps, the run and its facts."""
    torch.manual_seed(args.seed)
    base = fingerprint(args.unet)
    model = InflatedUNet.inflate(load_unet(args.unet, args.device), settings_of(args), base)
    adapter = model.adapter()
    average = copy.deepcopy(adapter).requires_grad_(False)
    schedule = load_schedule(args.unet)

    def loss_of(batch: Batch, step: int) -> torch.Tensor:
        del step  # the global generator is seeded for it
        frames, captions = batch["frames"], [plain(text) for text in batch["captions"]]
        latents = torch.from_numpy(encode(around.vae, frames.reshape(-1, *frames.shape[2:]), batch=64))
        latents = latents.reshape(*frames.shape[:2], *latents.shape[1:]).repeat_interleave(DRAWS, 0)
        forgotten = torch.rand(len(captions)) < FORGET
        said = ["" if gone else text for text, gone in zip(captions, forgotten.tolist(), strict=True)]
        states = around.states(said).repeat_interleave(DRAWS, 0)
        # one time out of each of as many equal stretches: less scatter than independent times
        share = (torch.randperm(len(latents)) + torch.rand(len(latents))) / len(latents)
        times = (share * len(schedule.betas)).long()
        noisy, wanted = noised(schedule, latents, frame_noise(latents.shape, args.beta), times)
        found = model(noisy.to(args.device), times.to(args.device), states)
        return torch.nn.functional.mse_loss(found, wanted.to(args.device))

    settings = {"batch": args.batch, "rate": args.rate, "beta": args.beta, "concepts": len(films.concepts)}
    settings |= {"films": films.origin, "unet": base, "vae": fingerprint(args.vae), **model.settings.model_dump()}
    settings |= {"text": fingerprint(args.text_encoder), "tokenizer": fingerprint(args.tokenizer)}
    run = Run(
        adapter,
        adamw(adapter, args.rate, decay=0.01),
        args.out,
        args.minutes,
        args.seed,
        args.threads,
        steps=args.steps,
        precision=args.precision,
        warm_up=min(100, args.steps or 100),
        also={"average": average},
        settings=settings,
    )
    batches = partial(films.batches, args.batch, None, args.seed)
    facts = run.loop(loss_of, batches, partial(follow, average, adapter))
    adapter.load_state_dict(average.state_dict())
    return model.eval(), run, facts | {"films": films.origin}


def options() -> argparse.ArgumentParser:
    """Return the parser of this script's options."""
    parser = arguments(__doc__.splitlines()[0], minutes=20.0)
    parser.add_argument("--unet", type=Path, required=True, help="folder of the UNet of pictures and its scheduler")
    parser.add_argument("--vae", type=Path, required=True, help="folder of the VAE")
    parser.add_argument("--text-encoder", type=Path, required=True, help="folder of the CLIP text model")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of its tokenizer")
    parser.add_argument("--classifier", type=Path, required=True, help="folder of the film classifier that judges")
    parser.add_argument("--self-attention", choices=("sparse-causal", "frame"), default="sparse-causal")
    parser.add_argument("--group-norm", choices=("frame", "clip"), default="frame")
    parser.add_argument("--no-positions", action="store_true", help="frames are not told apart by number")
    parser.add_argument("--trained", choices=("published", "temporal", "lora"), default="published")
    parser.add_argument("--lora-rank", type=int, default=8)
    parser.add_argument("--beta", type=float, default=0.5, help="share of noise that frames have in common")
    parser.add_argument("--batch", type=int, default=12, help="films a step; two noises of each")
    parser.add_argument("--rate", type=float, default=5e-4, help="highest learning rate")
    parser.add_argument("--concepts", type=int, nargs="+", default=list(CONCEPTS))
    parser.add_argument("--judged", type=int, default=10, help="films of each concept to generate and judge")
    parser.add_argument("--judged-betas", type=float, nargs="+", default=[0.0, 0.3, 0.5, 0.8])
    parser.add_argument("--guidance", type=float, default=3.0, help="of the generated films")
    parser.add_argument("--solver-steps", type=int, default=6, help="of DPM-Solver++")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Train, save, judge, write the card."""
    args = options().parse_args(argv)
    hushed()
    around = Surroundings.load(args.vae, args.text_encoder, args.tokenizer)
    films = Films(TRAINING_SEEDS, SIZE, FRAMES, tuple(args.concepts), args.workers, shelf=args.films)
    model, run, facts = train(args, films, around)
    model.save_pretrained(args.out)
    card = judge(args, facts, around)
    (args.out / "card.md").write_text(card, encoding="utf-8")
    run.finish()
    print(card)


if __name__ == "__main__":
    main()
