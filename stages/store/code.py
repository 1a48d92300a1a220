"""The code that made something: a digest of the package or of some of its rooms, and the versions of libraries."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

from eeg2vid.schemas.source_files import digest_of

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
    return digest_of(rooms)


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
