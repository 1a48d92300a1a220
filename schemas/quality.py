"""Quality of recordings: numbers per electrode, a verdict per recording, pictures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Row


class ElectrodeQuality(Row):
    """One electrode of one recording, as recorded."""

    recording: str
    electrode: str
    offset_uv: float = Field(description="median, µV")
    amplitude_uv: float = Field(ge=0, description="robust standard deviation in windows of 1 s without their line, µV")
    low_uv: float = Field(description="1st percentile about the median, µV")
    high_uv: float = Field(description="99th percentile about the median, µV")
    drift_uv: float = Field(ge=0, description="standard deviation of the means of successive seconds, µV")
    bad: str = Field("", description="why the electrode looks bad; empty if it does not")


class LineNoise(Row):
    """One electrode at one frequency of power lines."""

    recording: str
    electrode: str
    hz: float = Field(gt=0)
    db: float = Field(description="density at the frequency by that of its neighbours, dB")


class RecordingQuality(Row):
    """One recording, medians over its electrodes, and what to do about it."""

    recording: str
    session: str
    minutes: float = Field(gt=0)
    electrodes: int = Field(ge=1, description="EEG electrodes")
    events: int = Field(ge=0)
    amplitude_uv: float = Field(ge=0)
    drift_uv: float = Field(ge=0)
    line_hz: float | None = Field(description="where line noise is strongest; None: beyond the sampling rate")
    line_db: float | None
    blinks: int | None = Field(description="None: no electrode over the eyes")
    blinks_per_minute: float | None
    bad: tuple[str, ...] = Field((), description="electrodes that look bad")
    verdict: Literal["ok", "warning", "poor"]
    words: str = Field(description="the verdict in words")
    options: tuple[str, ...] = Field((), description="options of `preprocess` that help")
    command: str = Field("", description="what helps; empty: nothing needs to be done")


QUALITY = Schema(
    name="quality",
    version=1,
    doc="How good one subject's recordings are, in numbers, words and pictures.",
    tables={"recordings": RecordingQuality, "electrodes": ElectrodeQuality, "lines": LineNoise},
    media=True,
)
