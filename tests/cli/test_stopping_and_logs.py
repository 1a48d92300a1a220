"""A stopped training says where it was, what is kept and what to type; what makes something leaves a log."""

import shlex
import sys
from statistics import fmean

import numpy as np
import pytest

from eeg2vid.stages.engine import stopping
from eeg2vid.stages.services.training_lines import _of_labels

TRAIN = (
    "train-mapper", "--variant", "stopped", "--new", "--network", "latent-cnn", "--subject", "1", "--device", "cpu",
    "--set", "training.epochs=3", "--set", "training.batch_size=32",
)  # fmt: skip


def logs(workspace):
    return sorted((workspace / "logs").glob("*.log"))


@pytest.fixture
def typed(monkeypatch, cli):
    """Return a function that calls a command as if its words had been typed."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["eeg2vid", *map(str, words)])
        return cli(*words)

    return call


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 75), ("Ctrl-C", 130)])
def test_stopped_training_says_where_what_is_kept_and_what_to_type(workspace, typed, monkeypatch, name, code):
    looks = []
    attended = stopping.attended

    def look():
        looks.append(1)
        if len(looks) == 2:
            stopping.request(name)
        return attended()

    words = (*TRAIN, "-w", workspace)
    with monkeypatch.context() as patch:
        patch.setattr(stopping, "attended", look)
        result = typed(*words)
    assert result.code == code, result.err
    assert f"Stopped by {name} in train-mapper/stopped/sub-1, fold block-1/latents, " in result.err
    assert "epoch 1 of 3. Its state is saved, and it goes on there. Kept of this unit: 0 of 3 parts" in result.err
    assert f"Go on with: {shlex.join(['eeg2vid', *map(str, words)])}" in result.err
    log = logs(workspace)[-1].read_text()
    assert f"Stopped by {name} in train-mapper/stopped/sub-1" in log and log.endswith(f"exit {code}\n")


def test_interrupt_without_a_state_says_that_the_part_begins_again(workspace, typed, monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("eeg2vid.stages.decoding.training._fit", interrupted)
    result = typed(*TRAIN, "-w", workspace)
    assert result.code == 130
    assert "Kept of this unit: 0 of 3 parts (one target in one fold each); the part at work begins again." in result.err
    assert "Go on with: eeg2vid train-mapper --variant stopped --new" in result.err


def test_a_bug_is_in_the_log_that_the_message_names(workspace, typed, monkeypatch):
    def broken(self, ctx):
        return 1 / 0

    monkeypatch.setattr("eeg2vid.stages.split.Split.run", broken)
    result = typed("split", "-w", workspace, "--force")
    log = logs(workspace)[-1]
    assert result.code == 1 and f"This is a bug. Report it with the traceback in {log}." in result.err
    text = log.read_text()
    assert f"$ eeg2vid split -w {workspace} --force" in text
    assert "in broken" in text and "ZeroDivisionError" in text and text.endswith("exit 1\n")


def test_what_only_looks_leaves_no_log(workspace, cli_ok, cli):
    before = logs(workspace)
    for words in (("status",), ("inspect",), ("run", "--dry-run"), ("compare",), ("doctor",), ("verify",)):
        cli_ok(*words, "-w", workspace)
    assert cli("predict", "--variant", "No Name", "-w", workspace).code == 2
    assert logs(workspace) == before
    cli_ok("split", "-w", workspace)
    assert len(logs(workspace)) == len(before) + 1


def test_trained_models_are_printed_beside_chance(tiny, cli_ok):
    done = tiny / "workspace"
    rows = cli_ok("train-encoder", "-w", done, "--subject", 1, "--json").json
    shown = cli_ok("train-encoder", "-w", done, "--subject", 1).out
    scores = [row["validation_scores"]["concept"] for row in rows if row["targets"] == ["concept"]]
    [line] = [line.split() for line in shown.splitlines() if line.startswith("concept")]
    assert line[:2] == ["concept", "accuracy"]
    assert float(line[2]) == pytest.approx(fmean(scores), abs=6e-4)
    assert line[6] == ".250" and line[7] == str(len(scores))  # four concepts, as often each
    values = cli_ok("train-mapper", "-w", done, "--subject", 1).out
    assert "variance explained" in values


def test_chance_of_labels_is_the_commonest_training_label_where_it_is_often_right():
    train, held = np.array([0, 0, 0, 1, 2]), np.array([0, 0, 1])
    assert _of_labels(train, held, 3) == pytest.approx(2 / 3)
    assert _of_labels(train, np.array([1, 2, 2]), 3) == pytest.approx(1 / 3)
