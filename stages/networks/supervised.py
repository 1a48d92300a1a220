"""The common case of training: one module, one loss, AdamW."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from eeg2vid.stages.networks.trained import Trained
from eeg2vid.stages.training.batch import Batch, Tensors


class Supervised(Trained):
    """A network that is one module, which maps the named inputs of a batch to one output."""

    @abstractmethod
    def make_module(self) -> nn.Module:
        """Return the network, its weights drawn from PyTorch's own generator."""

    @abstractmethod
    def loss(self, outputs: Tensors, targets: Tensors) -> Tensor:
        """Return the mean loss of a batch."""

    def make_modules(self) -> dict[str, nn.Module]:
        """Return the one module."""
        return {"net": self.make_module()}

    def make_optimizers(self, modules: Mapping[str, nn.Module]) -> dict[str, Optimizer]:
        """Return AdamW, its rate constant."""
        rate, decay = self.training.learning_rate, self.training.weight_decay
        return {"net": torch.optim.AdamW(modules["net"].parameters(), lr=rate, weight_decay=decay)}

    def outputs(self, batch: Batch) -> Tensors:
        """Return the module's output as 'out'."""
        return {"out": self.modules()["net"](batch.inputs)}

    def embedding(self, batch: Batch) -> Tensor | None:
        """Return what the module calls `hidden`, if it does."""
        hidden = getattr(self.modules()["net"], "hidden", None)
        return None if hidden is None else hidden(batch.inputs)  # type: ignore[no-any-return]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Go down the loss."""
        optimizer = self.optimizers()["net"]
        optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.outputs(batch), batch.targets)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return {"loss": loss.detach()}
