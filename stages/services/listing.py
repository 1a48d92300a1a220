"""Each artifact in a line: what `inspect` and `eeg2vid.open` list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eeg2vid.schemas.errors import UnreadableError
from eeg2vid.schemas.manifest import Manifest
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import load_manifest


def line_of(folder: Path) -> dict[str, Any]:
    """Return an artifact's line; of one whose manifest cannot be read, where it lies and what is wrong."""
    try:
        return _line(load_manifest(folder))
    except UnreadableError as error:
        where = str(Address(*folder.parts[-4:]))
        return {"artifact": where, "schema": error.found, "content": None, "MB": None, "stamps": "", "digest": None}


def _line(manifest: Manifest) -> dict[str, Any]:
    return {
        "artifact": str(Address(manifest.stage, manifest.variant, manifest.unit, manifest.role)),
        "schema": f"{manifest.schema_name} {manifest.schema_version}",
        "content": _content(manifest),
        "MB": round(sum(entry.size for entry in manifest.files) / 1e6, 3),
        "stamps": ", ".join(manifest.stamps),
        "digest": manifest.digest[:12],
    }


def _content(manifest: Manifest) -> str:
    arrays = [f"{name} {'x'.join(map(str, entry.shape))}" for name, entry in manifest.arrays.items()]
    tables = [f"{name} ({_rows(entry.rows)})" for name, entry in manifest.tables.items()]
    count = len(manifest.weights)
    models = [f"{count} model {'file' if count == 1 else 'files'}"] if count else []
    return ", ".join([*arrays, *tables, *models])


def _rows(count: int) -> str:
    return f"{count} {'row' if count == 1 else 'rows'}"
