"""Which artifacts a name means, and each of them in a line: what `inspect` and `eeg2vid.open` list."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import MissingInputError, UnreadableError, UsageError
from eeg2vid.schemas.manifest import Manifest
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.store.layout import MANIFEST, Address, find_artifacts, split_variant
from eeg2vid.stages.store.reader import load_manifest


def matching_folders(root: Path, wanted: str | None) -> list[Path]:
    """Return the artifact folders that an argument names: an address, its beginning, or a path.

    Raises
    ------
    MissingInputError
        If it names nothing.
    """
    if wanted is not None and (Path(wanted) / MANIFEST).is_file():
        return [Path(wanted).resolve()]
    return [address.folder(root) for address in matching_addresses(root, wanted)]


def matching_addresses(root: Path, wanted: str | None) -> list[Address]:
    """Return the artifacts of a workspace that an address or its beginning names; None: all.

    Raises
    ------
    MissingInputError
        If it names nothing.
    """
    addresses = find_artifacts(root)
    if wanted is None:
        return addresses
    kept = [address for address in addresses if f"{address}/".startswith(f"{wanted.strip('/')}/")]
    if not kept:
        parts = [str(address).split("/") for address in addresses]
        depth = min(4, len(wanted.strip("/").split("/")))
        near = did_you_mean(wanted, dict.fromkeys("/".join(part[:depth]) for part in parts))
        raise MissingInputError(f"There is no artifact '{wanted}' in {root}.{near}", "List them: eeg2vid inspect")
    return kept


def sole_artifact(
    root: Path, addresses: Iterable[Address], role: str, unit: str, *, source: str = "", variant: str = ""
) -> Address:
    """Return the one artifact of a role and a unit that was made without a condition.

    Parameters
    ----------
    root
        The workspace, for messages.
    addresses
        All artifacts.
    role, unit
        As in an address.
    source
        'stage/variant' that must be taken; empty: the only one, or variant `default` among several.
    variant
        The variant that is meant unless `source` says otherwise; empty: any.

    Raises
    ------
    MissingInputError
        If there is none.
    UsageError
        If there are several, and nothing says which.
    """
    there = [one for one in addresses if (one.role, one.unit) == (role, unit)]
    if source:
        stage, _, named = source.partition("/")
        found = [one for one in there if (one.stage, one.variant) == (stage, named)]
        if not found:
            near = did_you_mean(source, [f"{one.stage}/{one.variant}" for one in there])
            raise MissingInputError(f"There is no artifact {source}/{unit}/{role} in {root}.{near}")
        return found[0]
    plain = [one for one in there if split_variant(one.variant)[1] == FULL]
    found = [one for one in plain if variant in ("", one.variant)]
    if len(found) > 1:
        found = [one for one in found if one.variant == "default"] or found
    if not found:
        whose = "the study" if unit == "study" else unit
        raise MissingInputError(
            f"There is no '{role}'{f' of variant {variant}' if variant else ''} of {whose} in {root}.",
            f"See what is missing: eeg2vid status -w {root}",
        )
    if len(found) > 1:
        named = ", ".join(f"{one.stage}/{one.variant}" for one in found)
        first = f"{found[0].stage}/{found[0].variant}"
        raise UsageError(
            f"There are several '{role}' of {unit}: {named}.", f'Say which: sources={{"{role}": "{first}"}}'
        )
    return found[0]


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
    tables = [f"{name} ({entry.rows} rows)" for name, entry in manifest.tables.items()]
    return ", ".join([*arrays, *tables, *([f"{len(manifest.weights)} model files"] if manifest.weights else [])])
