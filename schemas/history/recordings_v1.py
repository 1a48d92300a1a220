"""Version 1 of `recordings`: nothing was kept of spans marked as bad, nor of cuts."""

from __future__ import annotations

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Electrode, Recording
from eeg2vid.schemas.recordings import RECORDINGS, RecordingAttributes

RECORDINGS_V1 = Schema(
    name="recordings",
    version=1,
    doc="One subject's EEG as recorded, all unbroken stretches one after another.",
    arrays=RECORDINGS.arrays,
    tables={"recordings": Recording, "electrodes": Electrode},
    index={"electrode": "electrodes"},
    attributes=RecordingAttributes,
)
