"""What a unit reads, held to what it was judged by: what is exchanged in the meantime is never half of a result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eeg2vid.schemas.errors import FailedError, MissingInputError
from eeg2vid.schemas.manifest import InputRef, ModelRef, SourceFile
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.profile import Models, ModelStates, is_as_served, model_files, model_states
from eeg2vid.stages.engine.sources import state_of
from eeg2vid.stages.store.digest import sha256_file
from eeg2vid.stages.store.hashes import FileState, file_state
from eeg2vid.stages.store.layout import MANIFEST, Address
from eeg2vid.stages.store.reader import Artifact, load_manifest, open_artifact

_AGAIN = "Run the same command again: it begins with what is there then."


class Inputs:
    """Artifacts, source files and models that a unit reads, each as it was when first seen."""

    def __init__(self, root: Path, node: Node, models: Models) -> None:
        self._root = root
        self._node = node
        self._models = models
        self._identities: dict[str, str] = {}
        self._files_of: dict[str, ModelStates] = {}
        self._digests: dict[Address, str] = {}
        self._sources: dict[Path, SourceFile] = {}
        self._seen: dict[Path, FileState | None] = {}
        self._open: dict[Address, Artifact] = {}

    def expect(self, inputs: Sequence[InputRef], sources: Sequence[SourceFile], models: Sequence[ModelRef]) -> None:
        """Note what the unit's fingerprint says that it reads."""
        self._identities |= {ref.role: ref.identity for ref in models}
        self._files_of |= {ref.role: model_states(self._models.locate(ref.role).folder) for ref in models}
        self._digests |= {Address(ref.stage, ref.variant, ref.unit, ref.role): ref.digest for ref in inputs}
        self._sources |= {Path(file.path): file for file in sources}

    def open(self, address: Address) -> Artifact:
        """Open an artifact, once.

        Raises
        ------
        FailedError
            If it is not the one that the unit was judged by.
        """
        if address not in self._open:
            state = file_state(address.folder(self._root) / MANIFEST)
            artifact = open_artifact(self._root, address)
            self._compare(address, artifact.manifest.known_as)
            self._seen[artifact.folder / MANIFEST] = state
            self._open[address] = artifact
        return self._open[address]

    def check(self) -> None:
        """See that all is what it was: before anything is kept that was made of it.

        Manifests and source files are read again only where the file is another one than last time.

        Raises
        ------
        MissingInputError
            If an artifact is gone.
        FailedError
            If an artifact, a source file or a model has other content now.
        """
        for address in list(self._digests):
            path = address.folder(self._root) / MANIFEST
            state = file_state(path)
            if state is None:
                raise MissingInputError(
                    f"{self._node}: its input {address} went away while it was read; nothing of it was kept.", _AGAIN
                )
            if state != self._seen.get(path):
                self._compare(address, load_manifest(path.parent).known_as)
                self._seen[path] = state
        for path, source in self._sources.items():
            state = file_state(path)
            if state is None or state == self._seen.get(path):  # what is gone cannot have been read as anything else
                continue
            if state != state_of(source) and sha256_file(path) != source.sha256:
                raise FailedError(f"{self._node}: {path} changed while it was read; nothing of it was kept.", _AGAIN)
            self._seen[path] = state
        for role in self._identities:
            self._check_model(role)

    def _check_model(self, role: str) -> None:
        """See that a model's files are what they were; a hub's are called by its commit, whatever is in them."""
        model = self._models.locate(role)
        same = model.identity == self._identities[role]
        states = model_states(model.folder)
        if same and states != self._files_of[role]:
            same = all(is_as_served(path) for path in model_files(model.folder))
            self._files_of[role] = states
        if not same:
            raise FailedError(
                f"{self._node}: the weights of '{role}' in {model.folder} changed while they were used; "
                "nothing of it was kept.",
                _AGAIN,
            )

    def _compare(self, address: Address, digest: str) -> None:
        if self._digests.setdefault(address, digest) != digest:
            raise FailedError(
                f"{self._node}: its input {address} was made again with other content while it was read; "
                "nothing of it was kept.",
                _AGAIN,
            )
