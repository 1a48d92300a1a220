"""What is left of work that has ended: gone on with by a command, of no use to anybody, or still being done."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.manifest import InputRef, ModelRef, SourceFile
from eeg2vid.stages.engine.fingerprint import fingerprint
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.sources import identify_sources
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.services.again import command_of
from eeg2vid.stages.services.upgrading import BESIDE
from eeg2vid.stages.store.code import code_record, other_code, package_digest
from eeg2vid.stages.store.files import remove, restore
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.locks import Lock, alive
from eeg2vid.stages.store.notes import notes_in
from eeg2vid.stages.store.reader import load_manifest
from eeg2vid.stages.store.work import COUNT, DESCRIPTION

PROBE = ".doctor-"
_PROBE_SECONDS = 3600.0

State = Literal["alive", "resumable", "unknown", "dead", "interrupted"]


@dataclass(frozen=True)
class Left:
    """One folder that is left over.

    Attributes
    ----------
    place
        stage/variant/unit.
    folder
        Where it lies.
    state
        alive: a process is at it; resumable: `command` goes on from it; unknown: whether anything would is not
        recorded; dead: nothing would use it; interrupted: an artifact that was moved aside and is to be brought back.
    what
        How far it is, or why it is dead.
    """

    place: str
    folder: Path
    state: State
    what: str
    command: str = ""
    size: int = 0
    untouched_s: float = 0.0


def leftovers(root: Path, open_study: Callable[[], Study]) -> list[Left]:
    """Look at all unfinished work of a workspace; the study is opened only if there is some."""
    found: list[Left] = []
    study: Study | None = None
    trouble = ""
    for folder in sorted(root.glob("artifacts/*/*/*/work-*")):
        if study is None and not trouble:
            try:
                study = open_study()
            except Eeg2VidError as error:
                trouble = error.message
        found += _of_work(root, folder, study)
    return [*found, *_of_exchanges(root), *_of_probes(root)]


def interrupted(root: Path) -> list[Left]:
    """Return the artifacts that are moved aside because their exchange died."""
    return [one for one in _of_exchanges(root) if one.state == "interrupted"]


def clean(left: Left) -> bool:
    """Remove what is dead, bring back what an interrupted exchange had moved aside; touch nothing else.

    Returns
    -------
    False where it was left alone: it is of use, or a process has come to work there meanwhile.
    """
    if left.state not in ("dead", "interrupted"):
        return False
    if left.folder.name.startswith(PROBE):
        remove(left.folder)
        return True
    lock = Lock(left.folder.parent / ".lock", beats=True)
    if not lock.take():
        return False
    try:
        if not left.folder.exists() or (left.folder.name.startswith("work-") and alive(left.folder)):
            return False
        inside = next((one for one in left.folder.parents if one.name.startswith("work-")), None)
        if inside is not None and alive(inside):
            return False
        if left.state == "interrupted":
            restore(left.folder.with_name(left.folder.name.partition(".")[0]))
        else:
            remove(left.folder)
        return True
    finally:
        lock.release()


def _of_work(root: Path, folder: Path, study: Study | None) -> Iterator[Left]:
    place = folder.parent.relative_to(root / "artifacts").as_posix()
    try:
        holders = alive(folder)
    except OSError:
        holders = []
    size, last = _size(folder), _last(folder)

    def left(state: State, what: str, command: str = "") -> Left:
        return Left(place, folder, state, what, command, size, max(0.0, time.time() - last))

    if holders:
        yield left("alive", f"{_progress(folder)}, being made by {holders[0]}")
        return
    state, what, command = _judged(folder, study)
    yield left(state, what, command)
    if state != "dead":
        for scratch in [*folder.glob("commit-*"), *folder.glob("parts/[0-9]*.*")]:
            yield Left(place, scratch, "dead", "scratch of a process that died", "", _size(scratch), 0.0)


def _judged(folder: Path, study: Study | None) -> tuple[State, str, str]:
    """Return what unfinished work is good for, how far it is or why it is dead, and the command that goes on."""
    if (folder / "committed").exists():
        return "dead", "all of it is committed", ""
    parts, states = notes_in(folder), _states(folder)
    if not parts and not states:
        return "dead", "nothing in it to go on from", ""
    record = _record(folder)
    node = Node(*folder.parts[-4:-1])
    if study is None or node.stage not in study.stages:
        return "unknown", f"{_progress(folder)}; the study cannot be opened to compare", ""
    try:
        why, command = _unrecorded(study, node, folder) if record is None else _compared(study, node, record)
    except (Eeg2VidError, ValidationError, KeyError, TypeError) as error:
        return "unknown", f"{_progress(folder)}; it cannot be compared: {str(error).splitlines()[0]}", ""
    if why is None:
        return "unknown", f"{_progress(folder)}; the command that began it is not recorded", ""
    if why:
        return "dead", f"{_progress(folder)}, of no use: {why}", ""
    made_by, here = _code(folder), code_record(package_digest())
    if made_by == here:
        return "resumable", _progress(folder), command
    if states:
        return "resumable", f"the state of a training; parts are made again, of {other_code(made_by, here)}", command
    return "dead", f"{_progress(folder)}, of no use: made by {other_code(made_by, here)}", ""


def _compared(study: Study, node: Node, record: dict[str, Any]) -> tuple[str, str]:
    """Say why no command would go on from work ('' if one would), and that command, from what was noted of it."""
    stage = study.stages[node.stage]
    settings = stage.Settings.model_validate(record["settings"])
    inputs = [InputRef.model_validate(ref) for ref in record["inputs"]]
    now = []
    for ref in inputs:
        digest = load_manifest(Address(ref.stage, ref.variant, ref.unit, ref.role).folder(study.root)).known_as
        if digest != ref.digest:
            return f"its input {ref.address} is another by now", ""
        now.append(ref.model_copy(update={"digest": digest}))
    models = [ModelRef.model_validate(ref) for ref in record["models"]]
    for model in models:
        if study.models.locate(model.role).identity != model.identity:
            return f"model '{model.role}' is another by now", ""
    sources = [SourceFile.model_validate(file) for file in record["sources"]]
    if sources and any(a.sha256 != b.sha256 for a, b in zip(sources, _sources_now(study, stage, sources), strict=True)):
        return "the files that it reads have changed", ""
    if fingerprint(stage, settings, now, models, sources) != record["fingerprint"]:
        return f"{node.stage} makes it otherwise now", ""
    command = command_of(study, node, record["settings"], inputs)
    # the same is there: --force began it, and goes on from it
    return "", f"{command} --force" if _is_made(study, node, record["fingerprint"]) else command


def _unrecorded(study: Study, node: Node, folder: Path) -> tuple[str | None, str]:
    """Compare work of which nothing was noted with what is planned; None: other settings may have begun it."""
    judge = Judge(study, study.known_subjects() or [])
    if judge.unusable_inputs(node):
        return None, ""
    identity = judge.identity(node)
    if folder.name != f"work-{identity.fingerprint[:8]}":
        return None, ""
    command = command_of(study, node, identity.resolved.dump(), identity.inputs)
    return "", f"{command} --force" if _is_made(study, node, identity.fingerprint) else command


def _sources_now(study: Study, stage: Stage, sources: list[SourceFile]) -> list[SourceFile]:
    root = study.source if stage.sources_are_data else None
    return identify_sources([Path(file.path) for file in sources], root, sources)


def _is_made(study: Study, node: Node, wanted: str) -> bool:
    """Tell whether all that a unit writes lies there under a fingerprint."""
    roles = study.needs_of(node).writes
    try:
        made = [load_manifest(Address(node.stage, node.variant, node.unit, role).folder(study.root)) for role in roles]
    except Eeg2VidError:
        return False
    return bool(made) and all(manifest.fingerprint == wanted for manifest in made)


def _of_exchanges(root: Path) -> Iterator[Left]:
    """Yield what exchanges of artifacts left that died, unless one is under way."""
    for pattern in ("*.old-*", f"*{BESIDE}*"):
        for folder in sorted(root.glob(f"artifacts/*/*/*/{pattern}")):
            if not Lock(folder.parent / ".lock").is_free():
                continue
            place = folder.parent.relative_to(root / "artifacts").as_posix()
            target = folder.with_name(folder.name.partition(".")[0])
            if target.exists() or BESIDE in folder.name:
                yield Left(place, folder, "dead", f"left of an exchange of {target.name}", "", _size(folder))
            else:
                what = f"{target.name} was moved aside when its exchange was interrupted"
                yield Left(place, folder, "interrupted", what, "", _size(folder))


def _of_probes(root: Path) -> Iterator[Left]:
    """Yield folders in which `doctor` tried locks, of one that was killed: they live for a moment."""
    for folder in sorted(root.glob(f"{PROBE}*")):
        if (age := time.time() - _last(folder)) > _PROBE_SECONDS:
            yield Left(folder.name, folder, "dead", "locks were tried in it", "", _size(folder), age)


def _record(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / DESCRIPTION).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _progress(folder: Path) -> str:
    """Say how much of the work is done: '3 of 7 parts done, and the state of a training'."""
    done = len(notes_in(folder))
    try:
        total = int((folder / COUNT).read_text(encoding="ascii"))
    except (OSError, ValueError):
        total = 0
    parts = f"{done} of {total} parts done" if total else f"{done} {'part' if done == 1 else 'parts'} done"
    return f"{parts}, and the state of a training" if _states(folder) else parts


def _states(folder: Path) -> list[Path]:
    return [path for path in folder.glob("state/*/*") if not is_foreign(path.name)]


def _code(folder: Path) -> str:
    try:
        return (folder / "code").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _last(folder: Path) -> float:
    return max((path.stat().st_mtime for path in (folder, *folder.rglob("*")) if path.exists()), default=0.0)
