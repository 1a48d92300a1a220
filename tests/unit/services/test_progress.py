"""Progress: lines and bars, parts and what is within one, and how long the rest takes."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from eeg2vid.cli.errors import as_options
from eeg2vid.cli.progress import TerminalReporter
from eeg2vid.stages.services import pace, worker


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])
    return now


def test_what_was_done_before_says_nothing_about_the_pace(clock):
    count = pace.Pace("folds", 10)
    count.reach(6)
    assert str(count) == "folds: 6/10"
    clock[0] = 90
    count.reach(7)
    assert count.seconds_left() == pytest.approx(270)
    assert str(count) == "folds: 7/10, about 4 min left"
    count.reach(10)
    assert str(count) == "folds: 10/10"


def test_durations_are_said_in_one_unit():
    assert [pace.in_words(s) for s in (0.2, 99, 101, 5900, 9000)] == ["1 s", "99 s", "2 min", "98 min", "2.5 h"]


def test_lines_of_a_training_inside_a_part(clock):
    said = []
    reporter = worker.LineReporter(said.append)
    reporter.start("train-encoder/lda/sub-1: folds", 3)
    for epoch in range(1, 5):
        clock[0] += 40
        reporter.within("epochs", epoch, 100)
    reporter.advance()
    clock[0] += 70
    reporter.within("epochs", 1, 100)
    assert said == [
        "train-encoder/lda/sub-1: folds: 0/3; epochs: 2/100, about 65 min left",
        "train-encoder/lda/sub-1: folds: 0/3; epochs: 4/100, about 64 min left",
        "train-encoder/lda/sub-1: folds: 1/3, about 4 min left; epochs: 1/100",
    ]


def test_bars_of_a_training_inside_a_part():
    progress = Progress(console=Console(file=io.StringIO(), force_terminal=True))
    reporter = TerminalReporter(progress)
    reporter.start("folds", 3)
    reporter.within("epochs", 5, 20)
    assert [(task.description, task.completed, task.total) for task in progress.tasks] == [
        ("folds", 0, 3), ("epochs", 5, 20),
    ]  # fmt: skip
    reporter.within("refit", 1, 5)
    assert [task.description for task in progress.tasks] == ["folds", "refit"]
    reporter.within("refit", 5, 5)
    reporter.advance()
    assert [(task.description, task.completed) for task in progress.tasks] == [("folds", 1)]
    reporter.within("epochs", 1, 20)
    reporter.start("other folds", 2)
    assert [task.description for task in progress.tasks] == ["other folds"]
    reporter.clear()
    assert not progress.tasks


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`tmin_s` must be below `tmax_s`.", "--tmin-s must be below --tmax-s."),
        ("`training.refit` needs it", "--set training.refit needs it"),
        ("`data` of `eeg2vid.toml`", "`data` of `eeg2vid.toml`"),
        ("See `eeg2vid preprocess --help`; `other`", "See `eeg2vid preprocess --help`; `other`"),
    ],
)
def test_settings_named_in_errors_become_options(text, shown):
    assert as_options(text, ["tmin_s", "tmax_s", "training"]) == shown
