"""What a video model makes of a few captions while it is tuned, and how its loss fell: pictures to look at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from eeg2vid.stages.diffusion.noise import mixed_noise
from eeg2vid.stages.diffusion.precision import computing
from eeg2vid.stages.diffusion.sampler import Sampler
from eeg2vid.stages.pretrained.vae import decode
from eeg2vid.stages.stimuli.contact_sheet import write_sheet
from eeg2vid.stages.training.state import EpochRow


class Sheets:
    """Sheets of some clips: the true ones beside what the model makes of their captions, from the same noise each time.

    Parameters
    ----------
    vae
        What decodes latents.
    sampler
        How clips are made.
    latents
        True ones `(clip, frame, channel, row, column)`.
    states
        Of their captions `(clip, token, channel)`.
    empty
        Of no caption `(token, channel)`: what guidance leads away from.
    beta
        Shared part of their noise `(clip,)`.
    seeds
        Of their noise.
    device, precision
        Where and in what the model computes.
    """

    def __init__(
        self,
        vae: Any,
        sampler: Sampler,
        latents: NDArray[np.floating],
        states: NDArray[np.floating],
        empty: NDArray[np.floating],
        *,
        beta: NDArray[np.floating],
        seeds: Sequence[int],
        device: str = "cpu",
        precision: str = "float32",
    ) -> None:
        self.vae, self.sampler, self.device, self.precision = vae, sampler, device, precision
        self._states = torch.from_numpy(states).float().to(device)
        self._empty = torch.from_numpy(empty).float().to(device).expand_as(self._states)
        self._noise = torch.from_numpy(mixed_noise(seeds, latents.shape[1:], beta)).to(device)
        self._true = self._frames(latents.astype(np.float32))

    def write(self, path: Path, net: Any) -> None:
        """Write a sheet of what the model makes now."""
        with computing(self.device, self.precision):
            made = self.sampler.run(net, self._noise, self._states, self._empty)
        write_sheet(path, self._true, self._frames(made.float().cpu().numpy()))

    def _frames(self, latents: NDArray[np.float32]) -> NDArray[np.uint8]:
        flat = decode(self.vae, latents.reshape(-1, *latents.shape[2:]))
        return flat.reshape(*latents.shape[:2], *flat.shape[1:])


def draw_losses(passes: Sequence[tuple[int, EpochRow]]) -> bytes:
    """Return a PNG of the loss after each pass, on the clips learned and on those held out."""
    steps = [step for step, _ in passes]
    figure = Figure(figsize=(7.0, 3.6))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(steps, [row.train_loss for _, row in passes], color="#1b6a86", marker=".", label="clips learned")
    held = [(step, row.validation_loss) for step, row in passes if row.validation_loss is not None]
    if held:
        axes.plot(*zip(*held, strict=True), color="#c4550a", marker=".", label="validation clips")
    axes.set_xlabel("step")
    axes.set_ylabel("mean squared error of the prediction")
    axes.legend(frameon=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    return file.getvalue()
