"""The network: one module and one loss; stopping, resuming, storing and standardising come with `Supervised`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.networks.decoder import Predictions, State, take_arrays
from eeg2vid.stages.networks.examples import Targets
from eeg2vid.stages.networks.supervised import Supervised
from eeg2vid.stages.networks.trained import Judge
from eeg2vid.stages.training.batch import Tensors
from eeg2vid_gru.settings import GruSettings


class Gru(nn.Module):
    """`(event, electrode, sample)` to `(event, output)`."""

    def __init__(self, electrodes: int, outputs: int, settings: GruSettings) -> None:
        super().__init__()
        self.stretches = settings.stretches
        self.gru = nn.GRU(electrodes, settings.width, batch_first=True)
        self.head = nn.Linear(settings.width, outputs)

    def hidden(self, inputs: Tensors) -> Tensor:
        """Return the mean state over time `(event, width)`: what another network may learn from."""
        steps = functional.adaptive_avg_pool1d(inputs["epochs"], self.stretches).transpose(1, 2)
        return self.gru(steps)[0].mean(dim=1)

    def forward(self, inputs: Tensors) -> Tensor:
        """Return the outputs."""
        return self.head(self.hidden(inputs))


class GruDecoder(Supervised):
    """Cross-entropy of a label; of a value the squared error, in standard deviations of the training targets."""

    settings: GruSettings
    mean: np.ndarray
    scale: np.ndarray

    def make_module(self) -> nn.Module:
        """Return the module; its weights are drawn from PyTorch's generator, which is seeded."""
        if set(self.context.inputs) != {"epochs"}:
            raise BadDataError(f"Network 'gru' reads epochs, not {', '.join(self.context.inputs)}.")
        outputs = len(self.target.classes) or int(np.prod(self.target.shape))
        return Gru(self.context.inputs["epochs"][0], outputs, self.settings)

    def kept_axes(self, name: str) -> tuple[int, ...]:
        """Return the electrode: each is standardised by its own mean and deviation."""
        return (1,)

    def fit_targets(self, targets: Targets) -> None:
        """Take mean and deviation of a value's training targets."""
        if self.target.kind == "value":
            flat = targets[self.target.name].reshape(len(targets[self.target.name]), -1)
            self.mean = flat.mean(axis=0, dtype=np.float64).astype(np.float32)
            self.scale = np.maximum(flat.std(axis=0, dtype=np.float64), 1e-6).astype(np.float32)

    def target_state(self) -> State:
        """Return what `fit_targets` took, to be stored."""
        return {"mean": self.mean, "scale": self.scale} if self.target.kind == "value" else {}

    def load_targets(self, state: State) -> None:
        """Take what was stored."""
        size = (int(np.prod(self.target.shape)),)
        found = take_arrays(state, {"mean": size, "scale": size} if self.target.kind == "value" else {})
        self.mean, self.scale = (found.get(name, np.zeros(0)).astype(np.float32) for name in ("mean", "scale"))

    def sample_targets(self, targets: Targets) -> Tensors:
        """Return class indices, or standardised values."""
        wanted = targets[self.target.name]
        if self.target.kind == "label":
            return {self.target.name: torch.from_numpy(wanted.astype(np.int64))}
        return {self.target.name: torch.from_numpy((wanted.reshape(len(wanted), -1) - self.mean) / self.scale)}

    def loss(self, outputs: Tensors, targets: Tensors) -> Tensor:
        """Return the mean loss of a batch."""
        found, wanted = outputs["out"], targets[self.target.name]
        kind = functional.cross_entropy if self.target.kind == "label" else functional.mse_loss
        return kind(found, wanted)

    def judge(self, targets: Targets) -> Judge:
        """Return a function from outputs to loss and score: accuracy, or 1 - error / error of the training mean."""
        wanted = self.sample_targets(targets)

        def of(outputs: Tensors) -> tuple[float, float]:
            loss = float(self.loss(outputs, wanted))
            if self.target.kind == "label":
                return loss, float((outputs["out"].argmax(dim=1) == wanted[self.target.name]).double().mean())
            return loss, 1 - loss / float(wanted[self.target.name].square().mean())

        return of

    def finish(self, outputs: Tensors) -> Predictions:
        """Return probabilities `(event, class)`, or values `(event, *shape)`."""
        found = outputs["out"]
        if self.target.kind == "label":
            return {self.target.name: found.softmax(dim=1).numpy()}
        values = found.numpy() * self.scale + self.mean
        return {self.target.name: values.astype(np.float32).reshape(len(values), *self.target.shape)}
