import numpy as np
import pytest
import zarr
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics import hue, identification, ssim, temporal_order
from eeg2vid.stages.metrics import mse as mse_file
from eeg2vid.stages.metrics.metric import Given, Keys, Sides
from eeg2vid.stages.metrics.mse import mse
from eeg2vid.stages.metrics.psnr import psnr, psnr_from_mse, psnr_matrix
from eeg2vid.stages.metrics.similarity import area_means


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_equals_skimage():
    a, b = noise((3, 2, 17, 23, 3)), noise((3, 2, 17, 23, 3), 1)
    for index in np.ndindex(3, 2):
        x, y = a[index].astype(float), b[index].astype(float)
        assert mse(a, b)[index] == pytest.approx(mean_squared_error(x, y), rel=1e-12)
        expected = peak_signal_noise_ratio(x, y, data_range=255)
        assert psnr(a, b)[index] == pytest.approx(expected, abs=1e-10)


def test_worked_by_hand():
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    assert mse(black, white) == 255**2 and psnr(black, white) == pytest.approx(0.0, abs=1e-12)
    assert psnr(black, black) == 100.0
    ones = np.ones_like(black)
    assert psnr(black, ones) == pytest.approx(48.1308036, abs=1e-6)  # 20 log10(255)
    np.testing.assert_allclose(psnr_from_mse([0.9e-10, 1.0]), [100.0, 48.1308036], atol=1e-6)


def test_matrix_equals_pair_by_pair(monkeypatch):
    decoded, true = noise((5, 2, 12, 10, 3)), noise((5, 2, 12, 10, 3), 1)
    true[3] = decoded[1]
    true[2, 0] = decoded[2, 0]
    expected = np.array([[psnr(x, y).mean() for y in true] for x in decoded])
    np.testing.assert_array_equal(psnr_matrix(decoded, true), expected)  # exact: integer sums
    monkeypatch.setattr("eeg2vid.stages.metrics.mse._CHUNK_BYTES", 1)
    np.testing.assert_array_equal(psnr_matrix(decoded, true), expected)
    assert expected[1, 3] == 100.0
    folds = np.array(["b", "a", "b", "a", "a"])
    blocks = psnr_matrix(decoded, true, folds)
    same = folds[:, None] == folds[None]
    np.testing.assert_array_equal(blocks[same], expected[same])
    assert np.isnan(blocks[~same]).all()


def test_bad_input():
    with pytest.raises(BadDataError, match="uint8"):
        mse(np.zeros((4, 4, 3)), np.zeros((4, 4, 3)))
    with pytest.raises(BadDataError, match="5 axes"):
        psnr_matrix(noise((2, 4, 4, 3)), noise((2, 4, 4, 3)))
    with pytest.raises(BadDataError, match="fold labels"):
        psnr_matrix(noise((2, 1, 4, 4, 3)), noise((2, 1, 4, 4, 3)), [0])


def test_clips_on_disk_are_read_piece_by_piece(tmp_path):
    """All that looks at pixels gives the same numbers from a stored array, which has pieces, no more."""
    sides = [zarr.create_array(tmp_path / name, shape=(4, 2, 18, 32, 3), dtype="uint8") for name in ("d", "t")]
    decoded, true = noise((4, 2, 18, 32, 3)), noise((4, 2, 18, 32, 3), 1)
    sides[0][...], sides[1][...] = decoded, true
    folds = np.array([0, 0, 1, 1])
    np.testing.assert_array_equal(psnr_matrix(*sides, folds), psnr_matrix(decoded, true, folds))
    np.testing.assert_array_equal(area_means(sides[0]), area_means(decoded))
    keys = Keys("1", list("abcd"), list("abcd"), np.arange(4), np.zeros(4), folds)
    stored, held = Given(keys, "full", frames=Sides(*sides)), Given(keys, "full", frames=Sides(decoded, true))
    for measure in (*(one.measure for one in (mse_file, hue, ssim, temporal_order)), identification.measure_frames):
        for name, measured in measure(stored).items():
            np.testing.assert_array_equal(measured.table, measure(held)[name].table)


def test_pairs_of_other_places_are_not_computed():
    """Where runs change places whole, clips of one place are a group, and the rest is left out."""
    keys = Keys("1", list("abcdef"), list("abcdef"), np.arange(6) // 2, np.arange(6) % 2, np.zeros(6))
    frames = Sides(noise((6, 2, 9, 8, 3)), noise((6, 2, 9, 8, 3), 1))
    asked = (np.array([[2, 3, 4, 5, 0, 1], [0, 1, 2, 3, 4, 5]]),)
    (found,) = mse_file.measure(Given(keys, "full", frames=frames, asked=asked)).values()
    place = np.arange(6) % 2
    np.testing.assert_array_equal(np.isfinite(found.table), place[:, None] == place[None])
    expected = [((frames.decoded[k] / 255 - frames.true[k] / 255) ** 2).mean() for k in range(6)]
    np.testing.assert_allclose(np.diag(found.table), expected, rtol=1e-12)
