"""Recordings, opened lazily, in volts: files that MNE reads, and plain arrays that say what they are."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.datasets.channels import ElectrodeWishes, nowhere_check, select_channels
from eeg2vid.stages.datasets.lazy_signal import LazySignal, unreadable
from eeg2vid.stages.datasets.plain_arrays import open_array

ENDINGS = (".fif", ".fif.gz", ".vhdr", ".edf", ".bdf", ".gdf", ".set", ".cnt", ".mff")  # of MNE's, those looked for
ARRAY_ENDINGS = (".npy", ".h5", ".hdf5", ".zarr")  # with a TOML beside them
_HEAD_FRAME = 4  # FIFFV_COORD_HEAD


class RawSignal(LazySignal):
    """A recording that MNE reads; bad channels are kept. `raw` has all channels and annotations."""

    def __init__(self, path: Path, raw: Any, wishes: ElectrodeWishes) -> None:
        places = raw.info["chs"]
        own = np.array([place["loc"][:3] for place in places], np.float64).reshape(-1, 3)
        lost = ~np.isfinite(own).all(axis=1) | (own == 0).all(axis=1)
        own[lost | (np.array([place["coord_frame"] for place in places]) != _HEAD_FRAME)] = np.nan
        placed = [bool(np.isfinite(place).all()) for place in own]
        selection = select_channels(raw.ch_names, raw.get_channel_types(), wishes, str(path), placed)
        form = f"{type(raw).__name__.removeprefix('Raw') or 'FIF'} via MNE"
        # MNE scales every format to volts in double precision
        super().__init__(path, float(raw.info["sfreq"]), int(raw.n_times), np.dtype(np.float64), selection, form)
        self.raw = raw
        own = own[[channel.row for channel in self.channels]]
        self.positions = np.where(np.isnan(own), self.positions, own)
        self.checks += nowhere_check(selection, path.name)
        bad = [channel.electrode for channel in self.channels if channel.name in raw.info["bads"]]
        if bad:
            found = f"{', '.join(bad)}; kept (the stage preprocess interpolates `bad_electrodes`)"
            self.checks.append(
                Check(item=f"electrodes marked bad, {path.name}", found=found, expected="none", verdict="warning")
            )

    def _load(self, rows: NDArray[np.intp], start: int, stop: int) -> NDArray[np.float64]:
        data: NDArray[np.float64] = self.raw.get_data(picks=rows.tolist(), start=start, stop=stop, verbose="error")
        return data


def open_stretches(
    path: Path, wishes: ElectrodeWishes | None = None, reader: Callable[[Path], Any] | None = None
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [RawSignal(path, (reader or _read)(path), wishes)]
    except (ImportError, RuntimeError) as error:
        if "pip install" not in str(error) and not isinstance(error, ImportError):
            raise unreadable(path, error) from error
        raise MissingPackageError(f"{path} cannot be opened: {str(error).splitlines()[0]}") from error
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
        raise BadDataError(f"{path} holds {len(stretches)} blocks; expected one unbroken recording.")
    return stretches[0]


def companions(path: Path) -> list[Path]:
    """Return a recording's files: itself, its folder's content, those beside it of the same stem or that it names.

    FIF's splits are called `-1.fif` or, in BIDS, `_split-02_`; a BrainVision header names its data and markers.
    """
    inside = sorted(p for p in path.rglob("*") if p.is_file() and not is_foreign(p.name)) if path.is_dir() else []
    if inside and path.suffix.casefold() not in ARRAY_ENDINGS:
        return inside
    stem = path.name.removesuffix("".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix)
    pattern = re.compile(rf"{re.escape(stem)}(-\d+\.fif(\.gz)?|\..+)")
    splits = re.compile(re.sub(r"_split\\-\d+", r"_split-\\d+", re.escape(path.name)))
    named = _named_in_header(path) if path.suffix.casefold() == ".vhdr" else set()
    beside = (
        p for p in path.parent.iterdir() if p.name in named or pattern.fullmatch(p.name) or splits.fullmatch(p.name)
    )
    return sorted({*(inside or [path]), *(p for p in beside if p.is_file())})


def _named_in_header(path: Path) -> set[str]:
    """Return the files that a BrainVision header names; a renamed copy may name others than those of its stem."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        text = path.read_bytes().decode("latin-1")
    except OSError:
        return set()
    found = re.findall(r"^(?:DataFile|MarkerFile)\s*=\s*(.+?)\s*$", text, flags=re.MULTILINE | re.IGNORECASE)
    return {Path(name.replace("$b", path.stem)).name for name in found}


def must_agree(signals: Sequence[LazySignal], files: Sequence[str]) -> None:
    """Check that one subject's recordings have one sampling rate, so that they can stand in one array.

    Raises
    ------
    BadDataError
        If their rates differ; the message says which.
    """
    for signal, file in zip(signals, files, strict=True):
        if signal.sfreq != signals[0].sfreq:
            raise BadDataError(
                f"{file} is sampled at {signal.sfreq:g} Hz, but {files[0]} at {signals[0].sfreq:g} Hz; "
                "one subject's recordings must agree.",
                "Resample them to one rate first.",
            )


def _read(path: Path) -> Any:
    import mne

    if path.suffix.casefold() == ".cnt":
        # two makers use this ending: Neuroscan, and ANT, whose files start as RIFF containers
        with path.open("rb") as file:
            ant = file.read(4) in {b"RIFF", b"RF64"}
        reader = mne.io.read_raw_ant if ant else mne.io.read_raw_cnt
        return reader(path, preload=False, verbose="error")
    raw = mne.io.read_raw(path, preload=False, verbose="error")
    if _has_several_rates(raw):
        # MNE brings slower channels to the fastest rate stretch by stretch, which shifts them in time: all at once
        raw.load_data(verbose="error")
    return raw


def _has_several_rates(raw: Any) -> bool:
    """Return whether an EDF, BDF or GDF file's channels have different rates, annotations left aside."""
    extras = raw._raw_extras[0] if raw._raw_extras else None
    if not isinstance(extras, dict) or extras.get("n_samps") is None:
        return False
    samples = np.delete(np.ravel(extras["n_samps"]), np.asarray(extras.get("tal_idx", ()), np.intp))
    return len(set(samples.tolist())) > 1
