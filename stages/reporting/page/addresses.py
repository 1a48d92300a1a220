"""Where a page finds its clips: inside itself, or in files beside it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from eeg2vid.stages.reporting.page.sheets import Sheet
from eeg2vid.stages.reporting.page.views import Filmed, Slot


def rules_of(filmed: Iterable[Filmed], sheets: Sequence[Sheet], folder: Path, *, inline: bool) -> Iterator[Markup]:
    """Yield the style-sheet rule of each sheet that some clips need.

    A picture is loaded once its clip comes near the window (`.near`); without scripts all are.

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
        yield Markup(
            f".near .s{number},:root:not(.js) .s{number}{{background-image:url({url})}}"
            f".s{number}{{--columns:{sheet.columns}}}\n"
        )


def _slots(filmed: Filmed) -> Iterator[Slot]:
    yield from filmed.truth
    for slots in filmed.decoded.values():
        yield from slots
    yield from (slot for _, _, slot in filmed.constants)
