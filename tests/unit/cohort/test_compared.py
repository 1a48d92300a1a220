"""Stored distances, cut out for the events that are scored."""

from types import SimpleNamespace

import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.cohort.compared import distances_among

ROWS = [VideoKey(clip=c, event=e, fold=f) for c, e, f in (("a", "e1", "1"), ("b", "e2", "1"), ("c", "e3", "2"))]
STORED = np.array([[0.1, 0.2, -1, -1], [0.3, 0.4, -1, -1], [-1, 0.6, 0.5, -1]], np.float32)


def artifact(rows, stored=None):
    return SimpleNamespace(address="here", table=lambda name, row: rows, read=lambda name: stored)


def stimuli(clips="abcd"):
    return artifact([VideoKey(clip=clip) for clip in clips])


def test_events_meet_their_columns_by_clip():
    """The stimuli lie in another order than the events, and events are asked for in a third; folds stay apart."""
    shown = stimuli("bcad")
    stored = STORED[:, [1, 2, 0, 3]]
    found = distances_among(artifact(ROWS, stored), shown, [ROWS[2], ROWS[0], ROWS[1]])
    assert np.allclose(found, [[0.5, -1, -1], [-1, 0.1, 0.2], [-1, 0.3, 0.4]])  # .6 is of another fold


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(BadDataError, match=r"distances to 4 clips, .* has 3"):
        distances_among(artifact(ROWS, STORED), stimuli("abc"), ROWS)
    lost = STORED.copy()
    lost[1, 1] = -1
    with pytest.raises(BadDataError, match="event 'e2' was not compared with its own clip 'b'"):
        distances_among(artifact(ROWS, lost), stimuli(), ROWS)
    with pytest.raises(BadDataError, match="no video of event 'e9'"):
        distances_among(artifact(ROWS, STORED), stimuli(), [VideoKey(clip="a", event="e9", fold="1")])
