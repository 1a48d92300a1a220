"""How recordings are cleaned before epochs are cut; everything is off unless asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from eeg2vid.schemas.electrodes import ElectrodeNames
from eeg2vid.schemas.settings import Settings


class CleaningSettings(Settings):
    """Steps in the order in which they are done; what learns from data learns from one fold's training events."""

    detect_bad: bool = Field(False, description="find bad electrodes on the training events and interpolate them")
    bad_electrodes: ElectrodeNames = Field((), description="electrodes to interpolate in any case, repeated")
    high_pass: float | None = Field(None, gt=0, le=500, description="zero-phase FIR high-pass, Hz")
    low_pass: float | None = Field(None, gt=0, le=5000, description="zero-phase FIR low-pass, Hz")
    notch: tuple[float, ...] = Field((), description="frequencies to remove, e.g. the line's, Hz, repeated")
    eog: Literal["none", "regression"] = Field(
        "none", description="regress eye movements out, with weights learned from the training events"
    )
    eog_electrodes: ElectrodeNames = Field(
        (), description="electrodes that show the eyes, repeated; none: those recorded as EOG"
    )
    reference: ElectrodeNames = Field((), description="average, or electrodes to refer to, repeated; none: as recorded")
    resample: float | None = Field(None, gt=0, le=20_000, description="new sampling rate, Hz")
    reject_uv: float | None = Field(
        None, gt=0, description="epochs with a larger peak-to-peak amplitude, µV, are not trained on (still decoded)"
    )
    fold: str | None = Field(None, description="the fold whose training events --detect-bad and --eog learn from")

    @property
    def learns(self) -> bool:
        """Whether a step takes statistics from the recordings."""
        return self.detect_bad or self.eog != "none"

    @property
    def cleans(self) -> bool:
        """Whether any step changes the continuous signal."""
        asked = (self.high_pass, self.low_pass, self.notch, self.reference, self.resample, self.bad_electrodes)
        return self.learns or any(asked)

    @model_validator(mode="after")
    def _fold_where_needed(self) -> CleaningSettings:
        if self.learns and self.fold is None:
            step = "detect_bad" if self.detect_bad else "eog"
            raise ValueError(
                f"{step} learns from data, so it needs the name of one fold, e.g. fold = 'block-7': "
                "what it learns then comes from that fold's training events only"
            )
        if self.fold is not None and not self.learns:
            raise ValueError("fold is named, but no step (detect_bad, eog) learns from data")
        if self.eog_electrodes and self.eog == "none":
            raise ValueError("eog_electrodes are named, but eog is 'none', so nothing uses them: add --eog regression")
        if self.high_pass and self.low_pass and self.high_pass >= self.low_pass:
            raise ValueError(f"high_pass {self.high_pass:g} Hz must lie below low_pass {self.low_pass:g} Hz")
        return self
