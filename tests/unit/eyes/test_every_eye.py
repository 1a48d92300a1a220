"""Every eye of the table: declared in full, and what it sees in a clip is of that clip alone."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.eyes import EYES, ImageEncoderEye, MotionEye, VideoClassifierEye
from eeg2vid.schemas.percepts import PERCEPTS
from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.eyes.comparing import Comparing
from eeg2vid.stages.eyes.eye import Build, Eye
from eeg2vid.stages.pretrained.image_encoder import load_image_encoder
from eeg2vid.stages.simulation.films import JUDGING_SEEDS, make_spec, render_clip

TINY = Path(__file__).resolve().parents[3] / "stages" / "profiles" / "tiny"
SETTINGS = [
    *(eye() for eye in EYES.values() if set(eye.roles) <= set(Models("tiny").profile.roles)),
    *(ImageEncoderEye(frame=frame) for frame in ("all", "each")),
    VideoClassifierEye(frames="as-they-are"),
]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@cache
def films():
    return np.stack(
        [render_clip(make_spec(k, JUDGING_SEEDS.start + k), width=112, height=64, fps=3.0) for k in (1, 20, 33)]
    )


def built(settings, batch=32, **told):
    folders = {role: TINY / role for role in settings.roles}
    return type(settings).built()(settings, Build(folders, "cpu", batch, "float32", **told))


def as_words(settings):
    return "-".join(str(value) for value in settings.model_dump().values())


@pytest.mark.parametrize("name", EYES)
def test_is_declared_in_full(name):
    eye = EYES[name]
    assert eye().name == name and issubclass(eye.built(), Comparing if eye.compares else Eye)
    assert eye.__doc__ and eye.cites and eye.version >= 1
    assert all(info.description for field, info in eye.model_fields.items() if field != "name")
    if name in {settings.name for settings in SETTINGS}:
        assert set(eye.roles) <= set(Models("sd").profile.roles)


@pytest.mark.parametrize("settings", SETTINGS, ids=as_words)
def test_a_clip_is_seen_alone(settings):
    """The same in another order, beside others or by itself, a picture or many at a time."""
    seen = built(settings).look(films())
    for name, values in seen.items():
        assert values.dtype == np.float32 and len(values) == 3 and np.isfinite(values).all() and values.std() > 0
        PERCEPTS.family.spec(name, values.ndim)
    turned, alone = built(settings, batch=1).look(films()[::-1]), built(settings, batch=7).look(films()[1:2])
    assert seen.keys() == turned.keys() == alone.keys()
    for name, values in seen.items():
        assert np.allclose(values, turned[name][::-1], atol=1e-4, rtol=1e-4), name
        assert np.allclose(values[1:2], alone[name], atol=1e-4, rtol=1e-4), name


@pytest.mark.parametrize("settings", SETTINGS, ids=as_words)
def test_classes_are_those_of_its_arrays(settings):
    eye = built(settings)
    seen = eye.look(films())
    for name, labels in eye.classes.items():
        assert seen[name].shape[-1] == len(labels) == len(set(labels))
    assert len(eye.concept_of_class) in (0, len(eye.classes.get("logits", ())))


def test_shapes_by_hand():
    image, video, motion = (
        {name: values.shape for name, values in built(settings).look(films()).items()}
        for settings in (EYES["image-classifier"](), EYES["video-classifier"](), EYES["motion"]())
    )
    heads = {"color": 7, "number": 3, "human": 2, "face": 2}
    assert image == {"logits": (3, 6, 128), **{name: (3, 6, size) for name, size in heads.items()}}
    assert video == {
        "logits": (3, 128), "features": (3, 128), "speed": (3,), **{name: (3, size) for name, size in heads.items()}
    }  # fmt: skip
    assert motion == {"flow": (3, 5, 2, 36, 64)}


def test_each_frame_beside_their_mean():
    each, mean = (built(ImageEncoderEye(frame=frame)).look(films()) for frame in ("each", "all"))
    expected = load_image_encoder(TINY / "image_encoder").encode(films().reshape(-1, 64, 112, 3)).reshape(3, 6, -1)
    assert each.keys() == {"image", "frames"} and mean.keys() == {"image"}
    assert np.allclose(each["frames"], expected, atol=1e-5)
    assert np.array_equal(each["image"], mean["image"])


def test_what_is_not_the_weights_own_is_said():
    said = []
    eye = built(VideoClassifierEye(frames="as-they-are"), say=said.append)
    own = eye.look(films())
    assert not said  # six pictures are what the tiny one learned from
    four = eye.look(films()[:, :4])
    eye.look(films()[:, :4])
    assert len(said) == 1 and "looks at 4 pictures of a clip with weights that learned from 6" in said[0]
    repeated = built(VideoClassifierEye(), say=said.append).look(films()[:, :4])
    assert len(said) == 1
    assert all(four[name].shape == own[name].shape for name in own)
    assert np.abs(four["logits"] - repeated["logits"]).max() > 1e-3


def test_how_far_it_is_is_told():
    told = []
    for settings in (EYES["image-classifier"](), EYES["video-classifier"](), MotionEye()):
        built(settings, batch=6, within=lambda *counts: told.append(counts)).look(films())
    assert told == [
        *(("pictures", done, 18) for done in (6, 12, 18)),
        *(("clips", done, 3) for done in (1, 2, 3)),
        *(("clips", done, 3) for done in (1, 2, 3)),
    ]


def test_motion_of_one_picture_is_refused():
    with pytest.raises(BadDataError, match="split the videos with more `frames`"):
        built(MotionEye()).look(films()[:, :1])
