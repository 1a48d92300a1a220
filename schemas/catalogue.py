"""Every schema there is, by name and version, and the way from each older one to today's: the one explicit table."""

from __future__ import annotations

from collections.abc import Collection

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.checkpoints import CHECKPOINTS
from eeg2vid.schemas.embeddings import EMBEDDINGS, IMAGE_EMBEDDINGS
from eeg2vid.schemas.features import EPOCHS, FEATURES
from eeg2vid.schemas.history.checkpoints_v1 import CHECKPOINTS_V1
from eeg2vid.schemas.history.clips_v1 import CLIPS_V1
from eeg2vid.schemas.history.events_v1 import EVENTS_V1
from eeg2vid.schemas.history.predictions_v1 import PREDICTIONS_V1
from eeg2vid.schemas.history.recordings_v1 import RECORDINGS_V1
from eeg2vid.schemas.history.scores_v1 import SCORES_V1
from eeg2vid.schemas.history.scores_v2 import SCORES_V2
from eeg2vid.schemas.latents import LATENTS
from eeg2vid.schemas.percepts import PERCEPTS
from eeg2vid.schemas.predictions import PREDICTIONS
from eeg2vid.schemas.quality import QUALITY
from eeg2vid.schemas.recordings import CAPTIONS, CHECKS, CLIPS, EVENTS, RECORDINGS
from eeg2vid.schemas.scores import REPORT, SCORES
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.schemas.upgrades import Facts, Tables, Upgrade
from eeg2vid.schemas.upgrades.checkpoints import CHECKPOINTS_1
from eeg2vid.schemas.upgrades.predictions import PREDICTIONS_1
from eeg2vid.schemas.upgrades.recordings import CLIPS_1, EVENTS_1, RECORDINGS_1
from eeg2vid.schemas.upgrades.scores import SCORES_1, SCORES_2
from eeg2vid.schemas.video_models import VIDEO_MODELS
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
        PERCEPTS,
        CHECKPOINTS,
        VIDEO_MODELS,
        PREDICTIONS,
        SCORES,
        REPORT,
    )
}
"""What is written today."""

VERSIONS: dict[tuple[str, int], Schema] = {
    (schema.name, schema.version): schema
    for schema in (
        CHECKPOINTS_V1,
        CLIPS_V1,
        EVENTS_V1,
        PREDICTIONS_V1,
        RECORDINGS_V1,
        SCORES_V1,
        SCORES_V2,
        *SCHEMAS.values(),
    )
}
"""What can be read."""

UPGRADES: dict[tuple[str, int], Upgrade] = {
    ("checkpoints", 1): CHECKPOINTS_1,
    ("clips", 1): CLIPS_1,
    ("events", 1): EVENTS_1,
    ("predictions", 1): PREDICTIONS_1,
    ("recordings", 1): RECORDINGS_1,
    ("scores", 1): SCORES_1,
    ("scores", 2): SCORES_2,
}
"""From a version to the next."""


def upgraded(
    name: str, version: int, tables: Tables, attributes: Facts, arrays: Collection[str]
) -> tuple[Tables, Facts, dict[str, str]]:
    """Bring the content of an artifact of any version to today's form.

    Returns
    -------
    Tables, attributes, and the stored name of each array by today's.
    """
    stored = {array: array for array in arrays}
    for step in range(version, SCHEMAS[name].version):
        upgrade = UPGRADES[name, step]
        tables, attributes = upgrade.content(tables, attributes, stored.keys())
        stored = {upgrade.array(array): first for array, first in stored.items()}
    return tables, attributes, stored
