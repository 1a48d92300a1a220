"""Settings of `preprocess`: cleaning, epochs, features."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from eeg2vid.schemas.cleaning import CleaningSettings
from eeg2vid.schemas.electrodes import ElectrodeNames


def _edges(value: Any) -> Any:
    return value.split("-") if isinstance(value, str) else value


Band = Annotated[tuple[float, float], BeforeValidator(_edges)]

# SEED's five bands (delta, theta, alpha, beta, gamma), Hz
_BANDS = ((1.0, 4.0), (4.0, 8.0), (8.0, 14.0), (14.0, 31.0), (31.0, 99.0))


class PreprocessSettings(CleaningSettings):
    """Settings of `preprocess`: first what is done to the recordings, then epochs, then features."""

    span: Literal["clip", "hint"] = Field(
        "clip", description="what epochs are cut around; hint: the EEG before each run instead (a control)"
    )
    tmin_s: float = Field(0.0, ge=-60, le=60, description="start of the epoch after onset, s")
    tmax_s: float | None = Field(
        None, gt=-60, le=60, description="its end after onset, s; none: the shortest clip's, but for a few broken off"
    )
    outside: Literal["refuse", "leave-out"] = Field(
        "refuse",
        description="epochs that reach beyond their recording; left out, they are neither trained on nor decoded",
    )
    reject_spans: bool = Field(
        True, description="epochs that touch a span marked as bad, or contain a cut, are not trained on (still decoded)"
    )
    baseline: Literal["none", "hint"] = Field(
        "none",
        description="subtract each electrode's mean over the hint; puts the concept cue into every clip of a run",
    )
    electrodes: ElectrodeNames = Field((), description="electrodes or sets to keep, repeated; none: all")
    exclude: ElectrodeNames = Field((), description="electrodes or sets to leave out, repeated")
    bands: tuple[Band, ...] = Field(_BANDS, min_length=1, description="frequency bands, LOW-HIGH in Hz, repeated")
    window_s: float = Field(1.0, gt=0, le=60, description="window of the band features, s")
    step_s: float | None = Field(None, gt=0, le=60, description="from window to window, s; none: side by side")
    method: Literal["corrected", "published"] = Field(
        "corrected",
        description="corrected: true edges, Gaussian DE, µV²/Hz; published: EEG2Video's released formula",
    )
    spectrum: Literal["periodogram", "welch", "multitaper"] = Field(
        "periodogram", description="how the corrected density is estimated"
    )
    segment_s: float | None = Field(
        None, gt=0, le=60, description="welch: half-overlapping segments, s; none: half a window"
    )
    bandwidth_hz: float | None = Field(None, gt=0, le=100, description="multitaper: bandwidth, Hz; none: 4 / window")
    smoothing: Literal["none", "moving-average", "lds"] = Field(
        "none", description="smooth features over the windows of a run; mixes its clips"
    )
    smoothing_span: int = Field(5, ge=3, le=999, description="moving average: windows, an odd number")
    smoothing_gain: float = Field(0.1, gt=0, le=1e6, description="lds: variance of the state's steps / of the noise")
