import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import astronaut, chelsea
from skimage.metrics import structural_similarity
from skimage.transform import resize

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.ssim_pairs import PairedSsim, ssim


def oracle(a, b):
    flat = [a.reshape(-1, *a.shape[-3:]), b.reshape(-1, *b.shape[-3:])]
    scores = [structural_similarity(x, y, data_range=255, channel_axis=-1) for x, y in zip(*flat, strict=True)]
    return np.reshape(scores, a.shape[:-3])


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    st.tuples(st.integers(1, 3), st.integers(7, 40), st.integers(7, 40), st.sampled_from([1, 3])),
    st.integers(0, 2**32 - 1),
    st.integers(0, 255),
)
def test_equals_skimage(shape, seed, spread):
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 256, shape, dtype=np.uint8)
    b = np.clip(a.astype(int) + rng.integers(-spread, spread + 1, shape), 0, 255).astype(np.uint8)
    np.testing.assert_allclose(ssim(a, b), oracle(a, b), atol=4e-6, rtol=0)


def test_equals_skimage_on_pictures_larger_than_a_tile():
    pictures = [(255 * resize(picture(), (200, 320))).astype(np.uint8) for picture in (astronaut, chelsea)]
    a = np.stack([pictures[0], pictures[1], pictures[0]])
    blurred = (255 * resize(resize(pictures[0], (20, 32)), (200, 320))).astype(np.uint8)
    b = np.stack([pictures[1], pictures[1], blurred])
    scores = ssim(a, b)
    np.testing.assert_allclose(scores, oracle(a, b), atol=4e-6, rtol=0)
    assert scores[1] == 1.0 and scores[0] < scores[2] < 1.0


def test_equals_skimage_at_the_extremes():
    black, white = np.zeros((1, 150, 512, 3), np.uint8), np.full((1, 150, 512, 3), 255, np.uint8)
    checker = (255 * (np.indices((150, 512)).sum(0) % 2)).astype(np.uint8)[None, :, :, None].repeat(3, -1)
    for a in (black, white, checker):
        for b in (black, white, checker, 255 - checker):
            np.testing.assert_allclose(ssim(a, b), oracle(a, b), atol=4e-6, rtol=0)


def test_leading_axes_threads_and_non_contiguous_input():
    a, b = noise((2, 3, 150, 300, 3)), noise((2, 3, 150, 300, 3), 1)
    scores = ssim(a, b)
    assert scores.shape == (2, 3)
    np.testing.assert_allclose(scores, oracle(a, b), atol=4e-6, rtol=0)
    np.testing.assert_array_equal(ssim(a, b, threads=2), scores)
    np.testing.assert_array_equal(ssim(a, a), np.ones((2, 3)))
    np.testing.assert_allclose(ssim(a[:, ::-1], b[:, ::-1]), scores[:, ::-1], atol=1e-12, rtol=0)


def test_reference_and_pairs_give_the_same_numbers():
    decoded, true = noise((4, 2, 20, 30, 3)), noise((4, 2, 20, 30, 3), 1)
    i, j = np.array([0, 3, 1, 1, 2]), np.array([1, 0, 1, 3, 1])
    expected = oracle(decoded[i], true[j]).mean(axis=1)
    for threads in (1, 2):
        np.testing.assert_allclose(PairedSsim(decoded, true, threads)(i, j), expected, atol=4e-6, rtol=0)


def test_bad_frames_are_named():
    with pytest.raises(BadDataError, match="7 x 7 pixels, but the frames are 30 x 6"):
        ssim(noise((6, 30, 3)), noise((6, 30, 3)))
    with pytest.raises(BadDataError, match="float64, expected uint8"):
        ssim(np.zeros((8, 8, 3)), noise((8, 8, 3)))
    with pytest.raises(BadDataError, match="shape"):
        ssim(noise((8, 8, 3)), noise((8, 9, 3)))
    with pytest.raises(BadDataError, match="nothing to score"):
        ssim(noise((0, 8, 8, 3)), noise((0, 8, 8, 3)))
    with pytest.raises(BadDataError, match="5 axes"):
        PairedSsim(noise((8, 8, 3)), noise((8, 8, 3)))
