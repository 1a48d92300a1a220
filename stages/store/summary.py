"""What stands in arrays and tables, in few numbers; arrays slab by slab."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eeg2vid.stages.store.digest import ArrayLike, slabs

if TYPE_CHECKING:
    import numpy as np

WHOLE_BYTES = 2_000_000_000
"""An array up to this size is summarised whole, a larger one by its first rows."""
_SHOWN = 8  # distinct values


def summary_of_array(array: ArrayLike, whole_bytes: int = WHOLE_BYTES) -> dict[str, Any]:
    """Summarise an array.

    Parameters
    ----------
    array
        Of numbers; read slab by slab.
    whole_bytes
        Of a larger array only so many bytes' worth of first rows are read.

    Returns
    -------
    'rows' (how many were read along the first axis), 'of_rows', 'values' (read); over the finite ones 'min', 'max',
    'mean', 'sd' (over all values, not n - 1), None where there is none; 'nan' and 'infinite' (counts) and 'zeros'
    (share of the values read).
    """
    import numpy as np

    rows = array.shape[0] if array.shape else 1
    row_bytes = max(1, math.prod(array.shape[1:]) * array.dtype.itemsize)
    read = min(rows, max(1, whole_bytes // row_bytes))
    found = _Moments()
    count = nan = infinite = zeros = 0
    for slab in slabs(_First(array, read) if read < rows else array):
        values = slab.reshape(-1)
        count += values.size
        zeros += values.size - int(np.count_nonzero(values))
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            if not finite.all():
                nan += int(np.isnan(values).sum())
                infinite += int(np.isinf(values).sum())
                values = values[finite]
        found.add(values)
    return {
        "rows": read if array.shape else None,
        "of_rows": rows if array.shape else None,
        "values": count,
        "min": found.low,
        "mean": found.mean if found.count else None,
        "max": found.high,
        "sd": math.sqrt(max(found.squares, 0.0) / found.count) if found.count else None,
        "nan": nan,
        "infinite": infinite,
        "zeros": zeros / count if count else None,
    }


@dataclass
class _Moments:
    """Mean and sum of squared deviations of what has come so far (Chan, Golub & LeVeque 1983)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float | int | None = None
    high: float | int | None = None

    def add(self, values: np.ndarray) -> None:
        """Take more values, one axis."""
        import numpy as np

        if not values.size:
            return
        low, high = values.min().item(), values.max().item()
        mean = float(values.mean(dtype=np.float64))
        squares = sum(
            float(np.square(piece.astype(np.float64) - mean).sum()) for piece in np.array_split(values, _pieces(values))
        )
        total, apart = self.count + values.size, mean - self.mean
        self.squares += squares + apart * apart * (self.count / total) * values.size
        self.mean += apart * (values.size / total)
        self.count = total
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)


def _pieces(values: np.ndarray) -> int:
    return -(-values.size // 2**20)  # as float64 a slab of small numbers is eight times as large


@dataclass(frozen=True)
class _First:
    """The first rows of an array."""

    array: ArrayLike
    rows: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.rows, *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def chunks(self) -> tuple[int, ...] | None:
        return getattr(self.array, "chunks", None)

    def __getitem__(self, key: slice) -> Any:
        return self.array[key.start : min(key.stop, self.rows)]


def summary_of_table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Describe each column of a table: its type, how many values are missing and differ, their range or themselves.

    Returns
    -------
    Per column 'column', 'type', 'missing', 'distinct' and, of numbers, 'min' and 'max'; 'values' where there are few.
    """
    columns = dict.fromkeys(name for row in rows for name in row)
    return [_column(name, [row.get(name) for row in rows]) for name in columns]


def _column(name: str, values: list[Any]) -> dict[str, Any]:
    there = [value for value in values if value is not None]
    kinds = dict.fromkeys(map(_kind, there))
    kind = "number" if set(kinds) == {"integer", "number"} else " or ".join(kinds) or "empty"
    told: dict[str, Any] = {"column": name, "type": kind, "missing": len(values) - len(there)}
    if kinds.keys() & {"list", "table"}:
        sizes = [len(value) for value in there if isinstance(value, list | dict)]
        keys = sorted({key for value in there if isinstance(value, dict) for key in value})
        return told | {"distinct": None, "lengths": [min(sizes), max(sizes)], "keys": keys[:_SHOWN]}
    distinct = sorted(set(there)) if len(kinds) == 1 or kind == "number" else list(dict.fromkeys(there))
    told["distinct"] = len(distinct)
    if kind in ("integer", "number"):
        told |= {"min": distinct[0], "max": distinct[-1]}
    if len(distinct) <= _SHOWN:
        told["values"] = distinct
    elif kind == "text":
        told["values"] = [*distinct[:3], "..", distinct[-1]]
    return told


def _kind(value: Any) -> str:
    names: Iterator[tuple[type, str]] = iter(
        [(bool, "yes/no"), (int, "integer"), (float, "number"), (str, "text"), (list, "list"), (dict, "table")]
    )
    return next((name for kind, name in names if isinstance(value, kind)), type(value).__name__)
