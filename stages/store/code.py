"""The code that made something: a digest of the package or of some of its rooms, and the versions of libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import metadata, util
from pathlib import Path

from eeg2vid.schemas.foreign import is_foreign

PACKAGES = ("eeg2vid.schemas", "eeg2vid.stages")
_LIBRARIES = ("av", "diffusers", "mne", "numpy", "scipy", "torch", "transformers")  # their versions can change a result


@cache
def package_digest() -> str:
    """Return the digest of everything that can change a result: all that lies in schemas and stages, data too.

    Read once per process: a process works with the code it started with.
    """
    return _digest(PACKAGES)


def source_digest(rooms: Sequence[str]) -> str:
    """Return the digest of some modules or packages, packages with all that is in them.

    Parameters
    ----------
    rooms
        Dotted names, as 'eeg2vid.stages.training' or 'eeg2vid.stages.networks.glmnet', in any order.

    Raises
    ------
    ModuleNotFoundError
        If there is no such module.
    """
    return _digest(tuple(sorted(set(rooms))))


@cache
def _digest(rooms: tuple[str, ...]) -> str:
    """Hash name and content of every source file, so that renaming one counts too."""
    found = hashlib.sha256()
    for name, file in sorted({pair for room in rooms for pair in _files(room)}):
        found.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


@cache
def _libraries() -> tuple[str, ...]:
    """Return names and versions of the libraries; how one was built ('+cu121') is how a command runs, as its device."""
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name).partition('+')[0]}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} absent")
    return tuple(found)


def code_record(digest: str) -> str:
    """Return what is kept beside unfinished work: the digest of the code that makes it, and its libraries."""
    return "\n".join([digest, *_libraries()])


def other_code(then: str, now: str) -> str:
    """Say in words whose record the older of two is."""
    (before, *had), (today, *has) = (record.split("\n") for record in (then, now))
    others = [library for library in had if library not in has]
    if before != today or not others:
        return "another version of eeg2vid"
    return f"an eeg2vid with other libraries ({', '.join(others)})"


def parts_of_other_code(unit: Path) -> list[str]:
    """Say of each unfinished work of a unit whether its parts were made by other code: they are made again."""
    mine = code_record(package_digest())
    found = []
    for record in sorted(unit.glob("work-*/code")):
        then = record.read_text(encoding="utf-8", errors="replace")
        done = sum(1 for _ in record.parent.glob("done/*.json"))
        if done and then != mine:
            what = "1 finished part was" if done == 1 else f"{done} finished parts were"
            found.append(f"{what} made by {other_code(then, mine)} and will be made again")
    return found


def _files(room: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of a module or package, each with its dotted place; nothing compiled, nothing hidden."""
    spec = util.find_spec(room)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"There is no module {room}.", name=room)
    origin = Path(spec.origin)
    if spec.submodule_search_locations is None:
        yield room, origin
        return
    for file in origin.parent.rglob("*"):
        parts = file.relative_to(origin.parent).parts
        hidden = any(part.startswith(".") or is_foreign(part) for part in parts)
        if file.is_file() and "__pycache__" not in parts and not hidden:
            stem = parts if file.suffix != ".py" else file.relative_to(origin.parent).with_suffix("").parts
            yield ".".join([room, *stem]), file
