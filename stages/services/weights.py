"""Weights on this machine: what is there, whether it is whole, and the one place that goes online."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eeg2vid.schemas.errors import FailedError, MissingPackageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.engine.profile import CONFIGS, LocatedModel, Models, is_as_served, lock_file, lock_key, read_lock
from eeg2vid.stages.store.disk import disk_failure, room_left, writing_to
from eeg2vid.stages.store.files import write_synced

_PICKLES = ("*.bin", "*.ckpt", "*.pt", "*.pth", "*.pkl", "*.msgpack", "*.h5", "*.onnx", "*.onnx_data", "*.tflite")
_OTHER_PRECISION = ("*.fp16.*", "*.non_ema.*")


@dataclass(frozen=True)
class Found:
    """A role of a profile and what this machine has of it."""

    role: str
    source: str
    model: LocatedModel | None
    trouble: str | None = None

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        if self.model is None:
            return 0
        folder = self.model.folder
        files = [folder] if folder.is_file() else folder.rglob("*")
        return sum(path.stat().st_size for path in files if _counts(path))


def find_all(models: Models) -> list[Found]:
    """Look for every role of a profile, offline."""
    found = []
    for role, source in models.profile.roles.items():
        where = source.folder or source.file or "/".join(part for part in (source.hub, source.subfolder) if part)
        try:
            found.append(Found(role, where, models.locate(role)))
        except MissingPackageError as error:
            found.append(Found(role, where, None, error.message))
    return found


def problems(folder: Path) -> list[str]:
    """Say what is wrong with a model's file or folder: configs that do not parse, weights that do not open.

    Files of the hub's cache are named by their content, so their bytes are checked too.
    """
    if folder.is_file():
        return [trouble] if (trouble := _weights_trouble(folder)) else []
    configs = [folder / name for name in CONFIGS if (folder / name).is_file()]
    if not configs and not any(_counts(path) for path in folder.glob("*.safetensors")):
        return [f"{folder}: none of {', '.join(CONFIGS)} is there"]
    configs = sorted(filter(_counts, folder.glob("*.json")))
    found = [trouble for path in configs if (trouble := _json_trouble(path))]
    weights = sorted(filter(_counts, folder.glob("*.safetensors")))
    found += [trouble for path in weights if (trouble := _weights_trouble(path))]
    if (folder / "config.json").is_file() and not weights:
        found.append(f"{folder}: there is no .safetensors file (pickled weights are never loaded)")
    for index in filter(_counts, folder.glob("*.safetensors.index.json")):
        found += [f"{folder / name}: missing" for name in _listed(index) if not (folder / name).is_file()]
    return found


def _counts(path: Path) -> bool:
    return path.is_file() and not is_foreign(path.name)


def _listed(index: Path) -> list[str]:
    """Return the files that the index of divided weights names; what does not parse is said elsewhere."""
    try:
        return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _json_trouble(path: Path) -> str | None:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"{path}: not JSON ({error})"
    return None if is_as_served(path) else f"{path}: its content is not what the hub served"


def _weights_trouble(path: Path) -> str | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            tensors = len(list(file.keys()))
    except (SafetensorError, OSError) as error:
        return f"{path}: does not open ({error})"
    if not is_as_served(path):
        return f"{path}: its content is not what the hub served"
    return None if tensors else f"{path}: holds no tensors"


def fetch(models: Models, *, update: bool = False, report: Callable[[str], None] = lambda _: None) -> dict[str, str]:
    """Download what is missing, and lock each hub id at its commit.

    Parameters
    ----------
    models
        The profile.
    update
        Resolve branches anew instead of keeping the locked commits.
    report
        Told about each download.

    Returns
    -------
    Hub id with its revision to commit: what the lock file then holds.

    Raises
    ------
    MissingPackageError
        If the hub cannot be reached or does not have them.
    """
    commits = {} if update else read_lock(models.profile.name)
    patterns: dict[tuple[str, str | None], set[str]] = {}
    for source in models.profile.roles.values():
        if source.hub is not None:
            wanted = patterns.setdefault((source.hub, source.revision), set())
            wanted.add(f"{source.subfolder}/*" if source.subfolder else "*")
    whole = {role.source for role in find_all(models) if role.model and not problems(role.model.folder)}
    for (hub, revision), names in patterns.items():
        key = lock_key(hub, revision)
        if key in commits and all("/".join([hub, *name.split("/")[:-1]]) in whole for name in names):
            report(f"{hub}: already here, commit {commits[key]}")
            continue
        commits[key] = _download(hub, commits.get(key) or revision, sorted(names), report)
    if patterns:
        text = json.dumps({"profile": models.profile.name, "commits": commits}, indent=2, sort_keys=True) + "\n"
        place = lock_file(models.profile.name)
        with writing_to(place.parent):
            write_synced(place, text.encode())
    models.forget()
    return commits


def _download(hub: str, revision: str | None, patterns: list[str], report: Callable[[str], None]) -> str:
    """Resolve a revision to its commit and download it; the only thing in eeg2vid that goes online."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.constants import HF_HUB_CACHE

    try:
        commit = HfApi().model_info(hub, revision=revision).sha
        if commit is None:
            raise OSError(f"the hub names no commit of {hub}")
        report(f"{hub}: fetching {', '.join(patterns)} of commit {commit}")
        ignored = [*_PICKLES, *_OTHER_PRECISION]
        snapshot_download(hub, revision=commit, allow_patterns=patterns, ignore_patterns=ignored)
    except (
        Exception
    ) as error:  # the disk; else the HTTP library behind the hub's client, and so its errors, differ by version
        if said := disk_failure(error, Path(HF_HUB_CACHE)):
            hint = "Make room, or set HF_HOME to a folder on another disk; then run it again."
            message = f"{hub} could not be fetched: {said}."
            raise FailedError(message, room_left(error, Path(HF_HUB_CACHE)) + hint) from error
        raise MissingPackageError(
            f"{hub} could not be fetched ({type(error).__name__}: {(str(error).splitlines() or ['?'])[0]}).",
            "This needs a network, and for gated models a token. Elsewhere: fetch there, then copy the cache folder "
            "(HF_HOME) and the lock file here.",
        ) from error
    return commit
