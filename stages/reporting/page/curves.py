"""How trainings went: the loss of every epoch, and which epoch was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eeg2vid.schemas.checkpoints import TrainedEpoch, TrainedModel
from eeg2vid.stages.reporting.numbers import number
from eeg2vid.stages.reporting.page.canvas import Canvas

CHOOSE, REFIT = "choose", "refit"


@dataclass(frozen=True)
class Epoch:
    """One epoch of one training; `phase` is "choose" (the epoch is chosen) or "refit" (on all that may be learned)."""

    phase: str
    epoch: int
    train_loss: float
    validation_loss: float | None = None
    validation_score: float | None = None


@dataclass(frozen=True)
class Training:
    """One trained model.

    Attributes
    ----------
    subject
        Whose EEG it was trained on.
    best_epoch
        The epoch chosen on the validation events; None: none was chosen.
    """

    subject: str
    model: str
    fold: str
    targets: tuple[str, ...]
    best_epoch: int | None
    epochs: tuple[Epoch, ...]

    @property
    def title(self) -> str:
        """What it is, on a line."""
        best = "" if self.best_epoch is None else f", best epoch {self.best_epoch}"
        return f"{', '.join(self.targets)} · {self.model} · fold {self.fold}{best}"


def trainings(subject: str, models: Sequence[TrainedModel], history: Sequence[TrainedEpoch]) -> tuple[Training, ...]:
    """Return the trainings of one artifact that went epoch by epoch; closed forms have none."""
    epochs: dict[str, list[Epoch]] = {}
    for row in history:
        one = Epoch(row.phase, row.epoch, row.train_loss, row.validation_loss, row.validation_score)
        epochs.setdefault(row.path, []).append(one)
    return tuple(
        Training(subject, model.network, model.fold, model.targets, model.best_epoch, tuple(epochs[model.path]))
        for model in models
        if model.path in epochs
    )


def draw_training(training: Training) -> Markup:
    """Draw the losses of one training, and beneath them the validation score if there is one.

    A thin line is the loss in training, a bold one that of validation, a dashed one the loss while refitting; the
    upright line is the epoch that was chosen.
    """
    losses = [
        ("train", _points(training, CHOOSE, lambda row: row.train_loss)),
        ("refit", _points(training, REFIT, lambda row: row.train_loss)),
        ("validation", _points(training, CHOOSE, lambda row: row.validation_loss)),
    ]
    scores = [("validation", _points(training, CHOOSE, lambda row: row.validation_score))]
    drawn = [_draw(training, "loss", losses), _draw(training, "validation score", scores)]
    return Markup("").join(drawn)


def _points(training: Training, phase: str, read: Callable[[Epoch], float | None]) -> list[tuple[float, float]]:
    found = [(float(row.epoch), read(row)) for row in training.epochs if row.phase == phase]
    return [(epoch, value) for epoch, value in found if value is not None]


def _draw(training: Training, what: str, lines: list[tuple[str, list[tuple[float, float]]]]) -> Markup:
    points = [point for _, some in lines for point in some]
    if not points:
        return Markup("")
    epochs = [epoch for epoch, _ in points]
    canvas = Canvas.around(epochs, [value for _, value in points])
    best = [] if training.best_epoch is None else [float(training.best_epoch)]
    inner = "".join(canvas.upright("best", epoch) for epoch in best)
    inner += "".join(canvas.line(kind, some) for kind, some in lines if some)
    ticks = dict.fromkeys([min(epochs), max(epochs)])
    kind, last = next((kind, some[-1][1]) for kind, some in reversed(lines) if some)
    about = f"{what} of {training.title}; at the end {number(last)} ({kind})"
    return canvas.drawn(inner, [(epoch, f"{epoch:g}") for epoch in ticks], about)
