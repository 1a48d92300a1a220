"""The unit of foreign EEG and of its power, told by their size: they come in as microvolts, all parts alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.amplitudes import must_share_unit
from eeg2vid.stages.datasets.signal_checks import detect_unit
from eeg2vid.stages.exchange.content import Content
from eeg2vid.stages.exchange.layouts import Layout

SQUARED_VOLTS_BELOW = 1e-6  # EEG has about 1 µV²/Hz, which is 1e-12 V²/Hz: the geometric middle
_PARTS, _EACH = 16, 8  # parts of a file that are looked at, and epochs of each


def microvolts(content: Content, arrays: Sequence[np.ndarray], layout: Layout, where: str) -> float:
    """Return the factor to microvolts, by the size of the signal.

    Raises
    ------
    BadDataError
        If it is silent, or parts of it are in other units.
    """
    sizes, names = [], []
    for name, part in _parts(arrays, layout):
        about = np.abs(part - np.median(part, axis=-1, keepdims=True))
        sizes.append((float(np.median(about)), float(np.abs(np.diff(part, axis=-1)).mean())))
        names.append(name)
    must_share_unit(sizes, names, where)
    sample = np.concatenate([np.abs(np.asarray(array[:1], dtype=np.float64)).ravel() for array in arrays])
    factor, check = detect_unit(float(np.median(sample)), where)
    content.remarks.append(f"{check.item}: {check.found}; `scale` overrides it.")
    return factor * 1e6


def squared_microvolts(content: Content, arrays: Sequence[np.ndarray], layout: Layout, where: str) -> float:
    """Return the factor to squared microvolts, by the size of the power.

    Raises
    ------
    BadDataError
        If a power is negative, or parts of it are in other units.
    """
    parts = list(_parts(arrays, layout))
    least = min(float(part.min()) for _, part in parts)
    if least < 0:
        raise BadDataError(
            f"{where}: expected power, µV², found {least:.4g}; a power is never below 0.",
            "Is it in dB, a logarithm, or standardised? `scale` 1 takes it as it is.",
        )
    sizes = [float(np.sqrt(np.median(part))) for _, part in parts]
    must_share_unit([(size, size) for size in sizes], [name for name, _ in parts], where)
    middle = float(np.median(np.concatenate([part.ravel() for _, part in parts])))
    factor = 1e12 if 0 < middle < SQUARED_VOLTS_BELOW else 1.0
    unit = "V²" if factor != 1.0 else "µV²"
    content.remarks.append(f"unit, {where}: {unit} (median power {middle:.3g}); `scale` overrides it.")
    return factor


def _parts(arrays: Sequence[np.ndarray], layout: Layout) -> Iterator[tuple[str, np.ndarray]]:
    """Yield some epochs of each block; of arrays without a block axis, of stretches as long as one another."""
    for number, array in enumerate(arrays, start=1):
        file = f", file {number}" if len(arrays) > 1 else ""
        if layout.leading > 1:
            for block in range(len(array)):
                slots = np.unique(np.linspace(0, array.shape[1] - 1, _EACH).round().astype(int))
                part = np.stack([array[block, slot, 0] for slot in slots])
                yield f"block {block + 1}{file}", part.astype(np.float64)
            continue
        for rows in np.array_split(np.arange(len(array)), min(_PARTS, len(array))):
            chosen = rows[np.unique(np.linspace(0, len(rows) - 1, _EACH).round().astype(int))]
            name = f"events {rows[0] + 1} to {rows[-1] + 1}{file}"
            yield name, np.stack([array[row] for row in chosen]).astype(np.float64)
