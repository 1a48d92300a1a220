"""One part of a unit's work: its files become visible together, and only then is it noted as done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.entities import Row
from eeg2vid.stages.store.digest import canonical_json, crc_proof
from eeg2vid.stages.store.files import remove, replace_synced, sync_tree
from eeg2vid.stages.store.notes import note_of, place_of, write_note

if TYPE_CHECKING:
    import numpy as np


class WorkPart:
    """One part being made; its files become visible together when the `with` block ends."""

    def __init__(self, work: Path, index: int) -> None:
        self.index = index
        self.state = work / "state" / str(index)  # of a training inside this part; removed when the part is done
        self._note = note_of(work, index)
        self._place = place_of(work, index)
        self._folder = self._place.with_name(f"{index}.{os.getpid()}")
        self._proofs: dict[str, str] = {}

    def array(self, role: str, name: str, values: np.ndarray) -> None:
        """Write this part's rows of an array; parts are joined along the first axis."""
        from eeg2vid.stages.store.part_rows import SUFFIX, write_rows

        path = self._file(role, "arrays", f"{name}{SUFFIX}")
        self._proofs[path.relative_to(self._folder).as_posix()] = crc_proof(write_rows(path, values))

    def rows(self, role: str, table: str, rows: Iterable[Row]) -> None:
        """Write this part's rows of a table."""
        lines = b"".join(canonical_json(row.model_dump(mode="json")) + b"\n" for row in rows)
        self._file(role, "tables", f"{table}.jsonl").write_bytes(lines)

    def model_folder(self, role: str, path: str) -> Path:
        """Return a new folder for one trained model."""
        folder = self._file(role, "models", path)
        folder.mkdir(parents=True)
        return folder

    def media(self, role: str, path: str) -> Path:
        """Return where a media file goes."""
        return self._file(role, "media", path)

    def _file(self, role: str, kind: str, name: str) -> Path:
        path = self._folder / role / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def __enter__(self) -> WorkPart:
        remove(self._note)  # a damaged note says nothing of what is made now
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        if kind is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        files = sync_tree(self._folder, self._proofs)
        remove(self._place)  # a process died between rename and done
        replace_synced(self._folder, self._place)
        write_note(self._note, files)
        shutil.rmtree(self.state, ignore_errors=True)
