"""Recordings that MNE can read (FIF, BrainVision, EDF, BDF, EEGLAB, EGI, ANT and more), opened lazily, in volts."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.datasets.montage import electrode_positions
from eeg2vid.stages.datasets.tables import to_label


class RawSignal:
    """The EEG channels of one recording as an array `(electrode, sample)` in V, read when sliced.

    Attributes
    ----------
    electrodes
        Channel names as labels.
    positions
        `(electrode, 3)`, metres, head coordinates: the recording's own where it has them, else those of
        the standard 10-05 system by name, else NaN.
    sfreq
        Hz.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.sfreq = float(raw.info["sfreq"])
        self.electrodes = tuple(to_label(name) for name in raw.ch_names)
        own = np.array([channel["loc"][:3] for channel in raw.info["chs"]], np.float64)
        own[~np.isfinite(own).all(axis=1) | (own == 0).all(axis=1)] = np.nan
        self.positions: NDArray[np.float64] = np.where(np.isnan(own), electrode_positions(raw.ch_names), own)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of electrodes and of samples."""
        return len(self.electrodes), int(self._raw.n_times)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return float64: MNE scales every format to volts in double precision."""
        return np.dtype(np.float64)

    def __getitem__(self, key: Any, /) -> NDArray[np.float64]:
        rows, samples = key if isinstance(key, tuple) else (key, slice(None))
        start, stop, step = slice(*self._samples(samples)).indices(self.shape[1])
        if step < 1:
            raise IndexError("a recording is read forwards: slices need a positive step")
        if stop <= start:
            data = np.empty((self.shape[0], 0))
        else:
            data = self._raw.get_data(start=start, stop=stop, verbose="error")[:, ::step]
        picked: NDArray[np.float64] = data[rows]
        return picked[..., 0] if isinstance(samples, int | np.integer) else picked

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:, :], dtype=dtype)

    def _samples(self, key: Any) -> tuple[int | None, int | None, int | None]:
        if isinstance(key, slice):
            return key.start, key.stop, key.step
        if key is Ellipsis:
            return None, None, None
        at = range(self.shape[1])[key]  # raises IndexError as arrays do
        return at, at + 1, None


def open_recording(path: Path) -> RawSignal:
    """Open a recording and keep its EEG channels, bad ones included; samples stay on disk.

    Raises
    ------
    BadDataError
        If MNE cannot read it, it has no EEG channel, or two channels have the same label.
    MissingPackageError
        If the format needs a package that is not installed.
    """
    import mne

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = _read(path, mne)
            types = Counter(raw.get_channel_types())
            if "eeg" not in types:
                found = ", ".join(f"{n} {kind}" for kind, n in types.items())
                raise BadDataError(f"{path} has no EEG channel; found {found}.", "Set the channel types.")
            signal = RawSignal(raw.pick("eeg", exclude=(), verbose="error"))
    except (ImportError, RuntimeError) as error:
        if "pip install" not in str(error) and not isinstance(error, ImportError):
            raise _unreadable(path, error) from error
        raise MissingPackageError(f"{path} cannot be opened: {str(error).splitlines()[0]}") from error
    except BadDataError:
        raise
    except Exception as error:  # readers of a dozen formats raise whatever they like
        raise _unreadable(path, error) from error
    twice = [name for name, n in Counter(signal.electrodes).items() if n > 1]
    if twice:
        raise BadDataError(f"{path}: two EEG channels are called {twice[0]!r}.", "Rename one of them.")
    return signal


def companions(path: Path) -> list[Path]:
    """Return a recording's files: itself, its folder's content, those beside it of the same stem, FIF's splits."""
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    stem = path.name.removesuffix("".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix)
    pattern = re.compile(rf"{re.escape(stem)}(-\d+\.fif(\.gz)?|\..+)")
    beside = (p for p in path.parent.iterdir() if pattern.fullmatch(p.name) and p.is_file())
    return sorted({path, *beside})


def must_agree(first: RawSignal, other: RawSignal, first_file: str, other_file: str) -> None:
    """Check that two recordings of one subject can stand in one array.

    Raises
    ------
    BadDataError
        If their rates or electrodes differ; the message says which.
    """
    if first.sfreq != other.sfreq:
        raise BadDataError(
            f"{other_file} is sampled at {other.sfreq:g} Hz, but {first_file} at {first.sfreq:g} Hz; "
            "one subject's recordings must agree.",
            "Resample them to one rate first.",
        )
    if first.electrodes != other.electrodes:
        a, b = set(first.electrodes), set(other.electrodes)
        differ = (
            f"only in {first_file}: {', '.join(sorted(a - b)) or 'none'}; "
            f"only in {other_file}: {', '.join(sorted(b - a)) or 'none'}"
            if a != b
            else "the same electrodes in another order"
        )
        raise BadDataError(
            f"{other_file} has other electrodes than {first_file} ({differ}).",
            "Keep the electrodes that all recordings share, in one order.",
        )


def _read(path: Path, mne: Any) -> Any:
    if path.suffix.casefold() == ".cnt":
        # two makers use this ending: Neuroscan, and ANT, whose files start as RIFF containers
        with path.open("rb") as file:
            ant = file.read(4) in {b"RIFF", b"RF64"}
        reader = mne.io.read_raw_ant if ant else mne.io.read_raw_cnt
        return reader(path, preload=False, verbose="error")
    return mne.io.read_raw(path, preload=False, verbose="error")


def _unreadable(path: Path, error: Exception) -> BadDataError:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return BadDataError(
        f"{path} cannot be read as an EEG recording ({reason}).",
        "Formats: FIF, BrainVision (.vhdr), EDF, BDF, EEGLAB (.set), EGI (.mff), ANT (.cnt) and others MNE reads.",
    )
