"""Plain arrays as recordings: `.npy`, HDF5 and Zarr with a TOML of the same stem beside them that says what they are.

axes = ["electrode", "sample"]     # the order of the axes; a leading or inner "block" is one stretch per index
sfreq = 500.0                      # Hz
unit = "uV"                        # V, mV, uV or nV
electrodes = ["Fp1", "Fp2"]        # or "seed-dv"
array = "study/eeg"                # where in an HDF5 file or Zarr group
eog = ["VEOG"]                     # which of the electrodes are beside the eyes
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from eeg2vid.schemas.electrodes import electrode_key
from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.array_stores import open_hdf5, open_zarr
from eeg2vid.stages.datasets.channels import ElectrodeWishes, Selection, select_channels
from eeg2vid.stages.datasets.lazy_signal import LazySignal
from eeg2vid.stages.datasets.npy import open_npy
from eeg2vid.stages.datasets.protocol import ELECTRODES
from eeg2vid.stages.datasets.toml_file import read_toml

Axis = Literal["block", "electrode", "sample"]
VOLTS = {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "nV": 1e-9}


def _names(value: Any) -> Any:
    """Return the electrodes of a named cap."""
    if isinstance(value, str) and value != "seed-dv":
        raise ValueError(f"expected a list of names or 'seed-dv', found {value!r}")
    return ELECTRODES if isinstance(value, str) else value


class ArrayFile(BaseModel):
    """The TOML beside a plain array."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    axes: tuple[Axis, ...] = Field(description="the order of the axes, such as ['electrode', 'sample']")
    sfreq: float = Field(gt=0, le=1_000_000, strict=True, description="sampling rate, Hz")
    unit: Literal["V", "mV", "uV", "nV"] = Field(description="of the numbers in the file")
    electrodes: Annotated[tuple[str, ...], BeforeValidator(_names)] = Field(
        min_length=1, description="names in the file's order, or 'seed-dv'"
    )
    array: str | None = Field(None, min_length=1, description="where in the HDF5 file or Zarr group the array is")
    eog: tuple[str, ...] = Field((), description="which of the electrodes are beside the eyes")

    @model_validator(mode="after")
    def _fits(self) -> ArrayFile:
        if len(set(self.axes)) != len(self.axes) or not {"electrode", "sample"} <= set(self.axes):
            raise ValueError(f"axes: expected 'electrode', 'sample' and perhaps 'block', once each, found {self.axes}")
        known = {electrode_key(name) for name in self.electrodes}
        for name in self.eog:
            if electrode_key(name) not in known:
                raise ValueError(f"eog: {name!r} is not among the electrodes")
        return self


class PlainSignal(LazySignal):
    """One stretch of a plain array, scaled to volts when sliced; single precision stays single."""

    def __init__(self, path: Path, source: Any, said: ArrayFile, block: int, selection: Selection) -> None:
        sizes = dict(zip(said.axes, source.shape, strict=True))
        stored = np.dtype(source.dtype)
        single = stored.kind == "f" and stored.itemsize <= 4
        dtype = np.dtype(np.float32 if single else np.float64)
        form = f"{stored.name} {tuple(source.shape)} ({', '.join(said.axes)}), {said.unit}"
        super().__init__(path, said.sfreq, int(sizes["sample"]), dtype, selection, form)
        self._source, self._axes, self._block = source, said.axes, block
        self._scale = VOLTS[said.unit]

    def _load(self, rows: NDArray[np.intp], start: int, stop: int) -> NDArray[Any]:
        place = {"block": self._block, "electrode": slice(None), "sample": slice(start, stop)}
        part = np.asarray(self._source[tuple(place[axis] for axis in self._axes)])
        if self._axes.index("sample") < self._axes.index("electrode"):
            part = part.T
        return np.multiply(part[rows], self._scale, dtype=self.dtype)


def open_array(path: Path, wishes: ElectrodeWishes) -> list[PlainSignal]:
    """Open a plain array by its TOML; numbers stay on disk, and nothing in the file is ever executed.

    Returns
    -------
    One signal per block, or one.

    Raises
    ------
    BadDataError
        If the TOML is missing or malformed, the file is damaged or holds no plain numbers, or the two disagree.
    """
    beside = path.with_suffix(".toml")
    if not beside.is_file():
        raise BadDataError(
            f"{path}: the file {beside.name} beside it is missing.",
            "It says axes, sfreq, unit and electrodes; see examples/own_recordings/README.md.",
        )
    said = read_toml(beside, ArrayFile)
    ending = path.suffix.casefold()
    if ending == ".npy":
        if said.array is not None:
            raise BadDataError(f"{beside}: array: an npy file holds one array, so the key means nothing here.")
        source, checks = open_npy(path, ndim=None, kinds="fiu", itemsizes=(1, 2, 4, 8)), list[Check]()
    else:
        source, checks = (open_zarr if ending == ".zarr" else open_hdf5)(path, said.array)
    _must_fit(path, source, said, beside)
    types = _types(said)
    selection = select_channels(said.electrodes, types, wishes, str(path), listed=True)
    n_blocks = source.shape[said.axes.index("block")] if "block" in said.axes else 1
    signals = [PlainSignal(path, source, said, block, selection) for block in range(n_blocks)]
    signals[0].checks += checks
    return signals


def _types(said: ArrayFile) -> list[str]:
    eyes = {electrode_key(name) for name in said.eog}
    return ["eog" if electrode_key(name) in eyes else "eeg" for name in said.electrodes]


def _must_fit(path: Path, source: Any, said: ArrayFile, beside: Path) -> None:
    stored = np.dtype(source.dtype)
    if stored.kind not in "fiu" or stored.itemsize > 8:
        raise BadDataError(f"{path}: expected an array of floating-point or whole numbers, found {stored}.")
    shape = tuple(source.shape)
    if len(shape) != len(said.axes):
        raise BadDataError(
            f"{path} has {counted(len(shape), 'axis')}, {shape}, but {beside.name} names {', '.join(said.axes)}."
        )
    if math.prod(shape) == 0:
        raise BadDataError(f"{path}: the array of shape {shape} holds no numbers.")
    found = shape[said.axes.index("electrode")]
    if found != len(said.electrodes):
        other = [axis for axis, size in zip(said.axes, shape, strict=True) if size == len(said.electrodes)]
        raise BadDataError(
            f"{path}: {beside.name} names {counted(len(said.electrodes), 'electrode')}, but the axis "
            f"'electrode' of {shape} "
            f"has {found}.",
            f"The axis called '{other[0]}' has {len(said.electrodes)}: are axes in the right order?" if other else None,
        )
