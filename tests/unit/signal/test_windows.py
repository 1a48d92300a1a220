from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.signal.windows import sliding_windows, whole_samples, window_starts


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(4, 30), st.integers(1, 40), st.integers(0, 60), st.sampled_from([100, 200, 256, 512.0]))
def test_windows_are_slices(length, step, more, sfreq):
    epochs = np.random.default_rng(0).normal(size=(2, 3, length + more))
    starts = window_starts(length + more, sfreq, length / sfreq, step / sfreq)
    expected = [start for start in range(0, length + more, step) if start + length <= length + more]
    assert starts.tolist() == expected
    windows = sliding_windows(epochs, sfreq, length / sfreq, step / sfreq)
    np.testing.assert_array_equal(windows, np.stack([epochs[..., s : s + length] for s in expected], axis=1))
    assert np.shares_memory(windows, epochs)
    assert not windows.flags.writeable


def test_eeg2videos_seven_windows():
    epochs = np.zeros((5, 62, 400), dtype=np.float32)
    assert sliding_windows(epochs, 200, 0.5, 0.25).shape == (5, 7, 62, 100)
    assert sliding_windows(epochs, 200, 1.0).shape == (5, 2, 62, 200)
    assert sliding_windows(epochs[0], 200, 2).shape == (1, 62, 400)


def test_what_is_no_whole_number_is_refused():
    with pytest.raises(UsageError, match=r"window of 0\.333 s at 200 Hz is 66\.6 samples") as caught:
        whole_samples(0.333, 200)
    assert "0.335 s" in caught.value.hint
    with pytest.raises(UsageError, match=r"step of 0\.25 s at 250 Hz is 62\.5 samples"):
        window_starts(500, 250, 0.5, 0.25)
    with pytest.raises(UsageError, match="above 0"):
        window_starts(500, 250, 0.5, 0)
    with pytest.raises(UsageError, match="above 0"):
        whole_samples(np.nan, 200)
    with pytest.raises(UsageError, match="at least 4"):
        whole_samples(0.01, 200)


def test_short_epochs_are_refused():
    with pytest.raises(BadDataError, match="hold 400 samples, but a window of 3 s at 200 Hz needs 600"):
        window_starts(400, 200, 3)
    with pytest.raises(BadDataError, match="expected"):
        sliding_windows(np.zeros(400), 200, 1)


# a header's interval rounded to us; what 1 s, 0.5 s and 0.25 s are, in samples, to the nearest
ODD_RATES = [
    (1e6 / 3333, 300, 150, 75),
    (1e6 / 3334, 300, 150, 75),
    (1000 / 3, 333, 167, 83),
    (1e6 / 977, 1024, 512, 256),
    (1e6 / 1953, 512, 256, 128),
    (62.5, 62, 31, 16),
]


@pytest.mark.parametrize(("sfreq", "second", "half", "quarter"), ODD_RATES)
@pytest.mark.parametrize("seconds", [1, 2, 3, 10])
def test_a_rate_that_is_no_whole_number_loses_no_window(sfreq, second, half, quarter, seconds):
    n = round(seconds * sfreq)
    assert [whole_samples(s, sfreq) for s in (1, 0.5, 0.25)] == [second, half, quarter]
    for window, step, count in ((1, None, seconds), (0.5, None, 2 * seconds), (0.5, 0.25, 4 * seconds - 1)):
        starts = window_starts(n, sfreq, window, step)
        assert len(starts) == count
        assert starts[-1] + whole_samples(window, sfreq) <= n
        assert np.abs(starts - np.arange(count) * (step or window) * sfreq).max() < 1.5


@pytest.mark.parametrize(("sfreq", "second", "half", "quarter"), ODD_RATES)
def test_windows_at_such_a_rate_are_slices(sfreq, second, half, quarter):
    epochs = np.random.default_rng(0).normal(size=(2, 3, round(3 * sfreq)))
    starts = window_starts(epochs.shape[-1], sfreq, 0.5)
    windows = sliding_windows(epochs, sfreq, 0.5)
    np.testing.assert_array_equal(windows, np.stack([epochs[..., s : s + half] for s in starts], axis=1))
    assert not windows.flags.writeable


def test_a_whole_rate_in_single_precision_is_whole():
    for sfreq in (200.001, 200 * (1 - 1e-7), float(np.float32(200.0000001))):
        assert window_starts(401, sfreq, 0.5, 0.25).tolist() == list(range(0, 301, 50))
        with pytest.raises(UsageError, match=r"is 66\.6 samples"):
            whole_samples(0.333, sfreq)
