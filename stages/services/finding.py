"""Which artifacts a name means: an address, its beginning, or a path to or into them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.engine.workspace import CONFIG
from eeg2vid.stages.store.layout import MANIFEST, Address, find_artifacts, split_variant

_ARTIFACTS = "artifacts"
_LIST = "List them: eeg2vid inspect"


def matching_folders(root: Path, wanted: str | None) -> list[Path]:
    """Return the artifact folders that an argument names.

    Parameters
    ----------
    root
        The workspace.
    wanted
        stage/variant/unit/role or any leading part of it; the folder of an artifact, or any file or folder in it
        (`data.h5`); a folder that holds artifacts, as a workspace. None: all of the workspace.

    Raises
    ------
    MissingInputError
        If it names nothing, or there is no artifact at all.
    """
    addresses = find_artifacts(root)
    if wanted is None:
        if not addresses:
            raise _nothing_in(root)
        return [address.folder(root) for address in addresses]
    kept = [address.folder(root) for address in _named(addresses, wanted)]
    if kept or (kept := _at(Path(wanted))):
        return kept
    raise _no_such(root, addresses, wanted)


def matching_addresses(root: Path, wanted: str) -> list[Address]:
    """Return the artifacts of a workspace that an address or its beginning names.

    Raises
    ------
    MissingInputError
        If it names nothing, or there is no artifact at all.
    """
    addresses = find_artifacts(root)
    if kept := _named(addresses, wanted):
        return kept
    raise _no_such(root, addresses, wanted)


def _named(addresses: Sequence[Address], wanted: str) -> list[Address]:
    name = wanted.strip("/").removeprefix(f"{_ARTIFACTS}/")
    return [address for address in addresses if f"{address}/".startswith(f"{name}/")]


def _no_such(root: Path, addresses: Sequence[Address], wanted: str) -> MissingInputError:
    if not addresses:
        return _nothing_in(root)
    name = wanted.strip("/").removeprefix(f"{_ARTIFACTS}/")
    parts = [str(address).split("/") for address in addresses]
    depth = min(4, len(name.split("/")))
    near = did_you_mean(name, dict.fromkeys("/".join(part[:depth]) for part in parts))
    return MissingInputError(f"There is no artifact '{wanted}' in {root}.{near}", _LIST)


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


def workspace_of(folder: Path) -> Path | None:
    """Return the workspace in which an artifact's folder lies, None for a copy elsewhere."""
    return folder.parents[4] if len(folder.parents) > 4 and folder.parents[3].name == _ARTIFACTS else None


def workspace_beside(root: Path) -> Path | None:
    """Return a folder with artifacts that lies in one without, or around it."""
    inside = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return next((folder for folder in (*inside, *root.parents[:4]) if find_artifacts(folder)), None)


def _at(path: Path) -> list[Path]:
    """Return the artifacts at, around or below a path."""
    if not path.exists():
        return []
    path = path.resolve()
    around = [folder for folder in (path, *path.parents[:8]) if (folder / MANIFEST).is_file()]
    if around:
        return around[:1]
    below = next((folder for folder in (path, *path.parents[:4]) if (folder / _ARTIFACTS).is_dir()), None)
    if below is None:
        return []
    found = [address.folder(below) for address in find_artifacts(below)]
    return [folder for folder in found if folder.is_relative_to(path)]


def _nothing_in(root: Path) -> MissingInputError:
    """Return the error for a workspace without artifacts; it names the one that was probably meant."""
    if not root.is_dir():
        parent = next(folder for folder in root.parents if folder.is_dir())
        beside = [path.name for path in parent.iterdir() if path.is_dir()]
        near = did_you_mean(root.relative_to(parent).parts[0], beside)
        return MissingInputError(f"There is no folder {root}.{near}", "Name the workspace: -w FOLDER")
    if (folder := workspace_beside(root)) is not None:
        return MissingInputError(f"{root} holds no artifacts, but {folder} does.", f"Name it: -w {folder}")
    what = "is a workspace in which nothing has been made yet" if (root / CONFIG).is_file() else "holds no artifacts"
    return MissingInputError(
        f"{root} {what}.", "Name a workspace with -w FOLDER; fill one: eeg2vid ingest PATH/TO/DATA, or eeg2vid demo"
    )
