"""Summaries of arrays and tables against NumPy on the whole array."""

import numpy as np
import pytest

from eeg2vid.stages.store import digest
from eeg2vid.stages.store.summary import summary_of_array, summary_of_table


@pytest.fixture
def small_slabs(monkeypatch):
    monkeypatch.setattr(digest, "_SLAB_BYTES", 256)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64", "float16", "bool"])
def test_arrays_are_summarised_slab_by_slab(small_slabs, dtype):
    rng = np.random.default_rng(1)
    values = (
        1000 + 3 * rng.normal(size=(37, 5, 3)) if "float" in dtype else rng.integers(0, 3, size=(37, 5, 3))
    ).astype(dtype)
    found = summary_of_array(values)
    assert (found["rows"], found["of_rows"], found["values"]) == (37, 37, values.size)
    assert (found["min"], found["max"]) == (values.min().item(), values.max().item())
    assert found["mean"] == pytest.approx(values.mean(dtype="float64"), rel=1e-12)
    assert found["sd"] == pytest.approx(values.astype("float64").std(), rel=1e-9)
    assert found["zeros"] == pytest.approx((values == 0).mean()) and found["nan"] == found["infinite"] == 0


def test_what_is_not_finite_is_counted_and_left_out():
    found = summary_of_array(np.array([[1.0, np.nan], [np.inf, 3.0], [-np.inf, 0.0]]))
    assert (found["nan"], found["infinite"], found["values"]) == (1, 2, 6)
    assert (found["min"], found["mean"], found["max"]) == (0.0, 4 / 3, 3.0)
    assert found["zeros"] == 1 / 6


def test_a_large_offset_does_not_swallow_the_spread(small_slabs):
    values = 1e9 + np.arange(1000.0)
    assert summary_of_array(values)["sd"] == pytest.approx(np.arange(1000.0).std(), rel=1e-9)


def test_of_what_is_too_large_the_first_rows_are_told(small_slabs):
    values = np.arange(400.0).reshape(100, 4)
    found = summary_of_array(values, whole_bytes=10 * values[0].nbytes)
    assert (found["rows"], found["of_rows"]) == (10, 100)
    assert (found["max"], found["mean"]) == (39.0, 19.5)
    assert summary_of_array(values, whole_bytes=values.nbytes)["rows"] == 100


@pytest.mark.parametrize("values", [np.zeros((0, 3)), np.full((2, 2), np.nan)])
def test_nothing_has_no_mean(values):
    found = summary_of_array(values)
    assert found["mean"] is found["min"] is found["max"] is found["sd"] is None
    assert found["nan"] == values.size


def test_one_number():
    found = summary_of_array(np.array(2.5))
    assert (found["mean"], found["sd"], found["rows"]) == (2.5, 0.0, None)


def test_columns_of_a_table():
    rows = [
        {"clip": f"c{index:02}", "fold": "block-1", "score": None if index == 3 else index / 4, "n": index,
         "ok": index > 2, "list": [0] * index, "by": {"concept": 1.0}}
        for index in range(12)
    ]  # fmt: skip
    found = {column.pop("column"): column for column in summary_of_table(rows)}
    assert found["fold"] == {"type": "text", "missing": 0, "distinct": 1, "values": ["block-1"]}
    assert found["clip"]["distinct"] == 12 and found["clip"]["values"] == ["c00", "c01", "c02", "..", "c11"]
    assert found["score"] == {"type": "number", "missing": 1, "distinct": 11, "min": 0.0, "max": 2.75}
    assert (found["n"]["type"], found["n"]["min"], found["n"]["max"]) == ("integer", 0, 11)
    assert found["ok"] == {"type": "yes/no", "missing": 0, "distinct": 2, "values": [False, True]}
    assert found["list"]["lengths"] == [0, 11] and found["by"]["keys"] == ["concept"]


def test_columns_of_nothing_and_of_anything():
    assert summary_of_table([]) == []
    (mixed,) = summary_of_table([{"x": 1}, {"x": "a"}, {"x": None}])
    assert (mixed["type"], mixed["distinct"], mixed["missing"]) == ("integer or text", 2, 1)
    (nested,) = summary_of_table([{"x": [1]}, {"x": "a"}])
    assert nested["type"] == "list or text"
    (empty,) = summary_of_table([{"x": None}])
    assert (empty["type"], empty["distinct"]) == ("empty", 0)
