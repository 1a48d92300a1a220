"""What a judge of films says reaches the score table: a toy that counts colours stands in for the network."""

import sys
import types
from typing import Literal

import numpy as np
import pytest

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.eyes import EYES, Eye
from eeg2vid.schemas.scores import Score
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.eyes.eye import Eye as Look
from eeg2vid.stages.metrics.nway import best_classes, nway_accuracy, rank, standings
from eeg2vid.stages.store.layout import STUDY, Address
from eeg2vid.stages.store.reader import open_artifact

PLANNED = """
[encode-clips.video-classifier]
eye = { name = "video-classifier" }
[perceive."ridge+video-classifier"]
"""


class ToyJudge(Eye):
    """A toy whose classes are colours of the corners, and whose speed is the change from frame to frame."""

    builds = "toy_judge:ToyLook"

    name: Literal["video-classifier"] = "video-classifier"


class ToyLook(Look):
    def look(self, frames):
        wide = frames.astype(np.float32)
        corners = wide[:, :, ::12, ::20].mean(axis=1).reshape(len(wide), -1)
        speed = np.abs(np.diff(wide, axis=1)).mean(axis=(1, 2, 3, 4))
        return {"logits": corners / 50, "features": corners, "speed": speed}


def test_a_judge_of_films_reaches_the_scores(workspace, cli_ok, monkeypatch):
    module = types.ModuleType("toy_judge")
    module.ToyLook = ToyLook
    monkeypatch.setitem(sys.modules, "toy_judge", module)
    monkeypatch.setitem(EYES, "video-classifier", ToyJudge)
    config = workspace / "eeg2vid.toml"
    config.write_text(config.read_text() + PLANNED)
    cli_ok("encode-clips", "--variant", "video-classifier", "-w", workspace)
    cli_ok("perceive", "--subject", 1, "-w", workspace)
    cli_ok("score", "--subject", 1, "-w", workspace)

    def opened(*place):
        return open_artifact(workspace, Address(*place))

    table = opened("score", "ridge", "sub-1", "scores").table("scores", Score)
    rows = {(row.metric, row.variant): row for row in table if row.condition == "full"}
    seen, true = opened("perceive", "ridge+video-classifier", "sub-1", "percepts"), opened(
        "encode-clips", "video-classifier", STUDY, "percepts"
    )  # fmt: skip
    place = {key.clip: k for k, key in enumerate(true.table("clips", VideoKey))}
    shown = [key.clip for key in seen.table("clips", VideoKey)]
    order = [place[clip] for clip in shown]
    decoded, logits = seen.read("logits"), true.read("logits")[order]
    standing = standings(rank(decoded), best_classes(logits, 3))
    two = rows["nway-video", "2"]
    assert two.value == pytest.approx(nway_accuracy(standing, decoded.shape[1], 3, 2).diagonal().mean())
    assert two.chance == 0.75 and two.empirical_chance is not None
    assert rows["identification-video", "top-5"].n_events == len(shown)

    clips = {clip.clip: clip for clip in opened("ingest", "default", STUDY, "clips").table("clips", Clip)}
    middle = np.median([clip.optical_flow for clip in clips.values()])
    fast = np.array([clips[clip].optical_flow >= middle for clip in shown])
    speed, own = seen.read("speed"), true.read("speed")[order]
    fast_row = rows["read-back-video", "fast"]
    assert fast_row.value == pytest.approx(np.mean((speed >= np.median(own)) == fast))
    assert fast_row.baseline == pytest.approx(max(fast.mean(), 1 - fast.mean()))
    assert fast_row.detail.endswith(f"of the true clips it sees {np.mean((own >= np.median(own)) == fast):.3f}")
