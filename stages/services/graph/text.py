"""The plan as text of 80 columns: boxes one below the other, and beside them a lane for all that is handed on."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eeg2vid.stages.services.graph.folding import Box, Net, Picture, fold
from eeg2vid.stages.services.graph.model import Plan

WIDTH = 80
_NARROWEST, _WIDEST = 36, 56  # of a box, inside
Paint = Callable[[str, str], str]
"""From some words and a state to the words in its colour."""


def plainly(words: str, state: str) -> str:
    """Return the words as they are."""
    return words


def text_of(plan: Plan, paint: Paint = plainly) -> str:
    """Return the picture; where lanes leave no room for names, one box stands for all variants of a stage."""
    picture = fold(plan)
    lanes = _lanes(picture)
    if _room(lanes) < _NARROWEST:
        picture = fold(plan, coarse=True)
        lanes = _lanes(picture)
    lines = [*_drawn(picture, lanes, max(_room(lanes), 24), paint), ""]
    for note in picture.notes:
        lines += textwrap.wrap(note, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(line.rstrip() for line in lines) + "\n"


@dataclass(frozen=True)
class _Lane:
    """Where a net runs: its column, and the last box that it leads to."""

    net: Net
    column: int

    @property
    def last(self) -> int:
        return max(self.net.targets)


def _lanes(picture: Picture) -> list[_Lane]:
    """Give each net the first column that is free from its source to its last target."""
    free_from: list[int] = []
    found = []
    for net in sorted(picture.nets, key=lambda net: (net.source, max(net.targets))):
        columns = [column for column, free in enumerate(free_from) if free < net.source]
        column = columns[0] if columns else len(free_from)
        if not columns:
            free_from.append(0)
        free_from[column] = max(net.targets)
        found.append(_Lane(net, column))
    return found


def _room(lanes: list[_Lane]) -> int:
    """Return the columns that lanes leave to the inside of a box."""
    columns = 1 + max((lane.column for lane in lanes), default=-1)
    return min(_WIDEST, WIDTH - 2 * columns - 4)


def _drawn(picture: Picture, lanes: list[_Lane], room: int, paint: Paint) -> Iterator[str]:
    columns = 1 + max((lane.column for lane in lanes), default=-1)
    running: dict[int, str] = {}  # by column, what a row shows where nothing happens

    def beside(edge: str, place: int = -1, sign: str = "") -> str:
        """Return box edge and lanes of a row; at one place a lane begins, branches or ends."""
        cells = [edge]
        for column in range(columns):
            before = "─" if column <= place else " "
            crossed = (
                "┼" if column in running and column < place else running.get(column, "─" if column < place else " ")
            )
            cells.append(before + (sign if column == place else crossed))
        return "".join(cells)

    for index, box in enumerate(picture.boxes):
        yield ("┌" if index == 0 else "├") + "─" * (room + 2) + beside("┐" if index == 0 else "┤")
        for left, right in _titles(box, room):
            gap = " " * (room - len(left) - len(right))
            yield f"│ {left}{gap}{paint(right, box.state) if right else ''} " + beside("│")
        for lane in sorted((one for one in lanes if index in one.net.targets), key=lambda one: one.column):
            ends = index == lane.last
            if ends:
                del running[lane.column]
            yield from _pins(lane.net.label, room, beside("◄", lane.column, "┘" if ends else "┤"), beside("│"))
        for lane in sorted((one for one in lanes if one.net.source == index), key=lambda one: one.column):
            row = beside("├", lane.column, "┐")
            running[lane.column] = "│"
            yield from _pins(lane.net.label, room, row, beside("│"))
    if picture.boxes:
        yield "└" + "─" * (room + 2) + beside("┘")


def _titles(box: Box, room: int) -> Iterator[tuple[str, str]]:
    """Yield the lines of a box: stage and states, then names; nothing is ever cut."""
    name = f"{box.stage}/{box.lines[0]}" if box.lines and not box.lines[0].startswith("x ") else box.stage
    rest = list(box.lines[1:] if name != box.stage else box.lines)
    if len(name) + len(box.words) + 2 > room:
        name, rest = box.stage, list(box.lines)
    if len(name) + len(box.words) + 2 > room:
        yield name, ""
        yield from (("", part) for part in textwrap.wrap(box.words, room))
    else:
        yield name, box.words
    for line in rest:
        yield from (("  " + part, "") for part in textwrap.wrap(line, room - 2, break_on_hyphens=False))


def _pins(label: str, room: int, row: str, plain: str) -> Iterator[str]:
    """Yield a role's line, or lines where it is long: the last one has the lane."""
    *before, last = textwrap.wrap(label, room, break_on_hyphens=False)
    for part in before:
        yield f"│ {part:>{room}} {plain}"
    yield f"│ {last:>{room}} {row}"
