"""Noise in the place of EEG: what it has in common with the EEG, and what not."""

import numpy as np
import pytest
import scipy.signal

from eeg2vid.schemas.entities import Electrode, Event
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.stages.conditions import no_eeg, noise_eeg
from eeg2vid.stages.conditions.signals import Described, Signals
from eeg2vid.stages.signal.features import band_features
from eeg2vid.stages.training.inputs import Inputs

RATE, SAMPLES = 100, 200
MIXING = np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [-0.3, 0.2, 0.5]])
BANDS = ((4.0, 8.0), (8.0, 14.0), (14.0, 30.0), (30.0, 45.0))


def recorded(count, seed=0, drift=0.0):
    """Return epochs of three mixed sources: pink, an alpha rhythm, white; µV, each with a line of its own."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal((count, 3, SAMPLES + 200))
    pink = scipy.signal.lfilter([1], [1, -0.95], white[:, 0])
    alpha = scipy.signal.lfilter([0.2], [1, -1.9 * np.cos(2 * np.pi * 10 / RATE), 0.9025], white[:, 1])
    epochs = MIXING @ np.stack([pink, alpha, white[:, 2]], axis=1)[..., 200:]
    time = np.linspace(-1, 1, SAMPLES)
    lines = 20 + drift * rng.standard_normal((count, 3, 1)) + drift * rng.standard_normal((count, 3, 1)) * time
    return (epochs + lines).astype(np.float32)


def cross_spectra(epochs):
    """Return scipy's mean cross-spectra `(frequency, electrode, electrode)`, each epoch's own line taken away."""
    straight = scipy.signal.detrend(epochs.astype(np.float64), axis=-1)
    pairs = [
        [
            scipy.signal.csd(straight[:, i], straight[:, j], RATE, nperseg=SAMPLES, detrend=False)[1].mean(axis=0)
            for j in range(3)
        ]
        for i in range(3)
    ]
    return np.array(pairs).transpose(2, 0, 1)


@pytest.mark.parametrize("drift", [0.0, 300.0])
def test_cross_spectra_lines_and_units_are_those_of_the_epochs(drift):
    known = recorded(1500, drift=drift)
    noise = noise_eeg.MeanSpectrum.of([known[:64], known[64:]]).draw(1500, np.random.default_rng(5))
    assert noise.shape == known.shape and noise.dtype == np.float32
    wanted, found = cross_spectra(known)[3:-1], cross_spectra(noise)[3:-1]
    power = np.sqrt(np.einsum("fii,fjj->fij", wanted, wanted).real)
    assert (np.abs(found - wanted) / power).max() < 0.25
    assert (np.abs(found - wanted) / power).mean() < 0.04
    for moment in (np.mean, np.std):  # of the level, and of how far the epoch drifts
        level = moment(known.mean(axis=-1), axis=0), moment(noise.mean(axis=-1), axis=0)
        fall = [moment(x[..., -20:].mean(axis=-1) - x[..., :20].mean(axis=-1), axis=0) for x in (known, noise)]
        assert np.allclose(*level, rtol=0.12, atol=0.35 + drift / 12)
        assert np.allclose(*fall, rtol=0.12, atol=0.35 + drift / 8)


def test_drift_does_not_fill_the_high_frequencies():
    """A line of 300 µV has more power at 40 Hz than this EEG, if it is taken for noise that goes round in a circle."""
    known = recorded(400, drift=300.0)
    noise = noise_eeg.MeanSpectrum.of([known]).draw(400, np.random.default_rng(0))
    psd = [band_features(x, RATE, BANDS, window_s=1.0)[1].mean(axis=(0, 1)) for x in (known, noise)]
    assert np.allclose(psd[1], psd[0], rtol=0.1)


def test_noise_is_the_same_kind_for_every_event_and_knows_none():
    """Epochs that are loud or silent by turns: noise has their mean power every time."""
    known = recorded(400) - 20
    known[::2] *= 5
    noise = noise_eeg.MeanSpectrum.of([known]).draw(300, np.random.default_rng(0))
    power = noise.astype(np.float64).var(axis=(1, 2))
    assert power.std() / power.mean() < 0.5 < known.var(axis=(1, 2)).std() / known.var(axis=(1, 2)).mean()
    assert power.mean() == pytest.approx(known.astype(np.float64).var(axis=(1, 2)).mean(), rel=0.1)
    flat = (noise - noise.mean(axis=0)).reshape(300, -1)
    likeness = np.corrcoef(flat)[np.triu_indices(300, 1)]
    assert abs(likeness.mean()) < 0.01  # independent draws


def test_a_common_reference_stays_common():
    known = recorded(50)
    known -= known.mean(axis=1, keepdims=True)
    noise = noise_eeg.MeanSpectrum.of([known]).draw(20, np.random.default_rng(0))
    assert np.abs(noise.mean(axis=1)).max() < 1e-4 * np.abs(noise).max()


def signals(names, *, events=6, learned=30):
    epochs = recorded(learned + events)
    de, psd = band_features(epochs, RATE, BANDS, window_s=1.0, step_s=0.5, dtype=np.float32)
    electrodes = [Electrode(electrode=name, kind="eeg", x=None, y=None, z=None) for name in ("Oz", "Pz", "Cz")]
    settings = PreprocessSettings(bands=BANDS, window_s=1.0, step_s=0.5)
    rows = [
        Event.model_construct(event=f"e{k}", session="1", run=f"r{k // 3}", onset_sample=k * 300) for k in range(events)
    ]
    return Signals(
        Inputs({"epochs": epochs, "de": de, "psd": psd}),
        np.arange(learned),
        rows,
        names,
        lambda: Described(float(RATE), electrodes, settings),
    )


def test_features_are_those_of_the_noise():
    found = noise_eeg.make(signals(("de", "epochs")), np.random.default_rng(3))
    assert set(found) == {"de", "epochs"}
    de, psd = band_features(found["epochs"], RATE, BANDS, window_s=1.0, step_s=0.5, dtype=np.float32)
    assert np.array_equal(found["de"], de)
    alone = noise_eeg.make(signals(("psd",)), np.random.default_rng(3))
    assert set(alone) == {"psd"} and np.array_equal(alone["psd"], psd)  # the same noise, whatever is asked for


def test_the_mean_is_that_of_the_learned_events():
    given = signals(("epochs", "de"), learned=70)
    found = no_eeg.make(given, np.random.default_rng(0))
    for name in ("epochs", "de"):
        values = given.inputs.arrays[name]
        assert found[name].shape == (6, *values.shape[1:]) and found[name].dtype == np.float32
        assert (found[name] == found[name][:1]).all()
        assert np.allclose(found[name][0], values[:70].astype(np.float64).mean(axis=0), rtol=1e-5, atol=1e-5)
