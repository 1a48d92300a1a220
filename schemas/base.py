"""The grammar of a schema: named arrays with dims, dtype and unit, tables with row models."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from eeg2vid.schemas.entities import Row


class ArraySpec(BaseModel):
    """What one array of an artifact must look like.

    `dims` names every axis; equal names have equal sizes across the artifact. `dtypes` lists what is
    accepted; `unit` is a physical unit, 'label' or '1'. Values must be finite. `chunked` names the
    axis along which the stored array is cut, the first one if empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dims: tuple[str, ...]
    dtypes: tuple[str, ...]
    unit: str
    doc: str
    optional: bool = False
    chunked: str = ""


class Attributes(BaseModel):
    """Typed facts about a whole artifact (sampling rate, class names); part of its digest."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Schema(BaseModel):
    """One family of artifacts.

    `index` names, for a dim, the table with one row per position of that axis: every join goes
    through the ids in that table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: int = Field(ge=1)
    doc: str
    arrays: dict[str, ArraySpec] = {}
    tables: dict[str, type[Row]] = {}
    index: dict[str, str] = {}
    attributes: type[Attributes] = Attributes
    models: bool = False
    media: bool = False

    def problems(
        self, arrays: dict[str, tuple[tuple[str, ...], str, tuple[int, ...]]], tables: dict[str, int]
    ) -> list[str]:
        """Say what is wrong with a set of arrays and tables, nothing if they fit.

        Parameters
        ----------
        arrays
            Name to (dims, dtype, shape) as found.
        tables
            Name to number of rows as found.
        """
        found = [f"array '{name}' is unknown to the schema" for name in arrays.keys() - self.arrays.keys()]
        found += [f"table '{name}' is unknown to the schema" for name in tables.keys() - self.tables.keys()]
        found += [f"table '{name}' is missing" for name in self.tables.keys() - tables.keys()]
        sizes: dict[str, tuple[int, str]] = {
            dim: (tables[table], f"table '{table}'") for dim, table in self.index.items() if table in tables
        }
        for name, spec in self.arrays.items():
            if name not in arrays:
                if not spec.optional:
                    found.append(f"array '{name}' is missing")
                continue
            dims, dtype, shape = arrays[name]
            if dims != spec.dims:
                found.append(f"array '{name}' has dims {dims}, expected {spec.dims}")
                continue
            if dtype not in spec.dtypes:
                found.append(f"array '{name}' has dtype {dtype}, expected {' or '.join(spec.dtypes)}")
            for dim, size in zip(dims, shape, strict=True):
                known, where = sizes.setdefault(dim, (size, f"array '{name}'"))
                if known != size:
                    found.append(f"dim '{dim}' has {size} entries in array '{name}' but {known} in {where}")
        return sorted(found)

    def parse_row(self, table: str, row: dict[str, Any]) -> Row:
        """Return one validated row of a table."""
        return self.tables[table].model_validate(row)
