"""A small network from EEG to latents, or to any target, that starts from the mean training target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.networks import LatentCnnSettings, TrainingSettings
from eeg2vid.stages.networks.components import principal
from eeg2vid.stages.networks.context import BuildContext
from eeg2vid.stages.networks.decoder import Predictions, State, take_arrays
from eeg2vid.stages.networks.examples import Targets
from eeg2vid.stages.networks.ridge import target_gram
from eeg2vid.stages.networks.supervised import Supervised
from eeg2vid.stages.networks.trained import Judge, refuse_labels
from eeg2vid.stages.training.batch import Tensors


class Block(nn.Module):
    """A residual block of depthwise and pointwise convolution that halves the time axis."""

    def __init__(self, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.BatchNorm1d(width)
        self.pointwise = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return `(batch, channel, sample / 2)` from `(batch, channel, sample)`."""
        x = x + self.dropout(self.pointwise(functional.gelu(self.norm(self.depthwise(x)))))
        return functional.avg_pool1d(x, 2, ceil_mode=True) if x.shape[-1] > 1 else x


class LatentCnn(nn.Module):
    """Convolutions over epochs, a linear layer per feature array; summed as tokens of time; a linear head.

    The head starts at zero: the first prediction is the mean training target.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], outputs: int, frames: int, s: LatentCnnSettings) -> None:
        super().__init__()
        self.s = s
        self.frames = frames
        if "epochs" in shapes:
            self.stem = nn.Conv1d(shapes["epochs"][0], s.width, 1)
            self.blocks = nn.Sequential(*(Block(s.width, s.kernel, s.dropout) for _ in range(s.depth)))
        self.features = nn.ModuleDict(
            {
                name: nn.Linear(int(np.prod(shape)), s.width * s.tokens)
                for name, shape in sorted(shapes.items())
                if name != "epochs"
            }
        )
        self.norm = nn.LayerNorm(s.width)
        self.dropout = nn.Dropout(s.dropout)
        self.head = nn.Linear(s.width * (1 if frames else s.tokens), outputs)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def hidden(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return what the head reads: `(batch, token, width)`, or a token per frame."""
        tokens: Tensor | float = 0.0
        for name, x in inputs.items():
            if self.training and self.s.noise:
                x = x + self.s.noise * torch.randn_like(x)
            if name == "epochs":
                if self.training and self.s.electrode_dropout:
                    keep = torch.rand(x.shape[:2], device=x.device) >= self.s.electrode_dropout
                    x = x * keep[..., None] / (1 - self.s.electrode_dropout)
                part = functional.adaptive_avg_pool1d(self.blocks(self.stem(x)), self.s.tokens)
            else:
                part = self.features[name](x.flatten(1)).reshape(len(x), self.s.width, self.s.tokens)
            tokens = tokens + part
        assert isinstance(tokens, Tensor)
        if self.frames:
            tokens = functional.adaptive_avg_pool1d(tokens, self.frames)
        return self.dropout(functional.gelu(self.norm(tokens.transpose(1, 2))))  # type: ignore[no-any-return]

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return `(batch, output)`, or `(batch, frame x output)` where frames have an output each."""
        hidden = self.hidden(inputs)
        output = self.head(hidden) if self.frames else self.head(hidden.flatten(1))
        return output.flatten(1)  # type: ignore[no-any-return]


class LatentCnnDecoder(Supervised):
    """Predicts targets of any shape from any inputs; loss: squared error / training variance.

    Head 'pca': the network predicts the scores, in SD, on the principal components of the training targets.
    They are orthonormal, so the squared error of the scores plus a constant is that of the targets, and training
    costs the same whatever the targets' dimension.
    """

    settings: LatentCnnSettings

    def __init__(self, settings: LatentCnnSettings, context: BuildContext, training: TrainingSettings) -> None:
        refuse_labels(training)
        self.values = int(np.prod(context.targets[0].shape))
        self.mean = np.zeros(0, dtype=np.float32)
        self.basis = np.zeros((settings.components, 0), dtype=np.float32)
        self.scale = np.zeros(0, dtype=np.float32)
        self.variance = 1.0
        super().__init__(settings, context, training)

    def make_module(self) -> nn.Module:
        """Return the network."""
        full = self.settings.head == "full"
        frames = self._frames() if full else 0
        outputs = self.values // frames if full else len(self.basis)
        return LatentCnn(self.context.inputs, outputs, frames, self.settings)

    def _frames(self) -> int:
        return self.target.shape[0] if len(self.target.shape) > 1 else 1

    def kept_axes(self, name: str) -> tuple[int, ...]:
        """Return the electrode of epochs, every axis of anything else."""
        return (1,) if name == "epochs" else tuple(range(1, len(self.context.inputs[name]) + 1))

    def fit_targets(self, targets: Targets) -> None:
        """Take mean, variance and principal components."""
        values = targets[self.target.name]
        flat = values.reshape(len(values), -1)
        mean = flat.mean(axis=0, dtype=np.float64)
        gram = target_gram(flat, mean)
        self.variance = float(np.trace(gram)) / len(flat)
        if len(flat) < 2 or self.variance <= 0:
            raise BadDataError("The training targets are all the same: there is nothing to map to.")
        self.mean = mean.astype(np.float32)
        if self.settings.head == "pca":
            self.basis, self.scale = principal(flat, mean, gram, self.settings.components)

    def _deviations(self, targets: NDArray[Any]) -> NDArray[np.float32]:
        flat: NDArray[np.float32] = targets.reshape(len(targets), -1).astype(np.float32)
        return flat - self.mean

    def sample_targets(self, targets: Targets) -> Tensors:
        """Return scores on the components, or deviations from the mean; squared, they sum to the loss."""
        return {self.target.name: self._wanted(targets[self.target.name])}

    def _wanted(self, targets: NDArray[Any]) -> Tensor:
        deviations = self._deviations(targets)
        values = deviations @ self.basis.T if self.settings.head == "pca" else deviations
        return torch.from_numpy(values / np.float32(np.sqrt(self.variance)))

    def _scaled(self, output: Tensor) -> Tensor:
        """Return outputs in the unit of `sample_targets`."""
        unit = self.scale / np.sqrt(self.variance) if self.settings.head == "pca" else self._value_scale()
        return output * torch.as_tensor(unit, dtype=output.dtype, device=output.device)

    def _value_scale(self) -> float:
        return float(1 / np.sqrt(self.values))  # the standard deviation of a value, in that unit

    def loss(self, outputs: Tensors, targets: Tensors) -> Tensor:
        """Return the squared error of an event / the training targets' mean squared deviation."""
        return (self._scaled(outputs["out"]) - targets[self.target.name]).square().sum(dim=1).mean()

    def judge(self, targets: Targets) -> Judge:
        """Return squared error / that of the training mean, and 1 - it."""
        deviations = self._deviations(targets[self.target.name])
        wanted = self._wanted(targets[self.target.name])
        total = float(np.sum(deviations.astype(np.float64) ** 2)) / self.variance
        beyond = total - float(wanted.double().square().sum())  # outside the components: no output reaches it

        def of(outputs: Tensors) -> tuple[float, float]:
            error = float((self._scaled(outputs["out"]) - wanted).double().square().sum()) + beyond
            ratio = error / total if total > 0 else 1.0
            return ratio, 1 - ratio

        return of

    def finish(self, outputs: Tensors) -> Predictions:
        """Return predicted targets `(event, *target)`."""
        values = (self._scaled(outputs["out"]) * float(np.sqrt(self.variance))).numpy()
        if self.settings.head == "pca":
            values = values @ self.basis
        result: NDArray[np.float32] = (values + self.mean).astype(np.float32)
        return {self.target.name: result.reshape(len(result), *self.target.shape)}

    def target_state(self) -> State:
        """Return mean, variance, and the components with their standard deviations."""
        state: State = {"mean": self.mean, "variance": np.array([self.variance])}
        return state | ({"basis": self.basis, "scale": self.scale} if self.settings.head == "pca" else {})

    def load_targets(self, state: State) -> None:
        """Take what `target_state` returned."""
        shapes: dict[str, tuple[int | None, ...]] = {"mean": (self.values,), "variance": (1,)}
        if self.settings.head == "pca":
            count = len(state["basis"]) if "basis" in state and state["basis"].ndim else None
            shapes |= {"basis": (count, self.values), "scale": (count,)}
        found = take_arrays(state, shapes)
        self.mean = found["mean"].astype(np.float32)
        self.variance = float(found["variance"].astype(np.float64)[0])
        if self.settings.head == "pca":
            self.basis, self.scale = found["basis"].astype(np.float32), found["scale"].astype(np.float32)
