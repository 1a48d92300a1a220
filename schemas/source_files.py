"""The files of a module or package, and a digest of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from importlib import util
from pathlib import Path

from eeg2vid.schemas.foreign import is_foreign


def digest_of(rooms: Iterable[str]) -> str:
    """Hash name and content of every source file of some modules or packages, so that renaming one counts too.

    Raises
    ------
    ModuleNotFoundError
        If there is no such module.
    """
    found = hashlib.sha256()
    for name, file in sorted({pair for room in rooms for pair in files_of(room)}):
        found.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def files_of(room: str) -> Iterator[tuple[str, Path]]:
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


def root_of(module: str) -> str:
    """Return the outermost package of a module that has files of its own: namespace packages are shared by many."""
    parts = module.split(".")
    for end in range(1, len(parts)):
        spec = util.find_spec(".".join(parts[:end]))
        if spec is not None and spec.origin is not None:
            return ".".join(parts[:end])
    return module
