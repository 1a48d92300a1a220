"""Generate films with a saved motion adapter, measure them on captions of `JUDGING_SEEDS`, and write its card.

Beside it stand, from the same captions and solver: one picture shown six times, pictures made frame by frame, and true
films through the VAE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from classes import SPEED_SCALE, FlowingFilms, attributes
from numpy.typing import NDArray
from seer import FRAMES, SIZE, Seer, concepts_of, load, look
from train_unet import fingerprint
from wording import plain

from eeg2vid.schemas.generators.sampling import SamplingSettings
from eeg2vid.stages.diffusion.denoisers import ClipDenoiser, PictureDenoiser
from eeg2vid.stages.diffusion.inflated import InflatedUNet
from eeg2vid.stages.diffusion.noise import mixed_noise
from eeg2vid.stages.diffusion.sampler import Denoise, Sampler
from eeg2vid.stages.diffusion.schedule import load_schedule
from eeg2vid.stages.pretrained.unet import load_unet
from eeg2vid.stages.pretrained.vae import decode, encode
from eeg2vid.stages.simulation.films import JUDGING_SEEDS, TRAINING_SEEDS

FAST_FLOW = 1.799  # px per frame at 512 px and 24 frames per second: SEED-DV's median
TOGETHER = 20  # clips
Frames = NDArray[np.uint8]


@dataclass(frozen=True)
class Truth:
    """What was to be seen in the films, `(clip,)` each."""

    concept: NDArray[np.int64]
    speed: NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """What the film classifier sees: the right concept, and the speed, `(clip,)` each."""

    right: NDArray[np.bool_]
    speed: NDArray[np.float32]

    def row(self, name: str, truth: Truth, frames: Frames, beside: Seen) -> str:
        """Return a line of the table; `beside` is the film of one picture."""
        middle = (np.log(FAST_FLOW) - SPEED_SCALE[0]) / SPEED_SCALE[1]
        fast = ((self.speed > middle) == (truth.speed > middle)).mean()
        r = np.corrcoef(self.speed, truth.speed)[0, 1]
        gain = self.right.astype(float) - beside.right
        half = 1.96 * gain.std(ddof=1) / np.sqrt(len(gain))
        paired = "" if beside is self else f"{100 * gain.mean():+.1f} ± {100 * half:.1f}"
        step = np.abs(np.diff(frames.astype(np.float32), axis=1)).mean()
        return f"| {name} | {self.right.mean():.1%} | {paired} | {fast:.1%} | {r:.2f} | {step:.1f} |"


def look_at(seer: Seer, frames: Frames, truth: Truth) -> Seen:
    """Show films to the film classifier."""
    probabilities, read = look(seer, frames)
    return Seen(concepts_of("video", probabilities) == truth.concept, read["speed"][:, 0])


def generate(
    sampler: Sampler, denoise: Denoise, vae: Any, states: torch.Tensor, empty: torch.Tensor, frames: int, beta: float
) -> Frames:
    """Generate films from text states `(clip, token, channel)`, the same noise for the same clip; one frame stays."""
    height, width = SIZE
    shape = (frames, int(vae.config.latent_channels), height // 8, width // 8)
    noise = torch.from_numpy(mixed_noise(range(len(states)), shape, beta))
    made = []
    for start in range(0, len(states), TOGETHER):
        some = slice(start, start + TOGETHER)
        negative = empty.expand(len(states[some]), -1, -1)
        latents = sampler.run(denoise, noise[some], states[some], negative).numpy()
        made.append(decode(vae, latents.reshape(-1, *latents.shape[2:])).reshape(*latents.shape[:2], height, width, 3))
    films = np.concatenate(made)
    return np.repeat(films, FRAMES // frames, axis=1)


def judge(args: Any, facts: dict[str, Any], around: Any) -> str:
    """Measure the saved, reloaded adapter; return the card.

    Parameters
    ----------
    args
        The options of `train_motion.py`.
    facts
        Of the training, from `training.Run`.
    around
        `train_unet.Surroundings`, on the CPU.
    """
    sampling = SamplingSettings(solver="dpm++", steps=args.solver_steps, guidance=args.guidance)
    sampler = Sampler(load_schedule(args.unet), sampling)
    batch = FlowingFilms(JUDGING_SEEDS, SIZE, FRAMES, tuple(args.concepts)).batch(args.judged * len(args.concepts), 0)
    true, specs, flow = batch["frames"], batch["specs"], batch["flow"]
    truth = Truth(np.array([spec.concept for spec in specs]), attributes(specs, flow)["speed"])
    with torch.inference_mode():
        states = torch.cat([around.states([plain(text)]) for text in batch["captions"]])
        empty = around.states([""])
    vae, seer = around.vae, load(args.classifier)
    flat = true.reshape(-1, *true.shape[2:])
    films = {"true, through the VAE": decode(vae, encode(vae, flat)).reshape(true.shape)}
    picture = PictureDenoiser(load_unet(args.unet))
    still = generate(sampler, picture, vae, states, empty, 1, 0.0)
    films["one picture six times"] = still
    films["pictures, noise for each"] = generate(sampler, picture, vae, states, empty, FRAMES, 0.0)
    model = InflatedUNet.from_pretrained(args.out, load_unet(args.unet), fingerprint(args.unet)).eval()
    for beta in args.judged_betas:
        films[f"tuned, beta {beta:g}"] = generate(sampler, ClipDenoiser(model), vae, states, empty, FRAMES, beta)
    beside = look_at(seer, still, truth)
    lines = ["| films | concept | beside one picture, points | fast / slow | r of speed | step, grey levels |"]
    lines.append("|---" * 6 + "|")
    for name, frames in films.items():
        seen = beside if frames is still else look_at(seer, frames, truth)
        lines.append(seen.row(name, truth, frames, beside))
    trained = sum(part.numel() for part in model.parameters() if part.requires_grad)
    options = " ".join(f"--{name} {facts[name]}" for name in ("seed", "steps", "threads", "precision"))
    how = ", ".join(f"{name} {value}" for name, value in model.settings.model_dump().items())
    return f"""# motion of the tiny UNet

An adapter that makes the tiny UNet denoise clips of six frames; {trained / 1e6:.2f} million trained parameters,
float32. It belongs to that UNet and to the VAE, text model and tokenizer beside it.

- Inflated with {how}.
- Made by `examples/tiny_profile/train_motion.py {options} --beta {args.beta:g}` in {facts["minutes"]} minutes,
  {facts["seconds_per_step"]} s a step (torch {facts["torch"]}); a step sees {args.batch} films, with two noises each.
- The loss was {facts["first_loss"]:.3f} at first and {facts["last_loss"]:.3f} in the end; the stored values are an
  average over the last steps.
- Learned from clip seeds {TRAINING_SEEDS.start} to {TRAINING_SEEDS.stop - 1}, which no simulated study uses
  ({facts["films"]}). A tenth of the captions was left out, for guidance.

What the tiny film classifier sees in {len(specs)} films made from captions of a third range of seeds
({JUDGING_SEEDS.start} to {JUDGING_SEEDS.stop - 1}), {args.solver_steps} steps of DPM-Solver++, guidance
{args.guidance:g}; beta: the share of noise that frames have in common; paired differences with 95 % intervals:

{chr(10).join(lines)}
"""
