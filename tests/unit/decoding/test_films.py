"""What video models are tuned on: how much noise the frames of a clip share."""

import numpy as np
import pytest

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.cohort.learned import Learned
from eeg2vid.stages.decoding.films import Material, betas_of
from eeg2vid.stages.decoding.tuning import _some
from eeg2vid.stages.finetune_video import FinetuneVideoSettings

FOLD = Learned("f", train=("a", "b", "c"), validation=("d",))


def betas(flows=(1.0, 3.0, 2.0, 9.0, 0.5), **given):
    clips = {
        name: Clip(clip=name, file="f", start_s=0, duration_s=1, optical_flow=flow)
        for name, flow in zip("abcde", flows, strict=True)
    }
    material = Material({name: k for k, name in enumerate(clips)}, np.empty(0), np.empty(0), None, clips)
    ctx = type("Context", (), {"settings": FinetuneVideoSettings(**given)})
    return betas_of(ctx, FOLD, material).tolist()


def test_the_shared_part_is_cut_at_the_median_of_the_clips_learned():
    assert betas() == [0.3, 0.2, 0.2, 0.2, 0.3]  # from 2.0 on, the median of a, b, c
    assert betas(fast_threshold=5.0, beta_slow=0.5) == [0.5, 0.5, 0.5, 0.2, 0.5]


def test_the_shared_part_is_one_number_where_motion_does_not_count():
    assert betas(beta=0.8) == [0.8] * 5
    assert betas(beta_slow=0.4, beta_fast=0.4) == [0.4] * 5
    assert not FinetuneVideoSettings(noise="iid").by_motion()


def test_a_clip_to_be_learned_without_a_score_is_named():
    with pytest.raises(BadDataError, match="Clip 'c' has no motion score"):
        betas((1.0, 3.0, None, 9.0, 0.5))
    assert betas((1.0, 3.0, 2.0, None, 0.5))[3] == 0.3  # the loss alone is told on it


@pytest.mark.parametrize(
    ("number", "most", "places"), [(5, 9, [0, 1, 2, 3, 4]), (5, 2, [0, 3]), (5, 0, []), (0, 3, [])]
)
def test_some_clips_are_spread_over_all(number, most, places):
    assert _some(tuple(map(str, range(number))), most) == tuple(map(str, places))
