"""Which tuned video models `generate` takes: none that learned what it is to show."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.video_models import LearnedClip, VideoModel, VideoModelAttributes
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.decoding.tuned import tuned_models

KEYS = [VideoKey(fold="f1", event="e", clip="c"), VideoKey(fold="f2", event="e", clip="a")]
FACTS = {"base": "b", "prediction": "epsilon", "frames": 6, "fps": 3.0, "noise": "iid"}


def models(learned, *, stamps=(), vae="sha256:1", asked=("video_models",)):
    rows = {
        "models": [
            VideoModel(fold=f, path=f, clips=1, left_out=0, validation_clips=0, steps=1, parameters=1, train_loss=1.0)
            for f in ("f1", "f2")
        ],
        "clips": [LearnedClip(path=path, clip=clip) for path, clips in learned.items() for clip in clips],
    }
    artifact = SimpleNamespace(
        address="theirs",
        attributes=lambda: VideoModelAttributes(**FACTS, vae=vae),
        table=lambda name, row: rows[name],
        manifest=SimpleNamespace(stamps=stamps),
        model=lambda path: Path("models") / path,
    )
    generator = SimpleNamespace(also_reads=lambda: asked)
    ctx = SimpleNamespace(
        settings=SimpleNamespace(generator=generator),
        read=lambda role: artifact,
        model=lambda role: SimpleNamespace(identity="sha256:1"),
    )
    return tuned_models(ctx, KEYS)


def test_each_fold_has_its_own_model():
    folders = {"f1": Path("models/f1"), "f2": Path("models/f2")}
    assert models({"f1": "ab", "f2": "cd"}) == folders  # what f2 tests, f1 may learn
    assert models({"f1": "ab", "f2": "cd"}, vae="") == folders
    assert models({"f1": "c"}, asked=()) == {}


def test_a_model_that_learned_what_its_fold_tests_is_refused_unless_a_stamp_says_so():
    with pytest.raises(UsageError, match="theirs learned clip 'c', which is tested in fold 'f1'"):
        models({"f1": "abc", "f2": "d"})
    assert models({"f1": "abc", "f2": "d"}, stamps=("leak: clips",))


def test_a_model_of_other_latents_is_refused():
    with pytest.raises(BadDataError, match="latents of the VAE sha256:2, but the profile's is sha256:1"):
        models({}, vae="sha256:2")
