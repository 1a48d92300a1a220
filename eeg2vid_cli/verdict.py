"""What a command that scores says last: the report's headline, and three numbers beside chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from eeg2vid.cli.output import talk, visible
from eeg2vid.stages.services.verdict import SystemVerdict, measure_lines, verdicts_of

if TYPE_CHECKING:
    from eeg2vid.stages.engine.graph import Study
    from eeg2vid.stages.engine.nodes import Node

_STYLES = {"yes": "green", "caution": "yellow", "no": ""}
_IN_FULL = 3  # systems; of more, as a sweep has, the headlines alone


def tell_verdicts(study: Study, nodes: Sequence[Node]) -> list[SystemVerdict]:
    """Say, and return, the verdict on each system that units scored or reported; several are never pooled."""
    found = verdicts_of(study, nodes)
    people = study.known_subjects() or []
    for one in found:
        _tell(one, named=len(found) > 1, in_full=len(found) <= _IN_FULL, of=len(people))
    if len(found) > _IN_FULL:
        talk().print("The numbers: eeg2vid compare")
    return found


def _tell(one: SystemVerdict, *, named: bool, in_full: bool, of: int) -> None:
    console = talk()
    about = [one.system] if named else []
    if len(one.subjects) < of:  # the page speaks of all: what some show alone is another claim
        whose = f"subject {one.subjects[0]}" if len(one.subjects) == 1 else f"{len(one.subjects)} people"
        about.append(f"{whose} alone, of {of}")
    of_what = f" on {', '.join(about)}" if about else ""
    stamps = ["simulated data" if stamp == "simulated" else stamp for stamp in one.stamps]
    line = Text(f"Verdict{of_what}: ", style="bold")
    line.append(visible(one.headline), style=_STYLES[one.tone])
    if stamps:
        line.append(visible(f" ({', '.join(stamps)})"), style="yellow")
    console.print(line)
    if in_full:
        if one.warning:
            console.print(one.warning, style="yellow")
        for text in measure_lines(one.measures):
            console.print(text)
