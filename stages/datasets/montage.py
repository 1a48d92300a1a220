"""Where electrodes sit: names, standard positions, and the electrode files that come with SEED-DV."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError

# The SEED caps' cerebellar electrodes are not in the 10-05 system: at azimuth -150 and +150 degrees they
# coincide with PO9 and PO10. Metres, in the frame of MNE's standard_1005 template.
_CEREBELLAR = {"cb1": (-0.0549, -0.0980, -0.0355), "cb2": (0.0549, -0.0980, -0.0355)}


@dataclass(frozen=True)
class Locations:
    """The content of an EEGLAB `.locs` file.

    Attributes
    ----------
    names
        Labels in file order.
    angles
        `(electrode,)`, degrees from the nose, positive to the right.
    radii
        `(electrode,)`, 0 at the vertex, 0.5 on the equator of the head sphere.
    """

    names: tuple[str, ...]
    angles: NDArray[np.float64]
    radii: NDArray[np.float64]


def electrode_positions(names: Sequence[str]) -> NDArray[np.float64]:
    """Return the positions of named electrodes from MNE's `standard_1005` template.

    Names are matched by case (`FP1` finds `Fp1`, `FZ` finds `Fz`); the old names T3, T4, T5, T6 stand
    for T7, T8, P7, P8; `CB1` and `CB2`, which the template lacks, are placed where the SEED cap has them. Beside
    an `A3` the names `A1`, `A2`, `C1`, `F8`, ... are plain numbers of a BioSemi device, and stay unknown.

    Returns
    -------
    numpy.ndarray
        `(electrode, 3)` in metres, head coordinates (x to the right ear, y to the nose, z up); NaN
        where the name is unknown. They equal what `raw.set_montage("standard_1005")` gives in MNE.
    """
    known = _standard_positions()
    names = [name.strip().casefold() for name in names]
    if "a3" in names:
        known = {name: xyz for name, xyz in known.items() if not re.fullmatch(r"[a-z]\d+", name)}
    unknown = (np.nan, np.nan, np.nan)
    return np.array([known.get(name, unknown) for name in names], float).reshape(-1, 3)


@cache
def _standard_positions() -> dict[str, tuple[float, float, float]]:
    import mne

    # one template under two names: MNE 1.13 renames standard_1005
    name = "colin27_1005" if "colin27_1005" in mne.channels.get_builtin_montages() else "standard_1005"
    montage = mne.channels.make_standard_montage(name)
    template = {name.casefold(): xyz for name, xyz in montage.get_positions()["ch_pos"].items()}
    template |= {name: np.array(xyz) for name, xyz in _CEREBELLAR.items()}
    to_head = mne.channels.compute_native_head_t(montage)["trans"]
    moved = np.stack(list(template.values())) @ to_head[:3, :3].T + to_head[:3, 3]
    return {name: (float(x), float(y), float(z)) for name, (x, y, z) in zip(template, moved, strict=True)}


def read_locs(path: Path) -> Locations:
    """Read an EEGLAB polar text file: index, angle in degrees, radius, label on each line.

    Raises
    ------
    BadDataError
        If the file cannot be read or a line does not have these four fields.
    """
    try:
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataError(f"{path} cannot be read ({error}).") from error
    rows = []
    for number, fields in enumerate(lines, start=1):
        if not fields:
            continue
        try:
            _, angle, radius, name = fields
            # EEGLAB pads labels to four characters with dots
            rows.append((name.rstrip("."), float(angle), float(radius)))
        except ValueError as error:
            raise BadDataError(
                f"{path}, line {number}: expected index, angle, radius and label, found {' '.join(fields)!r}."
            ) from error
    if not rows:
        raise BadDataError(f"{path} names no electrode.")
    names, angles, radii = zip(*rows, strict=True)
    return Locations(names, np.array(angles), np.array(radii))


def read_names_xlsx(path: Path) -> tuple[str, ...]:
    """Return the texts of an Excel file's first sheet, row by row, cell by cell.

    Only what a list of channel names needs is read, so that no spreadsheet library is required.

    Raises
    ------
    BadDataError
        If the file is not a workbook or its first sheet holds no text.
    """
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    try:
        with zipfile.ZipFile(path) as book:
            members = book.namelist()
            sheets = [name for name in members if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
            first = min(sheets, key=lambda name: int(re.sub(r"\D", "", name)))
            cells = list(ElementTree.fromstring(book.read(first)).iter(f"{main}c"))
            shared: list[str] = []
            if "xl/sharedStrings.xml" in members:
                table = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
                shared = ["".join(t.text or "" for t in si.iter(f"{main}t")) for si in table.iter(f"{main}si")]
        texts = []
        for cell in cells:
            if cell.get("t") == "s":
                texts.append(shared[int(cell.findtext(f"{main}v", ""))])
            elif cell.get("t") == "inlineStr":
                texts.append("".join(t.text or "" for t in cell.iter(f"{main}t")))
    except (OSError, zipfile.BadZipFile, ElementTree.ParseError, ValueError, IndexError) as error:
        raise BadDataError(f"{path} is not a readable Excel workbook ({error}).") from error
    names = tuple(text.strip() for text in texts if text.strip())
    if not names:
        raise BadDataError(f"{path}: its first sheet holds no text.")
    return names
