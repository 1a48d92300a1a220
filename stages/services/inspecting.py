"""All there is to say about one artifact: what it holds, where each setting came from, what made it and would again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eeg2vid.schemas.catalogue import SCHEMAS, VERSIONS
from eeg2vid.schemas.errors import BadDataError, Eeg2VidError
from eeg2vid.schemas.manifest import Manifest
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.exchange.bibliography import cited_in
from eeg2vid.stages.services.again import command_again
from eeg2vid.stages.store.code import package_digest
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import Artifact, load_manifest
from eeg2vid.stages.store.summary import summary_of_array, summary_of_table

NOT_RECORDED = "not recorded"


def describe(folder: Path, stages: Mapping[str, Stage], open_study: Callable[[], Study | None]) -> dict[str, Any]:
    """Return all that is known of one artifact.

    Parameters
    ----------
    folder
        Its own.
    stages
        Every stage by name.
    open_study
        Opens the workspace that it lies in, None for a copy elsewhere; what that raises is said in place of the
        command.

    Returns
    -------
    The manifest's fields but its files, and 'arrays' with 'summary', 'tables' with 'columns' (of today's form where
    the artifact is older), 'problems' (what cannot be read), 'origins', 'cites', 'command' and 'code'.

    Raises
    ------
    UnreadableError
        If the manifest cannot be read.
    """
    manifest = load_manifest(folder)
    artifact = Artifact(folder, Address(manifest.stage, manifest.variant, manifest.unit, manifest.role))
    data = manifest.model_dump(mode="json")
    files = data.pop("files")
    problems: list[str] = []
    data |= {
        "folder": str(folder),
        "bytes": sum(entry["size"] for entry in files),
        "doc": artifact.schema.doc,
        "schema_today": SCHEMAS[manifest.schema_name].version,
        "arrays": _arrays(artifact, problems),
        "tables": _tables(artifact, problems),
        "origins": {path: manifest.origins.get(path, NOT_RECORDED) for path in leaves(manifest.settings)},
        "cites": cited_in(stages.get(manifest.stage), manifest.settings),
        "command": _command(manifest, open_study),
        "code": _code(manifest),
        "problems": problems,
    }
    return data


def leaves(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of nested settings or attributes by dotted key; a list is one value."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= leaves(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
    return found


def _arrays(artifact: Artifact, problems: list[str]) -> dict[str, Any]:
    """Return what the manifest says of each array and a summary of its values, None where they cannot be read."""
    stored = VERSIONS[artifact.manifest.schema_name, artifact.manifest.schema_version]
    found: dict[str, Any] = {}
    for name, entry in artifact.manifest.arrays.items():
        spec = stored.spec_of(name, len(entry.shape))
        found[name] = entry.model_dump(mode="json") | {"doc": spec.doc if spec else "", "summary": None}
    try:
        for name, shown in artifact.names.items():
            found[shown]["summary"] = summary_of_array(artifact.arrays[name])
    except BadDataError as error:
        problems.append(error.message)
    return found


def _tables(artifact: Artifact, problems: list[str]) -> dict[str, Any]:
    """Return rows and columns of each table, as it reads today."""
    found: dict[str, Any] = {name: entry.model_dump(mode="json") for name, entry in artifact.manifest.tables.items()}
    for name in found if artifact.is_old else ():
        found[name]["columns"] = None
    try:
        for name, row_type in artifact.row_types.items():
            rows = [row.model_dump(mode="json") for row in artifact.table(name, row_type)]
            found[name] = {**found.get(name, {"sha256": None}), "rows": len(rows), "columns": summary_of_table(rows)}
    except (BadDataError, ValidationError) as error:
        problems.append(str(error).splitlines()[0])
    return found


def _command(manifest: Manifest, open_study: Callable[[], Study | None]) -> dict[str, str | None]:
    """Return the command that would make it again, or why there is none to be named."""
    try:
        study = open_study()
        if study is None:
            return {"again": None, "why": "it lies in no workspace"}
        if manifest.stage not in study.stages:
            return {"again": None, "why": f"there is no stage '{manifest.stage}' any more"}
        return {"again": command_again(study, manifest), "why": None}
    except Eeg2VidError as error:
        return {"again": None, "why": error.message}


def _code(manifest: Manifest) -> str:
    """Say whether the code that made an artifact is the one that looks at it."""
    made_by, here = manifest.software.get("code", ""), package_digest()
    if not made_by:
        return "made by code of which nothing is recorded"
    same = "the same as here" if made_by == here else f"another than here ({here[:12]})"
    return f"made by code {made_by[:12]}, {same}"
