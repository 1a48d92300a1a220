"""The code that made something: a digest of the package's own source, or of some of its rooms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import util
from pathlib import Path

PACKAGES = ("eeg2vid.schemas", "eeg2vid.stages")


@cache
def package_digest() -> str:
    """Return the digest of everything that can change a result: all source of schemas and stages.

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


def _files(room: str) -> Iterator[tuple[str, Path]]:
    """Yield the source files of a module or package, each with its dotted place."""
    spec = util.find_spec(room)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"There is no module {room}.", name=room)
    origin = Path(spec.origin)
    if spec.submodule_search_locations is None:
        yield room, origin
        return
    for file in origin.parent.rglob("*.py"):
        yield ".".join([room, *file.relative_to(origin.parent).with_suffix("").parts]), file
