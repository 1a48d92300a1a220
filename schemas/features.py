"""Epochs and band features, aligned on events."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import Electrode, EventKey, Row

_TABLES: dict[str, type[Row]] = {"events": EventKey, "electrodes": Electrode}
_INDEX = {"event": "events", "electrode": "electrodes"}


class EpochAttributes(Attributes):
    """Timing of the epochs."""

    sfreq: float = Field(gt=0, description="Hz")
    tmin_s: float = Field(description="first sample relative to clip onset, s")


class FeatureAttributes(Attributes):
    """Definition of the features."""

    bands: tuple[tuple[float, float], ...] = Field(description="edges, Hz")
    window_s: float = Field(gt=0, description="s")
    method: str = Field(description="'corrected' or 'published'")


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
