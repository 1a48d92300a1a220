from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.signal import epochs as module
from eeg2vid.stages.signal.epochs import cut_epochs


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    st.integers(1, 5),
    st.integers(1, 300),
    st.integers(1, 40),
    st.integers(0, 30),
    st.integers(1, 3000),
    st.integers(0, 999),
)
def test_equals_slicing(electrodes, length, n_samples, n_events, chunk, seed):
    rng = np.random.default_rng(seed)
    n_samples = min(n_samples, length)
    eeg = rng.normal(size=(electrodes, length)) * 1e-5
    onsets = rng.integers(0, length - n_samples + 1, size=n_events)
    before, module._CHUNK_BYTES = module._CHUNK_BYTES, chunk
    try:
        found = cut_epochs(eeg, onsets, n_samples)
    finally:
        module._CHUNK_BYTES = before
    expected = np.stack([eeg[:, o : o + n_samples] for o in onsets]) if n_events else np.empty((0, 1, 1))
    assert found.dtype == np.float32
    assert found.shape == (n_events, electrodes, n_samples)
    if n_events:
        np.testing.assert_array_equal(found, (expected * 1e6).astype(np.float32))


def test_reads_a_memory_map(tmp_path):
    eeg = np.random.default_rng(0).normal(size=(3, 50))
    np.save(tmp_path / "a.npy", eeg)
    found = cut_epochs(np.load(tmp_path / "a.npy", mmap_mode="r"), np.array([40, 0]), 10, scale=1)
    np.testing.assert_array_equal(found, np.stack([eeg[:, 40:], eeg[:, :10]]).astype(np.float32))


@pytest.mark.parametrize("onset", [-1, 91])
def test_names_the_event_outside(onset):
    with pytest.raises(BadDataError, match="Event 1 needs samples"):
        cut_epochs(np.zeros((2, 100)), np.array([0, onset]), 10)


def test_refuses_what_is_not_finite():
    eeg = np.zeros((2, 100))
    eeg[1, 55] = np.nan
    with pytest.raises(BadDataError, match="event 1, electrode 1"):
        cut_epochs(eeg, np.array([0, 50]), 10)


def test_refuses_wrong_shapes():
    with pytest.raises(BadDataError, match="expected \\(electrode, sample\\)"):
        cut_epochs(np.zeros((1, 2, 3)), np.array([0]), 1)
    with pytest.raises(BadDataError, match="whole numbers"):
        cut_epochs(np.zeros((2, 30)), np.array([0.5]), 1)
    with pytest.raises(BadDataError, match="at least 1"):
        cut_epochs(np.zeros((2, 30)), np.array([0]), 0)
