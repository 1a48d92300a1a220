"""The whole numbers that a trigger channel holds, whatever unit its file gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.lazy_signal import unreadable
from eeg2vid.stages.datasets.recordings import RawSignal

UNITS = {"V": 1.0, "mV": 1e-3, "µV": 1e-6, "nV": 1e-9}  # in V
_WHOLE = 0.05  # how far from a whole number a code may lie: EDF stores 7 as 6.9997
_ODD = 0.05  # share of samples that may be none: edges of pulses
_LARGEST = 2**24  # BioSemi's 24 bits


def pick_channel(signal: RawSignal, channel: str | None) -> str:
    """Return the trigger channel's name: the one given, else the only one by type, else the only one by name.

    Raises
    ------
    BadDataError
        If there is no such channel, or several.
    """
    raw = signal.raw
    declared = [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind == "stim"]
    # many formats call every channel EEG
    declared = declared or list(signal.selection.left_out.get("stim", ()))
    if channel is None and len(declared) == 1:
        channel = declared[0]
    if channel is None or channel not in raw.ch_names:
        wanted = "exactly one trigger channel" if channel is None else f"the trigger channel {channel!r}"
        found = ", ".join(declared) or f"none among {', '.join(raw.ch_names[:12])}"
        raise BadDataError(f"{signal.path}: expected {wanted}, found {found}.", "Name it: study.toml, [events] stim.")
    return channel


def whole_codes(signal: RawSignal, channel: str) -> tuple[NDArray[np.int64], float, float]:
    """Return the codes of a trigger channel, rounded, never cut.

    A file that calls the channel's unit µV has its 7 read as 7e-6 V: the codes are the numbers in the file's own unit,
    or in that of V, mV, µV and nV in which they are whole numbers.

    Parameters
    ----------
    signal
        The recording.
    channel
        A channel of it.

    Returns
    -------
    Codes `(sample,)`, the rate of the channel, Hz, and how far from a whole number the worst of the steady values lies.

    Raises
    ------
    BadDataError
        If the values cannot be read, are not finite, or are no whole numbers in any of the units.
    """
    values, sfreq = _values(signal, channel)
    if not np.isfinite(values).all():
        raise BadDataError(f"{signal.path}: the trigger channel {channel!r} holds values that are not finite.")
    kind = signal.raw.get_channel_types(picks=[signal.raw.ch_names.index(channel)])[0]
    declared = getattr(signal.raw, "_orig_units", {}).get(channel, "").replace("μ", "µ").replace("uV", "µV")
    scaled = [UNITS[declared]] if kind != "stim" and declared in UNITS else []  # MNE leaves stim channels as they are
    for factor in (*scaled, *UNITS.values()):
        numbers = values / factor
        if 0.5 <= np.abs(numbers).max(initial=0) <= _LARGEST and _are_whole(numbers):
            break
    else:
        numbers = values
        if np.abs(values).max(initial=0) < 0.5 and values.any():
            raise BadDataError(
                f"{signal.path}: the trigger channel {channel!r} holds values from {values.min():g} to "
                f"{values.max():g} V, which are no whole numbers in V, mV, µV or nV; a code is a whole number.",
                "Is it the trigger channel? study.toml, [events] stim, names another.",
            )
    codes = np.rint(np.clip(numbers, -(2.0**62), 2.0**62)).astype(np.int64)
    steady = np.flatnonzero((codes[1:] == codes[:-1]) & (codes[1:] != 0))
    off = np.abs(numbers - codes)[steady if steady.size else codes != 0].max(initial=0)
    return codes, sfreq, float(off)


def _are_whole(numbers: NDArray[np.float64]) -> bool:
    """Return whether what is not 0 is whole numbers, but for the edges of pulses."""
    codes = numbers[np.abs(numbers) > _WHOLE]
    return bool(codes.size and np.mean(np.abs(codes - np.rint(codes)) > _WHOLE) <= _ODD)


def _values(signal: RawSignal, channel: str) -> tuple[NDArray[np.float64], float]:
    """Return a channel's samples and their rate, Hz."""
    raw = signal.raw
    try:
        again = _uncut(raw, channel)
        if again is not None:
            return again
        values: NDArray[np.float64] = raw.get_data(picks=[raw.ch_names.index(channel)], verbose="error")[0]
    except Exception as error:  # readers of a dozen formats raise whatever they like
        raise unreadable(signal.path, error) from error
    return values, float(raw.info["sfreq"])


def _uncut(raw: Any, channel: str) -> tuple[NDArray[np.float64], float] | None:
    """Return an EDF or BDF trigger channel as the file has it, at its own rate; None where MNE's values are that.

    MNE cuts the decimals of channels called Status or Trigger (EDF's 3.99998 becomes 3), and takes BDF's digital
    numbers for codes, whatever range the file gives them.
    """
    import mne

    kind = type(raw).__name__
    if kind not in ("RawEDF", "RawBDF") or raw.get_channel_types(picks=[raw.ch_names.index(channel)]) != ["stim"]:
        return None
    reader = mne.io.read_raw_edf if kind == "RawEDF" else mne.io.read_raw_bdf
    alone = reader(raw.filenames[0], include=[channel], stim_channel=False, preload=False, verbose="error")
    # a cropped or stitched recording counts its samples otherwise
    if alone.ch_names != [channel] or abs(alone.n_times / alone.info["sfreq"] - raw.n_times / raw.info["sfreq"]) > 1e-6:
        return None
    numbers = alone.get_data(verbose="error")[0] / float(alone._raw_extras[0]["units"][0])
    if kind == "RawBDF":
        if not _are_whole(numbers):
            return None
        numbers = np.bitwise_and(np.rint(numbers).astype(np.int64), 2**17 - 1).astype(np.float64)  # as MNE does
    return numbers, float(alone.info["sfreq"])
