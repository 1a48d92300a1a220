"""Where a page finds its clips: inside itself, or in files beside it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from eeg2vid.stages.reporting.page.sheets import Sheet
from eeg2vid.stages.reporting.page.views import Filmed, Slot


@dataclass(frozen=True)
class Found:
    """One sheet that a page needs: its number, how many clips it holds, and the address of its picture."""

    number: int
    columns: int
    url: Markup


def addresses(filmed: Iterable[Filmed], sheets: Sequence[Sheet], folder: Path, *, inline: bool) -> Iterator[Found]:
    """Yield the sheets that some clips need, one by one: their bytes may go into the page.

    Parameters
    ----------
    folder
        Where the sheets are: a folder beside the page.
    inline
        Whether their bytes go into the page.
    """
    for number in sorted({slot.sheet for one in filmed for slot in _slots(one)}):
        sheet = sheets[number]
        if inline:
            data = base64.b64encode((folder / sheet.path).read_bytes()).decode("ascii")
            url = f"data:image/webp;base64,{data}"
        else:
            url = quote(f"{folder.name}/{sheet.path}")
        yield Found(number, sheet.columns, Markup(url))


def _slots(filmed: Filmed) -> Iterator[Slot]:
    yield from filmed.truth
    for slots in filmed.decoded.values():
        yield from slots
    yield from (slot for _, _, slot in filmed.constants)
