"""Foreign arrays, streamed: rows picked in the workspace's order, axes turned, values cast and scaled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from eeg2vid.schemas.base import ArraySpec
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.exchange.layouts import Layout
from eeg2vid.stages.stimuli.resize import pad_to_multiple
from eeg2vid.stages.stimuli.video import probe, read_clips

MULTIPLE = 8  # one latent stands for 8 x 8 px; stored videos are padded to it
_SLAB_BYTES = 16 * 2**20
_ROW_BYTES = 4 * 2**30  # of one event or clip; the longest video of this kind takes a hundredth


class Slabs(Protocol):
    """An array that comes in slabs along its first axis."""

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dtype(self) -> str: ...  # noqa: D102
    def slabs(self) -> Iterator[np.ndarray]: ...  # noqa: D102


@dataclass(frozen=True)
class ForeignArray:
    """Rows of one or several arrays, end to end.

    Attributes
    ----------
    parts
        Arrays `(item, ...)`, alike but for their length.
    places
        The row of `parts` that each wanted row is.
    turned
        Order of the axes after the first, as `numpy.transpose` takes it.
    inserted
        Where axes of size 1 are put in, as `numpy.expand_dims` takes it.
    dtype, scale
        Type and factor of the values.
    """

    parts: tuple[np.ndarray, ...]
    places: np.ndarray
    turned: tuple[int, ...]
    inserted: tuple[int, ...]
    dtype: str
    scale: float = 1.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        empty = np.empty((0, *self.parts[0].shape[1:]), dtype=bool)
        return (len(self.places), *self._turn(empty).shape[1:])

    def slabs(self) -> Iterator[np.ndarray]:
        """Yield the wanted rows, about 16 MB at a time."""
        ends = np.cumsum([len(part) for part in self.parts])
        row_bytes = max(1, math.prod(self.parts[0].shape[1:]) * self.parts[0].dtype.itemsize)
        step = max(1, _SLAB_BYTES // row_bytes)
        for start in range(0, len(self.places), step):
            places = self.places[start : start + step]
            owner = np.searchsorted(ends, places, side="right")
            values = np.empty((len(places), *self.parts[0].shape[1:]), dtype=self.parts[0].dtype)
            for k in np.unique(owner):
                here = owner == k
                values[here] = self.parts[k][places[here] - (ends[k] - len(self.parts[k]))]
            turned = self._turn(values)
            with np.errstate(over="ignore"):  # infinity is found and said at the commit
                scaled = turned if self.scale == 1.0 else turned * np.float64(self.scale)
                yield np.ascontiguousarray(scaled.astype(self.dtype, copy=False))

    def _turn(self, values: np.ndarray) -> np.ndarray:
        return np.expand_dims(values.transpose(0, *self.turned), self.inserted)


def refuse_giant_rows(shape: Sequence[int], dtype: np.dtype, where: str) -> None:
    """Refuse what is no event and no clip, by what its file declares: rows are held in memory one by one.

    Raises
    ------
    BadDataError
        If a row of this shape takes more than 4 GiB.
    """
    size = math.prod(shape) * dtype.itemsize
    if size > _ROW_BYTES:
        declared = f"{dtype} {tuple(int(n) for n in shape)}"
        raise BadDataError(
            f"{where}: declares {declared} for each row, {size / 1e9:.0f} GB; expected at most {_ROW_BYTES / 1e9:.1f}."
        )


def turned_array(
    arrays: Sequence[np.ndarray], layout: Layout, spec: ArraySpec, places: np.ndarray, dtype: str, scale: float
) -> ForeignArray:
    """Return foreign arrays of a layout as an array of the schema's dims."""
    parts = tuple(array.reshape(-1, *array.shape[layout.leading :]) for array in arrays)
    theirs, ours = layout.dims[layout.leading :], spec.dims[1:]
    turned = tuple(1 + theirs.index(dim) for dim in ours if dim in theirs)
    inserted = tuple(1 + k for k, dim in enumerate(ours) if dim not in theirs)
    return ForeignArray(parts, places, turned, inserted, dtype, scale)


def fitting_dtype(found: np.dtype, spec: ArraySpec, where: str) -> str:
    """Return the type in which values are stored: their own if the schema has it, else its widest float.

    Raises
    ------
    BadDataError
        If whole numbers come where the schema wants fractions, or the other way round.
    """
    name = found.name
    if name in spec.dtypes:
        return name
    floats = [dtype for dtype in spec.dtypes if dtype.startswith("float")]
    if found.kind != "f" or not floats:
        raise BadDataError(f"{where}: expected {' or '.join(spec.dtypes)}, found {name}.")
    return max(floats, key=lambda dtype: np.dtype(dtype).itemsize)


@dataclass(frozen=True)
class ForeignVideos:
    """Video files, one a row, as padded frames.

    Attributes
    ----------
    files
        In the wanted order.
    frames, fps
        Pictures per video and per second.
    size
        Width and height of the picture without padding, px.
    """

    files: tuple[Path, ...]
    frames: int
    fps: float
    size: tuple[int, int]
    dtype: str = "uint8"

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of `(clip, frame, row, column, rgb)`, padded."""
        width, height = self.size
        return (len(self.files), self.frames, height + -height % MULTIPLE, width + -width % MULTIPLE, 3)

    def require_one_size(self, picture: tuple[int, int] | None) -> None:
        """Refuse pictures that are not of one size, or not of the stimuli's `picture`, height and width.

        Raises
        ------
        BadDataError
            Naming the first file that differs: padded to multiples of 8, a few pixels would not be seen.
        """
        width, height = self.size if picture is None else picture[::-1]
        for path in self.files:
            info = probe(path)
            if (info.width, info.height) != (width, height):
                raise BadDataError(
                    f"{path}: expected {width} x {height} px{' like the stimuli' if picture else ''}, found "
                    f"{info.width} x {info.height}.",
                    f"Scale it before: ffmpeg -i IN -vf scale={width}:{height} OUT",
                )

    def of_another_length(self) -> list[str]:
        """Return what is wrong with each video that is not that many pictures at that rate.

        Fewer pictures are right where they last as long: many writers store equal ones as one that is held.
        """
        expected, wrong = self.frames / self.fps, []
        for path in self.files:
            info = probe(path)
            if info.frames > self.frames or not self._as_long(info.duration_s):
                wrong.append(
                    f"{path}: expected {counted(self.frames, 'picture')} at {self.fps:g} per second "
                    f"({expected:.2f} s), "
                    f"found {info.frames} in {info.duration_s:.2f} s"
                )
        return wrong

    def _as_long(self, duration_s: float) -> bool:
        """Return whether a video lasts as long as expected: GIF rounds each picture to a hundredth of a second."""
        expected = self.frames / self.fps
        return abs(duration_s - expected) <= 0.005 * self.frames + 0.01 * expected

    def slabs(self) -> Iterator[np.ndarray]:
        """Yield one video after another.

        Raises
        ------
        BadDataError
            If a file is no video, has another size, or is too short.
        """
        for path in self.files:
            info = probe(path)
            if (info.width, info.height) != self.size:
                found = f"{info.width} x {info.height}"
                raise BadDataError(f"{path}: expected {self.size[0]} x {self.size[1]} px, found {found}.")
            if info.frames <= self.frames and self._as_long(info.duration_s):
                # in the middle of each picture's time: a rate a little off shows none twice and leaves none out
                fps = self.frames / info.duration_s
                span = [(0.5 / fps, info.duration_s - 0.5 / fps)]
            elif (self.frames - 1) / self.fps > info.duration_s:
                raise BadDataError(
                    f"{path}: expected {counted(self.frames, 'frame')} at {self.fps:g} per second, "
                    f"found {info.duration_s:.2f} s ({counted(info.frames, 'frame')})."
                )
            else:
                fps, span = self.fps, [(0.0, info.duration_s)]
            (video,) = read_clips(path, span, frames=self.frames, fps=fps, size=self.size)
            yield pad_to_multiple(video, MULTIPLE)[0][None]
