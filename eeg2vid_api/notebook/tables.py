"""A table of an artifact: typed rows, and its columns by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from eeg2vid.notebook.optional import need
from eeg2vid.notebook.show import MOST, html_table, text_table
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.stages.engine.text import did_you_mean


class Table(Sequence[Row]):
    """Rows of one type: `table[0]` is a row, `table["clip"]` a column.

    Attributes
    ----------
    name
        As the schema has it.
    row_type
        The rows' model: its fields are the columns, and say what they mean.
    """

    def __init__(self, name: str, rows: Sequence[Any], row_type: type[Row]) -> None:
        self.name, self.row_type = name, row_type
        self._rows = tuple(rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.row_type.model_fields)

    def column(self, name: str) -> list[Any]:
        """Return one column.

        Raises
        ------
        MissingInputError
            If there is none of this name.
        """
        if name not in self.columns:
            raise MissingInputError(f"Table '{self.name}' has no column '{name}'.{did_you_mean(name, self.columns)}")
        return [getattr(row, name) for row in self._rows]

    def to_columns(self) -> dict[str, list[Any]]:
        """Return all columns by name."""
        return {name: self.column(name) for name in self.columns}

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`, a row per row.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        """
        return need("pandas", "to_pandas()").DataFrame(self.to_columns())

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Table: ...  # type: ignore[override]
    @overload
    def __getitem__(self, index: str) -> list[Any]: ...
    def __getitem__(self, index: int | slice | str) -> Any:
        """Return a row, some rows as a table, or a column."""
        if isinstance(index, str):
            return self.column(index)
        if isinstance(index, slice):
            return Table(self.name, self._rows[index], self.row_type)
        return self._rows[index]

    def _shown(self) -> list[dict[str, Any]]:
        return [{name: getattr(row, name) for name in self.columns} for row in self._rows[:MOST]]

    def __repr__(self) -> str:
        return text_table(self._shown(), f"{self.name}: {len(self)} rows", len(self))

    def _repr_html_(self) -> str:
        return html_table(self._shown(), f"{self.name}: {len(self)} rows", len(self))
