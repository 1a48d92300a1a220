"""Processes that start together: what each needs is waited for, what each was asked for is told to be taken."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import damage, open_artifact

SCRIPT = Path(__file__).with_name("_toy_array.py")
INDEX = Address("ingest", "default", "study", "clips")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "Toy"\n[ingest.default]\n')
    return tmp_path


@pytest.fixture
def start(root):
    """Return a function that starts a process for some people; what is left is killed."""
    begun = []

    def begin(subjects, delay=0.0):
        command = [sys.executable, str(SCRIPT), str(root), subjects, str(delay)]
        begun.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def at_work(process):
    """Wait until a process makes the clip index."""
    assert process.stdout.readline() == "making the clip index\n"
    return process


def made(root):
    return sorted(path.parent.parent.name for path in root.glob("artifacts/ingest/default/sub-*/signal/manifest.json"))


def test_people_started_together_in_an_empty_workspace_all_get_through(root, start):
    processes = [start(subject, 1.5) for subject in "1234"]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], said
    assert made(root) == ["sub-1", "sub-2", "sub-3", "sub-4"]
    assert sum("making the clip index" in text for text in said) == 1
    assert damage(INDEX.folder(root)) == []
    assert not list(root.glob("artifacts/*/*/*/work-*"))


def test_who_waits_says_for_whom_and_once(root, start):
    first = at_work(start("1", 3))
    second = start("2")
    said = second.communicate(timeout=60)[0].splitlines()
    assert second.returncode == first.wait(60) == 0
    assert len(said) == 1
    assert said[0].startswith("ingest/default/study is being made by another process")
    assert str(first.pid) in said[0]


def test_what_was_asked_for_is_not_waited_for(root, start):
    at_work(start("1,2,3,4", 20))
    second = start("1,2,3,4")
    said = second.communicate(timeout=30)[0]
    assert second.returncode == 6
    assert "is being made by another process" in said


def test_who_waits_stops_when_asked_to(root, start):
    at_work(start("1", 30))
    second = start("2")
    assert "waiting for it" in second.stdout.readline()
    second.send_signal(signal.SIGTERM)
    said = second.communicate(timeout=20)[0]
    assert second.returncode == 75
    assert "Stopped by SIGTERM" in said


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_one_that_is_waited_for_dies_the_next_makes_it(root, start, blow):
    first = at_work(start("1", 60))
    second = start("2")
    assert "waiting for it" in second.stdout.readline()
    first.send_signal(blow)
    said = second.communicate(timeout=60)[0]
    assert second.returncode == 0, said
    assert "making the clip index" in said
    assert list(open_artifact(root, INDEX).attributes().subjects) == ["1", "2", "3", "4"]
    assert made(root) == ["sub-2"]
