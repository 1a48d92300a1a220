"""The plan as a standalone SVG: no script, no font and no picture from elsewhere, readable on light and dark pages."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from html import escape

from eeg2vid.stages.services.graph.folding import Box, fold
from eeg2vid.stages.services.graph.layout import (
    LINE,
    MARGIN,
    PAD,
    PIN,
    PIN_ROW,
    SIGN,
    TEXT,
    TITLE,
    Drawing,
    Item,
    Line,
    lay_out,
    width_of,
)
from eeg2vid.stages.services.graph.model import Plan

# state: fill and stroke on light pages, on dark ones
_COLOURS = {
    "done": ("#ddf3dd", "#3a7d3a", "#1d3a22", "#6fbf73"),
    "imported": ("#dfe9fb", "#3a5a9d", "#1d2c48", "#7fa3e6"),
    "stale": ("#fdecd0", "#b06a00", "#45300f", "#e0a64a"),
    "damaged": ("#f9d6d6", "#a02020", "#4a1c1c", "#ef8080"),
    "mixed": ("#f8f6cf", "#8a8a20", "#3b3a16", "#cfcf60"),
    "missing": ("#ffffff", "#8a9199", "#262b31", "#8a9199"),
}
_LINES = ("#2a78b8", "#b8562a", "#3d8f5c", "#8a5cc2", "#b0447e", "#8f7a1f", "#35919b", "#6b7580")
_FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def svg_of(plan: Plan) -> str:
    """Return the drawing; the same plan gives the same bytes."""
    drawing = lay_out(fold(plan))
    states = [state for state in _COLOURS if any(box.state == state for box in drawing.picture.boxes)]
    title = f"Recipe {plan.recipe}: what is planned, and what each stage reads"
    head = 2 * MARGIN
    least = max(width_of(title, TITLE), sum(_key_width(state) for state in states)) + 2 * MARGIN
    width = max(drawing.width, least)
    letters = int((width - 2 * MARGIN) / (SIGN * TEXT))
    notes = [
        line
        for note in drawing.picture.notes
        for line in textwrap.wrap(note, letters, subsequent_indent="  ", break_on_hyphens=False)
    ]
    height = head + drawing.height + LINE * (len(notes) + 2) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-family="{escape(_FONT)}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_style()}</style>",
        f'<rect class="page" width="{width:.0f}" height="{height:.0f}"/>',
        _text(MARGIN, MARGIN + TITLE, title, TITLE, "strong"),
        f'<g transform="translate({(width - drawing.width) / 2:.1f} {head:.1f})">',
        *_lines_of(drawing),
        *(part for box, item in drawing.boxes for part in _box(box, item)),
        "</g>",
    ]
    at = head + drawing.height + LINE
    parts += _key(states, at)
    parts += [_text(MARGIN, at + LINE * (2 + k), note, TEXT, "soft") for k, note in enumerate(notes)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _style() -> str:
    def rules(page: str, ink: str, soft: str, first: int) -> str:
        states = " ".join(f".{s}{{fill:{c[first]};stroke:{c[first + 1]}}}" for s, c in _COLOURS.items())
        return f".page{{fill:{page}}} text{{fill:{ink}}} .soft{{fill:{soft}}} {states}"

    lines = " ".join(f".n{k}{{stroke:{colour}}} .h{k}{{fill:{colour}}}" for k, colour in enumerate(_LINES))
    fixed = ".strong{font-weight:bold} .line{fill:none;stroke-width:1.4;stroke-linejoin:round}"
    dark = rules("#16191d", "#e8eaec", "#a9b1b9", 2)
    return f"{rules('#ffffff', '#1c2126', '#59636c', 0)} {fixed} {lines} @media (prefers-color-scheme:dark){{{dark}}}"


def _lines_of(drawing: Drawing) -> Iterator[str]:
    by_net: dict[int, list[Line]] = {}
    for line in drawing.lines:
        by_net.setdefault(line.net, []).append(line)
    for number, lines in by_net.items():
        net = drawing.picture.nets[number]
        stages = [drawing.picture.boxes[k].stage for k in (net.source, *net.targets)]
        said = f"{net.label}: {stages[0]} to {', '.join(dict.fromkeys(stages[1:]))}"
        colour = number % len(_LINES)
        path = " ".join("M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in line.corners) for line in lines)
        yield f'<g><title>{escape(said)}</title><path class="line n{colour}" d="{path}"/>'
        for x, y in dict.fromkeys(line.corners[-1] for line in lines if line.ends):
            yield f'<path class="h{colour}" d="M{x:.1f} {y:.1f} l-4 -7 h8 z"/>'
        yield "</g>"


def _box(box: Box, item: Item) -> Iterator[str]:
    left = item.x - item.width / 2
    yield f"<g><title>{escape(box.stage + ': ' + ', '.join(box.members))}</title>"
    yield (
        f'<rect class="{box.state}" x="{left:.1f}" y="{item.top:.1f}" width="{item.width:.1f}" '
        f'height="{item.height:.1f}" rx="6"/>'
    )
    at = item.top
    for pin in item.ins:
        yield _text(pin.x, at + PIN_ROW - 5, pin.label, PIN, "soft", "middle")
    at += PAD + PIN_ROW * bool(item.ins) + LINE - 4
    yield _text(item.x, at, box.stage, TITLE, "strong", "middle")
    for line in (*box.lines, box.words):
        at += LINE
        yield _text(item.x, at, line, TEXT, "", "middle")
    for pin in item.outs:
        yield _text(pin.x, item.top + item.height - 6, pin.label, PIN, "soft", "middle")
    yield "</g>"


def _key_width(state: str) -> float:
    return 26 + width_of(state, TEXT) + 16


def _key(states: list[str], at: float) -> Iterator[str]:
    x = MARGIN
    for state in states:
        yield f'<rect class="{state}" x="{x:.1f}" y="{at - 10:.1f}" width="18" height="12" rx="3"/>'
        yield _text(x + 26, at, state, TEXT, "soft")
        x += _key_width(state)


def _text(x: float, y: float, text: str, size: float, kind: str, anchor: str = "") -> str:
    place = f' text-anchor="{anchor}"' if anchor else ""
    named = f' class="{kind}"' if kind else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{named}{place} xml:space="preserve">{escape(text)}</text>'
    )
