"""The training loop: it counts, reports, saves and stops. What a step is, the network says."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from eeg2vid.schemas.errors import FailedError, StoppedError
from eeg2vid.schemas.networks.training import TrainingSettings
from eeg2vid.stages.training.batch import Batch, Cohort
from eeg2vid.stages.training.randomness import epoch_seed, random_state, seeded, set_random_state
from eeg2vid.stages.training.state import (
    EpochRow,
    Keeper,
    LoopState,
    capture,
    keep_best,
    load_weights,
    restore,
)

Evaluate = Callable[[], tuple[float, float]]
Report = Callable[[EpochRow, int], None]
Progress = Callable[[int, int, str], None]


class TrainingStopped(StoppedError):
    """Training stopped on request; its state is saved if a keeper was given."""


class Trainee(Protocol):
    """What can be trained."""

    def modules(self) -> Mapping[str, nn.Module]:
        """Return what is trained, by name."""

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return what changes it, by name."""

    def epoch(self, number: int, cohort: Cohort) -> Tensor:
        """Return the samples that take part in an epoch, in order."""

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Make one step, backward passes and optimizers included; return the batch's mean losses by name."""


class Samples(Protocol):
    """The samples of a training."""

    device: str
    cohort: Cohort

    def batch(self, samples: Tensor) -> Batch:
        """Return some of them."""


@dataclass(frozen=True)
class Watch:
    """Who looks on.

    Attributes
    ----------
    report
        Called after each epoch with its row and the number of epochs planned.
    progress
        Called after each step with the steps done and planned in this phase and where they stand, in words.
    should_stop
        Asked after each step and each epoch.
    keeper
        Saves the state of an unfinished training and gives it back.
    """

    report: Report | None = None
    progress: Progress | None = None
    should_stop: Callable[[], bool] | None = None
    keeper: Keeper | None = None


NOBODY = Watch()


def run_epochs(
    trainee: Trainee,
    samples: Samples,
    state: LoopState,
    *,
    training: TrainingSettings,
    seed: int,
    evaluate: Evaluate | None = None,
    watch: Watch = NOBODY,
) -> None:
    """Train; leave the network as it was at its best epoch.

    Each epoch's order, dropout and noise come from a seed of its own, and a state saved inside an epoch knows
    where the generators stood: a training resumed at any step gives the bytes of one that ran through (on a
    CPU at equal threads).

    Parameters
    ----------
    trainee
        The network, on the samples' device.
    samples
        What it learns from.
    state
        A fresh state with phase and planned epochs, or a saved one to go on from. Updated in place: history
        and best epoch.
    training
        Batch size, patience, selection.
    seed
        Root of the epochs' seeds.
    evaluate
        Returns loss and score on the validation events; without it the last epoch is the best one.
    watch
        Who looks on.

    Raises
    ------
    TrainingStopped
        If it was asked to stop before the end.
    FailedError
        If a loss is not finite.
    """
    if state.models:
        restore(state, trainee.modules(), trainee.optimizers())
    chooses = evaluate is not None and training.selection != "last"
    while state.order is not None or (state.epoch < state.planned and not _patience_is_over(state, training, chooses)):
        losses = _epoch(trainee, samples, state, training.batch_size, seed, watch)
        train_loss = next(iter(losses.values()))
        held_loss, held_score = None, None
        if evaluate is not None:
            _switch(trainee, training=False)
            with torch.inference_mode():
                held_loss, held_score = evaluate()
        row = EpochRow(state.phase, state.epoch, train_loss, held_loss, held_score, losses)
        if not all(math.isfinite(value) for value in (*losses.values(), row.validation_loss or 0.0)):
            raise FailedError(
                f"Training diverged: the loss of epoch {state.epoch} is not finite.", "Lower the learning rate."
            )
        state.history.append(row)
        value = _value(row, training)
        if value < state.best_value or not chooses:
            state.best_value, state.best_epoch = value, state.epoch
            if chooses:  # otherwise the last weights are the best ones
                keep_best(state, trainee.modules())
        if watch.report is not None:
            watch.report(row, state.planned)
        _save_or_stop(trainee, samples, state, watch)
    if state.best:
        load_weights(trainee.modules(), state.best)
        state.best = {}
    _switch(trainee, training=False)


def batches_of(order: Tensor, batch_size: int) -> list[Tensor]:
    """Return the samples of an epoch batch by batch; the last batch is never a single sample beside others."""
    batches = list(torch.split(order, batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1:  # batch normalisation cannot do with one sample
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def _epoch(
    trainee: Trainee, samples: Samples, state: LoopState, batch_size: int, seed: int, watch: Watch
) -> dict[str, float]:
    """Run one epoch, or the rest of one; return its mean losses."""
    _switch(trainee, training=True)
    with seeded(epoch_seed(seed, state.phase, state.epoch + 1), samples.device):
        if state.order is None:
            state.order = trainee.epoch(state.epoch + 1, samples.cohort)
            state.step, state.sums = 0, {}
        else:
            set_random_state(state.random, samples.device)
        state.release()
        order = state.order
        if not len(order):
            raise FailedError(f"Nothing takes part in epoch {state.epoch + 1}: the network chose no sample.")
        batches = batches_of(order, batch_size)
        for batch in batches[state.step :]:
            for name, loss in trainee.step(samples.batch(batch)).items():
                value = loss.detach()
                before = state.sums.get(name, torch.zeros((), device=value.device)).to(value.device)
                state.sums[name] = before + value * len(batch)
            state.step += 1
            if watch.progress is not None:
                done = state.epoch * len(batches) + state.step
                watch.progress(done, state.planned * len(batches), _place(state))
            _save_or_stop(trainee, samples, state, watch)
        losses = {name: float(total) / len(order) for name, total in state.sums.items()}
    state.epoch += 1
    state.step, state.order, state.sums = 0, None, {}
    return losses


def _save_or_stop(trainee: Trainee, samples: Samples, state: LoopState, watch: Watch) -> None:
    """Save where it is time to; raise TrainingStopped where that was asked for."""
    stop = watch.should_stop is not None and watch.should_stop()
    if watch.keeper is not None and (stop or watch.keeper.due()):
        capture(state, trainee.modules(), trainee.optimizers())
        state.random = random_state(samples.device) if state.order is not None else {}
        watch.keeper.save(state)
        state.release()
    if stop:
        raise TrainingStopped("Training stopped.", place=_stop_place(state), saved=watch.keeper is not None)


def _stop_place(state: LoopState) -> str:
    """Return where a training stopped: in an epoch, or at the end of one."""
    phase = "" if state.phase == "choose" else f"{state.phase}, "
    if state.order is None:
        return f"{phase}end of epoch {state.epoch} of {state.planned}"
    return f"{phase}epoch {state.epoch + 1} of {state.planned}"


def _place(state: LoopState) -> str:
    text = f"{state.phase}: epoch {state.epoch + 1} of {state.planned}"
    if not state.history or state.history[-1].phase != state.phase:
        return text
    row = state.history[-1]
    held = "" if row.validation_loss is None else f", validation {row.validation_loss:.4g}"
    return f"{text}, loss {row.train_loss:.4g}{held}"


def _switch(trainee: Trainee, *, training: bool) -> None:
    for module in trainee.modules().values():
        module.train(training)


def _value(row: EpochRow, training: TrainingSettings) -> float:
    """Return what is to be small."""
    if row.validation_loss is None or row.validation_score is None:
        return row.train_loss
    return -row.validation_score if training.selection == "accuracy" else row.validation_loss


def _patience_is_over(state: LoopState, training: TrainingSettings, chooses: bool) -> bool:
    return chooses and training.patience > 0 and state.epoch - state.best_epoch >= training.patience
