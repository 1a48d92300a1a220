"""Model profiles: which weights play which role (vae, text_encoder, unet, ...)."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from eeg2vid.schemas.errors import BadDataError, MissingPackageError, UsageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.engine.text import did_you_mean, sentence_of
from eeg2vid.stages.engine.workspace import read_toml
from eeg2vid.stages.store.digest import sha256_file
from eeg2vid.stages.store.hashes import FileState, file_state, hash_file, home_folder


class ModelSource(BaseModel):
    """Where one model lies: a folder, a file, or a hub id (already in the local cache) with its subfolder."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    folder: str | None = Field(None, description="folder, relative to the profile's file")
    file: str | None = Field(None, description="one .safetensors file instead, relative to the profile's file")
    hub: str | None = Field(None, description="hub id, e.g. CompVis/stable-diffusion-v1-4")
    revision: str | None = Field(None, description="commit, branch or tag of the hub id")
    subfolder: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> ModelSource:
        if sum(place is not None for place in (self.folder, self.file, self.hub)) != 1:
            raise ValueError("give one of 'folder', 'file' and 'hub'")
        return self


class Profile(BaseModel):
    """A model profile as written in TOML."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    about: str = ""
    roles: dict[str, ModelSource]


ModelStates = dict[str, FileState | None]  # of a model's files, by name

# A folder with one of these holds a model, as one with weights does; a tokenizer has no config.json.
CONFIGS = ("config.json", "tokenizer_config.json", "preprocessor_config.json", "scheduler_config.json")


@dataclass(frozen=True)
class LocatedModel:
    """A model on this machine and what identifies its weights; its `folder` may be a single file."""

    role: str
    name: str
    folder: Path
    identity: str


def builtin_profiles() -> list[str]:
    """Return the names of the profiles in the package."""
    folder = resources.files("eeg2vid.stages") / "profiles"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


class Models:
    """The models of one profile, located on demand."""

    def __init__(self, profile: str) -> None:
        self.given = profile
        self._path = _profile_path(profile)
        try:
            self.profile = Profile.model_validate(read_toml(self._path))
        except ValidationError as error:
            raise UsageError(f"{self._path}: {sentence_of(error, Profile, 'profile')}") from error
        self._located: dict[str, tuple[LocatedModel, ModelStates]] = {}

    def locate(self, role: str) -> LocatedModel:
        """Return the folder of a role's model; never goes online.

        Raises
        ------
        UsageError
            If the profile has no such role.
        MissingPackageError
            If the weights are not on this machine.
        """
        source = self.profile.roles.get(role)
        if source is None:
            raise UsageError(
                f"Model profile '{self.profile.name}' has no '{role}'.{did_you_mean(role, self.profile.roles)}",
                f"In a profile of your own, --models FILE.toml, say where it lies: [roles.{role}] folder, file or hub.",
            )
        model, states = self._located.get(role, (None, None))
        if model is None or states != model_states(model.folder):  # files were edited or exchanged since
            where = self._folder(role, source)
            states = model_states(where)  # before they are read: a change during it is seen next time
            model = self._identified(role, source, where)
            self._located[role] = model, states
        return model

    def forget(self) -> None:
        """Look anew: weights were fetched."""
        self._located.clear()

    def _folder(self, role: str, source: ModelSource) -> Path:
        if source.file is not None:
            file = (self._path.parent / source.file).resolve()
            if file.suffix != ".safetensors" or not file.is_file():
                raise MissingPackageError(
                    f"Model '{role}' of profile '{self.profile.name}' should be {file}: expected a .safetensors file "
                    "that is there."
                )
            return file
        if source.folder is None:
            return self._hub_folder(role, source)
        folder = (self._path.parent / source.folder).resolve()
        weights = any(not is_foreign(path.name) for path in folder.glob("*.safetensors"))
        if not weights and not any((folder / name).is_file() for name in CONFIGS):
            raise MissingPackageError(
                f"Model '{role}' of profile '{self.profile.name}' should be in {folder}; there is no config.json."
            )
        return folder

    def _identified(self, role: str, source: ModelSource, folder: Path) -> LocatedModel:
        if source.hub is None:
            return LocatedModel(role, f"{self.profile.name}/{role}", folder, f"sha256:{folder_identity(folder)}")
        root = (folder, *folder.parents)[len(Path(source.subfolder or "").parts)]
        return LocatedModel(role, source.hub, folder, f"commit:{root.name}")

    def _hub_folder(self, role: str, source: ModelSource) -> Path:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        commit = read_lock(self.profile.name).get(lock_key(str(source.hub), source.revision))
        pattern = f"{source.subfolder}/*" if source.subfolder else "*"
        try:
            root = Path(
                snapshot_download(
                    str(source.hub), revision=commit or source.revision, local_files_only=True, allow_patterns=pattern
                )
            )
        except LocalEntryNotFoundError as error:
            raise self._absent(role, source, commit) from error
        folder = root / source.subfolder if source.subfolder else root
        if all(is_foreign(path.name) for path in folder.glob("*.json")):  # the snapshot may hold other roles only
            raise self._absent(role, source, commit)
        return folder

    def _absent(self, role: str, source: ModelSource, commit: str | None) -> MissingPackageError:
        at = f" at its locked commit {commit}" if commit else ""
        return MissingPackageError(
            f"The weights of '{role}' ({source.hub}{at}) are not on this machine.",
            f"On a machine with network: eeg2vid weights fetch --models {shlex.quote(self.given)}",
        )


class Lock(BaseModel):
    """Which commits `weights fetch` resolved a profile's hub ids to."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    profile: str
    commits: dict[str, str]


def lock_key(hub: str, revision: str | None) -> str:
    """Return a hub id with its revision, as the lock file writes it."""
    return f"{hub}@{revision or 'main'}"


def lock_file(profile: str) -> Path:
    """Return where the commits of a profile are locked: below EEG2VID_HOME, else ~/.cache/eeg2vid."""
    return home_folder() / "locks" / f"{profile}.json"


def read_lock(profile: str) -> dict[str, str]:
    """Return the locked commits of a profile, none if nothing was fetched.

    Raises
    ------
    BadDataError
        If the lock file is damaged.
    """
    path = lock_file(profile)
    try:
        return Lock.model_validate(json.loads(path.read_text(encoding="utf-8"))).commits
    except FileNotFoundError:
        return {}
    except (ValueError, OSError) as error:
        raise BadDataError(
            f"{path}: not a lock file of model weights ({str(error).splitlines()[0]}).",
            "Delete it and run `eeg2vid weights fetch` again.",
        ) from error


def model_files(folder: Path) -> list[Path]:
    """Return the weights and configs of a model's folder (cards and pictures do not count), or the file that it is."""
    if folder.is_file():
        return [folder]
    kinds = {".safetensors", ".bin", ".json", ".txt", ".model"}
    found = sorted(path for path in folder.rglob("*") if not is_foreign(path.name))
    return [path for path in found if path.suffix in kinds and path.is_file()]


def model_states(folder: Path) -> ModelStates:
    """Return what tells whether a model's files have been touched, without reading them."""
    return {_place(path, folder): file_state(path) for path in model_files(folder)}


def _place(path: Path, folder: Path) -> str:
    """Return where a file lies in a model's folder; a model that is one file is known by its content alone."""
    return path.relative_to(folder).as_posix()


def folder_identity(folder: Path, hash_of: Callable[[Path], str] = lambda path: hash_file(path)[1]) -> str:
    """Hash the files that make up a model; `hash_of` returns that of one file."""
    hasher = hashlib.sha256()
    for path in model_files(folder):
        hasher.update(_place(path, folder).encode() + b"\0")
        hasher.update(bytes.fromhex(hash_of(path)))
    return hasher.hexdigest()


def is_as_served(path: Path) -> bool:
    """Tell whether a file of the hub's cache is what the hub served: the blob behind it is called by its hash.

    Large files are called by their SHA-256, small ones as git calls a blob (SHA-1 over a header and the content).
    What is no link into a cache cannot be told and passes.
    """
    blob = path.resolve()
    if not path.is_symlink() or not re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{40}", blob.name):
        return True
    if len(blob.name) == 64:
        return sha256_file(blob) == blob.name
    data = blob.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == blob.name


def _profile_path(profile: str) -> Path:
    if profile.endswith(".toml"):
        return Path(profile).resolve()
    if profile not in builtin_profiles():
        raise UsageError(f"There is no model profile '{profile}'.{did_you_mean(profile, builtin_profiles())}")
    packaged: Any = resources.files("eeg2vid.stages") / "profiles" / f"{profile}.toml"
    path = Path(str(packaged))
    if not path.is_file():
        raise BadDataError(f"{path}: the profile file is not a plain file.")
    return path
