"""The unit that a file gives to a channel: what is no voltage is no electrode, and what MNE misreads is put right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

_PREFIX = {"": 1.0, "m": 1e-3, "milli": 1e-3, "u": 1e-6, "micro": 1e-6, "n": 1e-9, "nano": 1e-9}
# micro sign, Greek mu, both as MNE reads them byte by byte, and mu of Shift JIS
_MU = re.compile("[\u00b5\u03bc]|\u00c2\u00b5|\u00ce\u00bc|\x83\xca")
_VOLTAGE = re.compile(r"(m|milli|u|micro|n|nano|)[ -]?v(?:olts?)?", re.IGNORECASE)
# numbers of the converter, or nothing
_UNSAID = re.compile(r"|n/?a|none|nan|null|unknown|undefined|-+|\?+|1|arb\.?|a\.?u\.?|adu|adc|counts?|lsb|raw|digital",
                     re.IGNORECASE)  # fmt: skip
_DIMENSION_AT, _DIMENSION = 16 + 80, 8  # EDF's header: all labels, all transducers, then all dimensions


@dataclass(frozen=True)
class ChannelUnit:
    """What a file says of one channel's numbers.

    Attributes
    ----------
    kind
        voltage; other: something else; unsaid: the file could say it and does not; given: its reader knows.
    text
        As the file has it.
    factor
        From what the reader returns to volts.
    """

    kind: Literal["voltage", "other", "unsaid", "given"]
    text: str = ""
    factor: float = 1.0


def volts_of(unit: str) -> float | None:
    """Return a unit in volts: `uV`, `µV`, `microvolts`; None if it is no voltage. No scalp has megavolts."""
    match = _VOLTAGE.fullmatch(_MU.sub("u", unit.strip()))
    return _PREFIX[match[1].casefold()] if match else None


def read_unit(unit: str, gain: float | None = None) -> ChannelUnit:
    """Tell a unit's kind.

    Parameters
    ----------
    unit
        As written.
    gain
        What the reader multiplied by, in the belief that it makes volts; None if it knew.
    """
    volts = volts_of(unit)
    if volts is not None:
        return ChannelUnit("voltage", unit, 1.0 if gain is None else volts / gain)
    return ChannelUnit("unsaid" if _UNSAID.fullmatch(unit.strip()) else "other", unit)


def channel_units(path: Path, raw: Any, table: Mapping[str, str], wished: str | None) -> list[ChannelUnit]:
    """Return the unit of every channel of MNE's `Raw`.

    EDF and BDF are looked at in the file: MNE takes `uv` and `nV` for volts, and does not tell other units apart.

    Parameters
    ----------
    path
        The file.
    raw
        As opened.
    table
        Units that BIDS' channels.tsv gives, by channel: they count where the file says none, and where they are no
        voltage.
    wished
        The unit that the study gives to channels without one.
    """
    said = _edf_units(path, raw)
    if said is None:
        # readers that know the units of their format, or have none: what they give out as volts is believed
        original: Mapping[str, str] = getattr(raw, "_orig_units", None) or {}
        texts = [original.get(place["ch_name"], _fif_unit(place)) for place in raw.info["chs"]]
        said = [unit if unit.kind == "other" else ChannelUnit("given") for unit in map(read_unit, texts)]
    gains = _edf_gains(raw)
    found = []
    for place, (name, unit) in enumerate(zip(raw.ch_names, said, strict=True)):
        told = read_unit(table.get(name, ""), gains[place])
        if told.kind == "other" or (unit.kind == "unsaid" and told.kind == "voltage"):
            unit = told
        elif unit.kind == "unsaid" and wished is not None:
            unit = read_unit(wished, gains[place])
        found.append(unit)
    return found


def is_unlike(units: Sequence[ChannelUnit], types: Sequence[str]) -> list[str | None]:
    """Return which channels are no electrodes by their unit, and in which words: `in degC`; None for electrodes.

    A channel without a unit beside others with one is none either; where no EEG channel has one, none is judged.
    """
    voltages = any(unit.kind == "voltage" and kind == "eeg" for unit, kind in zip(units, types, strict=True))
    words: list[str | None] = []
    for unit in units:
        if unit.kind == "other":
            words.append(f"in {unit.text.strip()}")
        else:
            words.append("without a unit" if unit.kind == "unsaid" and voltages else None)
    return words


def _fif_unit(channel: Mapping[str, Any]) -> str:
    """Return the unit that MNE keeps of a channel, without `FIFF_UNIT_`; `NONE` says nothing."""
    name: str = getattr(channel["unit"], "_name", "")
    return name.removeprefix("FIFF_UNIT_").replace("UNITLESS", "NONE")


def _edf_gains(raw: Any) -> list[float]:
    extras = raw._raw_extras[0] if getattr(raw, "_raw_extras", None) else None
    gains = extras.get("units") if isinstance(extras, dict) else None
    if gains is None or len(gains) != len(raw.ch_names):
        return [1.0] * len(raw.ch_names)
    return [float(gain) or 1.0 for gain in gains]


def _edf_units(path: Path, raw: Any) -> list[ChannelUnit] | None:
    """Return the units in an EDF or BDF file's own header, None for other formats."""
    if type(raw).__name__ not in ("RawEDF", "RawBDF"):
        return None
    with path.open("rb") as file:
        header = file.read(256)
        n_signals = int(header[252:256])
        file.seek(256 + n_signals * _DIMENSION_AT)
        texts = [file.read(_DIMENSION).decode("latin-1").strip("\0 ") for _ in range(n_signals)]
    # MNE leaves out annotations
    kept = np.ravel(raw._raw_extras[0].get("sel", np.arange(n_signals)))
    if len(kept) != len(raw.ch_names):
        return None
    gains = _edf_gains(raw)
    return [read_unit(texts[place], gain) for place, gain in zip(kept.tolist(), gains, strict=True)]
