"""Committing what was made elsewhere: the same place, lock and manifest as a unit's own work."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.manifest import InputRef, Manifest
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.runner import _now, failure
from eeg2vid.stages.engine.sources import identify_sources
from eeg2vid.stages.store.digest import sha256_json
from eeg2vid.stages.store.files import is_interrupted, restore
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import load_manifest
from eeg2vid.stages.store.work import Work
from eeg2vid.stages.store.writer import ArtifactWriter


@dataclass(frozen=True)
class Adopted:
    """What became of an import."""

    address: Address
    manifest: Manifest
    replaced: Manifest | None
    written: bool


@dataclass(frozen=True)
class Origin:
    """Where an artifact comes from that was not made here."""

    files: Sequence[Path]
    facts: Mapping[str, Any]
    inputs: Sequence[InputRef]
    stamps: Sequence[str] = ()
    protocol: str | None = None


def manifest_at(study: Study, address: Address) -> Manifest | None:
    """Return the manifest of an artifact, None if there is none."""
    try:
        return load_manifest(address.folder(study.root))
    except MissingInputError:
        return None


def adopt(
    study: Study,
    node: Node,
    role: str,
    origin: Origin,
    fill: Callable[[ArtifactWriter], None],
    *,
    container: Literal["zarr", "hdf5"] = "zarr",
) -> Adopted:
    """Commit an artifact with provenance 'imported'.

    Parameters
    ----------
    study, node, role
        Where it goes.
    origin
        Files it was read from, how they were understood, and the artifacts its rows were joined to.
    fill
        Writes its content.
    container
        How its arrays are kept.

    Raises
    ------
    BadDataError
        If the content does not fit the schema.
    LockedError
        If another process is making the unit.
    FailedError
        If the disk is full or read-only.
    """
    stage = study.stages[node.stage]
    schema: Schema = stage.writes[role].schema
    address = Address(node.stage, node.variant, node.unit, role)
    target = address.folder(study.root)
    try:
        if is_interrupted(target):  # by a process that died, or that is renaming just now
            with Work(target.parent, "").unit_lock():
                restore(target)
        before = manifest_at(study, address)
        sources = identify_sources(origin.files, None, before.sources if before else ())
        fingerprint = sha256_json(
            {
                "imported": [schema.name, schema.version],
                "sources": [[file.name, file.sha256] for file in sources],
                "facts": dict(origin.facts),
                "inputs": sorted([ref.address, ref.digest] for ref in origin.inputs),
            }
        )
        if before and before.provenance == "imported" and before.fingerprint == fingerprint:
            return Adopted(address, before, None, written=False)
        work = Work(target.parent, fingerprint)
        with work.present(), work.alone():
            writer = ArtifactWriter(target, schema, work.commit_folder / role)
            fill(writer)
            facts = {
                "stage": node.stage,
                "stage_version": stage.version,
                "variant": node.variant,
                "unit": node.unit,
                "role": role,
                "provenance": "imported",
                "protocol": origin.protocol,
                "stamps": tuple(sorted({"imported", *origin.stamps})),
                "settings": dict(origin.facts),
                "inputs": tuple(origin.inputs),
                "sources": tuple(sources),
                "fingerprint": fingerprint,
                "created": _now(),
                "software": {"python": platform.python_version(), "eeg2vid": metadata.version("eeg2vid")},
            }
            with work.unit_lock():
                before = manifest_at(study, address)
                manifest = writer.commit(facts, container)
                work.finish()
    except OSError as error:
        raise failure(node, error) from error
    return Adopted(address, manifest, before, written=True)
