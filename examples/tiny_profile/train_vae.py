"""Train the VAE of the `tiny` profile: Stable Diffusion's class and factor, small enough for a package.

Learns from frames of simulated films whose clip seeds no simulated study can use. The same seed and the same
number of threads give the same weights.

    python examples/tiny_profile/train_vae.py --out stages/profiles/tiny/vae
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from diffusers.utils import logging

from eeg2vid.stages.pretrained.vae import WEIGHTS, decode, encode, load_vae
from eeg2vid.stages.simulation.films import JUDGING_SEEDS, TRAINING_SEEDS, check_seeds, render_clip, sample_specs

CONFIG = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "block_out_channels": (16, 32, 72, 104),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "mid_block_add_attention": False,  # convolutions only: other picture sizes work as well
    "sample_size": 64,
}
SIZES = {64: (5000, 0.4), 112: (4000, 0.4), 256: (500, 0.2)}  # width: clips rendered, share of every batch
BATCH = 16
NOISE = (0.0, 0.2)  # standard deviations of the noise on the latents, in units of the latents' own
MIXED = 0.125  # share of the batch whose latents are mixed with a neighbour's
KL_WEIGHT = 1e-6


def pictures(width: int, count: int, seeds: range, rng: np.random.Generator) -> np.ndarray:
    """Return two frames of each of `count` clips, uint8 `(frame, height, width, 3)`, padded to multiples of 8."""
    specs = sample_specs(rng.integers(1, 41, count).tolist(), rng, seeds=seeds)
    check_seeds(specs, seeds)
    height = 2 * round(width * 9 / 32)
    frames = np.concatenate([render_clip(spec, width=width, height=height, fps=1.0) for spec in specs])
    return np.pad(frames, ((0, 0), (0, -height % 8), (0, -width % 8), (0, 0)), mode="edge")


def crops(pools: dict[int, np.ndarray], height: int, width: int, rng: np.random.Generator) -> torch.Tensor:
    """Draw a batch of random crops, float32 `(batch, 3, height, width)` in [-1, 1]."""
    batch = np.empty((BATCH, height, width, 3), np.uint8)
    widths = rng.choice(list(pools), BATCH, p=[SIZES[w][1] for w in pools])
    for row, pool in enumerate(pools[w] for w in widths):
        top, left = rng.integers(pool.shape[1] - height + 1), rng.integers(pool.shape[2] - width + 1)
        batch[row] = pool[rng.integers(len(pool)), top : top + height, left : left + width]
    return torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 127.5 - 1


def loss_of(vae: AutoencoderKL, pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return the training loss: reconstruction from noisy, partly mixed latents, plus a little KL.

    Noise and mixing are for what comes later: latents predicted from EEG are neither exact nor of one picture, and
    the decoder should turn the middle of two latents into the middle of two pictures.
    """
    posterior = vae.encode(pixels).latent_dist
    latents = posterior.mean + posterior.std * torch.randn(posterior.mean.shape, generator=generator)
    mixed = max(2, round(MIXED * len(pixels)))
    share = torch.rand(mixed, 1, 1, 1, generator=generator)
    blend, target = latents[:mixed].roll(1, 0), pixels[:mixed].roll(1, 0)
    latents = torch.cat([share * latents[:mixed] + (1 - share) * blend, latents[mixed:]])
    target = torch.cat([share * pixels[:mixed] + (1 - share) * target, pixels[mixed:]])
    level = torch.empty(len(pixels), 1, 1, 1).uniform_(*NOISE, generator=generator)
    latents = latents + level * latents.detach().std() * torch.randn(latents.shape, generator=generator)
    error = vae.decode(latents).sample - target
    return (error.square() + 0.05**2).sqrt().mean() + KL_WEIGHT * posterior.kl().mean()


def _set(conv: torch.nn.Conv2d, row: int, column: int, kernel: torch.Tensor | float) -> None:
    """Let output `row` of a convolution be its input `column`, filtered, and nothing else."""
    conv.weight[row] = 0
    conv.bias[row] = 0
    if torch.is_tensor(kernel):
        conv.weight[row, column] = kernel
    else:
        conv.weight[row, column, conv.weight.shape[2] // 2, conv.weight.shape[3] // 2] = kernel


@torch.no_grad()
def start_as_block_means(vae: AutoencoderKL, pixels: torch.Tensor) -> None:
    """Set the fresh weights so that the first three latents are the mean colour of their 8 x 8 block.

    A few thousand steps do not suffice to find that from random weights. The colours c travel in the first channels
    of three normalisation groups as (c, -c, K, -K): the group's mean is then 0 and its variance nearly the constant
    K^2 / 2, so the normalisation hardly touches them; and silu(x) - silu(-x) = x undoes the last activation.
    Residual branches start at zero; the gains left over are measured on `pixels`. Everything is trained from there.
    """
    constant = 2.0
    box = torch.zeros(3, 3)
    box[:2, :2] = 0.25  # stride 2, padded on the right and below only
    triangle = torch.tensor([0.25, 0.5, 0.25])
    smooth = torch.outer(triangle, triangle)
    encoder, decoder = vae.encoder, vae.decoder
    for block in [*encoder.modules(), *decoder.modules()]:
        if hasattr(block, "conv2") and hasattr(block, "conv_shortcut"):
            block.conv2.weight.zero_()
            block.conv2.bias.zero_()

    def channels(width: int, color: int) -> list[int]:
        start = color * (width // CONFIG["norm_num_groups"])
        return list(range(start, start + 4))

    def carry(conv: torch.nn.Conv2d, kernel: torch.Tensor | float) -> None:
        rows, columns = conv.weight.shape[:2]
        for color in range(3):
            for row, column in zip(channels(rows, color), channels(columns, color), strict=True):
                _set(conv, row, column, kernel)

    def enter(conv: torch.nn.Conv2d) -> None:
        for color in range(3):
            plus, minus, up, down = channels(conv.weight.shape[0], color)
            _set(conv, plus, color, 1.0)
            _set(conv, minus, color, -1.0)
            for row, value in ((up, constant), (down, -constant)):
                _set(conv, row, color, 0.0)
                conv.bias[row] = value

    def leave(conv: torch.nn.Conv2d, rows: range) -> None:
        for row in rows:
            plus, minus, _, _ = channels(conv.weight.shape[1], row)
            _set(conv, row, plus, constant / 2**0.5)
            conv.weight[row, minus, 1, 1] = -constant / 2**0.5

    enter(encoder.conv_in)
    for module in (*encoder.down_blocks, *decoder.up_blocks):
        for block in module.resnets:
            if block.conv_shortcut is not None:
                carry(block.conv_shortcut, 1.0)
        for sampler in [*(getattr(module, "downsamplers", None) or []), *(getattr(module, "upsamplers", None) or [])]:
            carry(sampler.conv, box if module in list(encoder.down_blocks) else smooth)
    leave(encoder.conv_out, range(3))
    for color in range(3):
        _set(vae.quant_conv, color, color, 1.0)
        _set(vae.post_quant_conv, color, color, 1.0)
    enter(decoder.conv_in)
    leave(decoder.conv_out, range(3))
    vae.quant_conv.bias[4:] = -6.0  # a narrow posterior
    means = torch.nn.functional.avg_pool2d(pixels, 8)
    latents = vae.encode(pixels).latent_dist.mean
    for row in range(4):  # the fourth starts as noise of the same spread
        wanted = (
            (latents[:, row] * means[:, row]).sum() / latents[:, row].square().sum()
            if row < 3
            else (means.std() / latents[:, row].std())
        )
        vae.quant_conv.weight[row] *= wanted
        vae.quant_conv.bias[row] *= wanted
    decoded = vae.decode(vae.encode(pixels).latent_dist.mean).sample
    vae.decoder.conv_out.weight *= (decoded * pixels).sum() / decoded.square().sum()


def train(pools: dict[int, np.ndarray], seed: int, stages: tuple[tuple[int, int, int], ...]) -> AutoencoderKL:
    """Train on crops, stage by stage: (steps, height, width)."""
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng([seed, 1])
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        vae = AutoencoderKL(**CONFIG).to(memory_format=torch.channels_last)
    start_as_block_means(vae, crops(pools, 40, 64, rng))
    optimiser = torch.optim.AdamW(vae.parameters(), lr=1.5e-3, betas=(0.9, 0.98), weight_decay=1e-4)
    total, warm_up = max(1, sum(steps for steps, _, _ in stages)), 100
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min((k + 1) / warm_up, 0.5 + 0.5 * math.cos(math.pi * k / total))
    )
    began, average, step = time.monotonic(), 0.0, 0
    for steps, height, width in stages:
        for _ in range(steps):
            loss = loss_of(
                vae, crops(pools, height, width, rng).contiguous(memory_format=torch.channels_last), generator
            )
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            average += (loss.item() - average) / min(step, 100)
            if step % 200 == 0:
                print(f"step {step}/{total}  loss {average:.4f}  {time.monotonic() - began:.0f} s", flush=True)
    return vae.eval()


def psnr(one: np.ndarray, two: np.ndarray) -> float:
    """Return the mean over pictures of the PSNR, dB."""
    error = ((one.astype(np.float32) - two.astype(np.float32)) ** 2).mean(axis=(1, 2, 3))
    return float(np.mean(10 * np.log10(255**2 / error)))


def blocks(frames: np.ndarray) -> np.ndarray:
    """Replace every 8 x 8 block by its mean colour: what a latent of three numbers could keep."""
    n, height, width, _ = frames.shape
    means = frames.reshape(n, height // 8, 8, width // 8, 8, 3).mean(axis=(2, 4)).round().astype(np.uint8)
    return means.repeat(8, axis=1).repeat(8, axis=2)


def judge(folder: Path, preview: Path | None) -> str:
    """Measure the saved VAE on films of a third range of seeds; return the card's table."""
    vae = load_vae(folder)
    lines = ["| frames | PSNR | with latent noise 0.2 | 8x8 block means |", "|---|---|---|---|"]
    rows = []
    for width, count in ((64, 300), (112, 200), (256, 30)):
        frames = pictures(width, count, JUDGING_SEEDS, np.random.default_rng(width))
        latents = encode(vae, frames)
        noise = 0.2 * np.random.default_rng(1).standard_normal(latents.shape).astype(np.float32)
        back, noisy = decode(vae, latents), decode(vae, latents + noise)
        size = f"{frames.shape[2]}x{frames.shape[1]}"
        values = [psnr(frames, other) for other in (back, noisy, blocks(frames))]
        lines.append(f"| {size} | " + " | ".join(f"{value:.1f} dB" for value in values) + " |")
        if width == 64:
            middle = decode(vae, (latents + np.roll(latents, 2, 0)) / 2)
            rows = [np.concatenate(list(some[:24:2]), axis=1) for some in (frames, back, noisy, middle)]
    if preview is not None:
        from PIL import Image

        picture = Image.fromarray(np.concatenate(rows))
        picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST).save(preview)
    return "\n".join(lines)


CARD = """# tiny VAE

An `AutoencoderKL` of {parameters:.2f} million parameters (factor 8, 4 latent channels, float16), so that everything
runs on a CPU without a download. It knows the simulated films of `eeg2vid simulate` and nothing else: on real films it
is useless, take the `sd` profile there.

- Made by `examples/tiny_profile/train_vae.py --seed {seed}` in {steps} steps of {batch} crops
  (torch {torch}, threads: {threads}).
- Learned from frames of {clips} simulated clips at 64, 112 and 256 px wide; clip seeds {first} to {last},
  which no simulated study uses.
- Noise (up to 0.2 of the latents' spread) and mixtures of latents were decoded in training, so that latents
  predicted from EEG decode to plausible pictures.
- `scaling_factor` {scale:.4f} is one over the standard deviation of the latents.

Fidelity on clips of a third range of seeds, never used in training (mean over frames):

{table}
"""


def main() -> None:
    """Render, train, save, judge, write the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and the card")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--crop-steps", type=int, default=4000, help="steps on 32x32 crops")
    parser.add_argument("--full-steps", type=int, default=2500, help="steps on 64x40 crops")
    parser.add_argument("--preview", type=Path, help="write a picture: true, decoded, noisy, halfway")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    logging.set_verbosity_error()
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(args.seed)
    pools = {width: pictures(width, count, TRAINING_SEEDS, rng) for width, (count, _) in SIZES.items()}
    vae = train(pools, args.seed, ((args.crop_steps, 32, 32), (args.full_steps, 40, 64)))
    latents = encode(vae, pools[64][::8])  # the fresh config's factor is divided out again below
    scale = float(vae.config.scaling_factor / latents.std())
    vae.register_to_config(scaling_factor=round(scale, 5))
    vae.to(dtype=torch.float16, memory_format=torch.contiguous_format).save_pretrained(args.out)
    (args.out / WEIGHTS).chmod(0o644)
    table = judge(args.out, args.preview)
    card = CARD.format(
        parameters=sum(p.numel() for p in vae.parameters()) / 1e6,
        seed=args.seed,
        steps=args.crop_steps + args.full_steps,
        batch=BATCH,
        torch=torch.__version__.split("+")[0],
        threads=args.threads,
        clips=sum(count for count, _ in SIZES.values()),
        first=TRAINING_SEEDS.start,
        last=TRAINING_SEEDS.stop - 1,
        scale=scale,
        table=table,
    )
    (args.out / "card.md").write_text(card, encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
