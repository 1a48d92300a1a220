from __future__ import annotations

import mne
import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.signal.features import band_features
from eeg2vid.stages.signal.spectra import corrected_estimate

FS = 200


def single_bins(length):
    """One band per bin, edges between the bins, the last up to Nyquist."""
    spacing = FS / length
    centres = np.arange(length // 2 + 1) * spacing
    return tuple((max(0.0, f - spacing / 2), min(FS / 2, f + spacing / 2)) for f in centres)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.integers(0, 99), st.sampled_from([40, 50, 99, 100]), st.sampled_from([1.0, 1.5, 2.0]))
def test_welch_equals_scipy_bin_for_bin(seed, segment, window):
    length = round(window * FS)
    epochs = np.random.default_rng(seed).normal(4, 9, size=(2, 3, 400))
    _, psd = band_features(
        epochs, FS, single_bins(segment), window_s=window, step_s=0.5, spectrum="welch", segment_s=segment / FS
    )
    cut = np.stack([epochs[..., at : at + length] for at in range(0, 401 - length, 100)], axis=1)
    _, density = scipy.signal.welch(cut, FS, window="hann", nperseg=segment, detrend="constant")
    np.testing.assert_allclose(psd, density, rtol=1e-9, atol=1e-12)


def test_welch_cuts_a_window_in_halves_by_default():
    epochs = np.random.default_rng(1).normal(size=(3, 2, 400))
    implicit = band_features(epochs, FS, ((4, 8),), spectrum="welch")
    explicit = band_features(epochs, FS, ((4, 8),), spectrum="welch", segment_s=0.5)
    np.testing.assert_array_equal(implicit[0], explicit[0])


def by_mne(epochs, bandwidth):
    return mne.time_frequency.psd_array_multitaper(
        epochs, FS, bandwidth=bandwidth, adaptive=False, normalization="full", verbose="error"
    )[0]


@pytest.mark.parametrize(("length", "bandwidth"), [(200, 4), (200, 7.3), (400, 4), (199, 6), (100, None)])
def test_multitaper_equals_plain_sums_and_nearly_mne(length, bandwidth):
    epochs = np.random.default_rng(2).normal(40, 9, size=(4, 3, length))
    _, psd = band_features(
        epochs, FS, single_bins(length), window_s=length / FS, spectrum="multitaper", bandwidth_hz=bandwidth
    )
    bandwidth = bandwidth or 4 * FS / length
    half = bandwidth * length / FS / 2
    tapers, kept = scipy.signal.windows.dpss(length, half, int(2 * half + 1e-9), sym=False, norm=2, return_ratios=True)
    waves = np.exp(-2j * np.pi * np.outer(np.arange(length // 2 + 1), np.arange(length)) / length)
    centred = epochs - epochs.mean(-1, keepdims=True)
    expected, total = 0.0, 0.0
    for taper, share in zip(tapers, kept, strict=True):
        if share > 0.9:
            expected = expected + share * np.abs((centred * taper) @ waves.T) ** 2 / (FS * np.sum(taper**2))
            total += share
    expected = 2 * expected / total
    expected[..., 0] /= 2
    if length % 2 == 0:
        expected[..., -1] /= 2
    np.testing.assert_allclose(psd[:, 0], expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(psd[:, 0], by_mne(epochs, bandwidth), rtol=0.01)


def test_one_taper_differs_from_mne_by_the_tapers_energy_alone():
    epochs = np.random.default_rng(6).normal(size=(4, 3, 200))
    _, psd = band_features(epochs, FS, single_bins(200), spectrum="multitaper", bandwidth_hz=2)
    taper = scipy.signal.windows.dpss(200, 1, sym=False, norm=2)
    np.testing.assert_allclose(psd[:, 0] * np.sum(taper**2), by_mne(epochs, 2), rtol=1e-9, atol=1e-12)


def test_a_sinusoid_keeps_its_variance_under_every_estimate():
    t = np.arange(2000) / FS
    epochs = (6 * np.sin(2 * np.pi * 20 * t) + 50)[None, None]
    for more in ({"spectrum": "welch", "segment_s": 1}, {"spectrum": "multitaper", "bandwidth_hz": 2}):
        de, psd = band_features(epochs, FS, ((16, 24),), window_s=10, **more)
        np.testing.assert_allclose(psd.item() * 8, 18, rtol=1e-3)
        np.testing.assert_allclose(de.item(), 0.5 * np.log(2 * np.pi * np.e * 18), rtol=1e-3)


def test_more_tapers_and_segments_vary_less():
    epochs = np.random.default_rng(3).normal(size=(800, 1, 400))

    def spread(**more):
        return band_features(epochs, FS, ((8, 14),), window_s=2, **more)[1].std()

    assert spread(spectrum="multitaper", bandwidth_hz=4) < 0.9 * spread()
    assert spread(spectrum="welch", segment_s=0.5) < 0.9 * spread()


def test_segment_and_bandwidth_are_checked():
    epochs = np.random.default_rng(4).normal(size=(1, 2, 400))
    with pytest.raises(UsageError, match="longer than the window"):
        band_features(epochs, FS, spectrum="welch", segment_s=1.5)
    with pytest.raises(UsageError, match=r"segment of 0\.333 s"):
        band_features(epochs, FS, spectrum="welch", segment_s=0.333)
    with pytest.raises(UsageError, match="holds no frequency"):
        band_features(epochs, FS, ((1, 3),), spectrum="welch", segment_s=0.25)
    with pytest.raises(UsageError, match="belongs to `spectrum` welch"):
        band_features(epochs, FS, segment_s=0.5)
    with pytest.raises(UsageError, match="belongs to `spectrum` multitaper"):
        band_features(epochs, FS, spectrum="welch", bandwidth_hz=4)
    for bandwidth in (1.9, 100):
        with pytest.raises(UsageError, match="allows 2 Hz to less than 100 Hz"):
            band_features(epochs, FS, spectrum="multitaper", bandwidth_hz=bandwidth)


def test_the_bins_of_a_rate_kept_in_single_precision():
    for sfreq in (200.0, 200 * (1 - 1e-7), 200 * (1 + 1e-7)):
        assert corrected_estimate(200, sfreq, ((4.0, 31.0), (31.0, 99.0), (31.0, 100.0))).bins == (
            (4, 31), (31, 99), (31, 101),
        )  # fmt: skip
