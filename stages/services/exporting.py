"""Where artifacts become plain files."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2vid.schemas.errors import BadDataError, Eeg2VidError
from eeg2vid.stages.exchange.cards import CARD
from eeg2vid.stages.store import arrays
from eeg2vid.stages.store.digest import is_proved, slabs
from eeg2vid.stages.store.disk import writing_to
from eeg2vid.stages.store.files import remove
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np


Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Slabwise:
    """A stored array that is read in pieces."""

    stored: arrays.StoredArray
    read: Callable[[int], None]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.stored.shape

    @property
    def dtype(self) -> np.dtype:
        return self.stored.dtype

    def slabs(self) -> Iterator[np.ndarray]:
        for slab in slabs(self.stored):
            yield slab
            self.read(slab.nbytes)


def export_artifact(folder: Path, out: Path, form: str, progress: Progress | None = None) -> list[Path]:
    """Write an artifact as plain files.

    Parameters
    ----------
    folder
        The artifact.
    out
        A new or empty folder.
    form
        'npy', 'npz', 'jsonl', 'csv' or 'mp4'.
    progress
        Told how many bytes of arrays are written, and of how many.

    Raises
    ------
    BadDataError
        If the artifact is damaged.
    """
    from eeg2vid.stages.exchange.exporters import Exportable, export

    stage, variant, unit, role = folder.parts[-4:]
    artifact = Artifact(folder, Address(stage, variant, unit, role))
    stored = {name: artifact.arrays[name] for name in artifact.names}
    total, done = sum(math.prod(one.shape) * one.dtype.itemsize for one in stored.values()), 0

    def read(size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(done, total)

    copies = {}
    for entry in artifact.manifest.files:
        if entry.path == CARD or entry.path.startswith(("models/", "media/")):
            if not (folder / entry.path).is_file() or not is_proved(folder / entry.path, entry.proof):
                raise BadDataError(f"{folder / entry.path}: missing or damaged.", "See `eeg2vid verify`.")
            copies[entry.path] = folder / entry.path
    given = Exportable(
        manifest=artifact.manifest,
        schema=artifact.schema,
        address=str(artifact.address),
        attributes=artifact.attributes().model_dump(mode="json"),
        entries=artifact.entries,
        arrays={name: _Slabwise(one, read) for name, one in stored.items()},
        tables={name: artifact.table(name, row_type) for name, row_type in artifact.row_types.items()},
        copies=copies,
    )
    before = {path.name for path in out.iterdir()} if out.is_dir() else None
    with writing_to(out):
        try:
            return export(given, out, form)
        except Eeg2VidError:
            raise
        except BaseException:
            _clear(out, before)
            raise


def _clear(out: Path, before: set[str] | None) -> None:
    """Remove what an export has written: nothing of it is of use without the rest."""
    if before is None:
        shutil.rmtree(out, ignore_errors=True)
        return
    for path in out.iterdir():
        if path.name not in before:
            remove(path)
