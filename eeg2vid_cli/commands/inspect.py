"""`eeg2vid inspect`: what is in an artifact and where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.output import emit, emit_ids, is_quiet, table
from eeg2vid.schemas.catalogue import VERSIONS
from eeg2vid.schemas.errors import MissingInputError, UnreadableError
from eeg2vid.schemas.manifest import Manifest
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.store.code import package_digest
from eeg2vid.stages.store.layout import MANIFEST, Address, find_artifacts
from eeg2vid.stages.store.reader import load_manifest


def inspect(
    ctx: typer.Context,
    artifact: Annotated[
        str | None, typer.Argument(help="stage/variant/unit/role, any leading part of it, or a folder \\[default: all]")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List artifacts, or show one: arrays, tables, settings, inputs, hashes."""
    from eeg2vid.cli.commands.stage import pages_of
    from eeg2vid.cli.output import talk

    root = workspace_path(ctx, workspace)
    folders = matching_folders(root, artifact)
    if artifact is not None and len(folders) == 1:
        manifest = load_manifest(folders[0])
        data = manifest.model_dump(mode="json")
        data.pop("files")
        ids = [Address(manifest.stage, manifest.variant, manifest.unit, manifest.role)]
        emit(data, _one(manifest, folders[0]), as_json=wants_json(ctx, json), ids=ids)
        for page in pages_of(folders[0]):
            talk().print(f"Open {page}")
        return
    if is_quiet():  # names alone: no manifest is read
        emit_ids(Address(*folder.parts[-4:]) for folder in folders)
        return
    rows = [_line_of(folder) for folder in folders]
    emit(rows, table(rows), as_json=wants_json(ctx, json))


def matching_folders(root: Path, wanted: str | None) -> list[Path]:
    """Return the artifact folders that an argument names: an address, its beginning, or a path.

    Raises
    ------
    MissingInputError
        If it names nothing.
    """
    addresses = find_artifacts(root)
    if wanted is None:
        return [address.folder(root) for address in addresses]
    if (Path(wanted) / MANIFEST).is_file():
        return [Path(wanted).resolve()]
    kept = [address for address in addresses if f"{address}/".startswith(f"{wanted.strip('/')}/")]
    if not kept:
        parts = [str(address).split("/") for address in addresses]
        depth = min(4, len(wanted.strip("/").split("/")))
        near = did_you_mean(wanted, dict.fromkeys("/".join(part[:depth]) for part in parts))
        raise MissingInputError(f"There is no artifact '{wanted}' in {root}.{near}", "List them: eeg2vid inspect")
    return [address.folder(root) for address in kept]


def _line_of(folder: Path) -> dict[str, Any]:
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


def _code(manifest: Manifest) -> str:
    """Say whether the code that made an artifact is the one that looks at it."""
    made_by, here = manifest.software.get("code"), package_digest()
    if made_by is None:
        return "made by code of which nothing is recorded"
    return (
        f"made by code {made_by[:12]}, {'the same as here' if made_by == here else f'another than here ({here[:12]})'}"
    )


def _one(manifest: Manifest, folder: Path) -> Group:
    schema = VERSIONS[manifest.schema_name, manifest.schema_version]
    head = [
        f"{folder}",
        f"schema {schema.name} {schema.version}: {schema.doc}",
        f"digest {manifest.digest}",
        f"made {manifest.created} in {manifest.seconds} s by {manifest.software.get('eeg2vid', '?')}"
        f" on {manifest.execution}, {manifest.provenance}, protocol {manifest.protocol}",
        _code(manifest),
    ]
    if manifest.stamps:
        head.append(f"stamps: {', '.join(manifest.stamps)}")
    arrays = [
        {
            "array": name,
            "dims": " ".join(e.dims),
            "shape": " x ".join(map(str, e.shape)),
            "dtype": e.dtype,
            "unit": e.unit,
        }
        for name, e in manifest.arrays.items()
    ]
    tables = [{"table": name, "rows": entry.rows} for name, entry in manifest.tables.items()]
    settings = [{"setting": key, "value": str(value)} for key, value in manifest.settings.items()]
    attributes = [{"attribute": key, "value": str(value)[:120]} for key, value in manifest.attributes.items()]
    inputs = [{"input": ref.address, "digest": ref.digest[:12]} for ref in manifest.inputs]
    parts = [table(rows) for rows in (arrays, tables, attributes, settings, inputs) if rows]
    spaced = [part for one in parts for part in ("", one)]
    return Group("\n".join(head), *spaced)
