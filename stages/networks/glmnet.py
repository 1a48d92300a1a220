"""GLMNet, EEG2Video's classifier, on band features and on epochs (Liu et al., NeurIPS 2024)."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.networks import GlmnetRawSettings, GlmnetSettings
from eeg2vid.stages.networks.context import find_electrodes
from eeg2vid.stages.networks.decoder import Predictions
from eeg2vid.stages.networks.examples import Targets
from eeg2vid.stages.networks.supervised import Supervised
from eeg2vid.stages.networks.trained import Judge
from eeg2vid.stages.training.batch import Tensors
from eeg2vid.stages.training.feed import Named


class Mlp(nn.Sequential):
    """Flatten, then linear layers with GELU between."""

    def __init__(self, size: int, hidden: tuple[int, ...], out: int, dropout: float) -> None:
        layers: list[nn.Module] = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.GELU()]
            if dropout:
                layers.append(nn.Dropout(dropout))
            size = width
        super().__init__(*layers, nn.Linear(size, out))


@dataclass(frozen=True)
class ShallowSizes:
    """What a ShallowNet is made of; lengths in samples, as in the settings of `glmnet-raw`."""

    filters: int
    kernel: int
    pool: int
    pool_step: int
    dropout: float


class ShallowNet(nn.Module):
    """Temporal filters, spatial filters, batch norm, ELU, mean pooling, linear (after Schirrmeister et al., 2017).

    The two convolutions have nothing between them, so they are applied as the one they compose: same weights,
    same function, without the intermediate `(batch, filter, electrode, sample)`.
    """

    def __init__(self, n_electrodes: int, n_samples: int, out: int, s: GlmnetRawSettings | ShallowSizes) -> None:
        super().__init__()
        self.temporal = nn.Conv2d(1, s.filters, (1, s.kernel))
        self.spatial = nn.Conv2d(s.filters, s.filters, (n_electrodes, 1))
        self.norm = nn.BatchNorm1d(s.filters)
        self.pool = nn.AvgPool1d(s.pool, s.pool_step)
        self.dropout = nn.Dropout(s.dropout)
        left = n_samples - s.kernel + 1
        pooled = (left - s.pool) // s.pool_step + 1
        if left < s.pool:
            raise UsageError(
                f"A window of {n_samples} samples is too short for a kernel of {s.kernel} and a pool of {s.pool} "
                f"samples, which need {s.kernel + s.pool - 1}.",
                "Set network.windows, network.kernel or network.pool to less.",
            )
        self.out = nn.Linear(s.filters * pooled, out)

    def forward(self, epochs: Tensor) -> Tensor:
        """Return `(batch, out)` from `(batch, electrode, sample)`."""
        spatial = self.spatial.weight[:, :, :, 0]
        kernel = torch.einsum("ofe,fk->oek", spatial, self.temporal.weight[:, 0, 0])
        bias = self.spatial.bias
        if bias is not None and self.temporal.bias is not None:
            bias = bias + spatial.sum(dim=2) @ self.temporal.bias
        filtered = functional.conv1d(epochs, kernel, bias)
        return self.out(self.dropout(self.pool(functional.elu(self.norm(filtered)))).flatten(1))  # type: ignore[no-any-return]


class TwoBranches(nn.Module):
    """A branch on all electrodes, one on some, joined by a linear layer."""

    def __init__(
        self, whole: nn.Module, local: nn.Module, places: tuple[int, ...], embedding: int, n_classes: int
    ) -> None:
        super().__init__()
        self.whole = whole
        self.local = local
        self.out = nn.Linear(2 * embedding, n_classes)
        self.places = list(places)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                nn.init.xavier_uniform_(module.weight)

    def hidden(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return both branches side by side `(sample, 2 x embedding)`; the input's axis 1 is the electrodes."""
        x = inputs["x"]
        return torch.cat([self.whole(x), self.local(x[:, self.places])], dim=1)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return logits `(sample, class)`."""
        return self.out(self.hidden(inputs))  # type: ignore[no-any-return]


class WindowClassifier(Supervised):
    """A classifier whose training samples are windows of clips, each with its clip's label.

    A clip's probabilities are the normalised geometric mean over its windows (mean log-probability); the
    validation loss and accuracy are of clips too. The published accuracies are of windows.
    """

    class_weights: Tensor | None = None

    @abstractmethod
    def n_windows(self) -> int:
        """Return the windows per event."""

    def fit_targets(self, targets: Targets) -> None:
        """Weigh the classes if asked to."""
        self.class_weights = None
        if self.training.class_weight == "balanced":
            labels = targets[self.target.name]
            counts = np.bincount(labels, minlength=len(self.target.classes))
            weights = np.where(counts > 0, len(labels) / np.maximum(counts, 1) / np.sum(counts > 0), 0.0)
            self.class_weights = torch.from_numpy(weights.astype(np.float32))

    def sample_targets(self, targets: Targets) -> Tensors:
        """Return each window's class."""
        labels = targets[self.target.name].astype(np.int64)
        return {self.target.name: torch.from_numpy(np.repeat(labels, self.n_windows()))}

    def loss(self, outputs: Tensors, targets: Tensors) -> Tensor:
        """Return the cross-entropy."""
        output = outputs["out"]
        weights = None if self.class_weights is None else self.class_weights.to(output.device)
        return functional.cross_entropy(output, targets[self.target.name], weights)

    def judge(self, targets: Targets) -> Judge:
        """Return cross-entropy and accuracy over clips."""
        classes = torch.from_numpy(targets[self.target.name].astype(np.int64))

        def of(outputs: Tensors) -> tuple[float, float]:
            log_probabilities = self._clips(outputs["out"])
            loss = functional.nll_loss(log_probabilities, classes, self.class_weights)
            accuracy = (log_probabilities.argmax(dim=1) == classes).double().mean()
            return float(loss), float(accuracy)

        return of

    def _clips(self, output: Tensor) -> Tensor:
        windows = functional.log_softmax(output.double(), dim=1)
        clips = windows.reshape(-1, self.n_windows(), output.shape[1]).mean(dim=1)
        return functional.log_softmax(clips.float(), dim=1)

    def finish(self, outputs: Tensors) -> Predictions:
        """Return probabilities `(event, class)`."""
        return {self.target.name: self._clips(outputs["out"]).exp().numpy()}


class GlmnetDecoder(WindowClassifier):
    """GLMNet on `de`, `psd` or both (their bands side by side)."""

    settings: GlmnetSettings

    def make_module(self) -> nn.Module:
        """Return the network."""
        s = self.settings
        unknown = sorted(set(self.context.inputs) - {"de", "psd"})
        if unknown or not self.context.inputs:
            raise UsageError(
                "Network 'glmnet' reads the features 'de' and 'psd', not "
                f"{', '.join(map(repr, unknown)) or 'nothing'}.",
                "Choose these inputs, or network glmnet-raw for epochs.",
            )
        shapes = list(self.context.inputs.values())
        if len({shape[:2] for shape in shapes}) != 1:
            raise UsageError(f"Features of different windows or electrodes cannot be joined: {shapes}.")
        places = find_electrodes(s.local_electrodes, self.context.names)
        n_electrodes, n_bands = shapes[0][1], sum(shape[2] for shape in shapes)
        whole, local = (Mlp(count * n_bands, s.hidden, s.embedding, s.dropout) for count in (n_electrodes, len(places)))
        return TwoBranches(whole, local, places, s.embedding, len(self.target.classes))

    def n_windows(self) -> int:
        """Return the features' windows."""
        return next(iter(self.context.inputs.values()))[0]

    def arrange(self, arrays: Named) -> Named:
        """Return `(sample, electrode, band)`."""
        joined = np.concatenate([arrays[name] for name in sorted(arrays)], axis=-1)
        return {"x": joined.reshape(-1, *joined.shape[2:])}

    def kept_axes(self, name: str) -> tuple[int, ...]:
        """Return electrode and band."""
        return (1, 2)


class GlmnetRawDecoder(WindowClassifier):
    """GLMNet on `epochs`, each cut into equal windows; samples left over at the end are not used."""

    settings: GlmnetRawSettings

    def make_module(self) -> nn.Module:
        """Return the network."""
        s = self.settings
        if set(self.context.inputs) != {"epochs"}:
            raise UsageError(
                f"Network 'glmnet-raw' reads 'epochs' only, not {', '.join(map(repr, self.context.inputs))}.",
                "Choose that input, or network glmnet for features.",
            )
        n_electrodes, n_samples = self.context.inputs["epochs"]
        places = find_electrodes(s.local_electrodes, self.context.names)
        whole, local = (
            ShallowNet(count, n_samples // s.windows, s.embedding, s) for count in (n_electrodes, len(places))
        )
        return TwoBranches(whole, local, places, s.embedding, len(self.target.classes))

    def n_windows(self) -> int:
        """Return the windows an epoch is cut into."""
        return self.settings.windows

    def arrange(self, arrays: Named) -> Named:
        """Return `(sample, electrode, time)`."""
        epochs = arrays["epochs"]
        n_events, n_electrodes, n_samples = epochs.shape
        length = n_samples // self.settings.windows
        cut = epochs[..., : length * self.settings.windows].reshape(n_events, n_electrodes, -1, length)
        return {"x": cut.transpose(0, 2, 1, 3).reshape(-1, n_electrodes, length)}

    def kept_axes(self, name: str) -> tuple[int, ...]:
        """Return the electrode."""
        return (1,)
