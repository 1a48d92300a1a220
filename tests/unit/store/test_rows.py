"""Rows of a stored array: the right ones, and no stored piece decoded twice."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.stages.store.arrays import StoredArray
from eeg2vid.stages.store.rows import row_reader, whole_pieces


class Source:
    """Values in pieces, counting how often each is decoded."""

    def __init__(self, values, size):
        self.values, self.size, self.decoded = values, size, Counter()
        self.shape, self.dtype = values.shape, values.dtype
        self.chunks = None if size is None else (size, *values.shape[1:])

    def __getitem__(self, wanted):
        if self.size is not None:
            self.decoded.update({row // self.size for row in range(len(self.values))[wanted]})
        return self.values[wanted]


def stored(rows, size):
    source = Source(np.arange(rows * 2, dtype=np.float32).reshape(rows, 2), size)
    return source, StoredArray(source, ("row", "value"), "somewhere")


@settings(derandomize=True, deadline=None, max_examples=60)
@given(rows=st.integers(1, 60), size=st.one_of(st.none(), st.integers(1, 70)), step=st.integers(1, 25))
def test_in_order_every_piece_is_decoded_once(rows, size, step):
    source, array = stored(rows, size)
    read = row_reader(array)
    got = [read(range(rows)[start : start + step]) for start in range(0, rows, step)]
    assert np.array_equal(np.concatenate(got), source.values)
    assert set(source.decoded.values()) <= {1}


@settings(derandomize=True, deadline=None, max_examples=60)
@given(data=st.data(), rows=st.integers(1, 40), size=st.integers(1, 45))
def test_rows_in_any_order(data, rows, size):
    source, array = stored(rows, size)
    read = row_reader(array)
    for wanted in data.draw(st.lists(st.lists(st.integers(0, rows - 1), min_size=1, max_size=9), max_size=5)):
        got = read(wanted)
        assert got.dtype == np.float32 and np.array_equal(got, source.values[wanted])


@settings(derandomize=True, deadline=None)
@given(size=st.integers(1, 50), rows=st.integers(1, 50))
def test_steps_cut_no_piece(size, rows):
    _, array = stored(60, size)
    step = whole_pieces(array, rows)
    assert step % size == 0 and rows <= step < rows + size


def test_what_is_stored_in_no_pieces_may_be_cut_anywhere():
    assert whole_pieces(stored(60, None)[1], 7) == 7
