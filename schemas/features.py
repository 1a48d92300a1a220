"""Epochs and band features, aligned on events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import Electrode, EpochKey, Row

_TABLES: dict[str, type[Row]] = {"events": EpochKey, "electrodes": Electrode}
_INDEX = {"event": "events", "electrode": "electrodes"}


Span = Literal["clip", "hint"]

# Stamps, inherited by everything made from such epochs or features
SMOOTHED = "smoothed within runs"  # clips of a run are mixed: no identification within runs
HINT_BASELINE = "baseline from the hint"  # the concept cue is in every clip of a run


class _SignalAttributes(Attributes):
    """Which stretch of the EEG, and what was done to it before."""

    tmin_s: float = Field(0.0, description="first sample relative to the onset of the clip, or of the hint, s")
    span: Span = Field("clip", description="clip: during each clip; hint: before its run (a control)")
    cleaning: tuple[str, ...] = Field((), description="what was done to the recordings, step by step; empty: nothing")
    fold: str | None = Field(None, description="the fold whose training events the cleaning was learned from")


class EpochAttributes(_SignalAttributes):
    """Timing of the epochs."""

    sfreq: float = Field(gt=0, description="Hz")


class FeatureAttributes(_SignalAttributes):
    """Definition of the features."""

    bands: tuple[tuple[float, float], ...] = Field(description="edges, Hz")
    window_s: float = Field(gt=0, description="s")
    step_s: float | None = Field(None, gt=0, description="from window to window, s; none: one after the other")
    method: str = Field(description="'corrected' or 'published'")
    spectrum: str = Field("periodogram", description="'periodogram', 'welch' or 'multitaper'")
    smoothing: str = Field("none", description="'none', 'moving-average' or 'lds': within runs, over windows and clips")


EPOCHS = Schema(
    name="epochs",
    version=1,
    doc="The EEG during each clip.",
    arrays={
        "epochs": ArraySpec(
            dims=("event", "electrode", "sample"), dtypes=("float32",), unit="µV", doc="signal around the clip"
        )
    },
    tables=_TABLES,
    index=_INDEX,
    attributes=EpochAttributes,
)

_FEATURE_DIMS = ("event", "window", "electrode", "band")

FEATURES = Schema(
    name="features",
    version=1,
    doc="Differential entropy and power spectral density (one may be absent) per clip, window, electrode and band.",
    arrays={
        "de": ArraySpec(
            dims=_FEATURE_DIMS,
            dtypes=("float32",),
            unit="1",
            doc="corrected: 0.5 ln(2 pi e sigma^2), nats; published: log2(100 PSD)",
            optional=True,
        ),
        "psd": ArraySpec(
            dims=_FEATURE_DIMS,
            dtypes=("float32",),
            unit="µV²/Hz",
            doc="corrected: mean density in the band; published: mean |FFT|^2, unnormalised",
            optional=True,
        ),
    },
    tables=_TABLES,
    index=_INDEX,
    attributes=FeatureAttributes,
)
