"""Tuning a video model: what a step is, in what order clips come, how the loss on other clips is measured.

The model learns to tell the noise in noisy clips from their captions (Ho et al., NeurIPS 2020), in the terms its base
was trained in: the noise itself, or v = sqrt(abar) eps - sqrt(1 - abar) x_0 (Salimans and Ho, ICLR 2022). What is
trained is its adapter; the base stays as it is (Wu et al., Tune-A-Video, ICCV 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from eeg2vid.schemas.finetuning import TuningSettings
from eeg2vid.schemas.networks.training import TrainingSettings
from eeg2vid.stages.diffusion.loss_scale import LossScale
from eeg2vid.stages.diffusion.precision import computing
from eeg2vid.stages.diffusion.replicas import Replicas
from eeg2vid.stages.diffusion.schedule import Schedule
from eeg2vid.stages.training.batch import Batch, Cohort
from eeg2vid.stages.training.loop import NOBODY, Evaluate, Watch, run_epochs
from eeg2vid.stages.training.randomness import epoch_seed
from eeg2vid.stages.training.state import EpochRow, LoopState

PHASE = "tune"


def noised(schedule: Schedule, clean: Tensor, noise: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
    """Return clips `(clip, ...)` with the noise of their times `(clip,)`, and what the base is to predict of them."""
    kept = torch.from_numpy(schedule.abar)[times.cpu()].view(-1, *[1] * (clean.ndim - 1))
    signal, lost = (part.sqrt().to(clean) for part in (kept, 1 - kept))
    asked = noise if schedule.prediction == "epsilon" else signal * noise - lost * clean
    return signal * clean + lost * noise, asked


class Films:
    """The clips of a training: latents and text states lie in memory once, a batch is gathered by index.

    Parameters
    ----------
    latents
        `(clip, frame, channel, row, column)` of all clips at hand.
    states
        Text states of their captions `(clip, token, channel)`.
    beta
        Shared part of their noise `(clip,)`.
    chosen
        Which of them these are, int64.
    device
        Where batches lie.
    """

    def __init__(
        self,
        latents: NDArray[np.floating],
        states: NDArray[np.floating],
        beta: NDArray[np.float64],
        chosen: NDArray[np.int64],
        device: str = "cpu",
    ) -> None:
        self.device = device
        self.cohort = Cohort(torch.arange(len(chosen)), torch.zeros(len(chosen), dtype=torch.int64), ("",), {})
        self._held = {"latents": torch.from_numpy(latents), "states": torch.from_numpy(states)}
        self._beta, self._chosen = torch.from_numpy(beta), torch.from_numpy(chosen)

    def __len__(self) -> int:
        return len(self.cohort)

    def batch(self, samples: Tensor) -> Batch:
        """Return some clips, float32; the shared part of their noise stays on the CPU, where noise is drawn."""
        rows = self._chosen[samples]
        inputs = {name: values[rows].float().to(self.device) for name, values in self._held.items()}
        return Batch({**inputs, "beta": self._beta[rows]}, {}, samples, torch.zeros_like(samples))


class Tuner:
    """What changes a video model's adapter, step by step.

    Parameters
    ----------
    net
        The model, on its device: called with noisy clips, times and states; `adapter()` is what learns.
    schedule
        How noise is added, and what the base predicts.
    settings
        How it learns.
    number
        Of clips that it learns from.
    empty
        Text states of no caption `(token, channel)`; None where captions are never left out.
    devices
        Where it computes: the first is where the model is, the others get copies and a share of each batch.
    """

    def __init__(
        self,
        net: Any,
        schedule: Schedule,
        settings: TuningSettings,
        number: int,
        empty: NDArray[np.floating] | None = None,
        devices: Sequence[str] = ("cpu",),
    ) -> None:
        self.net, self.schedule, self.settings, self.device = net, schedule, settings, devices[0]
        self.adapter: nn.Module = net.adapter()
        self.replicas = Replicas(net, devices)
        self.learned = self.replicas.learned[0]
        self.scale = LossScale(settings.precision == "float16").to(self.device)
        self._optimizer = AdamW(self.learned, lr=settings.learning_rate, weight_decay=settings.weight_decay)
        self._empty = None if empty is None else torch.from_numpy(empty).float().to(self.device)
        self.batch_size = min(settings.batch_size, number)
        self.per_pass = number // self.batch_size

    def modules(self) -> Mapping[str, nn.Module]:
        """Return the adapter, and what the loss is scaled by: a training that goes on needs both."""
        return {"adapter": self.adapter, "scale": self.scale}

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return what changes the adapter."""
        return {"adapter": self._optimizer}

    def passes(self) -> int:
        """Return how often it goes through the clips; what is left over for no whole batch waits for the next pass."""
        return -(-self.settings.steps // self.per_pass)

    def steps_until(self, number: int) -> int:
        """Return the steps done after a pass, from 1."""
        return min(number * self.per_pass, self.settings.steps)

    def epoch(self, number: int, cohort: Cohort) -> Tensor:
        """Return the clips of a pass in order: as many batches as are left to do."""
        steps = self.steps_until(number) - self.steps_until(number - 1)
        return torch.randperm(len(cohort))[: steps * self.batch_size]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Change the adapter by one batch, piece by piece, on all devices: one draw for all, whatever the pieces."""
        latents, (noise, times, states) = batch.inputs["latents"], self._drawn(batch)
        self._optimizer.zero_grad(set_to_none=True)
        pieces = -(-self.settings.pieces // len(self.replicas.nets))

        def compute(place: int, samples: Tensor) -> Tensor:
            total = torch.zeros((), device=self.replicas.devices[place])
            for piece in samples.chunk(pieces):
                loss = self.loss(latents[piece], noise[piece], times[piece], states[piece], place)
                share = loss * (len(piece) / len(batch))
                torch.autograd.backward(self.scale.of(share))
                total += share.detach()
            return total

        total = self.replicas.backward(len(batch), compute)
        self.scale.step(self._optimizer, self.learned, self.settings.clip_norm)
        return {"noise": total}

    def loss(self, latents: Tensor, noise: Tensor, times: Tensor, states: Tensor, place: int = 0) -> Tensor:
        """Return the mean squared error of what the model tells of noisy clips, on the device at a place."""
        device, net = self.replicas.devices[place], self.replicas.nets[place]
        noisy, asked = noised(self.schedule, latents.to(device), noise.to(device), times)
        with computing(device, self.settings.precision):
            found = net(noisy, times.to(device), states.to(device))
        return nn.functional.mse_loss(found.float(), asked)

    def _drawn(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Draw noise, times, and whose caption is left out: on the CPU, so that every device learns from the same."""
        states, noise = batch.inputs["states"], self.noise(batch, None)
        times = torch.randint(len(self.schedule.betas), (len(batch),))
        if self._empty is not None and self.settings.caption_dropout:
            without = torch.rand(len(batch)) < self.settings.caption_dropout
            states = torch.where(without.view(-1, 1, 1).to(self.device), self._empty, states)
        return noise, times, states

    def noise(self, batch: Batch, generator: torch.Generator | None) -> Tensor:
        """Return noise of unit variance for a batch, on the CPU; two frames of a clip correlate by its beta."""
        shape = batch.inputs["latents"].shape
        own = torch.randn(shape, generator=generator)
        if self.settings.noise == "iid":
            return own
        shared = torch.randn(shape[0], 1, *shape[2:], generator=generator)
        beta = batch.inputs["beta"].view(-1, 1, 1, 1, 1)
        return beta.sqrt().float() * shared + (1 - beta).sqrt().float() * own


def tune(
    tuner: Tuner, films: Films, held: Films | None = None, *, seed: int = 0, watch: Watch = NOBODY
) -> list[tuple[int, EpochRow]]:
    """Train the tuner's model; return after which step each pass ended, and its losses.

    The result is a function of clips, settings and seed, wherever the training was interrupted.

    Parameters
    ----------
    tuner
        The model and how it learns.
    films
        What it learns from.
    held
        Clips on which the loss is told besides; they choose nothing.
    seed
        Of order, noise, times and dropped captions.
    watch
        Who looks on; its keeper saves the state and gives it back.

    Raises
    ------
    TrainingStopped, FailedError
        As `run_epochs`.
    """
    state = (watch.keeper.load() if watch.keeper is not None else None) or LoopState(PHASE, planned=tuner.passes())
    training = TrainingSettings(batch_size=tuner.batch_size, selection="last")
    evaluate = None if held is None else _evaluate(tuner, held, epoch_seed(seed, "validation", 0))
    run_epochs(tuner, films, state, training=training, seed=seed, evaluate=evaluate, watch=watch)
    return [(tuner.steps_until(row.epoch), row) for row in state.history]


def _evaluate(tuner: Tuner, held: Films, seed: int) -> Evaluate:
    """Return what measures the loss on held clips: the same noise and the same evenly spread times after every pass."""
    generator = torch.Generator().manual_seed(seed)
    levels = (torch.arange(len(held)) + 0.5) / len(held) * len(tuner.schedule.betas)
    times = levels.long()[torch.randperm(len(held), generator=generator)]
    size = max(1, tuner.batch_size // tuner.settings.pieces)
    batches = list(torch.split(torch.arange(len(held)), size))
    noises = [tuner.noise(held.batch(samples), generator) for samples in batches]

    def evaluate() -> tuple[float, float]:
        total = 0.0
        for samples, noise in zip(batches, noises, strict=True):
            some = held.batch(samples).inputs
            loss = tuner.loss(some["latents"], noise, times[samples], some["states"])
            total += float(loss) * len(samples)
        return total / len(held), -total / len(held)

    return evaluate
