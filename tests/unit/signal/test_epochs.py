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
    st.sampled_from(["<f8", "<f4", ">f8", "<i2"]),
    st.integers(0, 999),
)
def test_equals_slicing(electrodes, length, n_samples, n_events, block, kind, seed):
    rng = np.random.default_rng(seed)
    n_samples = min(n_samples, length)
    eeg = (rng.normal(size=(electrodes, length)) * (1000 if kind == "<i2" else 1e-5)).astype(kind)
    onsets = rng.integers(0, length - n_samples + 1, size=n_events)
    before, module._BLOCK_BYTES = module._BLOCK_BYTES, block
    try:
        found = cut_epochs(eeg, onsets, n_samples)
    finally:
        module._BLOCK_BYTES = before
    expected = np.stack([eeg[:, o : o + n_samples] for o in onsets]) if n_events else np.empty((0, 1, 1))
    assert found.dtype == np.float32
    assert found.shape == (n_events, electrodes, n_samples)
    if n_events:
        np.testing.assert_array_equal(found, (expected.astype(np.float64) * 1e6).astype(np.float32))


def test_keeps_electrodes_by_place_and_writes_into_a_larger_array():
    eeg = np.random.default_rng(1).normal(size=(4, 60))
    whole = cut_epochs(eeg, np.array([30, 0, 7]), 10)
    larger = np.full((5, 2, 10), -1, dtype=np.float32)
    found = cut_epochs(eeg, np.array([30, 0, 7]), 10, kept=[3, 1], into=(larger, np.array([4, 0, 2])))
    assert found is larger
    np.testing.assert_array_equal(larger[[4, 0, 2]], whole[:, [3, 1]])
    np.testing.assert_array_equal(larger[[1, 3]], -1)


class Lazy:
    """Counts what is asked for, as a chunked store would read it."""

    def __init__(self, values):
        self.values, self.shape, self.asked = values, values.shape, []

    def __getitem__(self, key):
        rows, samples = key
        assert rows == slice(None)
        self.asked.append((samples.start, samples.stop))
        return self.values[key]


def test_reads_a_lazy_signal_front_to_back_in_few_blocks(monkeypatch):
    eeg = Lazy(np.random.default_rng(2).normal(size=(2, 10_000)))
    monkeypatch.setattr(module, "_BLOCK_BYTES", 2 * 8 * 1000)
    onsets = np.random.default_rng(3).permutation(np.arange(0, 9900, 60))
    cut_epochs(eeg, onsets, 100)
    assert len(eeg.asked) <= 12
    assert eeg.asked == sorted(eeg.asked)
    assert all(last - first <= 1000 for first, last in eeg.asked)


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
    eeg = np.zeros((3, 100))
    eeg[1, 55] = np.nan
    with pytest.raises(BadDataError, match="event 1, electrode 1"):
        cut_epochs(eeg, np.array([0, 50]), 10)
    with pytest.raises(BadDataError, match="event 'b', electrode 'FP1' holds") as caught:
        cut_epochs(eeg, np.array([0, 50]), 10, electrodes=["FPZ", "FP1", "FP2"], events=["a", "b"])
    assert "`exclude` FP1" in caught.value.hint
    cut_epochs(eeg, np.array([0, 50]), 10, kept=[2, 0])
    with pytest.raises(BadDataError, match="electrode 'FP1'"):
        cut_epochs(eeg, np.array([0, 50]), 10, kept=[2, 1], electrodes=["FPZ", "FP1", "FP2"])


def test_large_finite_values_pass_and_what_float32_cannot_hold_does_not():
    eeg = np.full((2, 40), 3e38)
    assert np.isfinite(cut_epochs(eeg, np.array([0]), 40, scale=1)).all()  # their sum is not finite
    eeg[1, 3] = 1e39
    with pytest.raises(BadDataError, match="electrode 1"):
        cut_epochs(eeg, np.array([0]), 40, scale=1)


def test_the_event_outside_is_named():
    with pytest.raises(BadDataError, match="Event 'late' needs samples 95 to 104"):
        cut_epochs(np.zeros((2, 100)), np.array([0, 95]), 10, events=["early", "late"])


def test_refuses_wrong_shapes():
    with pytest.raises(BadDataError, match="expected \\(electrode, sample\\)"):
        cut_epochs(np.zeros((1, 2, 3)), np.array([0]), 1)
    with pytest.raises(BadDataError, match="whole numbers"):
        cut_epochs(np.zeros((2, 30)), np.array([0.5]), 1)
    with pytest.raises(BadDataError, match="at least 1"):
        cut_epochs(np.zeros((2, 30)), np.array([0]), 0)
