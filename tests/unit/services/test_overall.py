"""How far a command is with all its units."""

import json

import pytest

from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.services import overall, worker

NODES = [Node("split", "default", "sub-1"), Node("predict", "a", "sub-1"), Node("predict", "a", "sub-2")]


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(overall.time, "monotonic", lambda: now[0])
    return now


def test_the_rest_takes_what_earlier_units_took(clock, tmp_path):
    (tmp_path / "logs").mkdir()
    rows = [("split/default/sub-1", 5.0), ("predict/a/sub-1", 99.0), ("predict/a/sub-1", 40.0)]
    lines = [json.dumps({"unit": unit, "seconds": seconds}) for unit, seconds in rows]
    (tmp_path / "logs" / "units.jsonl").write_text("\n".join([*lines, "torn {", '{"unit": 3}']))
    of_all = overall.Overall(NODES, overall.seconds_before(tmp_path))
    assert (of_all.place, of_all.seconds_left()) == ("unit 1 of 3", 85.0)  # sub-2 as sub-1 did
    of_all.begin(NODES[0])
    clock[0] = 3
    assert of_all.seconds_left() == 82.0
    clock[0] = 60  # longer than expected: the others still take theirs
    assert of_all.seconds_left() == 80.0
    of_all.end(NODES[0], 60.0)
    of_all.begin(NODES[1])
    assert str(of_all) == "unit 2 of 3, about 80 s left"
    of_all.begin(NODES[2])
    assert (of_all.place, of_all.seconds_left()) == ("1 of 3 units", 40.0)  # two at once
    for node in NODES[1:]:
        of_all.end(node)
    assert of_all.seconds_left() is None and of_all.done == 3


def test_nobody_guesses_what_was_never_made(clock, tmp_path):
    of_all = overall.Overall(NODES, overall.seconds_before(tmp_path))
    assert of_all.seconds_left() is None and str(of_all) == "unit 1 of 3"
    of_all.end(NODES[0], 1.0)
    of_all.end(NODES[1], 7.0)  # made now: the next of its stage takes as long
    assert of_all.seconds_left() == 7.0


def test_no_minute_without_a_line_and_no_more_than_one(clock):
    said = []
    reporter = worker.LineReporter(said.append)
    reporter.overall = overall.Overall(NODES)
    reporter.overall.begin(NODES[0])
    for second in range(1, 241):
        clock[0] = second
        reporter.beat()
    assert said == [
        f"still at split/default/sub-1, {word}; unit 1 of 3" for word in ("60 s", "2 min", "3 min", "4 min")
    ]
    reporter.remark("split/default/sub-1: made in 240.0 s")
    reporter.overall.end(NODES[0], 240.0)
    reporter.overall.begin(NODES[1])
    reporter.start("predict/a/sub-1: folds", 4)
    clock[0] = 299
    reporter.beat()
    clock[0] = 305
    reporter.advance()  # counted: its own line
    clock[0] = 360
    reporter.beat()
    assert said[5:] == ["predict/a/sub-1: folds: 1/4, about 3 min left; unit 2 of 3"]
    clock[0] = 366
    reporter.beat()
    assert said[6].startswith("still at predict/a/sub-1, 2 min; folds: 1/4")
