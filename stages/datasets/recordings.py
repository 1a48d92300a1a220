"""Recordings, opened lazily, in volts: files that MNE reads, and plain arrays that say what they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.rates import rates_agree, told_apart
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.brainvision import HEADER, named_files
from eeg2vid.stages.datasets.channels import ElectrodeWishes, nowhere_check, select_channels
from eeg2vid.stages.datasets.fif_parts import parts_beside
from eeg2vid.stages.datasets.lazy_signal import LazySignal, reason_of, unreadable
from eeg2vid.stages.datasets.left_out import unlike_check
from eeg2vid.stages.datasets.marked_spans import Span, annotated_spans, merged
from eeg2vid.stages.datasets.plain_arrays import open_array
from eeg2vid.stages.datasets.reading import NOTHING, DataFormat, Reader, Told, read_mne, read_raw
from eeg2vid.stages.datasets.units import channel_units, is_unlike, left_as_misc

ENDINGS = (".fif", ".fif.gz", ".vhdr", ".edf", ".bdf", ".gdf", ".set", ".cnt", ".mff")  # of MNE's, those looked for
ARRAY_ENDINGS = (".npy", ".h5", ".hdf5", ".zarr")  # with a TOML beside them
_HEAD_FRAME = 4  # FIFFV_COORD_HEAD


class RawSignal(LazySignal):
    """A recording that MNE reads; bad channels are kept. `raw` has all channels and annotations."""

    def __init__(
        self,
        path: Path,
        raw: Any,
        wishes: ElectrodeWishes,
        told: Told = NOTHING,
        units: Mapping[str, str] | None = None,
    ) -> None:
        places = raw.info["chs"]
        own = np.array([place["loc"][:3] for place in places], np.float64).reshape(-1, 3)
        lost = ~np.isfinite(own).all(axis=1) | (own == 0).all(axis=1)
        own[lost | (np.array([place["coord_frame"] for place in places]) != _HEAD_FRAME)] = np.nan
        placed = [bool(np.isfinite(place).all()) for place in own]
        declared = raw.get_channel_types()
        types = [told.types.get(row, kind) if kind == "eeg" else kind for row, kind in enumerate(declared)]
        said = channel_units(path, raw, units or {}, wishes.unit)
        unlike = is_unlike(said, types)
        misc = left_as_misc(raw, types, by_table=units is not None)
        selection = select_channels(
            raw.ch_names, types, wishes, str(path), placed, units=unlike, twins=told.twins, misc=misc
        )
        form = f"{type(raw).__name__.removeprefix('Raw') or 'FIF'} via MNE"
        # MNE scales every format to volts in double precision
        super().__init__(path, float(raw.info["sfreq"]), int(raw.n_times), np.dtype(np.float64), selection, form)
        self.raw = raw
        self._factors = np.array([unit.factor for unit in said])
        self.unitless = tuple(c.electrode for c in self.channels if said[c.row].kind == "unsaid" and not unlike[c.row])
        own = own[[channel.row for channel in self.channels]]
        self.positions = np.where(np.isnan(own), self.positions, own)
        self.checks += [*nowhere_check(selection, path.name), *unlike_check(selection, path.name)]
        self._gaps, self._clips = _gaps(told, self.sfreq), frozenset[str]()
        self.spans = merged([*self._gaps, *self.annotated(raw)])
        self.pauses = told.pauses
        self.checks += [*_told_checks(told, path.name), *_rate_checks(self, told)]
        bad = [channel.electrode for channel in self.channels if channel.name in raw.info["bads"]]
        if bad:
            found = f"{', '.join(bad)}; kept (the stage preprocess interpolates `bad_electrodes`)"
            self.checks.append(
                Check(item=f"electrodes marked bad, {path.name}", found=found, expected="none", verdict="warning")
            )

    def annotated(self, raw: Any) -> list[Span]:
        """Return what the annotations of a `Raw` of this recording mark."""
        kept = [channel.name for channel in self.channels]
        return annotated_spans(raw.annotations, raw, kept, self.path.suffix.casefold() == ".set", self._clips)

    def take_for_clips(self, texts: Collection[str]) -> None:
        """Note that annotations of some texts show clips: they mark nothing, whatever they sound like."""
        self._clips = frozenset(texts)
        self.spans = merged([*self._gaps, *self.annotated(self.raw)])

    def _load(self, rows: NDArray[np.intp], start: int, stop: int) -> NDArray[np.float64]:
        data: NDArray[np.float64] = self.raw.get_data(picks=rows.tolist(), start=start, stop=stop, verbose="error")
        factors = self._factors[rows]
        return data if (factors == 1).all() else data * factors[:, None]


def open_stretches(
    path: Path,
    wishes: ElectrodeWishes | None = None,
    reader: Reader | None = None,
    data_format: DataFormat = "auto",
    units: Mapping[str, str] | None = None,
) -> list[LazySignal]:
    """Open a recording; a plain array with a block axis holds several stretches, anything else is one.

    Parameters
    ----------
    path
        The file or folder.
    wishes
        What the study says about its channels.
    reader
        Returns MNE's `Raw`; by default MNE's own reader of the format.
    data_format
        What a sample of a Neuroscan file is, where its header does not tell.
    units
        What a table beside it says of its channels' units, by name.

    Raises
    ------
    BadDataError
        If it cannot be read, it has no EEG channel, or two channels are one electrode.
    MissingPackageError
        If the format needs a package that is not installed.
    """
    wishes = wishes or ElectrodeWishes()
    if path.suffix.casefold() in ARRAY_ENDINGS:
        return list(open_array(path, wishes))
    try:
        raw, told = read_raw(path, reader or partial(read_mne, data_format=data_format))
        return [RawSignal(path, raw, wishes, told, units)]
    except (ImportError, RuntimeError) as error:
        if "pip install" not in str(error) and not isinstance(error, ImportError):
            raise unreadable(path, error) from error
        raise MissingPackageError(f"{path} cannot be opened: {reason_of(error)}") from error
    except Exception as error:  # readers of a dozen formats raise whatever they like
        raise unreadable(path, error) from error


def open_recording(path: Path, wishes: ElectrodeWishes | None = None) -> LazySignal:
    """Open a recording that is one unbroken stretch; samples stay on disk.

    Raises
    ------
    BadDataError
        As `open_stretches`, or if the file has a block axis.
    MissingPackageError
        If the format needs a package that is not installed.
    """
    stretches = open_stretches(path, wishes)
    if len(stretches) > 1:
        raise BadDataError(f"{path} holds {counted(len(stretches), 'block')}; expected one unbroken recording.")
    return stretches[0]


def companions(path: Path) -> list[Path]:
    """Return a recording's files: itself, its folder's content, those beside it of the same stem or that it names.

    FIF's splits are called `-1.fif` or, in BIDS, `_split-02_`; a BrainVision header names its data and markers.
    """
    inside = sorted(p for p in path.rglob("*") if p.is_file() and not is_foreign(p.name)) if path.is_dir() else []
    if inside and path.suffix.casefold() not in ARRAY_ENDINGS:
        return inside
    stem = path.name.removesuffix("".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix)
    pattern = re.compile(rf"{re.escape(stem)}\..+")
    named = {file.name for file in named_files(path).values()} if path.suffix.casefold() == HEADER else set()
    beside = (p for p in path.parent.iterdir() if (p.name in named or pattern.fullmatch(p.name)) and p.is_file())
    return sorted({*(inside or [path]), *beside, *parts_beside(path)})


def must_agree(signals: Sequence[LazySignal], files: Sequence[str]) -> None:
    """Check that one subject's recordings have one sampling rate, so that they can stand in one array.

    Rates that differ by less than 1e-5 of themselves are one: files keep them in single precision, or round intervals.

    Raises
    ------
    BadDataError
        If their rates differ; the message says which.
    """
    for signal, file in zip(signals, files, strict=True):
        if not rates_agree(signal.sfreq, signals[0].sfreq):
            here, there = told_apart(signal.sfreq, signals[0].sfreq)
            raise BadDataError(
                f"{file} is sampled at {here} Hz, but {files[0]} at {there} Hz; one subject's recordings must agree.",
                "Resample them to one rate first.",
            )


def _told_checks(told: Told, name: str) -> list[Check]:
    """Return a warning for everything that a recording's reader would keep to itself."""
    rows: list[tuple[str, str, str]] = []
    if told.unplaced:
        found = f"{len(told.unplaced)} left out: {', '.join(map(repr, told.unplaced[:8]))}"
        rows.append(("annotations in a gap of the recording", found, "none"))
    if outside := told.outside.words():
        rows.append(("annotations outside the recording", outside, "none"))
    rows += [("markers", text, "every marker read") for text in told.unread]
    rows += [("files of the recording", text, "files of its own name") for text in told.names]
    rows += [("size of the file", text, "what its header says") for text in told.sizes]
    return [Check(item=f"{item}, {name}", found=found, expected=e, verdict="warning") for item, found, e in rows]


def _rate_checks(signal: RawSignal, told: Told) -> list[Check]:
    """Return a warning if electrodes are slower than the fastest channel of their file: MNE resamples them."""
    if len(told.rates) != len(signal.raw.ch_names):
        return []
    slow = sorted({told.rates[channel.row] for channel in signal.channels if told.rates[channel.row] < signal.sfreq})
    if not slow:
        return []
    n = sum(told.rates[channel.row] < signal.sfreq for channel in signal.channels)
    found = f"{n} from {', '.join(f'{rate:g}' for rate in slow)} to {signal.sfreq:g} Hz, the fastest channel's rate"
    item = f"electrodes resampled on reading, {signal.path.name}"
    return [Check(item=item, found=found, expected="one rate in a file", verdict="warning")]


def _gaps(told: Told, sfreq: float) -> list[Span]:
    """Return a cut for every gap between the data records of a file."""
    return [Span(round(at * sfreq), 0, "cut", f"gap of {length:.6g} s") for at, length in told.pauses]
