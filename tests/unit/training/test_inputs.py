from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.training.inputs import Inputs, bin_epochs
from eeg2vid.stages.training.vectors import Vectors


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
    assert all(part.arrays is whole.arrays for part in (*parts, joined))  # nothing is copied
    np.testing.assert_array_equal(joined.gather("de"), whole.arrays["de"][[0, 3, 6, 7, 8]])
    np.testing.assert_array_equal(joined.gather("de", np.array([4, 1])), whole.arrays["de"][[8, 3]])
    other = Inputs.join([parts[0], inputs(seed=1).take(np.array([2]))])
    np.testing.assert_array_equal(other.gather("de")[:2], whole.arrays["de"][[0, 3]])
    np.testing.assert_array_equal(other.gather("de")[2], inputs(seed=1).arrays["de"][2])
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
    again.load(vectors.state(), {"epochs": (4, 30), "de": (2, 4, 5)})
    np.testing.assert_array_equal(again.transform(inputs(4, 4)), vectors.transform(inputs(4, 4)))


def test_people_go_along():
    whole = inputs()
    two = Inputs(whole.arrays, person=np.arange(9) % 2, subjects=("7", "12"))
    assert two.present() == ("7", "12")
    np.testing.assert_array_equal(two.take(np.array([3, 4])).people(), [1, 0])
    np.testing.assert_array_equal(two.of("12").rows, [1, 3, 5, 7])
    assert two.of("12").present() == ("12",)
    third = Inputs(inputs(seed=2).arrays, subjects=("3",))
    joined = Inputs.join([two.of("12"), third])
    assert joined.subjects == ("7", "12", "3")
    np.testing.assert_array_equal(joined.people(), [1] * 4 + [2] * 9)
    with pytest.raises(BadDataError, match="'person' 8"):
        Inputs(whole.arrays, person=np.zeros(8, dtype=int))


def test_vectors_standardise_each_person():
    first, second = inputs(40, 5), inputs(40, 6)
    scaled = {name: values * 3 + 50 for name, values in second.arrays.items()}
    both = Inputs.join([Inputs(first.arrays, subjects=("a",)), Inputs(scaled, subjects=("b",))])
    vectors = Vectors(5).fit(both)
    np.testing.assert_array_equal(vectors.transform(both.of("a")), Vectors(5).fit(first).transform(first))
    np.testing.assert_allclose(vectors.transform(both)[40:], Vectors(5).fit(second).transform(second), atol=1e-4)
    again = Vectors(5)
    again.load(vectors.state(), both.shapes(), ("a", "b"))
    np.testing.assert_array_equal(again.transform(both), vectors.transform(both))
    stranger = Inputs(scaled, subjects=("c",))
    own = vectors.transform(stranger, unseen="own", given=stranger)
    np.testing.assert_allclose(own, vectors.transform(both)[40:], atol=1e-9)
    assert abs(vectors.transform(stranger).mean()) > abs(own.mean())
    with pytest.raises(UsageError, match="Nobody of label 'c'"):
        vectors.transform(stranger, unseen="own")
