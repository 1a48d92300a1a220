"""Whether what artifacts were made of is still what it was: source files and model weights, read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.schemas.manifest import Manifest, SourceFile
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.profile import folder_identity, is_as_served, model_files
from eeg2vid.stages.store.digest import sha256_file


class Origins:
    """Source files and models of many artifacts, each read once; time stamps are not believed."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._hash: Callable[[Path], str] = cache(sha256_file)
        self._trouble_of: Callable[[str, str, str], str | None] = cache(self._model_trouble)

    def lost_data(self) -> Path | None:
        """Return the data set's folder if it is configured and not there."""
        data = self._study.source or self._study.workspace.data
        return data if data is not None and not data.is_dir() else None

    def count(self, manifests: Sequence[Manifest]) -> int:
        """Return how many files and models there are to look at."""
        return sum(len(manifest.sources) + len(manifest.models) for manifest in manifests)

    def troubles(self, manifest: Manifest) -> Iterator[str | None]:
        """Say of each source file and model of an artifact what is wrong with it, None: nothing."""
        for file in manifest.sources:
            yield self._source_trouble(manifest, file)
        for ref in manifest.models:
            yield self._trouble_of(ref.role, ref.name, ref.identity)

    def place(self, manifest: Manifest, file: SourceFile) -> Path:
        """Return where a source file lies now: below the data set's folder, wherever that has moved to."""
        stage = self._study.stages.get(manifest.stage)
        of_data = manifest.provenance == "computed" and stage is not None and stage.sources_are_data
        root = self._study.source
        if of_data and root is not None and root.is_dir() and file.name is not None:
            return root / file.name
        return Path(file.path)

    def _source_trouble(self, manifest: Manifest, file: SourceFile) -> str | None:
        path = self.place(manifest, file)
        try:
            same = self._hash(path) == file.sha256
        except OSError as error:
            return f"source file {path}: cannot be read ({error.strerror})"
        return None if same else f"source file {path}: content differs from what was read"

    def _model_trouble(self, role: str, name: str, identity: str) -> str | None:
        what = f"model '{role}' ({name})"
        try:
            model = self._study.models.locate(role)
        except Eeg2VidError as error:
            return f"{what}: {error.message}"
        if model.name != name:
            return f"{what}: this profile has {model.name}; name the one that was used with --models"
        if identity.startswith("sha256:"):
            found = f"sha256:{folder_identity(model.folder, self._hash)}"
            return None if found == identity else f"{what}: the files in {model.folder} are others than were used"
        if model.identity != identity:
            return f"{what}: {model.identity} is here, {identity} was used"
        edited = [path.name for path in model_files(model.folder) if not is_as_served(path)]
        return f"{what}: {', '.join(edited)} in {model.folder} is not what the hub served" if edited else None
