"""What a unit reads, held to what it was judged by: an input made anew in the meantime is never half of a result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eeg2vid.schemas.errors import FailedError, MissingInputError
from eeg2vid.schemas.manifest import InputRef, SourceFile
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.store.digest import sha256_file
from eeg2vid.stages.store.layout import MANIFEST, Address
from eeg2vid.stages.store.reader import Artifact, load_manifest, open_artifact

_State = tuple[int, ...]  # of a file: where nothing of it differs, it is the one that was seen
_AGAIN = "Run the same command again: it begins with what is there then."


class Inputs:
    """Artifacts and source files that a unit reads, each as it was when first seen."""

    def __init__(self, root: Path, node: Node) -> None:
        self._root = root
        self._node = node
        self._digests: dict[Address, str] = {}
        self._sources: dict[Path, SourceFile] = {}
        self._seen: dict[Path, _State | None] = {}
        self._open: dict[Address, Artifact] = {}

    def expect(self, inputs: Sequence[InputRef], sources: Sequence[SourceFile]) -> None:
        """Note what the unit's fingerprint says that it reads."""
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
            state = _state(address.folder(self._root) / MANIFEST)
            artifact = open_artifact(self._root, address)
            self._compare(address, artifact.digest)
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
            If an artifact or a source file has other content now.
        """
        for address in list(self._digests):
            path = address.folder(self._root) / MANIFEST
            state = _state(path)
            if state is None:
                raise MissingInputError(
                    f"{self._node}: its input {address} went away while it was read; nothing of it was kept.", _AGAIN
                )
            if state != self._seen.get(path):
                self._compare(address, load_manifest(path.parent).digest)
                self._seen[path] = state
        for path, source in self._sources.items():
            state = _state(path)
            if state is None or state == self._seen.get(path):  # what is gone cannot have been read as anything else
                continue
            if state[-2:] != (source.size, source.mtime_ns) and sha256_file(path) != source.sha256:
                raise FailedError(f"{self._node}: {path} changed while it was read; nothing of it was kept.", _AGAIN)
            self._seen[path] = state

    def _compare(self, address: Address, digest: str) -> None:
        if self._digests.setdefault(address, digest) != digest:
            raise FailedError(
                f"{self._node}: its input {address} was made again with other content while it was read; "
                "nothing of it was kept.",
                _AGAIN,
            )


def _state(path: Path) -> _State | None:
    """Return what tells one file at a path from another, None if there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
