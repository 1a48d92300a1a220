"""Solvers of the probability-flow equation: each steps from time to time down a list.

DDIM (Song et al., ICLR 2021) and PNDM (Liu et al., ICLR 2022; linear multistep, as Stable Diffusion 1.4 was sampled)
are our own few lines: those of diffusers 0.42 step by a fixed stride whatever the list of times is, and PNDM's second
visit converts v with the noise of another time. DPM-Solver++, UniPC and Euler are of diffusers, given the betas of the
network's own training and told where they begin (`set_begin_index` after `set_timesteps`; without it they add the last
time's noise).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from eeg2vid.schemas.generators.sampling import SolverName, Spacing
from eeg2vid.stages.diffusion.schedule import Schedule


class Solver(ABC):
    """One solver at work on one batch.

    Attributes
    ----------
    times
        From the noisiest down; the last step ends at no noise.
    """

    times: list[int]

    def visits(self, begin: int) -> list[int]:
        """Return the places of `times` where the network is asked, in order, from a place on."""
        return list(range(begin, len(self.times)))

    def seen(self, x: Tensor, visit: int) -> Tensor:
        """Return what the network is shown of the solver's state."""
        return x

    @abstractmethod
    def noised(self, latents: Tensor, noise: Tensor, place: int) -> Tensor:
        """Return the state at a place: latents with the noise of its time. Told once, before the first step."""

    @abstractmethod
    def given(self, x: Tensor, place: int) -> Tensor:
        """Return the state for what is of about unit variance as it is. Told once, before the first step."""

    @abstractmethod
    def step(self, predicted: Tensor, visit: int, x: Tensor) -> Tensor:
        """Return the next state from what the network predicted at a visit."""


class _Own(Solver):
    """What DDIM and PNDM have in common: the state is x_t itself."""

    def __init__(self, schedule: Schedule, steps: int, spacing: Spacing) -> None:
        self.schedule = schedule
        self.abar = schedule.abar
        self.times = spaced(len(self.abar), steps, spacing, schedule.steps_offset)

    def noised(self, latents: Tensor, noise: Tensor, place: int) -> Tensor:
        """Return x_t."""
        kept = self._abar(place)
        return kept**0.5 * latents + (1 - kept) ** 0.5 * noise

    def given(self, x: Tensor, place: int) -> Tensor:
        """Return it as it is."""
        return x

    def _abar(self, place: int) -> float:
        """Return the signal's share at a place, all of it behind the last."""
        return float(self.abar[self.times[place]]) if place < len(self.times) else 1.0

    def _split(self, predicted: Tensor, x: Tensor, place: int) -> tuple[Tensor, Tensor]:
        """Return the clean latents and the noise that a prediction stands for."""
        kept = self._abar(place)
        signal, noise = kept**0.5, (1 - kept) ** 0.5
        if self.schedule.prediction == "v_prediction":
            return signal * x - noise * predicted, signal * predicted + noise * x
        return (x - noise * predicted) / signal, predicted


class Ddim(_Own):
    """DDIM without added noise (eta 0)."""

    def step(self, predicted: Tensor, visit: int, x: Tensor) -> Tensor:
        """Return x at the next time."""
        clean, noise = self._split(predicted, x, visit)
        kept = self._abar(visit + 1)
        return kept**0.5 * clean + (1 - kept) ** 0.5 * noise


class Pndm(_Own):
    """PNDM by linear multistep; its second time is visited twice, wherever it begins.

    The state is float64 (float32 where a device has no other): a step from almost no signal divides by its root.
    """

    def __init__(self, schedule: Schedule, steps: int, spacing: Spacing) -> None:
        super().__init__(schedule, steps, spacing)
        self._noises: list[Tensor] = []
        self._first: Tensor | None = None  # the state before the second visit, which steps from there again

    def noised(self, latents: Tensor, noise: Tensor, place: int) -> Tensor:
        """Return x_t."""
        return super().noised(_exact(latents), _exact(noise), place)

    def given(self, x: Tensor, place: int) -> Tensor:
        """Return it as it is."""
        return _exact(x)

    def seen(self, x: Tensor, visit: int) -> Tensor:
        """Return x_t in the network's precision."""
        return x.float()

    def visits(self, begin: int) -> list[int]:
        """Return the places, the second one twice."""
        places = super().visits(begin)
        return places[:2] + places[1:]

    def step(self, predicted: Tensor, visit: int, x: Tensor) -> Tensor:
        """Return x at the next time."""
        noise = self._split(_exact(predicted), x, visit)[1]
        if self._first is not None:
            start, self._first = self._first, None
            return self._move(start, (noise + self._noises[-1]) / 2, visit - 1)
        self._noises = [*self._noises, noise][-4:]
        if len(self._noises) == 1 and visit + 1 < len(self.times):
            self._first = x
        weights = _ADAMS_BASHFORTH[len(self._noises) - 1]
        return self._move(x, sum(w * e for w, e in zip(weights, self._noises[::-1], strict=True)), visit)  # type: ignore[arg-type]

    def _move(self, x: Tensor, noise: Tensor, place: int) -> Tensor:
        """Return x at the next time along a noise (equation 11 of the paper)."""
        now, then = self._abar(place), self._abar(place + 1)
        by = (then - now) / (now * (1 - then) ** 0.5 + (now * (1 - now) * then) ** 0.5)
        return (then / now) ** 0.5 * x - by * noise


def _exact(x: Tensor) -> Tensor:
    return x if x.device.type == "mps" else x.double()


_ADAMS_BASHFORTH = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


class Library(Solver):
    """A solver of diffusers whose state may be scaled (Euler's is x_0 + sigma eps)."""

    def __init__(self, schedule: Schedule, name: SolverName, steps: int, spacing: Spacing) -> None:
        from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, UniPCMultistepScheduler

        kinds: dict[str, tuple[Any, dict[str, Any]]] = {
            "dpm++": (DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++"}),
            "unipc": (UniPCMultistepScheduler, {}),
            "euler": (EulerDiscreteScheduler, {}),
        }
        kind, more = kinds[name]
        self.scheduler = kind(
            num_train_timesteps=len(schedule.betas),
            trained_betas=schedule.betas.tolist(),
            prediction_type=schedule.prediction,
            timestep_spacing=spacing,
            steps_offset=schedule.steps_offset,
            final_sigmas_type="zero",
            **more,
        )
        if name == "euler":  # its own list has times between whole ones, which no network knows
            self.scheduler.set_timesteps(timesteps=spaced(len(schedule.betas), steps, spacing, schedule.steps_offset))
        else:
            self.scheduler.set_timesteps(steps)
        self.times = [round(float(time)) for time in self.scheduler.timesteps]
        self._scaled = name == "euler"
        self._abar = schedule.abar

    def seen(self, x: Tensor, visit: int) -> Tensor:
        """Return x_t."""
        found: Tensor = self.scheduler.scale_model_input(x, self.scheduler.timesteps[visit])
        return found

    def noised(self, latents: Tensor, noise: Tensor, place: int) -> Tensor:
        """Return latents with noise, as the scheduler has it."""
        self.scheduler.set_begin_index(place)
        time = self.scheduler.timesteps[place : place + 1].expand(len(latents))
        found: Tensor = self.scheduler.add_noise(latents, noise, time)
        return found

    def given(self, x: Tensor, place: int) -> Tensor:
        """Return it, in the scheduler's scale."""
        self.scheduler.set_begin_index(place)
        return x / float(self._abar[self.times[place]]) ** 0.5 if self._scaled else x

    def step(self, predicted: Tensor, visit: int, x: Tensor) -> Tensor:
        """Return the scheduler's next state."""
        found: Tensor = self.scheduler.step(predicted, self.scheduler.timesteps[visit], x).prev_sample
        return found


def spaced(number: int, steps: int, spacing: Spacing, offset: int = 0) -> list[int]:
    """Return times of a schedule from the noisiest down (table 2 of Lin et al., WACV 2024)."""
    if spacing == "trailing":
        times = np.round(np.arange(number, 0, -number / steps)) - 1
    elif spacing == "leading":
        times = np.arange(steps)[::-1] * (number // steps) + offset
    else:
        times = np.round(np.linspace(number - 1, 0, steps))
    return [int(time) for time in times[:steps]]


def make_solver(schedule: Schedule, name: SolverName, steps: int, spacing: Literal["base"] | Spacing) -> Solver:
    """Return a solver for one batch; spacing 'base': as the model's configuration says."""
    chosen = schedule.spacing if spacing == "base" else spacing
    if name == "ddim":
        return Ddim(schedule, steps, chosen)
    if name == "pndm":
        return Pndm(schedule, steps, chosen)
    with torch.device("cpu"):
        return Library(schedule, name, steps, chosen)
