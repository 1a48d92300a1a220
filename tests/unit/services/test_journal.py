"""Logs of commands: whole, apart from each other, bounded, and never a reason to fail."""

import os
import time

import pytest

from eeg2vid.stages.services.journal import Journal, prune


def lines_of(path):
    return [line.split("  ", 1)[1] for line in path.read_text().splitlines()]


def test_a_log_holds_what_was_said_before_and_after_it_began(tmp_path):
    journal = Journal("train-mapper", "eeg2vid train-mapper -w 'a b'")
    journal.say("Stopped.", end=" ")
    journal.say("All is kept.")
    journal.begin(tmp_path, ["device cpu"])
    journal.say("Traceback:\n  in f\nValueError: x [bold]")
    journal.end(1)
    lines = lines_of(journal.path)
    assert lines[:2] == ["$ eeg2vid train-mapper -w 'a b'", "Stopped. All is kept."]
    assert lines[2].startswith("eeg2vid ") and lines[2].endswith("device cpu")
    assert "ValueError: x [bold]" in lines and lines[-1] == "exit 1"
    assert journal.path.name.endswith(f"Z-train-mapper-{os.getpid()}.log")


def test_processes_of_one_number_in_one_second_have_logs_of_their_own(tmp_path):
    journals = [Journal("run", f"eeg2vid run {k}") for k in range(3)]
    for journal in journals:
        journal.began = journals[0].began
        journal.begin(tmp_path)
    assert len({journal.path for journal in journals}) == 3
    for k, journal in enumerate(journals):
        journal.end(0)
        assert lines_of(journal.path)[0] == f"$ eeg2vid run {k}"


def test_nothing_is_written_where_nothing_was_begun_or_there_is_no_workspace(tmp_path):
    Journal("status", "eeg2vid status").end(0)
    late = Journal("run", "eeg2vid run")
    late.begin(tmp_path / "new")
    assert late.path is None and not (tmp_path / "new").exists()
    (tmp_path / "new").mkdir()  # the first unit made it
    late.note("made")
    late.end(0)
    assert lines_of(late.path)[0] == "$ eeg2vid run" and lines_of(late.path)[-2:] == ["made", "exit 0"]


def test_a_log_that_cannot_be_written_says_so_and_fails_nothing(tmp_path):
    (tmp_path / "logs").write_text("a file where the folder should be")
    journal = Journal("run", "eeg2vid run")
    journal.begin(tmp_path)
    journal.note("goes on")
    journal.end(0)
    assert journal.trouble and journal.path is None


@pytest.mark.parametrize("ago", [7200, 10])
def test_old_logs_go_but_no_other_file_and_none_that_is_written_to(tmp_path, ago):
    names = [f"202601{day:02d}T000000Z-run-{day}.log" for day in range(1, 10)]
    for name in [*names, "units.jsonl", "notes.log"]:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - ago,) * 2)
    prune(tmp_path, kept=4)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted(["notes.log", "units.jsonl", *(names[-3:] if ago > 3600 else names)])
