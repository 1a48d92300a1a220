"""Flow on a grid against films that move by a known way."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.simulation.films import JUDGING_SEEDS, make_spec, render_clip
from eeg2vid.stages.stimuli.flow_grid import flow_on_grid
from eeg2vid.stages.stimuli.motion import motion_score


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def panned(step, height, width, count=3, wave=14):
    """Return a smooth texture seen by a camera, whose picture moves `step` (right, down) px from each to the next."""
    rng = np.random.default_rng(3)
    large = ndimage.gaussian_filter(rng.standard_normal((height + 80, width + 80)), width / wave / 4)
    large = np.clip(128 + 50 * large / large.std(), 0, 255)
    shown = [
        ndimage.shift(large, (k * step[1], k * step[0]), order=3, mode="mirror")[40 : 40 + height, 40 : 40 + width]
        for k in range(count)
    ]
    return np.repeat(np.clip(np.round(shown), 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


@pytest.mark.parametrize(
    ("size", "step"),
    [((288, 512), (6.0, -3.0)), ((144, 256), (-2.0, 1.0)), ((64, 112), (0.5, 1.0)), ((24, 40), (0.6, 0.0))],
)
def test_a_pan_is_told_in_pixels_of_the_clip(size, step):
    flow = flow_on_grid(panned(step, *size), 36, 64)
    assert flow.shape == (2, 2, 36, 64) and flow.dtype == np.float32
    inner = flow[:, :, 6:-6, 10:-10]
    assert np.allclose(np.median(inner, axis=(2, 3)), step, atol=0.1 * np.hypot(*step))


def test_what_stands_still_does_not_move():
    assert np.abs(flow_on_grid(panned((0, 0), 48, 80), 36, 64)).max() == 0


def test_halves_that_move_apart_are_told_apart():
    film = panned((2.0, 0.0), 72, 128)
    film[:, :, 64:] = panned((-2.0, 0.0), 72, 128)[:, :, 64:]
    flow = flow_on_grid(film, 36, 64)[:, 0]
    assert np.median(flow[:, :, 4:26]) == pytest.approx(2, abs=0.2)
    assert np.median(flow[:, :, 38:60]) == pytest.approx(-2, abs=0.2)


def test_its_mean_length_is_the_motion_score():
    """On a clip of the size that scores are found at, cell by cell what `motion_score` averages."""
    film = render_clip(make_spec(23, JUDGING_SEEDS.start), width=128, height=72, fps=8.0, duration=0.75)
    lengths = np.hypot(*np.moveaxis(flow_on_grid(film, 72, 128), 1, 0))
    assert lengths.mean() * 4 == pytest.approx(motion_score(film), rel=1e-5)  # of a picture 512 wide
    assert motion_score(film) > 0.1


def test_one_picture_is_refused():
    with pytest.raises(BadDataError, match=r"expected uint8 \(2 or more, h, w, 3\), found uint8 \(1, 8, 8, 3\)"):
        flow_on_grid(np.zeros((1, 8, 8, 3), np.uint8), 36, 64)
