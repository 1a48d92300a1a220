"""EEG2Video's sequence-to-sequence network from EEG to latents (Liu et al., NeurIPS 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import Seq2SeqSettings, TrainingSettings
from eeg2vid.stages.networks.context import BuildContext
from eeg2vid.stages.networks.decoder import Predictions, State, take_arrays
from eeg2vid.stages.networks.examples import Targets
from eeg2vid.stages.networks.seq2seq_model import Seq2Seq
from eeg2vid.stages.networks.seq2seq_windows import local_branch, make_embedder
from eeg2vid.stages.networks.supervised import Supervised
from eeg2vid.stages.networks.trained import Judge, refuse_labels
from eeg2vid.stages.signal.windows import whole_samples, window_starts
from eeg2vid.stages.training.batch import Batch, Tensors
from eeg2vid.stages.training.schedule import follow_cosine
from eeg2vid.stages.training.values import squared_deviations

_CHUNK_EVENTS = 64


class Seq2SeqDecoder(Supervised):
    """A transformer over windows of the epoch and over frames; loss: the mean squared error of a value.

    With `standardise` the network learns (target - mean) / SD, the mean of each value, the SD of each channel about
    it, both of the training events; a target without channels has one SD. Targets stay as they are in memory and are
    standardised batch by batch.
    """

    settings: Seq2SeqSettings

    def __init__(self, settings: Seq2SeqSettings, context: BuildContext, training: TrainingSettings) -> None:
        refuse_labels(training)
        shape = context.targets[0].shape
        self.frames = shape[0] if len(shape) > 1 else 1
        self.mean = np.zeros(shape, dtype=np.float32)
        self.scale = np.ones(self._scale_shape(shape), dtype=np.float32)
        self.steps = 1
        super().__init__(settings, context, training)

    @staticmethod
    def _scale_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
        channels = shape[1] if len(shape) > 2 else 1
        return tuple(channels if axis == 1 else 1 for axis in range(len(shape)))

    def make_module(self) -> nn.Module:
        """Return the network."""
        s, sfreq = self.settings, self.context.sfreq_hz
        if set(self.context.inputs) != {"epochs"} or sfreq is None:
            found = ", ".join(map(repr, self.context.inputs)) or "nothing"
            raise UsageError(
                f"Network 'seq2seq' reads 'epochs' of a known sampling rate only, not {found}"
                + (" of an unknown one." if sfreq is None else "."),
                "Choose that input, or network latent-cnn for features.",
            )
        if s.decoding == "shifted" and self.frames < 2:
            raise UsageError(
                f"With decoding 'shifted' the first frame is the same whatever the EEG, and target "
                f"'{self.target.name}' of shape {self.target.shape} has no other.",
                "Set network.decoding to queries.",
            )
        n_electrodes, n_samples = self.context.inputs["epochs"]
        starts = window_starts(n_samples, sfreq, s.window_s, s.step_s)
        length = whole_samples(s.window_s, sfreq)
        embedder = make_embedder(s, self.context.names, n_electrodes, length, sfreq)
        outputs = int(np.prod(self.target.shape)) // self.frames
        return Seq2Seq(embedder, tuple(starts.tolist()), length, self.frames, outputs, s)

    def make_optimizers(self, modules: Mapping[str, nn.Module]) -> dict[str, Optimizer]:
        """Return AdamW or Adam."""
        kind = torch.optim.AdamW if self.settings.optimizer == "adamw" else torch.optim.Adam
        rate, decay = self.training.learning_rate, self.training.weight_decay
        return {"net": kind(modules["net"].parameters(), lr=rate, weight_decay=decay)}

    def kept_axes(self, name: str) -> tuple[int, ...]:
        """Return the electrode, or electrode and sample.

        The published scaler has statistics of every sample of every window. Where windows overlap, these are of the
        same sample of the epoch, so that standardising the epoch is the same.
        """
        return (1,) if self.settings.scaler == "electrode" else (1, 2)

    def remark(self) -> str:
        """Say what of the local electrodes was not recorded."""
        missing = local_branch(self.settings, self.context.names)
        return f"; {missing}" if missing else ""

    def fit_targets(self, targets: Targets) -> None:
        """Take the mean of each value, the SD of each channel, and how many steps there can be."""
        values = targets[self.target.name]
        self.steps = self.training.epochs * -(-len(values) // self.training.batch_size)
        mean = values.mean(axis=0, dtype=np.float64)
        spread = squared_deviations(values, mean)
        if spread.max() <= 0:
            raise BadDataError("The training targets are all the same: there is nothing to map to.")
        self.mean = mean.astype(np.float32)
        if self.settings.standardise:
            over = tuple(axis for axis, size in enumerate(self.scale.shape) if size == 1)
            deviation = np.sqrt(spread.mean(axis=over, keepdims=True))
            self.scale = np.where(deviation > 0, deviation, 1).astype(np.float32)

    def sample_targets(self, targets: Targets) -> Tensors:
        """Return the targets as they are."""
        return {self.target.name: torch.from_numpy(targets[self.target.name].astype(np.float32, copy=False))}

    def _wanted(self, targets: Tensor) -> Tensor:
        """Return what the network should make of some targets `(event, frame, output)`."""
        if self.settings.standardise:
            mean, scale = (torch.as_tensor(one, device=targets.device) for one in (self.mean, self.scale))
            targets = (targets - mean) / scale
        return targets.reshape(len(targets), self.frames, -1)

    def outputs(self, batch: Batch) -> Tensors:
        """Return the frames as 'out'."""
        return {"out": self.modules()["net"](batch.inputs["epochs"])}

    def loss(self, outputs: Tensors, targets: Tensors) -> Tensor:
        """Return the mean squared error of a value, in SDs where standardised."""
        return functional.mse_loss(outputs["out"], self._wanted(targets[self.target.name]))

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Go down the loss at the rate of this step."""
        if self.settings.schedule == "cosine":
            follow_cosine(self.optimizers()["net"], self.steps)
        return super().step(batch)

    def judge(self, targets: Targets) -> Judge:
        """Return the loss, and 1 - squared error / that of the training mean, in the targets' unit."""
        values = targets[self.target.name].astype(np.float32, copy=False)
        total = float(squared_deviations(values, self.mean).sum()) * len(values)

        def of(outputs: Tensors) -> tuple[float, float]:
            squares = np.zeros(values.shape[1:])
            for start in range(0, len(values), _CHUNK_EVENTS):
                events = slice(start, start + _CHUNK_EVENTS)
                error = outputs["out"][events] - self._wanted(torch.from_numpy(values[events]))
                squares += error.double().square().sum(dim=0).reshape(values.shape[1:]).numpy()
            loss = float(squares.mean()) / len(values)
            whole = float((squares * np.square(self.scale, dtype=np.float64)).sum())
            return loss, 1 - whole / total if total > 0 else 0.0

        return of

    def finish(self, outputs: Tensors) -> Predictions:
        """Return predicted targets `(event, *target)`."""
        values: NDArray[np.float32] = outputs["out"].float().numpy().reshape(-1, *self.target.shape)
        if self.settings.standardise:
            values = values * self.scale + self.mean
        return {self.target.name: values}

    def target_state(self) -> State:
        """Return means and SDs of the targets, where they are used."""
        return {"mean": self.mean, "scale": self.scale} if self.settings.standardise else {}

    def load_targets(self, state: State) -> None:
        """Take what `target_state` returned."""
        shapes: dict[str, Any] = {"mean": self.mean.shape, "scale": self.scale.shape}
        found = take_arrays(state, shapes if self.settings.standardise else {})
        if found:
            self.mean, self.scale = (found[name].astype(np.float32) for name in ("mean", "scale"))
