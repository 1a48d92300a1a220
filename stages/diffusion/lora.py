"""Low-rank additions to linear layers (Hu et al., LoRA, ICLR 2022)."""

from __future__ import annotations

from torch import Tensor, nn


class LowRank(nn.Module):
    """`alpha / rank * up(down(x))`, added to what a linear layer returns; zero before training.

    Parameters
    ----------
    layer
        The layer that it is added to; it stays as it is.
    rank, alpha
        Channels in between, and how much of it is added.
    """

    def __init__(self, layer: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.scale = alpha / rank
        self.down = nn.Linear(layer.in_features, rank, bias=False)
        self.up = nn.Linear(rank, layer.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return what is to be added to the layer's output for `(..., channel)`."""
        return self.up(self.down(x)) * self.scale

    def follow(self, layer: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """Add it to the layer's output: a forward hook."""
        return output + self(given[0])
