"""Pictures of plans: all that is planned is in them, nothing lies on anything else, same plan, same bytes."""

import itertools
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.recipe import builtin_recipes
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.graph.dot import dot_of
from eeg2vid.stages.services.graph.folding import Box, Net, Picture, fold
from eeg2vid.stages.services.graph.forms import FORMS, form_of
from eeg2vid.stages.services.graph.layout import PAD, PIN, TEXT, TITLE, lay_out, width_of
from eeg2vid.stages.services.graph.mermaid import mermaid_of
from eeg2vid.stages.services.graph.model import Plan, Variant, plan_of
from eeg2vid.stages.services.graph.svg import svg_of
from eeg2vid.stages.services.graph.text import text_of
from eeg2vid.stages.services.graph.tracks import Run, tracks_of

ALL_CONDITIONS = ("noise-eeg", "no-eeg", "clock-only", "shuffled-clips", "class-predicted", "nearest-training-video")
NAMES = [*builtin_recipes(), "crowd", "conditions", "nothing", "one"]


@cache
def plan(name):
    """Return the plan of a recipe for two people in an empty folder, or one made by hand."""
    if name == "crowd":  # 25 systems, none of which shares a box
        return by_hand([f"system-{k}" for k in range(25)])
    if name in ("nothing", "one"):
        return Plan(name, (Variant("ingest", "default", {"done": 1}),) if name == "one" else (), {})
    more = ALL_CONDITIONS if name == "conditions" else ()
    recipe = "evoked-rhythms" if name == "conditions" else name
    study = Study(Workspace(Path("/nowhere/at/all")), STAGES, Choices(recipe=recipe, conditions=more))
    judge = Judge(study, ["1", "2"])
    return plan_of(judge, [judge.judge(node) for node in study.plan(["1", "2"])])


def by_hand(systems):
    stages = ("train-mapper", "predict", "generate", "score")
    variants = [Variant(stage, system, {"missing": 2, "stale": 1}) for stage in stages for system in systems]
    steps = itertools.pairwise(stages)
    edges = {((a, one), (b, one)): ("mappers", "videos") for a, b in steps for one in systems}
    return Plan("crowd", tuple(variants), edges)


@pytest.fixture(params=NAMES)
def planned(request):
    return plan(request.param)


def test_every_variant_and_edge_is_in_mermaid_and_dot(planned):
    chart, dot = mermaid_of(planned), dot_of(planned)
    nodes = dict(re.findall(r'^    (n\d+)\["(.+?)<br/>\d+ units?: .+?"\]:::\w+$', chart, re.M))
    assert sorted(nodes.values()) == sorted(f"{one.stage}<br/>{one.variant}" for one in planned.variants)
    named = {
        (tuple(nodes[a].split("<br/>")), tuple(nodes[b].split("<br/>"))): tuple(roles.split(", "))
        for a, roles, b in re.findall(r'^    (n\d+) -->\|"(.+?)"\| (n\d+)$', chart, re.M)
    }
    assert named == planned.edges
    found = re.findall(r'^    "(.+?)" -> "(.+?)" \[label="(.+?)"\]$', dot, re.M)
    assert {(tuple(a.split("/")), tuple(b.split("/"))): tuple(c.split(", ")) for a, b, c in found} == planned.edges
    assert len(re.findall(r'^    "[^"]+" \[label=', dot, re.M)) == len(planned.variants)


@pytest.mark.parametrize("coarse", [False, True])
def test_folding_keeps_every_variant_edge_and_unit(planned, coarse):
    picture = fold(planned, coarse=coarse)
    members = [(box.stage, one) for box in picture.boxes for one in box.members]
    assert sorted(members) == sorted(one.key for one in planned.variants)
    place = {(box.stage, one): k for k, box in enumerate(picture.boxes) for one in box.members}
    wanted = {
        (place[a], place[b], role) for (a, b), roles in planned.edges.items() for role in roles if place[a] != place[b]
    }
    drawn = [(net.source, target, role) for net in picture.nets for target in net.targets for role in net.roles]
    assert set(drawn) == wanted and len(drawn) == len(wanted)
    number = sum(sum(one.counts.values()) for one in planned.variants)
    assert sum(int(n) for box in picture.boxes for n in re.findall(r"(\d+) \w+", box.words)) == number
    said = " ".join((*picture.notes, *(line for box in picture.boxes for line in box.lines)))
    for one in planned.variants:  # folded or not, every part of a name stands somewhere
        for part in re.split(r"[~+]", one.variant):
            assert re.search(rf"(?<![\w-]){re.escape(part)}(?![\w-])", said), one


def test_many_conditions_stay_few_boxes():
    full, more = fold(plan("evoked-rhythms")), fold(plan("conditions"))
    assert len(plan("conditions").variants) > len(plan("evoked-rhythms").variants) + 10
    assert [box.stage for box in more.boxes] == [box.stage for box in full.boxes]
    assert [box.lines[1] for box in more.boxes if box.stage == "generate"] == ["x 9 conditions"]
    sweep = fold(plan("lag-sweep"))
    assert ("lag", "x 6 points") in [box.lines for box in sweep.boxes]
    assert any(note.startswith("6 points of lag: lag-minus-400ms, ") for note in sweep.notes)


def segments(drawing):
    for line in drawing.lines:
        for (ax, ay), (bx, by) in itertools.pairwise(line.corners):
            if (ax, ay) != (bx, by):
                yield line.net, (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


def overlaps(one, other, by=0.0):
    return one[0] < other[2] - by and other[0] < one[2] - by and one[1] < other[3] - by and other[1] < one[3] - by


def test_nothing_lies_on_anything_else(planned):
    drawing = lay_out(fold(planned))
    boxes = [
        (item.x - item.width / 2, item.top, item.x + item.width / 2, item.top + item.height)
        for _, item in drawing.boxes
    ]
    assert len(boxes) == len(drawing.picture.boxes)
    assert not [pair for pair in itertools.combinations(boxes, 2) if overlaps(*pair)]
    for left, top, right, bottom in boxes:
        assert left >= 0 and top >= 0 and right <= drawing.width and bottom <= drawing.height
    pieces = list(segments(drawing))
    for net, piece in pieces:
        assert piece[0] >= 0 and piece[2] <= drawing.width and piece[3] <= drawing.height
        assert piece[0] == piece[2] or piece[1] == piece[3], "lines go at right angles"
        assert not [box for box in boxes if overlaps((piece[0] - 1, piece[1], piece[2] + 1, piece[3]), box, 0.5)], net
    for (a, one), (b, other) in itertools.combinations(pieces, 2):
        if a != b and (one[0] == one[2]) == (other[0] == other[2]):
            thick = 1.0
            wide = (one[0] - thick, one[1] - thick, one[2] + thick, one[3] + thick)
            assert not overlaps(wide, other, -0.01) or not shares(one, other), (a, b, one, other)


def shares(one, other):
    """Tell whether two parallel pieces have more than a point of their length in common."""
    if one[0] == one[2]:
        return min(one[3], other[3]) - max(one[1], other[1]) > 1
    return min(one[2], other[2]) - max(one[0], other[0]) > 1


def test_lines_lead_from_source_to_every_target(planned):
    drawing = lay_out(fold(planned))
    for number, net in enumerate(drawing.picture.nets):
        mine = [line for line in drawing.lines if line.net == number]
        ends = [line.corners[-1] for line in mine if line.ends]
        tied = sorted((pin.x, item.top) for _, item in drawing.boxes for pin in item.ins if pin.net == number)
        assert sorted(ends) == tied and len(ends) == len(net.targets)
        starts = {line.corners[0] for line in mine} - {line.corners[-1] for line in mine}
        [(item, pin)] = [(item, pin) for _, item in drawing.boxes for pin in item.outs if pin.net == number]
        assert (pin.x, item.top + item.height) in starts


def test_labels_fit_their_boxes(planned):
    drawing = lay_out(fold(planned))
    for box, item in drawing.boxes:
        assert width_of(box.stage, TITLE) + 2 * PAD <= item.width + 0.01
        assert all(width_of(line, TEXT) + 2 * PAD <= item.width + 0.01 for line in (*box.lines, box.words))
        for pins in (item.ins, item.outs):
            ordered = sorted(pins, key=lambda pin: pin.x)
            reach = [(pin.x - width_of(pin.label, PIN) / 2, pin.x + width_of(pin.label, PIN) / 2) for pin in ordered]
            assert all(a[1] < b[0] for a, b in itertools.pairwise(reach)), box
            assert not reach or (reach[0][0] > item.x - item.width / 2 and reach[-1][1] < item.x + item.width / 2)


def test_the_svg_is_whole_and_says_everything(planned):
    drawn = svg_of(planned)
    assert drawn == svg_of(planned)
    root = ElementTree.fromstring(drawn)
    width, height = (float(value) for value in root.get("viewBox").split()[2:])
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    said = {one.text for one in texts}
    picture = fold(planned)
    for box in picture.boxes:
        assert {box.stage, *box.lines, box.words} <= said and box.state in said  # the key names each state
    assert {net.label for net in picture.nets} <= said
    for one in texts:
        reach = width_of(one.text, float(one.get("font-size")))
        assert float(one.get("y")) <= height and (one.get("text-anchor") or float(one.get("x")) + reach <= width + 1)
    assert len(drawn) < 250_000 and "<script" not in drawn and "href" not in drawn


def test_the_svg_shows_signs_as_signs():
    strange = Plan("a<b", (Variant("x", '<script>alert("1")</script>&', {"done": 1}),), {})
    root = ElementTree.fromstring(svg_of(strange))
    assert '<script>alert("1")</script>&' in {one.text for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    assert '\\"1\\"' in dot_of(strange)


def follow(lines, row, column):
    """Follow a lane down from where it begins; return the rows at which it branches or ends."""
    found = []
    for place in range(row + 1, len(lines)):
        sign = lines[place][column] if column < len(lines[place]) else " "
        if sign in "┤┘":
            found.append(place)
        if sign == "┘":
            return found
        assert sign in "│┼┤", (place, column, sign)
    raise AssertionError("a lane without an end")


def test_the_text_is_80_columns_and_its_lanes_lead_where_edges_do(planned):
    drawn = text_of(planned)
    lines = drawn.splitlines()
    assert drawn == text_of(planned) and max(map(len, lines), default=0) <= 80
    picture = fold(planned)
    if picture.recipe == "crowd":  # its lanes leave no room otherwise
        picture = fold(planned, coarse=True)
    tops = [k for k, line in enumerate(lines) if line[:1] in ("┌", "├")]
    assert len(tops) == len(picture.boxes)
    box_at = [sum(top <= row for top in tops) - 1 for row in range(len(lines))]
    edge = lines[0].index("┐") if lines and picture.boxes else 0
    leads = set()
    for row, line in enumerate(lines):
        if len(line) > edge and line[edge] == "├" and line[0] == "│":
            column = line.rindex("┐")
            for there in follow(lines, row, column):
                assert lines[there][edge] == "◄"
                leads.add((box_at[row], box_at[there], line[1:edge].strip()))
    assert leads == {(net.source, target, net.label) for net in picture.nets for target in net.targets}
    for box in picture.boxes:
        assert box.words in drawn


def test_a_long_name_is_never_cut_in_the_text():
    name = "a-system-with-a-name-of-more-signs-than-any-box-of-this-picture-has-room-for-in-one-line-so-be-it"
    drawn = text_of(Plan("r", (Variant("train-mapper", name, {"missing": 2, "stale": 10, "done": 300}),), {}))
    assert max(map(len, drawn.splitlines())) <= 80
    assert name in "".join(re.sub(r"[│\s]", "", line) for line in drawn.splitlines())


def test_words_are_painted_by_state_and_take_no_room():
    painted = text_of(plan("crowd"), lambda words, state: f"<{state}>{words}</>")
    assert "<mixed>" in painted
    assert re.sub(r"</?\w*>", "", painted) == text_of(plan("crowd"))


def test_tracks_keep_lines_apart():
    a, b, c = Run(0, (50,)), Run(50, (100,)), Run(200, (260,))
    tracks = tracks_of([a, b, c])
    assert tracks[1] < tracks[0]  # b comes down where a goes down: it must turn away before
    assert tracks[2] == 0  # far from both


def test_crossings_are_removed():
    boxes = tuple(Box("s", (str(k),), (str(k),), "done", "1 done") for k in range(6))
    nets = (Net(0, ("a",), (5,)), Net(1, ("b",), (4,)), Net(2, ("c",), (3,)))
    drawing = lay_out(Picture("r", boxes, nets, ()))
    sides = {item.box: item.x for item in drawing.items}
    for (s, t), (u, v) in itertools.combinations([(0, 5), (1, 4), (2, 3)], 2):
        assert (sides[s] - sides[u]) * (sides[t] - sides[v]) > 0


@pytest.mark.parametrize(
    ("word", "says"),
    [("plan.pdf", r"expected a file ending in \.txt"), ("svgg", "Did you mean 'svg'"), ("no/a.svg", "no folder no")],
)
def test_other_forms_are_refused(word, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says):
        form_of(word)
    assert form_of("a.SVG") == ("svg", Path("a.SVG")) and form_of("dot") == ("dot", None)
    assert set(FORMS) == {"text", "svg", "mermaid", "dot"}
