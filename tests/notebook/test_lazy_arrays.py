"""Lazy arrays: numpy is the oracle for what is selected; what is read is counted."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eeg2vid.notebook.arrays import LazyArray
from eeg2vid.stages.store.arrays import StoredArray

VALUES = np.arange(7 * 4 * 5, dtype=np.float32).reshape(7, 4, 5)
KNOWN = settings(derandomize=True, deadline=None, max_examples=40)


class Counted:
    """An array that notes what is read of it."""

    chunks = None

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.read = 0

    def __getitem__(self, index):
        found = self.values[index]
        self.read += found.size
        return found


def lazy(source):
    return LazyArray("x", StoredArray(source, ("a", "b", "c"), "x"), ("event", "row", "column"), "µV", "values")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Return the values as HDF5, which knows only sorted lists and steps forward."""
    with h5py.File(tmp_path_factory.mktemp("h5") / "x.h5", "w") as file:
        yield lazy(file.create_dataset("x", data=VALUES, chunks=(2, 4, 5)))


@KNOWN
@given(hnp.basic_indices(VALUES.shape, allow_newaxis=False))
def test_basic_indices_are_numpys(stored, index):
    np.testing.assert_array_equal(stored[index], VALUES[index])


@KNOWN
@given(st.data())
def test_lists_are_numpys(stored, data):
    axis = data.draw(st.integers(0, 2))
    wanted = data.draw(st.lists(st.integers(-VALUES.shape[axis], VALUES.shape[axis] - 1), max_size=9))
    index = [slice(None), slice(1, None, 2), slice(None, None, -1)]
    index[axis] = np.array(wanted, dtype=np.int64)
    np.testing.assert_array_equal(stored[tuple(index)], VALUES[tuple(index)])


@pytest.mark.parametrize(
    "index",
    [
        [3, 1, 1],
        (slice(None), [2, 0], 1),
        (0, slice(None), [1, 4]),
        ([1, 5], [0, 3]),
        (np.array([[0, 1], [6, 0]]), 2),
        VALUES[:, 0, 0] > 30,
        (..., [True, False, True, True, False]),
        [],
        np.int64(4),
        ([6, 2], ..., slice(None, None, -2)),
    ],
    ids=str,
)
def test_other_indices_are_numpys(stored, index):
    np.testing.assert_array_equal(stored[index], VALUES[index])


@pytest.mark.parametrize(
    "index", [7, -8, (0, 4), [0, 7], (0, 0, 0, 0), None, 1.5, "a", [True] * 6, VALUES > 3], ids=str
)
def test_what_is_no_index_is_refused(stored, index):
    with pytest.raises(IndexError):
        stored[index]


def test_only_what_is_asked_for_is_read():
    source = Counted(VALUES)
    array = lazy(source)
    assert (array.shape, array.ndim, array.size, array.nbytes, len(array)) == ((7, 4, 5), 3, 140, 560, 7)
    assert repr(array) == "<x: float32 (event 7, row 4, column 5), unit µV, 0.0 MB, not read>"
    assert source.read == 0
    array[2, 1:3]
    assert source.read == 2 * 5
    array[[6, 0]]
    assert source.read == 2 * 5 + 2 * 20
    assert np.asarray(array).tobytes() == VALUES.tobytes()
    assert np.asarray(array, dtype=np.float64).dtype == np.float64
    np.testing.assert_array_equal(list(array), VALUES)
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(array, copy=False)
