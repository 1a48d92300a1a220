"""MNE's readers, asked for what they would otherwise settle in silence: parts, clocks, several rates, twin names."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.edf_clock import ENDINGS as EDF_ENDINGS
from eeg2vid.stages.datasets.edf_clock import Clock, read_clock, set_to_file
from eeg2vid.stages.datasets.edf_rate import true_rate
from eeg2vid.stages.datasets.fif_parts import must_be_first

DataFormat = Literal["auto", "int16", "int32"]
Reader = Callable[[Path], Any]

_CUT_NAME = 11  # letters, at least, of a name that was cut: 15 less a hyphen and a number
_SIZES = re.compile(r"file\s+size|truncat|evenly divisible", re.IGNORECASE)
_TWINS = re.compile(r"found duplicates for: (\{.*?\})\. Applying running numbers")


@dataclass(frozen=True)
class Told:
    """What a recording's reader would keep to itself.

    Attributes
    ----------
    twins
        Place of each channel that shares its name with another, and that name: MNE numbers them.
    pauses
        Where in the file each gap of its own clock lies, and how long it is, s.
    unplaced
        Annotations that lie in a gap, where no sample is.
    rates
        Hz at which each channel of a file of several rates is stored; empty where all have one.
    sizes
        What MNE says of a file that is shorter or longer than its header has it.
    """

    twins: Mapping[int, str] = field(default_factory=dict)
    pauses: Sequence[tuple[float, float]] = ()
    unplaced: Sequence[str] = ()
    rates: Sequence[float] = ()
    sizes: Sequence[str] = ()


NOTHING = Told()


def read_raw(path: Path, reader: Reader) -> tuple[Any, Told]:
    """Open a recording with a reader of MNE's; its annotations count from where samples are in the file.

    Raises
    ------
    BadDataError
        If it is a later part of another file's recording, or its records overlap; else whatever the reader raises.
    """
    must_be_first(path)
    clock = _clock(path)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            raw = reader(path)
        except Exception as error:
            shared = sorted(_shared_names(warned))
            if not shared:
                raise
            # MNE numbers such names, and then misses them in BrainVision's list of units
            raise BadDataError(
                f"{path}: several channels are called {', '.join(map(repr, shared))}; expected a name of its own for "
                "each: two channels that are both one electrode cannot be told apart.",
                "Rename them in the header file.",
            ) from error
    true_rate(raw)
    rates = _rates(raw)
    if rates:
        # MNE brings slower channels to the fastest rate stretch by stretch, which shifts them in time: all at once
        raw.load_data(verbose="error")
    unplaced = set_to_file(path, raw, clock) if clock is not None else []
    pauses = clock.pauses() if clock is not None else []
    sizes = [str(one.message).strip().splitlines()[0] for one in warned if _SIZES.search(str(one.message))]
    return raw, Told(_twins(raw.ch_names, _shared_names(warned)), pauses, unplaced, rates, tuple(dict.fromkeys(sizes)))


def _clock(path: Path) -> Clock | None:
    return read_clock(path) if path.suffix.casefold() in EDF_ENDINGS else None


def read_mne(path: Path, data_format: DataFormat = "auto") -> Any:
    """Return MNE's `Raw` by the file's ending; warnings are for the caller to hear.

    Parameters
    ----------
    path
        The file.
    data_format
        Bytes of a sample of a Neuroscan .cnt, which its header may not tell.

    Raises
    ------
    BadDataError
        If a .cnt does not tell what its samples are, and nobody says so; else whatever MNE raises.
    """
    import mne

    if path.suffix.casefold() != ".cnt":
        return mne.io.read_raw(path, preload=False, verbose="warning")
    # two makers use this ending: Neuroscan, and ANT, whose files start as RIFF containers
    with path.open("rb") as file:
        ant = file.read(4) in {b"RIFF", b"RF64"}
    if ant:
        return mne.io.read_raw_ant(path, preload=False, verbose="warning")
    try:
        return mne.io.read_raw_cnt(path, data_format=data_format, preload=False, verbose="warning")
    except Exception as error:
        if "data_format" not in str(error):
            raise
        raise BadDataError(
            f"{path}: the header of this Neuroscan file does not tell whether a sample has 16 or 32 bits.",
            'Say it in study.toml, [recordings]: data_format = "int16" or "int32" (SynAmps2 and later write 32 bits).',
        ) from error


def read_annotated(path: Path) -> Any:
    """Return a recording with its file's own annotations: another reader may put those of a table in their place."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = read_mne(path)
    true_rate(raw)
    clock = _clock(path)
    if clock is not None:
        set_to_file(path, raw, clock)
    return raw


def _shared_names(warned: Sequence[warnings.WarningMessage]) -> set[str]:
    """Return the names that several channels had, by MNE's warning."""
    matches = [_TWINS.search(str(one.message)) for one in warned]
    return {name for match in matches if match is not None for name in ast.literal_eval(match[1])}


def _twins(names: Sequence[str], shared: set[str]) -> dict[int, str]:
    """Return which channels had one of the shared names before MNE numbered them, and which."""
    found: dict[int, str] = {}
    for stem in shared:
        for row, name in enumerate(names):
            head, _, number = name.rpartition("-")
            # names of more than FIF's 15 letters may be cut before they are numbered
            mine = head == stem or (len(head) >= _CUT_NAME and stem.startswith(head))
            if mine and re.fullmatch(r"\d+|[a-z]", number):
                found[row] = stem
    return found


def _rates(raw: Any) -> list[float]:
    """Return the rates of an EDF, BDF or GDF file's channels, Hz, annotations left aside; none where all have one."""
    extras = raw._raw_extras[0] if raw._raw_extras else None
    if not isinstance(extras, dict) or extras.get("n_samps") is None:
        return []
    samples = np.delete(np.ravel(extras["n_samps"]), np.asarray(extras.get("tal_idx", ()), np.intp))
    if len(set(samples.tolist())) < 2:
        return []
    found: list[float] = (samples / samples.max() * float(raw.info["sfreq"])).tolist()
    return found
