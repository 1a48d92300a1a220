"""Sheets: the sprites of many clips side by side in one WebP file, written while the clips are read.

A file for every clip and condition would be eight thousand files a subject, which cluster file systems bear badly; one
for every run would be as many where each clip is its own run. A sheet holds `COLUMNS` clips of one condition: seventy
files a condition at full size, each a few hundred kB, and a browser that shows ten clips holds two sheets of each.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from eeg2vid.stages.reporting.page.sprites import Clip, Geometry, sprite_of, webp
from eeg2vid.stages.reporting.page.views import Slot

COLUMNS = 20  # 3840 px at the usual width: less than the largest picture that any graphics card takes
MOST_THREADS = 8  # each holds a sheet, 25 MB while it is encoded; clips are read one after another


@dataclass(frozen=True)
class Sheet:
    """One file: its path below the folder of sheets, and how many clips it holds."""

    path: str
    columns: int


class Sheets:
    """The sheets of a report. Only a few clips are in memory at a time, however many there are.

    Parameters
    ----------
    folder
        Where the files go.
    geometry
        How clips are stored.
    quality
        Of WebP, 1..100; 100 is lossless.
    threads
        How many sprites and sheets are made at a time, at most `MOST_THREADS`, while the next clips are read.
    """

    def __init__(self, folder: Path, geometry: Geometry, quality: int, threads: int) -> None:
        self.folder = folder
        self.geometry = geometry
        self.files: list[Sheet] = []
        self._quality = quality
        threads = min(threads, MOST_THREADS)
        self._pool = ThreadPoolExecutor(threads)
        self._ahead = threads + 1
        self._written: deque[Future[None]] = deque()

    def __enter__(self) -> Sheets:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self._wait(0 if kind is None else len(self._written))
        finally:
            self._pool.shutdown(cancel_futures=True)

    @property
    def weight(self) -> int:
        """Bytes of all files so far."""
        self._wait(0)
        return sum((self.folder / sheet.path).stat().st_size for sheet in self.files)

    def film(self, name: str, clips: Iterable[Any], slots: list[Slot]) -> Iterator[None]:
        """Take clips one by one, put them on sheets of the folder `name`, note in `slots` where each is.

        Clips that are equal share a place: what shows the same to every clip is written once. Yields after each clip.

        Raises
        ------
        BadDataError
            If a clip is not uint8.
        """
        places: dict[bytes, Slot] = {}
        sheet: list[Clip] = []
        ahead: deque[Future[tuple[bytes, Clip]]] = deque()

        def take() -> None:
            digest, sprite = ahead.popleft().result()
            if digest not in places:
                places[digest] = Slot(len(self.files), len(sheet))
                sheet.append(sprite)
                if len(sheet) == COLUMNS:
                    self._write(name, sheet)
            slots.append(places[digest])

        for clip in clips:
            ahead.append(self._pool.submit(_prepare, clip, self.geometry))
            if len(ahead) > self._ahead:
                take()
            yield
        while ahead:
            take()
        if sheet:
            self._write(name, sheet)

    def _write(self, name: str, sheet: list[Clip]) -> None:
        """Have a sheet written; wait where too many are under way."""
        path = f"{name}/{len(self.files):05d}.webp"
        self.files.append(Sheet(path, len(sheet)))
        self._written.append(self._pool.submit(_write, self.folder / path, tuple(sheet), self._quality))
        sheet.clear()
        self._wait(self._ahead)

    def _wait(self, most: int) -> None:
        while len(self._written) > most:
            self._written.popleft().result()


def _prepare(clip: Any, geometry: Geometry) -> tuple[bytes, Clip]:
    """Return what tells a clip from others, all of its frames, and its sprite."""
    whole = np.ascontiguousarray(clip)
    return hashlib.sha256(whole.data).digest(), sprite_of(whole, geometry)


def _write(path: Path, sheet: tuple[Clip, ...], quality: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(webp(np.concatenate(sheet, axis=1), quality))
