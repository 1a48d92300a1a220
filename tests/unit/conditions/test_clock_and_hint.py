"""Epochs that tell the time, and settings that cut the hint."""

from types import SimpleNamespace

import numpy as np
import pytest

from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.stages.conditions import clock_only, hint_only
from eeg2vid.stages.networks.lda import fit_lda
from eeg2vid.stages.preprocess import _under_condition
from eeg2vid.stages.signal.features import band_features
from eeg2vid.stages.training.inputs import bin_epochs


@pytest.mark.parametrize("electrodes", [1, 4, 62, 128])
def test_epochs_depend_on_the_time_alone(electrodes):
    times = np.array([0.0, 31.5, 500.0, 31.5, 0.0])
    epochs = clock_only.tell_time(times, electrodes, 400)
    assert epochs.shape == (5, electrodes, 400) and epochs.dtype == np.float32
    assert np.array_equal(epochs[0], epochs[4]) and np.array_equal(epochs[1], epochs[3])
    assert not np.array_equal(epochs[0], epochs[1])
    assert (epochs.std(axis=-1) > 0.1).all()  # no electrode is ever silent
    # an event's epoch does not hang on which others there are, as long as the block is about as long
    assert np.array_equal(clock_only.tell_time(times[[2, 1]], electrodes, 400)[1], epochs[1])
    assert np.array_equal(clock_only.tell_time(np.array([31.5, 521.0]), electrodes, 400)[0], epochs[1])


@pytest.mark.parametrize("electrodes", [4, 62])
@pytest.mark.parametrize("read", ["epochs", "de"])
def test_decoders_read_the_clock(electrodes, read):
    """Forty concepts in the order of the block: LDA names them by the clock, from epochs and from features."""
    rng = np.random.default_rng(0)
    concept = np.tile(np.repeat(np.arange(40), 5), 5)
    times = 3 + 13 * concept + 2.0 * np.tile(np.arange(5), 200) + rng.uniform(-0.2, 0.2, 1000)
    epochs = clock_only.tell_time(times, electrodes, 400)
    if read == "epochs":
        vectors = bin_epochs(epochs, 20).reshape(1000, -1)
    else:
        vectors = band_features(epochs, 200, ((8.0, 14.0), (31.0, 99.0)), window_s=1.0)[0].reshape(1000, -1)
    vectors = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    weights, offsets = fit_lda(vectors[:800], concept[:800], 40, covariance="pooled", priors="equal")
    found = (vectors[800:] @ weights + offsets).argmax(axis=1)
    assert (found == concept[800:]).mean() > 0.8


def test_the_clock_knows_nothing_where_the_order_is_drawn():
    rng = np.random.default_rng(0)
    concept = np.concatenate([np.repeat(rng.permutation(40), 5) for _ in range(5)])
    times = np.tile(3 + 13 * np.repeat(np.arange(40), 5) + 2.0 * np.tile(np.arange(5), 40), 5)
    vectors = bin_epochs(clock_only.tell_time(times, 62, 400), 20).reshape(1000, -1)
    vectors = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    weights, offsets = fit_lda(vectors[:800], concept[:800], 40, covariance="pooled", priors="equal")
    assert ((vectors[800:] @ weights + offsets).argmax(axis=1) == concept[800:]).mean() < 0.1


def hinted(seconds):
    return [Event.model_construct(event=f"e{k}", hint_s=hint) for k, hint in enumerate(seconds)]


def test_the_window_is_the_hint_and_no_longer():
    given = PreprocessSettings(tmin_s=0.4, tmax_s=2.4, baseline="hint", high_pass=0.5, window_s=1.0)
    found = hint_only.settings(given, hinted([3.0] * 10), 200.0)
    assert (found.span, found.tmin_s, found.tmax_s, found.baseline) == ("hint", 0.0, None, "none")
    assert found.window_s == 1.0 and found.high_pass == 0.5
    assert given.span == "clip"


def test_windows_of_features_fit_into_a_short_hint():
    given = PreprocessSettings(window_s=1.0, step_s=0.75)
    found = hint_only.settings(given, hinted([0.504] * 10), 200.0)
    assert (found.window_s, found.step_s) == (0.5, 0.5)  # whole samples


def test_events_without_a_hint_are_refused():
    unit = SimpleNamespace(condition="hint-only-window", subject="3", settings=PreprocessSettings())
    with pytest.raises(UsageError, match="'hint-only-window' cannot be made: no event of subject 3 knows of a hint"):
        _under_condition(unit, hinted([None, 0.0]), 200.0)
    assert _under_condition(SimpleNamespace(condition="full", settings=unit.settings), [], 200.0) is unit.settings
