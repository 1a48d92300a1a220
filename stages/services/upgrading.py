"""Artifacts of older schema versions, written anew in today's form: same values, known to their readers as before."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from eeg2vid.schemas.catalogue import SCHEMAS
from eeg2vid.schemas.errors import BadDataError, Eeg2VidError, FailedError, LockedError
from eeg2vid.schemas.manifest import Former, Manifest
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.services.again import command_again
from eeg2vid.stages.store.disk import writing_to
from eeg2vid.stages.store.files import link_or_copy, remove, restore
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.locks import alive
from eeg2vid.stages.store.reader import Artifact, damage, load_manifest
from eeg2vid.stages.store.work import Work
from eeg2vid.stages.store.writer import ArtifactWriter

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.store.array_writer import ArrayWriter
    from eeg2vid.stages.store.arrays import StoredArray

State = Literal["to do", "left alone", "damaged"]
BESIDE = ".upgrade-"  # after a role: where its new form is written
_SLAB_BYTES = 32 * 2**20
_CONTENT = (
    "container",
    "schema_name",
    "schema_version",
    "attributes",
    "arrays",
    "tables",
    "weights",
    "digest",
    "files",
)
_LINKED = ("models/", "media/")


@dataclass(frozen=True)
class Old:
    """An artifact of an older form, and what can be done about it."""

    folder: Path
    address: Address
    version: int
    today: int
    state: State
    why: str = ""
    command: str = ""
    bytes_beside: int = 0


def old_artifacts(study: Study, folders: Sequence[Path]) -> Iterator[Old]:
    """Look at every artifact of an older form, every byte of it; those that cannot be read at all are passed over."""
    for folder in folders:
        try:
            manifest = load_manifest(folder)
        except BadDataError:
            continue
        if manifest.schema_version < SCHEMAS[manifest.schema_name].version:
            yield _look(study, folder, manifest)


def bytes_needed(found: Sequence[Old]) -> int:
    """Return how much room the upgrade needs beside what is there: one artifact is written at a time."""
    return max((one.bytes_beside for one in found if one.state == "to do"), default=0)


def require_room(root: Path, found: Sequence[Old]) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises
    ------
    FailedError
        It says how much is needed and free.
    """
    needed, free = bytes_needed(found), shutil.disk_usage(root).free
    if needed > free:
        raise FailedError(
            f"The upgrade writes one artifact at a time beside the old one: it needs {needed / 1e9:.2f} GB, "
            f"{root} has {free / 1e9:.2f} GB free. Nothing was changed.",
            "Make room: eeg2vid doctor says what is left over.",
        )


def require_quiet(root: Path) -> None:
    """Refuse to upgrade beside a process at work, which may be reading what would be exchanged.

    Raises
    ------
    LockedError
        It says who works where.
    """
    for folder in sorted(root.glob("artifacts/*/*/*/work-*")):
        if held := alive(folder):
            where = folder.parent.relative_to(root / "artifacts").as_posix()
            raise LockedError(f"{where} is being made by {held[0]}. Nothing was changed.", "Wait for it or stop it.")


def mend(root: Path) -> list[str]:
    """Bring back what an exchange that died had moved aside, and clear away what it had begun.

    Returns
    -------
    What was brought back, as stage/variant/unit/role.
    """
    found = []
    for aside in [*root.glob("artifacts/*/*/*/*.old-*"), *root.glob(f"artifacts/*/*/*/*{BESIDE}*")]:
        target = aside.with_name(aside.name.partition(".")[0])
        with Work(aside.parent, "").unit_lock():
            if BESIDE in aside.name:
                remove(aside)
                continue
            lost = not target.exists()
            restore(target)
        if lost:
            found.append(target.relative_to(root / "artifacts").as_posix())
    return found


def upgrade(old: Old) -> Manifest:
    """Write one artifact in today's form and put it in the place of the old one.

    The digest changes, for it tells the form; the manifest says what it was, and by that its readers go on knowing it.

    Raises
    ------
    FailedError
        If what was written is not what was read, or the disk refuses.
    """
    target = old.folder
    with Work(target.parent, "").unit_lock(), writing_to(target.parent):
        artifact = Artifact(target, old.address)
        writer = ArtifactWriter(target, artifact.schema, target.with_name(f"{target.name}{BESIDE}{os.getpid()}"))
        try:
            _fill(writer, artifact)
            before = artifact.manifest
            former = Former(schema_version=before.schema_version, digest=before.digest)
            kept = {name: value for name, value in before if name not in _CONTENT}
            facts = kept | {"upgraded_from": (*before.upgraded_from, former)}
            return writer.commit(facts, before.container)
        except BaseException:
            writer.discard()
            raise


def _look(study: Study, folder: Path, manifest: Manifest) -> Old:
    address = Address(*folder.parts[-4:])
    twice = 2 if manifest.container == "hdf5" else 1  # packed once more
    size = sum(entry.size for entry in manifest.files if not entry.path.startswith(_LINKED)) * twice
    versions = (manifest.schema_version, SCHEMAS[manifest.schema_name].version)
    if broken := damage(folder):
        return Old(folder, address, *versions, "damaged", broken[0], _command(study, manifest))
    if why := _obstacle(study.stages, folder, address, manifest):
        return Old(folder, address, *versions, "left alone", why, _command(study, manifest))
    return Old(folder, address, *versions, "to do", bytes_beside=size)


def _obstacle(stages: Mapping[str, Stage], folder: Path, address: Address, manifest: Manifest) -> str:
    """Say why an artifact cannot be upgraded without loss, '' if it can."""
    stage = stages.get(manifest.stage)
    if stage and manifest.provenance == "computed":
        made, today = manifest.stage_version, stage.version
        if stage.upgraded_settings(dict(manifest.settings), made) is None:
            return f"{stage.name} of version {today} makes it otherwise than version {made} did"
    artifact = Artifact(folder, address)
    try:
        tables = {name: artifact.table(name, row_type) for name, row_type in artifact.row_types.items()}
        artifact.attributes()
    except (ValidationError, BadDataError) as error:
        return f"today's form cannot hold it: {str(error).splitlines()[0]}"
    arrays = {name: (_dims(artifact, name), entry.dtype, entry.shape) for name, entry in artifact.entries.items()}
    problems = artifact.schema.problems(arrays, {name: len(rows) for name, rows in tables.items()})
    return f"today's form cannot hold it: {'; '.join(problems)}" if problems else ""


def _dims(artifact: Artifact, name: str) -> tuple[str, ...]:
    """Return today's names of an array's axes; the stored ones where today knows no such array."""
    entry = artifact.entries[name]
    spec = artifact.schema.spec_of(name, len(entry.shape))
    return spec.dims if spec else entry.dims


def _command(study: Study, manifest: Manifest) -> str:
    try:
        return command_again(study, manifest)
    except (Eeg2VidError, KeyError):  # a stage that is no more
        return ""


def _fill(writer: ArtifactWriter, artifact: Artifact) -> None:
    """Write what an artifact holds in today's form.

    Raises
    ------
    FailedError
        If the values written are not those that were proved.
    """
    for name, entry in artifact.entries.items():
        whole = writer.create(name, entry.shape, entry.dtype)
        whole.extend(_along(artifact.arrays[name], whole))
        if whole.finish() != entry.sha256:
            raise FailedError(f"{artifact.address}, array '{name}': what was written differs from what was read.")
    for name, row_type in artifact.row_types.items():
        writer.table(name, artifact.table(name, row_type))
    writer.attributes(artifact.attributes())
    own = {f"{name}.jsonl" for name in artifact.manifest.tables}
    for file in artifact.manifest.files:
        if file.path not in own and not file.path.startswith("data."):
            link_or_copy(artifact.folder / file.path, writer.work / file.path)


def _along(stored: StoredArray, whole: ArrayWriter) -> Iterator[np.ndarray]:
    """Yield the values along the axis on which the array is cut."""
    axis, size = whole.axis, stored.shape[whole.axis]
    step = whole.layout.chunks[axis]
    row = max(1, stored.dtype.itemsize * math.prod(stored.shape) // max(1, size))
    step *= max(1, _SLAB_BYTES // (row * step))
    for start in range(0, size, step):
        yield stored[(slice(None),) * axis + (slice(start, start + step),)]
