"""Where boxes and lines of a picture are: layers from top to bottom, few crossings, lines at right angles.

A box lies one layer below the lowest that it reads. In each layer, boxes and passing lines are ordered by the
barycentre of their neighbours (Sugiyama et al., 1981), then placed as near to them as widths allow.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from eeg2vid.stages.services.graph.folding import Box, Net, Picture
from eeg2vid.stages.services.graph.tracks import Run, tracks_of

TITLE, TEXT, PIN = 13.0, 12.0, 11.0  # px
SIGN = 0.62  # width of a monospaced sign / font size; the widest of the usual fonts have 0.602
LINE, PIN_ROW, PAD = 16.0, 18.0, 10.0
BETWEEN, PASSING, TRACK, MARGIN = 22.0, 14.0, 9.0, 24.0
_SWEEPS = 12


def width_of(text: str, size: float) -> float:
    """Return how wide a text is at most, px."""
    return len(text) * SIGN * size


@dataclass
class Pin:
    """A role on the edge of a box, and the place along it where the line is tied."""

    net: int
    label: str
    width: float
    x: float = 0.0


@dataclass
class Item:
    """What takes room in a layer: a box, or a line that passes."""

    layer: int
    width: float
    box: int | None = None
    net: int | None = None
    x: float = 0.0  # its middle
    top: float = 0.0
    height: float = 0.0
    ins: list[Pin] = field(default_factory=list)
    outs: list[Pin] = field(default_factory=list)

    def tie(self, net: int, *, below: bool) -> float:
        """Return where a net leaves it below, or enters it above."""
        pins = self.outs if below else self.ins
        return next((pin.x for pin in pins if pin.net == net), self.x)


@dataclass(frozen=True)
class Line:
    """One piece of a net, from a layer to the next: its corners, and whether it ends in a box there."""

    net: int
    corners: tuple[tuple[float, float], ...]
    ends: bool


@dataclass(frozen=True)
class Drawing:
    """A picture with places, px."""

    picture: Picture
    items: tuple[Item, ...]
    lines: tuple[Line, ...]
    width: float
    height: float

    @property
    def boxes(self) -> list[tuple[Box, Item]]:
        """The boxes with their places."""
        return [(self.picture.boxes[item.box], item) for item in self.items if item.box is not None]


def lay_out(picture: Picture) -> Drawing:
    """Return where everything is; the same picture gives the same places."""
    layers, hops = _layers(picture)
    _order(layers, hops)
    for layer in layers:
        _place(layer, [item.x for item in layer])
    for sweep in range(6):
        _pins(layers, hops)
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            _place(layer, [_wanted(item, hops, above=downwards) for item in layer])
    left = min((item.x - item.width / 2 for layer in layers for item in layer), default=0)
    for layer in layers:
        for item in layer:
            item.x += MARGIN - left
    _pins(layers, hops)
    lines, bottom = _lines(layers, hops)
    right = max((item.x + item.width / 2 for layer in layers for item in layer), default=0)
    return Drawing(picture, tuple(item for layer in layers for item in layer), lines, right + MARGIN, bottom)


@dataclass(frozen=True)
class _Hop:
    """A net between two layers: from one item to some of the next layer."""

    net: int
    source: Item
    targets: tuple[Item, ...]


def _layers(picture: Picture) -> tuple[list[list[Item]], list[_Hop]]:
    """Return the items layer by layer, and the hops of all nets."""
    rank = [0] * len(picture.boxes)
    for net in sorted(picture.nets, key=lambda net: net.source):  # in the order of stages every source comes first
        for target in net.targets:
            rank[target] = max(rank[target], rank[net.source] + 1)
    layers: list[list[Item]] = [[] for _ in range(max(rank, default=-1) + 1)]
    items = [_item(picture, index, rank[index]) for index in range(len(picture.boxes))]
    for item in items:
        layers[item.layer].append(item)
    hops = []
    for number, net in enumerate(picture.nets):
        here = items[net.source]
        for layer in range(rank[net.source] + 1, max(rank[target] for target in net.targets) + 1):
            there = [items[target] for target in net.targets if rank[target] == layer]
            if any(rank[target] > layer for target in net.targets):
                there.append(Item(layer, PASSING, net=number))
                layers[layer].append(there[-1])
            hops.append(_Hop(number, here, tuple(there)))
            here = there[-1]
    return layers, hops


def _item(picture: Picture, index: int, layer: int) -> Item:
    box = picture.boxes[index]

    def pins(nets: Sequence[tuple[int, Net]]) -> list[Pin]:
        return [Pin(number, net.label, width_of(net.label, PIN) + 2 * PAD) for number, net in nets]

    numbered = list(enumerate(picture.nets))
    ins = pins([one for one in numbered if index in one[1].targets])
    outs = pins([one for one in numbered if one[1].source == index])
    texts = [width_of(box.stage, TITLE), *(width_of(line, TEXT) for line in (*box.lines, box.words))]
    width = max(max(texts) + 2 * PAD, *(sum(pin.width for pin in row) for row in (ins, outs)))
    height = 2 * PAD + LINE * (2 + len(box.lines)) + PIN_ROW * (bool(ins) + bool(outs))
    return Item(layer, width, box=index, height=height, ins=ins, outs=outs)


def _order(layers: list[list[Item]], hops: list[_Hop]) -> None:
    """Order each layer by the barycentre of its neighbours, down and up; the order with the fewest crossings stays."""
    near: dict[tuple[int, bool], list[Item]] = defaultdict(list)
    for hop in hops:
        for target in hop.targets:
            near[id(target), True].append(hop.source)
            near[id(hop.source), False].append(target)
    best, fewest = [list(layer) for layer in layers], crossings(layers, hops)
    for sweep in range(_SWEEPS):
        above = sweep % 2 == 0
        for layer in layers if above else reversed(layers):
            place = {id(item): k / max(1, len(row) - 1) for row in layers for k, item in enumerate(row)}

            def centre(item: Item, place: dict[int, float] = place, above: bool = above) -> float:
                others = near[id(item), above]
                return sum(place[id(one)] for one in others) / len(others) if others else place[id(item)]

            layer.sort(key=centre)
        if (number := crossings(layers, hops)) < fewest:
            best, fewest = [list(layer) for layer in layers], number
    for layer, order in zip(layers, best, strict=True):
        layer[:] = order
        at = 0.0
        for item in layer:
            item.x, at = at + item.width / 2, at + item.width + BETWEEN


def crossings(layers: list[list[Item]], hops: list[_Hop]) -> int:
    """Return how many pairs of straight lines between neighbouring layers cross."""
    place = {id(item): k for row in layers for k, item in enumerate(row)}
    pairs: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for hop in hops:
        pairs[hop.source.layer] += [(place[id(hop.source)], place[id(target)]) for target in hop.targets]
    return sum(
        (a[0] - b[0]) * (a[1] - b[1]) < 0 for found in pairs.values() for k, a in enumerate(found) for b in found[:k]
    )


def _wanted(item: Item, hops: list[_Hop], *, above: bool) -> float:
    """Return where an item would be best: under or over the middle of its neighbours' ties."""
    found = []
    for hop in hops:
        if above and any(item is target for target in hop.targets):
            found.append(hop.source.tie(hop.net, below=True) + item.x - item.tie(hop.net, below=False))
        if not above and hop.source is item:
            found += [one.tie(hop.net, below=False) + item.x - item.tie(hop.net, below=True) for one in hop.targets]
    return sum(found) / len(found) if found else item.x


def _place(layer: list[Item], wanted: list[float]) -> None:
    """Put items as near as possible to where they should be, in order and apart (isotonic regression)."""
    offsets = [0.0]
    for one, other in itertools.pairwise(layer):
        gap = BETWEEN if one.box is not None or other.box is not None else 0.0
        offsets.append(offsets[-1] + (one.width + other.width) / 2 + gap)
    blocks: list[list[float]] = []  # sum of weights, weighted sum, number of items
    for item, want, offset in zip(layer, wanted, offsets, strict=False):
        weight = 1.0 if item.box is not None else 3.0  # what passes should go straight
        blocks.append([weight, weight * (want - offset), 1])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][0] >= blocks[-1][1] / blocks[-1][0]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    places = [total / weight for weight, total, number in blocks for _ in range(int(number))]
    for item, place, offset in zip(layer, places, offsets, strict=False):
        item.x = round(place + offset, 1)


def _pins(layers: list[list[Item]], hops: list[_Hop]) -> None:
    """Order the pins of each box as their lines come and go, and spread them over its width."""
    for layer in layers:
        for item in layer:
            for pins, below in ((item.ins, False), (item.outs, True)):
                goes = {pin.net: _goes(item, pin.net, hops, below) for pin in pins}
                pins.sort(key=lambda pin: (goes[pin.net], pin.net))
                spare = (item.width - sum(pin.width for pin in pins)) / max(1, len(pins))
                at = item.x - item.width / 2
                for pin in pins:
                    pin.x, at = round(at + (pin.width + spare) / 2, 1), at + pin.width + spare


def _goes(item: Item, net: int, hops: list[_Hop], below: bool) -> float:
    found = [
        other.x
        for hop in hops
        if hop.net == net and (hop.source is item if below else any(one is item for one in hop.targets))
        for other in (hop.targets if below else (hop.source,))
    ]
    return sum(found) / len(found)


def _lines(layers: list[list[Item]], hops: list[_Hop]) -> tuple[tuple[Line, ...], float]:
    """Give each layer its height and each gap its tracks; return the lines, and where all ends."""
    lines, top = [], MARGIN
    for number, layer in enumerate(layers):
        height = max(item.height for item in layer)
        for item in layer:
            item.top = top
            item.height = item.height or height
        mine = [hop for hop in hops if hop.source.layer == number]
        runs = [
            Run(hop.source.tie(hop.net, below=True), tuple(one.tie(hop.net, below=False) for one in hop.targets))
            for hop in mine
        ]
        tracks = tracks_of(runs)
        below = top + height + 14 + TRACK * (1 + max(tracks, default=-1)) + 14
        for hop, run, track in zip(mine, runs, tracks, strict=True):
            at = top + height + 14 + TRACK * track
            for target, x in zip(hop.targets, run.targets, strict=True):
                start = (run.source, hop.source.top + (hop.source.height if hop.source.box is not None else height))
                corners = (start, (run.source, at), (x, at), (x, below))
                lines.append(Line(hop.net, corners, target.box is not None))
            if hop.source.net is not None:  # a passing line goes through its layer
                lines.append(Line(hop.net, ((hop.source.x, top), (hop.source.x, top + height)), False))
        top = below
    return tuple(lines), top if layers else MARGIN
