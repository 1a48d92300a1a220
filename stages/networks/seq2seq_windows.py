"""What the sequence-to-sequence network makes of one window of an epoch."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from eeg2vid.schemas.electrodes import places_of
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.networks import Seq2SeqSettings
from eeg2vid.stages.networks.glmnet import ShallowNet, ShallowSizes, TwoBranches

_PUBLISHED_HZ = 200.0  # the lengths below, in samples, are of this rate


class EegNet(nn.Module):
    """EEGNet's two blocks of convolutions and a linear layer (Lawhern et al., 2018), as EEG2Video released it.

    The first filters and the first pooling last as long as 64 and 4 samples at 200 Hz, whatever the rate; the second
    block reads what is left, about 50 Hz.

    Parameters
    ----------
    n_electrodes, n_samples
        Of a window.
    sfreq_hz
        Its sampling rate.
    out
        Size of a window's vector.
    dropout
        Dropped share after each block.
    """

    def __init__(self, n_electrodes: int, n_samples: int, sfreq_hz: float, out: int, dropout: float) -> None:
        super().__init__()
        filters, each, pooled = 16, 4, 16
        kernel, self.first_pool = _samples(64, sfreq_hz), min(_samples(4, sfreq_hz), n_samples)
        left = n_samples // self.first_pool
        self.second_pool = min(8, left)
        inner = filters * each
        self.temporal = nn.Conv2d(1, filters, (1, kernel), bias=False)
        self.temporal_norm = nn.BatchNorm2d(filters)
        self.spatial = nn.Conv2d(filters, inner, (n_electrodes, 1), groups=filters, bias=False)
        self.spatial_norm = nn.BatchNorm2d(inner)
        self.depthwise = nn.Conv2d(inner, inner, (1, 16), groups=inner, bias=False)
        self.pointwise = nn.Conv2d(inner, pooled, 1, bias=False)
        self.norm = nn.BatchNorm2d(pooled)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(pooled * (left // self.second_pool), out)

    def forward(self, windows: Tensor) -> Tensor:
        """Return `(window, out)` from `(window, electrode, sample)`."""
        x = self.temporal_norm(self.temporal(_padded(windows[:, None], self.temporal)))
        x = self.spatial_norm(self.spatial(x))
        x = self.dropout(functional.avg_pool2d(functional.elu(x), (1, self.first_pool)))
        x = self.norm(self.pointwise(self.depthwise(_padded(x, self.depthwise))))
        x = self.dropout(functional.avg_pool2d(functional.elu(x), (1, self.second_pool)))
        return self.out(x.flatten(1))  # type: ignore[no-any-return]


class GlmnetWindows(TwoBranches):
    """GLMNet on one window: a ShallowNet on all electrodes, one on the local ones, joined (the paper's embedder)."""

    def forward(self, windows: Tensor) -> Tensor:  # type: ignore[override]
        """Return `(window, out)` from `(window, electrode, sample)`."""
        return super().forward({"x": windows})


def make_embedder(
    s: Seq2SeqSettings, names: tuple[str, ...], n_electrodes: int, n_samples: int, sfreq_hz: float
) -> nn.Module:
    """Return what makes a vector `(window, width)` of windows `(window, electrode, sample)`.

    Raises
    ------
    UsageError
        If a window is too short for GLMNet's filters and pooling.
    """
    if s.embedder == "eegnet":
        return EegNet(n_electrodes, n_samples, sfreq_hz, s.width, s.embedder_dropout)
    kernel, pool, step = (_samples(count, sfreq_hz) for count in (25, 51, 5))
    if n_samples < kernel + pool - 1:
        raise UsageError(
            f"A window of {n_samples} samples at {sfreq_hz:g} Hz is too short for the embedder 'glmnet', whose filters "
            f"and pooling need {kernel + pool - 1}.",
            "Set network.window_s to more, or network.embedder to eegnet.",
        )
    sizes = ShallowSizes(filters=40, kernel=kernel, pool=pool, pool_step=step, dropout=s.embedder_dropout)
    places = places_of(s.local_electrodes, names)[0]
    if not places:
        return ShallowNet(n_electrodes, n_samples, s.width, sizes)
    embedding = s.width // 2
    whole, local = (ShallowNet(count, n_samples, embedding, sizes) for count in (n_electrodes, len(places)))
    return GlmnetWindows(whole, local, tuple(places), embedding, s.width)


def local_branch(s: Seq2SeqSettings, names: tuple[str, ...]) -> str:
    """Return, in words, what of the local electrodes is there; '' where all are, or none is asked for."""
    if s.embedder == "eegnet":
        return ""
    places, missing = places_of(s.local_electrodes, names)
    if not places:
        return "no local branch: none of its electrodes was recorded"
    return f"local branch without {', '.join(missing)}" if missing else ""


def _padded(x: Tensor, filters: nn.Conv2d) -> Tensor:
    """Return `(..., sample)` with zeros so that filters keep its length: of 64 taps, 31 before and 32 after."""
    more = filters.kernel_size[1] - 1
    return functional.pad(x, (more // 2, more - more // 2))


def _samples(published: int, sfreq_hz: float) -> int:
    """Return a length at this rate, at least one sample."""
    return max(1, round(published * sfreq_hz / _PUBLISHED_HZ))
