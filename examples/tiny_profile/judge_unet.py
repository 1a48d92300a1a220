"""Generate pictures with a saved tiny UNet, measure them on captions of `JUDGING_SEEDS`, and write its card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from classes import COLORS
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from films_data import Films
from numpy.typing import NDArray
from seer import SIZE, concepts_of, load, look
from wording import plain

from eeg2vid.stages.pretrained.unet import load_unet
from eeg2vid.stages.pretrained.vae import decode, encode
from eeg2vid.stages.simulation.films import JUDGING_SEEDS, TRAINING_SEEDS

STEPS = 30  # of DDIM
LEVELS = (50, 200, 400, 600, 800, 950)  # of noise, of 1000, at which denoising is measured
Latents = NDArray[np.float32]


@torch.inference_mode()
def sample(
    unet: UNet2DConditionModel,
    schedule: DDPMScheduler,
    states: torch.Tensor,
    empty: torch.Tensor,
    *,
    guidance: float,
    seed: int,
    steps: int = STEPS,
    batch: int = 40,
) -> Latents:
    """Generate latents for captions, by DDIM with classifier-free guidance.

    Parameters
    ----------
    states, empty
        Text states of the captions `(n, 77, width)` and of the empty caption `(1, 77, width)`.
    guidance
        1: none; w: the prediction without a caption plus w times the difference that the caption makes.

    Returns
    -------
    float32 `(n, 4, 8, 14)`, scaled as the VAE's.
    """
    height, width = unet.config.sample_size
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(states), unet.config.in_channels, height, width, generator=generator)
    made = []
    for latents, said in zip(noise.split(batch), states.split(batch), strict=True):
        solver = DDIMScheduler.from_config(schedule.config)
        solver.set_timesteps(steps)
        both = torch.cat([empty.expand(len(said), -1, -1), said])
        for time in solver.timesteps:
            without, given = unet(torch.cat([latents, latents]), time, encoder_hidden_states=both).sample.chunk(2)
            latents = solver.step(without + guidance * (given - without), time, latents).prev_sample
        made.append(latents)
    return torch.cat(made).numpy()


@torch.inference_mode()
def denoising(
    unet: UNet2DConditionModel, schedule: DDPMScheduler, latents: torch.Tensor, states: torch.Tensor
) -> list[float]:
    """Return the mean squared error of v at each of `LEVELS`."""
    noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0))
    errors = []
    for level in LEVELS:
        times = torch.full((len(latents),), level)
        wanted = schedule.get_velocity(latents, noise, times)
        noisy = schedule.add_noise(latents, noise, times)
        parts = zip(noisy.split(64), times.split(64), states.split(64), strict=True)
        found = torch.cat([unet(x, t, encoder_hidden_states=s).sample for x, t, s in parts])
        errors.append(float((found - wanted).square().mean()))
    return errors


def _seen(args: Any, pictures: dict[str, NDArray[np.uint8]], specs: list[Any]) -> str:
    """Return a table of what the image classifier sees in pictures that were made for the clips `specs`."""
    seer = load(args.classifier)
    lines = ["| pictures | concept | colour, of the clips with one | count |", "|---|---|---|---|"]
    concept = np.array([spec.concept for spec in specs])
    color = np.array([spec.color for spec in specs])
    number = np.array([spec.number for spec in specs])
    for name, frames in pictures.items():
        probabilities, read = look(seer, frames[:, None])
        right = (concepts_of("image", probabilities) == concept).mean()
        colored = (read["color"].argmax(axis=1) == color)[color > 0].mean() if color.any() else float("nan")
        counted = (read["number"].argmax(axis=1) + 1 == number).mean()
        lines.append(f"| {name} | {right:.1%} | {colored:.1%} | {counted:.1%} |")
    return "\n".join(lines)


def judge(args: Any, facts: dict[str, Any], around: Any) -> str:
    """Measure the saved, reloaded UNet; return the card.

    Parameters
    ----------
    args
        The options of `train_unet.py`: out, concepts, judged, guidance, classifier, preview, batch.
    facts
        Of the training, from `training.Run`.
    around
        `train_unet.Surroundings`, on the CPU.
    """
    unet = load_unet(args.out)
    schedule = DDPMScheduler.from_pretrained(args.out, local_files_only=True)
    films = Films(JUDGING_SEEDS, SIZE, 2, tuple(args.concepts)).batch(args.judged * len(args.concepts), 0)
    captions, true = [plain(text) for text in films["captions"]], films["frames"][:, 1]
    latents = torch.from_numpy(encode(around.vae, true))
    with torch.inference_mode():
        states, empty = torch.cat([around.states([text]) for text in captions]), around.states([""])
    others = torch.from_numpy(np.random.default_rng(0).permutation(len(states)))
    rows = {
        "its own caption": states,
        "no caption": empty.expand_as(states),
        "the caption of another film": states[others],
    }
    lines = [f"| given | {' | '.join(str(level) for level in LEVELS)} | mean |", "|---" * (len(LEVELS) + 2) + "|"]
    for name, given in rows.items():
        errors = denoising(unet, schedule, latents, given)
        lines.append(f"| {name} | {' | '.join(f'{e:.3f}' for e in errors)} | {np.mean(errors):.4f} |")
    pictures = {"true frames": true, "true frames through the VAE": decode(around.vae, latents.numpy())}
    for guidance in (1.0, args.guidance):
        made = sample(unet, schedule, states, empty, guidance=guidance, seed=0)
        pictures[f"generated, guidance {guidance:g}"] = decode(around.vae, made)
    if args.preview is not None:
        _preview(args.preview, pictures[f"generated, guidance {args.guidance:g}"], captions)
    seen = _seen(args, pictures, films["specs"]) if args.classifier is not None else "No classifier was given."
    spread = np.std(made, axis=0).mean() / latents.numpy().std(axis=0).mean()
    options = (
        f"--seed {facts['seed']} --steps {facts['steps']} --threads {facts['threads']} --precision {facts['precision']}"
    )
    return f"""# tiny UNet

A `UNet2DConditionModel` of {sum(p.numel() for p in unet.parameters()) / 1e6:.2f} million parameters (float16), from a
caption to latents of one picture, 4 x 8 x 14. It belongs to the VAE, text model and tokenizer beside it, knows the
simulated films of `eeg2vid simulate` and nothing else.

- Predicts v; Stable Diffusion's schedule with zero terminal signal (`scheduler_config.json`: any scheduler of diffusers
  can be made from it, with trailing time steps).
- Made by `examples/tiny_profile/train_unet.py {options}` in {facts["minutes"]} minutes, {facts["seconds_per_step"]} s
  a step (torch {facts["torch"]}); a step sees two pictures of each of {args.batch} films, with two noises each.
- The loss was {facts["first_loss"]:.3f} at first and {facts["last_loss"]:.3f} in the end; the stored weights are an
  average over the last steps.
- Learned from clip seeds {TRAINING_SEEDS.start} to {TRAINING_SEEDS.stop - 1}, which no simulated study uses
  ({facts["films"]}). A tenth of the captions was left out, for guidance.

Judged with the weights as stored on {len(captions)} films and captions of a third range of seeds
({JUDGING_SEEDS.start} to {JUDGING_SEEDS.stop - 1}). Mean squared error of v, by time step:

{chr(10).join(lines)}

What the tiny image classifier sees, {STEPS} DDIM steps from each film's caption (concept of {len(args.concepts)};
colour of {len(COLORS)}; count of 3):

{seen}

Spread over the generated latents, guidance {args.guidance:g}, as a share of that of true latents: {spread:.2f}.
"""


def _preview(path: Path, frames: NDArray[np.uint8], captions: list[str], columns: int = 8) -> None:
    """Write up to 40 generated pictures, two times enlarged, and their captions beside, as text."""
    from PIL import Image

    frames = frames[:40]
    blank = np.zeros((-len(frames) % columns, *frames.shape[1:]), np.uint8)
    tiles = np.concatenate([frames, blank])
    rows = [np.concatenate(list(row), axis=1) for row in tiles.reshape(-1, columns, *tiles.shape[1:])]
    picture = Image.fromarray(np.concatenate(rows))
    picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.BILINEAR).save(path)
    path.with_suffix(".txt").write_text("\n".join(captions[: len(frames)]) + "\n", encoding="utf-8")
