"""Every schema there is, by name: the one explicit table."""

from __future__ import annotations

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.checkpoints import CHECKPOINTS
from eeg2vid.schemas.embeddings import EMBEDDINGS, IMAGE_EMBEDDINGS
from eeg2vid.schemas.features import EPOCHS, FEATURES
from eeg2vid.schemas.latents import LATENTS
from eeg2vid.schemas.predictions import PREDICTIONS
from eeg2vid.schemas.quality import QUALITY
from eeg2vid.schemas.recordings import CAPTIONS, CHECKS, CLIPS, EVENTS, RECORDINGS
from eeg2vid.schemas.scores import REPORT, SCORES
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.schemas.videos import VIDEOS

SCHEMAS: dict[str, Schema] = {
    schema.name: schema
    for schema in (
        CLIPS,
        CAPTIONS,
        CHECKS,
        EVENTS,
        RECORDINGS,
        QUALITY,
        FOLDS,
        EPOCHS,
        FEATURES,
        VIDEOS,
        LATENTS,
        EMBEDDINGS,
        IMAGE_EMBEDDINGS,
        CHECKPOINTS,
        PREDICTIONS,
        SCORES,
        REPORT,
    )
}
