"""SSIM as others compute it: each variant against scikit-image called in their way."""

import numpy as np
import pytest
from PIL import Image, ImageSequence
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from eeg2vid.stages.metrics import ssim_pairs
from eeg2vid.stages.metrics.metric import Given, Keys, Sides
from eeg2vid.stages.metrics.ssim import SSIM, blurred, measure
from eeg2vid.stages.metrics.ssim_pairs import PairedSsim
from eeg2vid.stages.metrics.ssim_windows import GAUSSIAN, UNIFORM, WIN3

RNG = np.random.default_rng(0)
SMOOTH = gaussian_filter(RNG.normal(size=(4, 3, 40, 56, 3)), (0, 0, 3, 3, 0))
TRUE = np.clip(128 + 900 * SMOOTH, 0, 255).astype(np.uint8)  # saturated in places, flat there
DECODED = np.clip(TRUE + RNG.normal(0, 25, TRUE.shape), 0, 255).astype(np.uint8)
DECODED[1, 0] = 128
HERE, THERE = np.array([0, 1, 1, 3, 2]), np.array([0, 1, 0, 2, 3])


def by_skimage(decoded, true, **how):
    return np.array([[structural_similarity(a, b, channel_axis=-1, **how) for a, b in zip(x, y, strict=True)]
                     for x, y in zip(decoded, true, strict=True)])  # fmt: skip


@pytest.mark.parametrize(
    ("window", "how"),
    [
        (GAUSSIAN, {"gaussian_weights": True, "use_sample_covariance": False}),
        (WIN3, {"gaussian_weights": True, "win_size": 3}),
    ],
)
def test_windows_of_gaussian_weights_equal_skimage(window, how):
    expected = by_skimage(DECODED[HERE], TRUE[THERE], data_range=255, **how)
    np.testing.assert_allclose(PairedSsim(DECODED, TRUE, 2, window).frames(HERE, THERE), expected, atol=4e-6, rtol=0)
    np.testing.assert_array_equal(PairedSsim(TRUE, TRUE, 1, window)(HERE, HERE), 1.0)


@pytest.mark.parametrize(
    ("window", "how"),
    [
        (GAUSSIAN, {"gaussian_weights": True, "use_sample_covariance": False}),
        (WIN3, {"gaussian_weights": True, "win_size": 3}),
    ],
)
def test_flat_and_saturated_frames_equal_skimage(window, how):
    shape = (1, 40, 56, 3)
    checker = (255 * (np.indices(shape[1:3]).sum(0) % 2)).astype(np.uint8)[None, :, :, None].repeat(3, -1)
    extremes = np.stack([np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8), checker, 255 - checker])
    i, j = np.divmod(np.arange(16), 4)
    expected = by_skimage(extremes[i], extremes[j], data_range=255, **how)
    found = PairedSsim(extremes, extremes, 1, window).frames(i, j)
    np.testing.assert_allclose(found, expected, atol=4e-6, rtol=0)
    assert (found[i == j] == 1.0).all()


def test_best_frame_with_the_blurred_truth_equals_dynamind():
    """In [0, 1], with scipy's blur of the truth alone, and the best frame of a clip."""
    np.testing.assert_allclose(blurred(TRUE[0]), gaussian_filter(TRUE[0].astype(float), (0, 3, 3, 0)), atol=1e-3)
    soft = gaussian_filter(TRUE / 255, (0, 0, 3, 3, 0))
    how = {"gaussian_weights": True, "win_size": 3, "data_range": 1.0}
    expected = by_skimage(DECODED / 255, soft, **how).max(axis=1)
    names = frozenset(f"ssim:{name}" for name in SSIM.variants)
    found = measure(given(extras=names, asked=(np.array([[1, 0, 3, 2]]),)))
    np.testing.assert_allclose(np.diag(found["best-of-6-blurred-truth"].table), expected, atol=4e-6, rtol=0)
    assert set(found) == set(SSIM.variants)
    for measured in found.values():
        assert np.isfinite(measured.table).sum() == 8  # the diagonal and one pairing, nothing else


def test_dear_variants_wait_to_be_named():
    assert set(measure(given())) == {""}


def test_clips_on_disk_are_read_one_by_one_and_once(monkeypatch):
    """Whatever the threads and however few clips are held, the same bytes; each clip is read once."""

    class Stored:
        def __init__(self, frames):
            self.frames, self.shape, self.dtype, self.reads = frames, frames.shape, frames.dtype, []

        def __len__(self):
            return len(self.frames)

        def __getitem__(self, event):
            assert isinstance(event, int)
            self.reads.append(event)
            return self.frames[event]

    rng = np.random.default_rng(1)
    decoded, true = (Stored(rng.integers(0, 256, (12, 2, 20, 24, 3), dtype=np.uint8)) for _ in range(2))
    runs = np.arange(12) % 6  # two places in each of six runs
    i, j = np.array([(a, b) for a in range(12) for b in range(12) if a // 6 == b // 6]).T
    scores = PairedSsim(decoded, true)(i, j)
    assert sorted(decoded.reads) == sorted(true.reads) == list(range(12)) and len(set(runs)) == 6
    for threads in (2, 5):
        np.testing.assert_array_equal(PairedSsim(decoded, true, threads)(i, j), scores)
    monkeypatch.setattr(ssim_pairs, "_BLOCK_CLIPS", 4)
    np.testing.assert_array_equal(PairedSsim(decoded, true, 2)(i, j), scores)
    monkeypatch.setattr(ssim_pairs, "_TILE_ELEMENTS", 500)
    np.testing.assert_allclose(PairedSsim(decoded, true)(i, j), scores, atol=1e-7, rtol=0)
    assert PairedSsim(decoded, true, 3)(i, j).tobytes() == PairedSsim(decoded, true)(i, j).tobytes()


def given(**more):
    keys = Keys("1", list("abcd"), list("abcd"), np.arange(4), np.zeros(4), np.zeros(4))
    return Given(keys, "full", frames=Sides(DECODED, TRUE), **more)


@pytest.mark.realdata
def test_real_clips_equal_skimage(shared_data):
    """Two openly licensed GIFs, each with the other, in all three windows."""
    names = ("classroom", "people-detection")
    clips = np.stack([frames_of(shared_data / "clips" / "intel-samples" / f"{name}.gif") for name in names])
    for window, how in (
        (UNIFORM, {}),
        (GAUSSIAN, {"gaussian_weights": True, "use_sample_covariance": False}),
        (WIN3, {"gaussian_weights": True, "win_size": 3}),
    ):
        expected = by_skimage(clips, clips[::-1], data_range=255, **how)
        found = PairedSsim(clips, clips, 2, window).frames(np.array([0, 1]), np.array([1, 0]))
        np.testing.assert_allclose(found, expected, atol=1e-6, rtol=0)


def frames_of(path):
    with Image.open(path) as gif:
        every = ImageSequence.Iterator(gif)
        return np.stack([np.asarray(frame.convert("RGB")) for frame, _ in zip(every, range(2), strict=False)])


@pytest.mark.study
def test_full_size_has_the_same_bytes_on_any_number_of_threads():
    rng = np.random.default_rng(2)
    rough = rng.normal(size=(6, 6, 18, 32, 3)).repeat(16, axis=2).repeat(16, axis=3)
    true = np.clip(128 + 60 * rough, 0, 255).astype(np.uint8)
    decoded = np.clip(true + rng.normal(0, 30, true.shape), 0, 255).astype(np.uint8)
    i, j = np.divmod(np.arange(36), 6)
    found = [PairedSsim(decoded, true, threads).frames(i, j) for threads in (1, 2, 3, 7)]
    assert len({one.tobytes() for one in found}) == 1
    expected = by_skimage(decoded[i[:8]], true[j[:8]], data_range=255)
    np.testing.assert_allclose(found[0][:8], expected, atol=4e-6, rtol=0)
