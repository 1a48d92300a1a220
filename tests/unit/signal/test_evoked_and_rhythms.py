import numpy as np
import pytest
from scipy.linalg import logm, subspace_angles

from eeg2vid.stages.signal import evoked, rhythms
from eeg2vid.stages.signal.covariance import whitener


def noise(events=400, electrodes=6, samples=200, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((electrodes, electrodes)) @ rng.standard_normal((events, electrodes, samples))).astype(
        np.float32
    )


def test_spectra_are_the_fourier_coefficients_of_detrended_epochs():
    epochs = noise(3) + np.linspace(0, 500, 200, dtype=np.float32)
    found = evoked.spectra(epochs, 100.0, 1.0, 10.0)
    assert found.shape == (3, 38, 6)  # 1 to 10 Hz in steps of 0.5
    time = np.arange(200)
    line = np.polynomial.Polynomial.fit(time, epochs[1, 2], 1)
    by_hand = np.sum((epochs[1, 2] - line(time)) * np.exp(-2j * np.pi * 3.0 * time / 100))
    assert found[1, 8, 2] + 1j * found[1, 9, 2] == pytest.approx(by_hand, rel=1e-3)


def test_from_0_hz_on_the_mean_comes_first():
    epochs = noise(2) + 7
    found = evoked.spectra(epochs, 100.0, 0.0, 1.0)
    assert found.shape[1] == 5  # the mean, 0.5 and 1 Hz
    np.testing.assert_allclose(found[:, 0], epochs.mean(axis=2), rtol=1e-5)
    np.testing.assert_array_equal(found[:, 1:], evoked.spectra(epochs, 100.0, 0.1, 1.0))


def test_whitened_noise_is_white():
    spectra = evoked.spectra(noise(2000), 100.0, 1.0, 10.0)
    white = evoked.Whitening.fit(spectra).apply(spectra, limit=100.0)
    for k in (0, 7, 30):
        np.testing.assert_allclose(np.cov(white[:, k].T), np.eye(6), atol=0.15)


def test_noise_is_what_the_design_does_not_explain():
    rng = np.random.default_rng(0)
    design = rng.standard_normal((2000, 3))
    pattern = rng.standard_normal((3, 41, 6)) * 3
    spectra = evoked.spectra(noise(2000), 100.0, 0.0, 10.0)
    size = spectra[:, 1:].std()
    shown = spectra + size * np.einsum("nk,kce->nce", design, pattern[:, : spectra.shape[1]])
    blind, told = evoked.Whitening.fit(shown), evoked.Whitening.fit(shown, design)
    plain = evoked.Whitening.fit(spectra)
    assert np.abs(told.matrix - plain.matrix).max() < 0.05 * np.abs(plain.matrix).max()
    assert np.abs(blind.matrix - plain.matrix).max() > 0.3 * np.abs(plain.matrix).max()


def test_few_events_of_a_rich_design_are_all_taken_as_noise():
    spectra = evoked.spectra(noise(20), 100.0, 0.0, 10.0)
    rich = evoked.Whitening.fit(spectra, np.random.default_rng(0).standard_normal((20, 12)))
    np.testing.assert_array_equal(rich.matrix, evoked.Whitening.fit(spectra).matrix)


def test_events_far_out_are_damped_and_keep_their_direction():
    spectra = evoked.spectra(noise(500), 100.0, 1.0, 10.0)
    fitted = evoked.Whitening.fit(spectra)
    far = fitted.mean + 50 * (spectra[:1] - fitted.mean)
    free, damped = fitted.apply(far, 1e9), fitted.apply(far, 1.3)
    size = np.sqrt(np.square(damped.reshape(1, -1, 2, 6)).sum(axis=(2, 3)) / 12)
    np.testing.assert_allclose(size, 1.3, rtol=1e-4)
    pairs = (free.reshape(19, 12), damped.reshape(19, 12))
    cosine = np.sum(pairs[0] * pairs[1], axis=1) / np.prod([np.linalg.norm(one, axis=1) for one in pairs], axis=0)
    np.testing.assert_allclose(cosine, 1, atol=1e-5)


def test_noise_stands_out_of_no_edge():
    rng = np.random.default_rng(0)
    design = evoked.orthonormal(rng.standard_normal((1000, 10)))
    times, places = evoked.low_rank(rng.standard_normal((1000, 40, 30)).astype(np.float32), design, most=40, least=1)
    assert times.shape[1] <= 3 and places.shape[1] <= 3
    directions = rhythms.supported(rng.standard_normal((1000, 300)), design, least=0)
    assert directions.shape[1] <= 1


def test_a_planted_response_is_found():
    rng = np.random.default_rng(0)
    design = rng.standard_normal((1000, 2))
    times, places = rng.standard_normal((2, 40)), rng.standard_normal((2, 30))
    white = rng.standard_normal((1000, 40, 30)) + 0.1 * np.einsum("nk,kt,ks->nts", design, times, places)
    found = evoked.low_rank(white.astype(np.float32), evoked.orthonormal(design), most=40)
    assert [one.shape[1] for one in found] == [2, 2]
    for one, planted in zip(found, (times, places), strict=True):
        assert np.degrees(subspace_angles(one, planted.T)).max() < 25
    assert evoked.project(white.astype(np.float32), *found).shape == (1000, 4)


def test_orthonormal_designs_leave_out_what_says_nothing():
    one_hot = np.eye(3)[np.arange(30) % 3]
    basis = evoked.orthonormal(np.concatenate([one_hot, np.ones((30, 1)), one_hot[:, :1]], axis=1))
    assert basis.shape == (30, 2)
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-12)


def test_band_covariances_are_real_cross_spectra():
    epochs = noise(4)
    found = rhythms.band_covariances(epochs, 100.0, ((8.0, 12.0), (20.0, 40.0)))
    assert found.shape == (2, 4, 6, 6)
    window = np.hanning(200)
    z = np.fft.rfft((epochs[2] - epochs[2].mean(axis=1, keepdims=True)) * window)[:, 16:25]
    np.testing.assert_allclose(found[0, 2], (z @ z.conj().T).real / 9, rtol=1e-4)


def test_a_band_between_two_frequencies_takes_the_nearest():
    epochs = noise(2, samples=50)  # 2 Hz apart at 100 Hz
    between, at = rhythms.band_covariances(epochs, 100.0, ((10.6, 10.9), (9.5, 10.5)))
    np.testing.assert_array_equal(between, at)


def test_flanks_stay_below_the_nyquist_frequency():
    np.testing.assert_allclose(rhythms.flanks((10.0, 20.0), 100.0), ((7.2, 9.0), (22.0, 26.0)))
    np.testing.assert_allclose(rhythms.flanks((36.0, 50.0), 50.0), ((25.92, 32.4),))


def test_the_tangent_vectors_are_matrix_logarithms():
    epochs = noise(30)
    band, *beside = rhythms.band_covariances(epochs, 100.0, ((8.0, 12.0), *rhythms.flanks((8.0, 12.0), 50.0)))
    white = whitener(np.mean(beside, axis=(0, 1), dtype=np.float64))
    components = rhythms.leading(white @ band.mean(axis=0) @ white, 4)
    fitted = rhythms.Tangent.fit(band, np.mean(beside, axis=(0, 1), dtype=np.float64), components)
    seen = fitted.filters.T.astype(float) @ band[7] @ fitted.filters
    log = logm(seen)
    by_hand = [log[i, j] * (1 if i == j else np.sqrt(2)) for i in range(4) for j in range(i, 4)]
    np.testing.assert_allclose(fitted.apply(band[7:8])[0], (by_hand - fitted.mean) / fitted.scale, atol=2e-3)
    np.testing.assert_allclose(fitted.filters.T @ band.mean(axis=0) @ fitted.filters, np.eye(4), atol=1e-3)
    vectors = fitted.apply(band)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(vectors.std(axis=0), 1, atol=1e-4)


def test_the_component_with_a_rhythm_leads():
    rng = np.random.default_rng(0)
    epochs, place = noise(100), rng.standard_normal(6)
    wave = np.sin(2 * np.pi * 10 * np.arange(200) / 100 + rng.uniform(0, 6, (100, 1)))
    epochs += 3 * wave[:, None] * place[:, None].astype(np.float32)
    band, *beside = rhythms.band_covariances(epochs, 100.0, ((9.0, 11.0), *rhythms.flanks((9.0, 11.0), 50.0)))
    white = whitener(np.mean(beside, axis=(0, 1), dtype=np.float64))
    leading = rhythms.leading(white @ band.mean(axis=0) @ white, 1)[:, 0]
    pattern = white @ place
    assert abs(leading @ pattern) / np.linalg.norm(pattern) > 0.95
