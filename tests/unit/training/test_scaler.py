from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler as Reference

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.training import scaler as module
from eeg2vid.stages.training.scaler import PersonScalers, StandardScaler


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(1, 40), st.integers(1, 6), st.floats(-1e3, 1e3), st.integers(1, 50), st.integers(0, 99))
def test_equals_sklearn(events, dims, offset, chunk, seed):
    values = np.random.default_rng(seed).normal(offset, 3, size=(events, dims))
    if dims > 2:
        values[:, 1] = offset  # does not vary
    before, module._CHUNK_VALUES = module._CHUNK_VALUES, chunk
    try:
        scaler = StandardScaler.fit(values, keep=(1,))
        found = scaler.transform(values)
    finally:
        module._CHUNK_VALUES = before
    reference = Reference().fit(values)
    np.testing.assert_allclose(scaler.mean, reference.mean_, rtol=1e-12, atol=1e-10)
    if events > 1:
        np.testing.assert_allclose(scaler.scale, reference.scale_, rtol=1e-6)
        np.testing.assert_allclose(found, reference.transform(values), rtol=1e-4, atol=1e-4)


def test_keeps_the_axes_named():
    values = np.random.default_rng(0).normal(size=(7, 3, 11)).astype(np.float32)
    scaler = StandardScaler.fit(values, keep=(1,))
    assert scaler.mean.shape == (3, 1)
    np.testing.assert_allclose(scaler.mean[:, 0], values.mean(axis=(0, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(scaler.transform(values).std(axis=(0, 2)), 1, rtol=1e-5)


def test_refuses_nothing_and_what_is_not_finite():
    with pytest.raises(BadDataError, match="nothing to standardise"):
        StandardScaler.fit(np.empty((0, 3)), keep=(1,))
    with pytest.raises(BadDataError, match="not finite"):
        StandardScaler.fit(np.array([[1.0], [np.nan]]), keep=(1,))


def test_state_round_trip():
    scaler = StandardScaler.fit(np.random.default_rng(1).normal(size=(5, 2)), keep=(1,))
    again = StandardScaler.from_state(scaler.state("de"), "de")
    np.testing.assert_array_equal(again.mean, scaler.mean)
    np.testing.assert_array_equal(again.scale, scaler.scale)
    with pytest.raises(BadDataError, match="'psd' is incomplete"):
        StandardScaler.from_state(scaler.state("de"), "psd")


def test_values_that_cannot_be_are_refused():
    scaler = StandardScaler.fit(np.random.default_rng(1).normal(size=(5, 2)), keep=(1,))
    for part, wrong in (("mean", np.nan), ("scale", np.inf), ("scale", 0.0), ("scale", -1.0)):
        state = scaler.state("de")
        state[f"de.{part}"] = np.array([1.0, wrong])
        with pytest.raises(BadDataError, match="cannot be"):
            StandardScaler.from_state(state, "de")


def people(*labels):
    values = {label: np.random.default_rng(k).normal(k, k + 1, size=(9, 2)) for k, label in enumerate(labels)}

    def statistics(label):
        chosen = np.concatenate(list(values.values())) if label is None else values[label]
        return {"de": StandardScaler.fit(chosen, keep=(1,))}

    return PersonScalers.fit(labels, statistics)


def test_one_person_is_stored_as_ever_and_several_apart():
    assert set(people("17").state()) == {"de.mean", "de.scale"}
    two = people("1", "17")
    assert set(two.state()) == {f"de{who}.{part}" for who in ("", "/1", "/17") for part in ("mean", "scale")}
    again = PersonScalers.from_state(two.state(), {"de": (2,)}, ("1", "17"))
    for label in ("1", "17", "stranger"):
        found, wanted = (one.of(label, {}, "pooled")["de"] for one in (again, two))
        np.testing.assert_array_equal(found.mean, wanted.mean)
    assert not np.array_equal(two.of("1", {}, "pooled")["de"].mean, two.of("stranger", {}, "pooled")["de"].mean)


def test_foreign_missing_and_reshaped_statistics_are_refused():
    state = people("1", "17").state()
    with pytest.raises(BadDataError, match=r"foreign arrays: de/1\.mean"):
        PersonScalers.from_state(state, {"de": (2,)}, ("1",))
    with pytest.raises(BadDataError, match="incomplete"):
        PersonScalers.from_state(state, {"de": (2,)}, ("1", "17", "20"))
    with pytest.raises(BadDataError, match=r"shape \(2,\), expected \(2, 1\)"):
        PersonScalers.from_state(state, {"de": (2, 1)}, ("1", "17"))
