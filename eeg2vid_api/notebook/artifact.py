"""One artifact in a notebook: its arrays unread, its tables typed, and where it came from."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eeg2vid.notebook.arrays import LazyArray
from eeg2vid.notebook.optional import need
from eeg2vid.notebook.show import html_table, text_table
from eeg2vid.notebook.tables import Table
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.store.reader import Artifact, open_artifact

if TYPE_CHECKING:
    from eeg2vid.schemas.base import Attributes, Schema
    from eeg2vid.schemas.manifest import InputRef, Manifest
    from eeg2vid.stages.store.layout import Address

_OF_MAKING = ("provenance", "protocol", "stage", "stage_version", "fingerprint", "digest", "created", "seconds")
_OF_MACHINE = ("software", "execution", "source_root", "choices")


class StudyArtifact:
    """One artifact of a study. What kind it is decides what else it can do: `Epochs`, `Features`, `Videos`, ...

    Attributes
    ----------
    address
        stage/variant/unit/role.
    """

    main_table = ""  # what `to_pandas` takes where a kind has several tables

    def __init__(self, root: Path, address: Address) -> None:
        self.root, self.address = root, address
        self._opened: Artifact = open_artifact(root, address)

    @property
    def path(self) -> Path:
        """The artifact's folder."""
        return self._opened.folder

    @property
    def schema(self) -> Schema:
        """What such an artifact holds, in today's form."""
        return self._opened.schema

    @property
    def manifest(self) -> Manifest:
        """All that is recorded of it."""
        return self._opened.manifest

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that it was made with."""
        return dict(self.manifest.settings)

    @property
    def stamps(self) -> tuple[str, ...]:
        """Warnings that it inherited or was given: 'simulated', 'leak: runs', ..."""
        return self.manifest.stamps

    @property
    def inputs(self) -> tuple[InputRef, ...]:
        """What it was made of: `.address` and `.digest` of each."""
        return self.manifest.inputs

    @property
    def provenance(self) -> dict[str, Any]:
        """How, when, by which software and on which machine it was made."""
        found = self.manifest.model_dump(include={*_OF_MAKING, *_OF_MACHINE})
        return {name: found[name] for name in (*_OF_MAKING, *_OF_MACHINE)}

    @cached_property
    def attributes(self) -> Attributes:
        """Its typed facts: sampling rate, class names, frame rate, ..."""
        found: Attributes = self._opened.attributes()
        return found

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of its arrays."""
        return tuple(self._opened.names)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its tables."""
        return tuple(self._opened.row_types)

    def array(self, name: str = "") -> LazyArray:
        """Return an array, unread.

        Parameters
        ----------
        name
            May be left out where there is one.

        Raises
        ------
        MissingInputError
            If there is none of this name.
        UsageError
            If none is named and there are several.
        BadDataError
            If a stored file is damaged.
        """
        name = self._name(name, self.arrays, "array")
        stored = self._opened.arrays[name]
        spec = self.schema.spec_of(name, len(stored.shape))
        dims = spec.dims if spec else stored.dims
        return LazyArray(name, stored, dims, self._opened.entries[name].unit, spec.doc if spec else "")

    def table(self, name: str = "") -> Table:
        """Return a table, read and validated.

        Parameters
        ----------
        name
            May be left out where there is one.

        Raises
        ------
        MissingInputError
            If there is none of this name.
        UsageError
            If none is named and there are several.
        BadDataError
            If the file does not match the manifest.
        """
        name = self._name(name, self.tables, "table")
        row_type = self._opened.row_types[name]
        return Table(name, self._opened.table(name, row_type), row_type)

    def to_pandas(self, table: str = "") -> Any:
        """Return a table as a `pandas.DataFrame`.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        """
        return self.table(table or self.main_table).to_pandas()

    def to_xarray(self) -> Any:
        """Return all arrays, read, as an `xarray.Dataset`; tables with a row per position become coordinates.

        Raises
        ------
        MissingPackageError
            If xarray is not installed.
        """
        dataset, coords = need("xarray", "to_xarray()").Dataset, self.coordinates()
        found = {}
        for name in self.arrays:
            array = self.array(name)
            found[name] = (array.dims, array[...], {"units": array.unit, "long_name": array.doc})
        used = {dim for dims, _, _ in found.values() for dim in dims}
        kept = {name: one for name, one in coords.items() if one[0] in used}
        return dataset(found, kept, {"address": str(self.address), "stamps": ", ".join(self.stamps)})

    def coordinates(self) -> dict[str, tuple[str, list[Any]]]:
        """Return what the positions of axes stand for: name to (axis, a value for each position).

        The first column of an axis's table is called as the axis is; of its other columns those that say something.
        """
        families = {self.schema.family.index(name): name for name in self.arrays} if self.schema.family else {}
        found: dict[str, tuple[str, list[Any]]] = {}
        for dim, name in {**self.schema.index, **families}.items():
            if name not in self.tables:
                continue
            table = self.table(name)
            for k, column in enumerate(table.columns):
                values = table.column(column)
                plain = all(isinstance(value, str | int | float) for value in values)
                if k == 0 or (plain and column not in found):
                    own = dim if k == 0 and not families else f"{dim}_{column}" if families else column
                    found[own] = (dim, values)
        return found

    def _name(self, name: str, known: tuple[str, ...], what: str) -> str:
        if not name and len(known) == 1:
            return known[0]
        if not name and known:
            raise UsageError(
                f"{self.address} has several {what}s: {', '.join(known)}.", f'Name one: .{what}("{known[0]}")'
            )
        if name not in known:
            there = did_you_mean(name, known) if known else f" It has no {what}s."
            raise MissingInputError(f"{self.address} has no {what} '{name}'.{there}")
        return name

    def _shown(self) -> list[dict[str, Any]]:
        rows = []
        for name, entry in self._opened.entries.items():
            spec = self.schema.spec_of(name, len(entry.shape))
            sizes = zip(spec.dims if spec else entry.dims, entry.shape, strict=True)
            rows.append({"": "array", "name": name, "content": ", ".join(f"{dim} {size}" for dim, size in sizes),
                         "type": entry.dtype, "unit": entry.unit})  # fmt: skip
        for name in self.tables:
            length = self._length(name)
            rows.append({"": "table", "name": name, "content": f"{length} rows", "type": "", "unit": ""})
        return rows

    def _length(self, table: str) -> int:
        """Return a table's number of rows; of one in an older form by reading it."""
        entry = None if self._opened.is_old else self.manifest.tables.get(table)
        return len(self.table(table)) if entry is None else entry.rows

    def _head(self) -> str:
        stamps = f"; stamps: {', '.join(self.stamps)}" if self.stamps else ""
        return f"{self.address} ({self.schema.name} {self.schema.version}){stamps}"

    def __repr__(self) -> str:
        return text_table(self._shown(), self._head())

    def _repr_html_(self) -> str:
        return html_table(self._shown(), self._head())
