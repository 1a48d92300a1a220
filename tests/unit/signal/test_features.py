from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.signal import features as module
from eeg2vid.stages.signal.features import BANDS, band_features

FS = 200


def published_loop(epoch, window, step):
    """The released formula, one electrode and one band at a time, by a plain DFT."""
    length = int(window * FS)
    taper = np.array([0.5 - 0.5 * np.cos(2 * np.pi * n / (length + 1)) for n in range(1, length + 1)])
    n = np.arange(200)
    de, psd = [], []
    for start in range(0, epoch.shape[1] - length + 1, round(step * FS)):
        for channel in epoch:
            cut = np.zeros(200)
            tapered = (channel[start : start + length] * taper)[:200]
            cut[: tapered.size] = tapered
            for low, high in ((0, 3), (3, 7), (7, 13), (13, 30), (30, 98)):
                total = 0.0
                for k in range(low, high + 1):
                    total += abs(np.sum(cut * np.exp(-2j * np.pi * k * n / 200))) ** 2
                psd.append(total / (high - low + 1))
                de.append(np.log2(100 * psd[-1]))
    shape = (-1, len(epoch), 5)
    return np.reshape(de, shape), np.reshape(psd, shape)


@pytest.mark.parametrize(("window", "step"), [(0.5, None), (0.5, 0.25), (1.0, None), (2.0, None), (1.0, 0.1)])
def test_published_equals_the_released_loop(window, step):
    epochs = np.random.default_rng(1).normal(3, 10, size=(3, 4, 400))
    de, psd = band_features(epochs, FS, window_s=window, step_s=step, method="published")
    loops = [published_loop(epoch, window, step or window) for epoch in epochs]
    np.testing.assert_allclose(de, np.stack([loop[0] for loop in loops]), rtol=1e-10)
    np.testing.assert_allclose(psd, np.stack([loop[1] for loop in loops]), rtol=1e-10)


def test_published_two_seconds_ignore_the_second_half():
    epochs = np.random.default_rng(2).normal(size=(2, 3, 400))
    changed = epochs.copy()
    changed[..., 200:] += 100
    before, after = (band_features(x, FS, window_s=2, method="published") for x in (epochs, changed))
    np.testing.assert_array_equal(before[0], after[0])


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.integers(0, 99), st.sampled_from([0.5, 0.7, 1.0, 2.0]), st.floats(0.1, 100))
def test_corrected_equals_scipy_periodogram(seed, window, scale):
    length = round(window * FS)
    epochs = np.random.default_rng(seed).normal(5, scale, size=(2, 3, 400))
    de, psd = band_features(epochs, FS, ((4, 8), (8, 14), (31, 99)), window_s=window)
    cut = epochs[..., : 400 // length * length].reshape(2, 3, -1, length)
    f, density = scipy.signal.periodogram(cut, FS, window="hann", detrend="constant", scaling="density")
    for band, (low, high) in enumerate(((4, 8), (8, 14), (31, 99))):
        inside = (f >= low) & (f < high)
        expected = density[..., inside].mean(-1).transpose(0, 2, 1)
        variance = density[..., inside].sum(-1).transpose(0, 2, 1) * FS / length
        np.testing.assert_allclose(psd[..., band], expected, rtol=1e-9)
        np.testing.assert_allclose(de[..., band], 0.5 * np.log(2 * np.pi * np.e * variance), atol=1e-9)


def test_corrected_mean_over_windows_equals_welch():
    epochs = np.random.default_rng(5).normal(size=(3, 2000))
    _, psd = band_features(epochs, FS, ((8, 14),))
    f, density = scipy.signal.welch(epochs, FS, window="hann", nperseg=200, noverlap=0)
    np.testing.assert_allclose(psd.mean(0)[:, 0], density[:, (f >= 8) & (f < 14)].mean(-1), rtol=1e-10)


def test_white_noise_has_its_known_density_and_entropy():
    sigma = 7.0
    epochs = np.random.default_rng(3).normal(0, sigma, size=(2000, 1, 400))
    for more in ({}, {"spectrum": "welch"}, {"spectrum": "multitaper"}):
        de, psd = band_features(epochs, FS, ((31, 99),), window_s=2, **more)
        density = 2 * sigma**2 / FS  # one-sided
        np.testing.assert_allclose(psd.mean(), density, rtol=0.01)
        np.testing.assert_allclose(de.mean(), 0.5 * np.log(2 * np.pi * np.e * density * 68), atol=0.01)


def test_a_sinusoid_keeps_its_variance_in_its_band():
    t = np.arange(400) / FS
    epochs = (6 * np.sin(2 * np.pi * 10 * t) + 500)[None, None]
    de, psd = band_features(epochs, FS, BANDS, window_s=2)
    np.testing.assert_allclose(psd[0, 0, 0, 2] * 6, 18, rtol=1e-10)  # A^2 / 2 over a band 6 Hz wide
    np.testing.assert_allclose(de[0, 0, 0, 2], 0.5 * np.log(2 * np.pi * np.e * 18), rtol=1e-10)
    assert np.all(psd[0, 0, 0, [0, 1, 3, 4]] < 1e-20)


def test_eight_samples_worked_by_hand():
    # at 8 Hz, 1 s: a cosine of 2 Hz under a Hann taper has |X_1|, |X_2|, |X_3| = 1, 2, 1 (times 4 / 4),
    # taper energy 3, density 2 |X|^2 / (8 * 3); bands [1, 2) and [2, 4]: the last holds bins 2, 3 and Nyquist
    epochs = np.cos(2 * np.pi * 2 * np.arange(8) / 8)[None, None]
    de, psd = band_features(epochs, 8, ((1, 2), (2, 4)))
    np.testing.assert_allclose(psd.ravel(), [1 / 12, (4 / 12 + 1 / 12 + 0) / 3], rtol=1e-12)
    np.testing.assert_allclose(de.ravel(), 0.5 * np.log(2 * np.pi * np.e * np.array([1 / 12, 5 / 12])), rtol=1e-12)


def test_bands_from_zero_to_nyquist_share_the_variance():
    rng = np.random.default_rng(9)
    for length, sfreq in ((200, 200), (125, 250), (101, 101)):
        epochs = rng.normal(3, 5, size=(4, 2, length))
        edges = [0, 3.7, 10, 30.2, sfreq / 2]
        bands = tuple(itertools.pairwise(edges))
        de, _ = band_features(epochs, sfreq, bands, window_s=length / sfreq)
        shares = np.exp(2 * de) / (2 * np.pi * np.e)
        taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        tapered = (epochs - epochs.mean(-1, keepdims=True)) * taper
        np.testing.assert_allclose(shares.sum(-1)[:, 0], (tapered**2).sum(-1) / (taper**2).sum(), rtol=1e-10)


@pytest.mark.parametrize("method", ["published", "corrected"])
def test_chunks_and_leading_axes_change_nothing(method, monkeypatch):
    epochs = np.random.default_rng(4).normal(size=(2, 3, 5, 410)).astype(np.float32)
    whole = band_features(epochs, FS, method=method)
    monkeypatch.setattr(module, "_CHUNK_SAMPLES", 1)
    pieces = band_features(epochs, FS, method=method, dtype=np.float32)
    assert whole[0].shape == (2, 3, 2, 5, 5)
    assert pieces[0].dtype == np.float32
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    single = band_features(epochs[1, 2], FS, method=method)
    np.testing.assert_allclose(single[0], whole[0][1, 2], rtol=1e-12)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"method": "published", "window_s": 2},
        {"spectrum": "welch", "step_s": 0.25},
        {"spectrum": "multitaper", "window_s": 0.5},
    ],
)
def test_threads_change_no_bit(more, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK_SAMPLES", 5000)
    epochs = np.random.default_rng(10).normal(size=(23, 7, 400)).astype(np.float32)
    one, *others = (band_features(epochs, FS, threads=threads, **more) for threads in (1, 2, 3))
    for other in others:
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_a_worker_may_begin_with_the_smallest_chunk(monkeypatch):
    # many short turns: the last, smaller chunk of an event is often a worker's first
    monkeypatch.setattr(module, "_CHUNK_SAMPLES", 900)
    epochs = np.random.default_rng(13).normal(size=(2, 3, 400)).astype(np.float32)
    settings = {"window_s": 0.5, "step_s": 0.25, "bands": BANDS[1:]}
    expected = band_features(epochs, FS, **settings)
    for _ in range(50):
        np.testing.assert_array_equal(band_features(epochs, FS, threads=6, **settings)[0], expected[0])


def test_reads_a_memory_map_that_is_not_contiguous(tmp_path):
    epochs = np.random.default_rng(11).normal(size=(6, 4, 400))
    np.save(tmp_path / "a.npy", epochs)
    stored = np.load(tmp_path / "a.npy", mmap_mode="r")
    for one, other in zip(band_features(stored[::2, 1:], FS), band_features(epochs[::2, 1:], FS), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("method", ["published", "corrected"])
@pytest.mark.parametrize("value", [0.0, 4.2, np.nan, np.inf])
def test_a_dead_electrode_is_named(method, value):
    epochs = np.random.default_rng(6).normal(size=(3, 4, 400))
    epochs[2, 3, 200:] = value
    with pytest.raises(BadDataError, match=r"electrode 3 is .* window 1 .* event 2"):
        band_features(epochs, FS, method=method)
    named = {"electrodes": ["FP1", "FPZ", "FP2", "CB1"], "events": ["a", "b", "c"]}
    for threads in (1, 2):
        with pytest.raises(BadDataError, match=r"electrode 'CB1' is .* window 1 \(1 s to 2 s\) of event 'c'") as caught:
            band_features(epochs, FS, method=method, threads=threads, **named)
        assert "`exclude` CB1" in caught.value.hint


def test_every_electrode_dead_is_no_matter_of_excluding():
    epochs = np.random.default_rng(6).normal(size=(3, 2, 200))
    epochs[1] = 0
    with pytest.raises(BadDataError, match="electrodes concerned: FP1, CB1") as caught:
        band_features(epochs, FS, electrodes=["FP1", "CB1"], events=["a", "b", "c"])
    assert "`exclude`" not in caught.value.hint


def test_coarse_values_are_not_taken_for_constant():
    epochs = np.random.default_rng(12).integers(0, 2, size=(50, 5, 200)).astype(np.float32)
    assert np.isfinite(band_features(epochs, FS)[0]).all()


def test_a_half_window_without_power_is_refused():
    epochs = np.random.default_rng(8).normal(size=(1, 2, 400))
    epochs[0, 1, :200] = 0
    with pytest.raises(BadDataError, match="electrode 'O2' has no power from 1 to 4 Hz"):
        band_features(epochs, FS, window_s=2, method="published", electrodes=["O1", "O2"])


def test_bands_and_windows_are_checked():
    epochs = np.random.default_rng(7).normal(size=(1, 2, 400))
    with pytest.raises(UsageError, match="holds no frequency"):
        band_features(epochs, FS, ((4.1, 4.9),))
    with pytest.raises(UsageError, match="reaches beyond"):
        band_features(epochs, FS, ((50, 120),))
    with pytest.raises(UsageError, match="whole numbers"):
        band_features(epochs, FS, ((0.5, 4),), method="published")
    with pytest.raises(UsageError, match="no choice of spectrum"):
        band_features(epochs, FS, method="published", spectrum="welch")
    with pytest.raises(UsageError, match="whole number"):
        band_features(epochs, FS, window_s=0.333)
    with pytest.raises(BadDataError, match="needs 600"):
        band_features(epochs, FS, window_s=3)
    with pytest.raises(BadDataError, match="expected"):
        band_features(epochs[0, 0], FS)
