"""Motion scores against textures whose flow is known, and against two other methods."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli.motion import dense_flow, motion_score, work_size

WIDTH, HEIGHT, BIN = 512, 288, 4  # seen at 512 x 288, averaged over 4 x 4 px as films are shrunk


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def texture(seed, steepness, side=900):
    """Return noise whose amplitude falls with spatial frequency as in natural pictures, as a spline."""
    rng = np.random.default_rng(seed)
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij"))
    radius[0, 0] = 1
    picture = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((side, side))) / radius**steepness, s=(side, side))
    picture = np.clip(128 + 45 * (picture - picture.mean()) / picture.std(), 0, 255)
    return ndimage.spline_filter(picture)


def view(spline, matrix, shift):
    """Return what a camera sees: the texture at `matrix @ (place - centre) + shift`, shrunk, in uint8 RGB."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    x, y = columns - (WIDTH - 1) / 2, rows - (HEIGHT - 1) / 2
    at = [matrix[1][0] * x + matrix[1][1] * y + shift[1] + 450, matrix[0][0] * x + matrix[0][1] * y + shift[0] + 450]
    seen = ndimage.map_coordinates(spline, at, order=3, prefilter=False, mode="mirror")
    small = seen.reshape(HEIGHT // BIN, BIN, WIDTH // BIN, BIN).mean(axis=(1, 3))
    return np.repeat(np.clip(np.round(small), 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


STILL = ((1.0, 0.0), (0.0, 1.0))


def pan(spline, speed, angle, count=3):
    step = speed * np.array([np.cos(angle), np.sin(angle)])
    return np.stack([view(spline, STILL, k * step) for k in range(count)])


@pytest.mark.parametrize("steepness", [0.8, 1.0, 1.5])
def test_a_moving_camera_within_ten_percent(steepness):
    spline = texture(int(10 * steepness), steepness)
    for speed in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0):
        for angle in (0.3, 2.0):
            assert motion_score(pan(spline, speed, angle)) == pytest.approx(speed, rel=0.1), (speed, angle)


@pytest.mark.parametrize("turn", [0.0, 0.01, 0.05])
@pytest.mark.parametrize("zoom", [1.0, 1.003, 1.02, 1.05])
def test_zoom_and_rotation_within_ten_percent(turn, zoom):
    if turn == 0 and zoom == 1:
        return
    matrix = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    frames = np.stack([view(texture(3, 1.0), m, (0, 0)) for m in (STILL, matrix)])
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    radius = np.hypot(columns - (WIDTH - 1) / 2, rows - (HEIGHT - 1) / 2).mean()
    true = radius * np.hypot(*(np.linalg.inv(matrix) - np.eye(2)).T[0])  # the same length in every direction
    assert motion_score(frames) == pytest.approx(true, rel=0.1)


@settings(derandomize=True, deadline=None, max_examples=20)
@given(x=st.floats(-24, 24), y=st.floats(-24, 24), seed=st.integers(0, 5))
def test_direction_and_length(x, y, seed):
    """The camera goes one way, the picture the other: to the right and down is positive."""
    spline = texture(seed, 1.2)
    frames = np.stack([view(spline, STILL, (0, 0)), view(spline, STILL, (-x, -y))])
    grey = frames[..., 0].astype(np.float32)
    found = np.median(dense_flow(grey)[0], axis=(1, 2)) * BIN
    assert np.allclose(found, (x, y), atol=max(0.12, 0.03 * np.hypot(x, y)))


def test_one_object_before_a_still_ground():
    """A third of the picture moves by 6 px: the mean is 2 px, nothing is carried over to what stands still."""
    ground, spline = texture(1, 1.0), texture(2, 1.0)
    frames = np.stack([view(ground, STILL, (0, 0))] * 3)
    moved = pan(spline, 6.0, 0.0)
    left, right = 44, 44 + 43
    frames[:, :, left:right] = moved[:, :, left:right]
    assert motion_score(frames) == pytest.approx(6 * 43 / 128, rel=0.1)
    flow = dense_flow(frames[..., 0].astype(np.float32))
    lengths = np.hypot(flow[:, 0], flow[:, 1]) * BIN
    assert lengths[:, :, :30].mean() < 0.1 and lengths[:, :, left + 8 : right - 8].mean() == pytest.approx(6, rel=0.1)


def test_second_opinions():
    """Two methods of scikit-image, where films are textured: one local like ours, one with a global prior."""
    from skimage.registration import optical_flow_ilk, optical_flow_tvl1

    spline = texture(4, 1.2)
    for speed in (2.0, 6.0):
        frames = pan(spline, speed, 0.7, count=2)
        one, two = frames[..., 0] / 255
        ours = motion_score(frames)
        for method in (optical_flow_ilk, optical_flow_tvl1):
            theirs = np.hypot(*method(one, two)).mean() * BIN
            assert ours == pytest.approx(theirs, rel=0.15), method.__name__


def test_faster_is_more_and_order_of_pictures_does_not_matter():
    spline = texture(6, 1.0)
    scores = [motion_score(pan(spline, speed, 1.0)) for speed in (0.0, 0.3, 0.6, 1.2, 2.4, 5.0, 10.0, 20.0)]
    assert scores[0] < 1e-3 and (np.diff(scores) > 0).all()
    frames = pan(spline, 3.0, 1.0, count=5)
    assert motion_score(frames[::-1]) == pytest.approx(motion_score(frames), rel=0.02)


def test_nothing_moves():
    still = np.repeat(view(texture(0, 1.0), STILL, (0, 0))[None], 20, axis=0)
    assert motion_score(still) == 0 and motion_score(still[:1]) == 0
    noise = np.random.default_rng(0).normal(0, 1.5, still.shape)  # as compression leaves it
    assert motion_score(np.clip(still + noise, 0, 255).astype(np.uint8)) < 0.5
    assert motion_score(np.full((3, 72, 128, 3), 90, np.uint8)) == 0


def test_long_clips_are_the_mean_over_their_pairs():
    frames = pan(texture(5, 1.0), 2.0, 0.5, count=40)
    pairs = [motion_score(frames[k : k + 2]) for k in range(39)]
    assert motion_score(frames) == pytest.approx(np.mean(pairs), rel=1e-5)
    assert motion_score(frames) == motion_score(frames)


def test_other_sizes():
    assert work_size(512, 288) == (128, 72) and work_size(64, 36) == (64, 36) and work_size(300, 400) == (128, 171)
    spline = texture(7, 1.5)
    frames = pan(spline, 8.0, 0.0)
    half = frames.reshape(3, 36, 2, 64, 2, 3).mean(axis=(2, 4)).round().astype(np.uint8)
    assert motion_score(half) == pytest.approx(8.0, rel=0.1)
    assert motion_score(np.zeros((3, 5, 3, 3), np.uint8)) == 0
    with pytest.raises(BadDataError, match="float64"):
        motion_score(np.zeros((3, 8, 8, 3)))
    with pytest.raises(BadDataError, match="expected uint8"):
        motion_score(np.zeros((0, 8, 8, 3), np.uint8))
