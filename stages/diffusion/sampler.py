"""The one sampler of all generators: from noise, or from noised latents in the middle of the schedule, to latents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from eeg2vid.schemas.generators.sampling import SamplingSettings
from eeg2vid.stages.diffusion.schedule import Schedule
from eeg2vid.stages.diffusion.solvers import Solver, make_solver

Progress = Callable[[int, int], None]


class Denoise(Protocol):
    """A denoising network as the sampler sees it."""

    def __call__(self, x: Tensor, t: int, states: Tensor) -> Tensor:
        """Return what the network predicts of `x (clip, frame, channel, row, column)`, in its shape.

        `states` are `(clip, token, channel)`: what all frames of a clip are told.
        """


class Sampler:
    """Solves the probability-flow equation with classifier-free guidance (Ho and Salimans, 2022)."""

    def __init__(self, schedule: Schedule, settings: SamplingSettings) -> None:
        self.schedule = schedule
        self.settings = settings
        self.times = self._solver().times

    def begin(self, time: int) -> int:
        """Return the place in `times` of the smallest that is not below a time; 0 if all are."""
        return max((place for place, one in enumerate(self.times) if one >= time), default=0)

    def evaluations(self, begin: int = 0) -> int:
        """Return how often the network is asked from a place on."""
        return len(self._solver().visits(begin))

    @torch.inference_mode()
    def run(
        self,
        denoise: Denoise,
        noise: Tensor,
        states: Tensor,
        negative: Tensor | None = None,
        *,
        latents: Tensor | None = None,
        begin: int = 0,
        given: Tensor | None = None,
        together: bool = True,
        progress: Progress | None = None,
    ) -> Tensor:
        """Return latents `(clip, frame, channel, row, column)`.

        Parameters
        ----------
        denoise
            The network.
        noise
            Standard normal, of the latents' shape.
        states
            `(clip, token, channel)`.
        negative
            What guidance leads away from, `(clip, token, channel)`; None: no guidance.
        latents, begin
            Where given, these are noised to the time at place `begin` of `times`, and denoised from there.
        given
            What the solver gets at `begin` as it is; without it and `latents`, the noise alone.
        together
            Ask for both sides of guidance at once: faster, twice the memory.
        progress
            Told the evaluations done and planned.
        """
        solver = self._solver()
        if latents is not None:
            x = solver.noised(latents, noise, begin)
        else:
            x = solver.given(noise if given is None else given, begin)
        visits = solver.visits(begin)
        for done, visit in enumerate(visits):
            seen, time = solver.seen(x, visit), solver.times[visit]
            guide = negative if self._guided(done / len(visits)) else None
            x = solver.step(self._predict(denoise, seen, time, states, guide, together), visit, x)
            if progress is not None:
                progress(done + 1, len(visits))
        return x.float()

    def _predict(
        self, denoise: Denoise, x: Tensor, t: int, states: Tensor, negative: Tensor | None, together: bool
    ) -> Tensor:
        if negative is None:
            return denoise(x, t, states).float()
        if together:
            without, told = denoise(torch.cat([x, x]), t, torch.cat([negative, states])).float().chunk(2)
        else:
            without, told = denoise(x, t, negative).float(), denoise(x, t, states).float()
        return without + self.settings.guidance * (told - without)

    def _guided(self, share: float) -> bool:
        """Tell whether guidance acts after this share of the steps."""
        s = self.settings
        return s.guidance != 1 and s.guidance_from <= share < s.guidance_until

    def _solver(self) -> Solver:
        """Return a fresh solver: those of several steps remember."""
        return make_solver(self.schedule, self.settings.solver, self.settings.steps, self.settings.spacing)
