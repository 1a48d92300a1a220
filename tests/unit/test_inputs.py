from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.training.inputs import Inputs, Vectors, bin_epochs


def inputs(events=9, seed=0):
    rng = np.random.default_rng(seed)
    return Inputs(
        {
            "epochs": rng.normal(3, 20, size=(events, 4, 30)).astype(np.float32),
            "de": rng.normal(5, 2, size=(events, 2, 4, 5)).astype(np.float32),
        }
    )


def test_rows_must_agree():
    with pytest.raises(BadDataError, match="'de' 3, 'psd' 4"):
        Inputs({"de": np.zeros((3, 1, 1, 1)), "psd": np.zeros((4, 1, 1, 1))})
    with pytest.raises(BadDataError, match="no input"):
        Inputs({})
    with pytest.raises(BadDataError, match="expected 4 axes"):
        Inputs({"de": np.zeros((3, 5))})


def test_take_join_require():
    whole = inputs()
    parts = [whole.take(np.array([0, 3])), whole.take(np.arange(9) > 5)]
    joined = Inputs.join(parts)
    np.testing.assert_array_equal(joined.arrays["de"], whole.arrays["de"][[0, 3, 6, 7, 8]])
    assert len(joined) == 5
    joined.require({"epochs": (4, 30), "de": (2, 4, 5)})
    with pytest.raises(BadDataError, match="was made for 'de'"):
        joined.require({"de": (2, 4, 5)})


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(1, 40), st.data())
def test_bins_average_all_samples_once(samples, data):
    bins = data.draw(st.integers(1, samples))
    epochs = np.random.default_rng(samples).normal(size=(2, 3, samples))
    expected = np.stack([part.mean(axis=-1) for part in np.split(epochs, _edges(samples, bins), axis=-1)], axis=-1)
    np.testing.assert_allclose(bin_epochs(epochs, bins), expected, rtol=1e-12)


def _edges(samples, bins):
    return [index * samples // bins for index in range(1, bins)]


def test_too_many_bins():
    with pytest.raises(UsageError, match="epoch_bins is 31"):
        bin_epochs(np.zeros((1, 1, 30)), 31)


def test_vectors_weigh_inputs_alike_and_use_training_statistics():
    train, test = inputs(200, 1), inputs(50, 2)
    vectors = Vectors(epoch_bins=6).fit(train)
    found = vectors.transform(train)
    assert found.shape == (200, 4 * 6 + 40)
    de, epochs = found[:, :40], found[:, 40:]
    np.testing.assert_allclose((de**2).sum(axis=1).mean(), 1, rtol=1e-6)
    np.testing.assert_allclose((epochs**2).sum(axis=1).mean(), 1, rtol=1e-6)
    flat = train.arrays["de"].reshape(200, -1).astype(float)
    expected = (test.arrays["de"].reshape(50, -1) - flat.mean(0)) / flat.std(0) / np.sqrt(40)
    np.testing.assert_allclose(vectors.transform(test)[:, :40], expected, rtol=1e-6, atol=1e-9)
    own = vectors.transform(test, own=True)
    np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-9)


def test_vectors_round_trip():
    vectors = Vectors(5).fit(inputs(20, 3))
    again = Vectors(5)
    again.load(vectors.state(), ["epochs", "de"])
    np.testing.assert_array_equal(again.transform(inputs(4, 4)), vectors.transform(inputs(4, 4)))
