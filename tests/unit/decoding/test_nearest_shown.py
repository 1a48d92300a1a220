"""`nearest-training-video`: the training clips of a fold are gone over once for all of its rows, in whatever order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.conditions import nearest_video
from eeg2vid.stages.decoding import generating

CLIPS, FOLDS = 12, {"a": range(6), "b": range(6, 12)}


@pytest.fixture
def world(monkeypatch):
    """Return true values, decoded ones, their keys, the frames, and the calls that look for a nearest clip."""
    rng = np.random.default_rng(0)
    true = rng.standard_normal((CLIPS, 5)).astype(np.float32)
    keys = [VideoKey(clip=f"c{k}", event=f"e{k}", fold=fold) for k in range(6) for fold in FOLDS]  # folds take turns
    decoded = rng.standard_normal((len(keys), 5)).astype(np.float32)
    frames = np.arange(CLIPS, dtype=np.uint8)[:, None] * np.ones(4, np.uint8)
    calls = []

    def counted(values, take, learned):
        calls.append(len(values))
        return nearest_video.nearest(values, take, learned)

    values = SimpleNamespace(values=SimpleNamespace(take=true.__getitem__))
    target = SimpleNamespace(load=lambda *_: SimpleNamespace(of_fold=lambda _: values))
    patched = {
        "_decoded": lambda *_: (keys, {"latents": lambda rows: decoded[rows]}, {}),
        "gather": lambda _: SimpleNamespace(clips=[f"c{k}" for k in range(CLIPS)]),
        "find_targets": lambda _: [target],
        "load_folds": lambda *_: [SimpleNamespace(fold=name) for name in FOLDS],
        "learned_clips": lambda ctx, cohort, fold: np.array(FOLDS[fold.fold]),
        "rows_of_clips": lambda *_: np.arange(CLIPS)[::-1],  # the stimuli lie the other way round
        "row_reader": lambda _: lambda rows: frames[list(rows)],
        "made_by": lambda _: counted,
    }
    for name, instead in patched.items():
        monkeypatch.setattr(generating, name, instead)
    return SimpleNamespace(true=true, decoded=decoded, keys=keys, frames=frames, calls=calls)


def test_each_fold_is_searched_once_and_part_by_part_gives_the_whole(world):
    generator = type("G", (), {"reads_targets": lambda self: ("latents",)})()
    ctx = SimpleNamespace(
        settings=SimpleNamespace(generator=generator, folds="all"),
        read=lambda _: SimpleNamespace(lazy=lambda _: None),
        condition="nearest-training-video",
    )
    keys, make = generating.nearest_shown(ctx)
    shown = np.concatenate([make(slice(start, start + 5)) for start in (5, 0, 10)])[[*range(5, 10), *range(5), 10, 11]]
    assert world.calls == [6, 6]
    for k, key in enumerate(keys):
        learned = np.array(FOLDS[key.fold])
        away = world.true[learned] - world.true[learned].mean(axis=0)
        toward = world.decoded[k] - world.true[learned].mean(axis=0)
        best = learned[np.argmax(away @ toward / np.linalg.norm(away, axis=1))]
        assert shown[k].tolist() == world.frames[CLIPS - 1 - best].tolist()
