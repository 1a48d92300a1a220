"""The grammar of a schema: named arrays with dims, dtype and unit, tables with row models."""

from __future__ import annotations

import re
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


class Family(BaseModel):
    """Arrays whose names are data: any name goes, the rest is one rule for all.

    With a `row`, each array has a table of its own name, which indexes its first axis `<name>_row`; without one,
    the first axis is `axis`. Further axes are free.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: type[Row] | None = None
    axis: str = ""
    known: dict[str, tuple[str, ...]] = Field({}, description="names of the further axes of some arrays")
    dtypes: tuple[str, ...]
    unit: str
    doc: str

    def index(self, name: str) -> str:
        """Return the name of an array's first axis."""
        return f"{name}_row" if self.row else self.axis

    def spec(self, name: str, ndim: int) -> ArraySpec:
        """Return what an array of this name and number of axes must look like."""
        further = self.known.get(name, ())
        if len(further) != ndim - 1:
            further = tuple(f"{name}_axis{k}" for k in range(1, ndim))
        return ArraySpec(dims=(self.index(name), *further), dtypes=self.dtypes, unit=self.unit, doc=self.doc)


_FAMILY_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class Attributes(BaseModel):
    """Typed facts about a whole artifact (sampling rate, class names); part of its digest."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


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
    family: Family | None = None
    attributes: type[Attributes] = Attributes
    models: bool = False
    media: bool = False

    def spec_of(self, array: str, ndim: int | None = None) -> ArraySpec | None:
        """Return what an array must look like, None if the schema knows no such array.

        Where names are data, the number of axes is asked for; None: as many as are known of that name.
        """
        if ndim is None:
            ndim = 1 + len(self.family.known.get(array, ())) if self.family else 1
        if array in self.arrays:
            return self.arrays[array]
        known = self.family is not None and _FAMILY_NAME.fullmatch(array) is not None and ndim > 0
        return self.family.spec(array, ndim) if self.family and known else None

    def row_of(self, table: str) -> type[Row] | None:
        """Return the row model of a table, None if the schema knows no such table."""
        known = self.family is not None and _FAMILY_NAME.fullmatch(table) is not None
        return self.tables.get(table) or (self.family.row if self.family and known else None)

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
        specs = {name: self.spec_of(name, len(dims)) for name, (dims, _, _) in arrays.items()}
        found = [f"array '{name}' is unknown to the schema" for name, spec in specs.items() if spec is None]
        found += [f"table '{name}' is unknown to the schema" for name in tables if self.row_of(name) is None]
        found += [f"table '{name}' is missing" for name in self.tables.keys() - tables.keys()]
        sizes: dict[str, tuple[int, str]] = {
            dim: (tables[table], f"table '{table}'") for dim, table in self.index.items() if table in tables
        }
        if self.family and self.family.row:
            own = tables.keys() - self.tables.keys()
            sizes |= {f"{name}_row": (tables[name], f"table '{name}'") for name in own}
            found += [f"array '{name}' has no table of its name" for name in arrays.keys() - self.arrays.keys() - own]
            found += [f"table '{name}' has no array of its name" for name in own - arrays.keys()]
        for name, spec in {**self.arrays, **{name: spec for name, spec in specs.items() if spec}}.items():
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
        model = self.row_of(table)
        if model is None:
            raise KeyError(f"schema '{self.name}' has no table '{table}'")
        return model.model_validate(row)
