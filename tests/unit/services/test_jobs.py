"""`--jobs`: the same artifacts from any number of processes, whichever of them fail, are stopped or are killed."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eeg2vid.stages.services import worker
from eeg2vid.stages.store.layout import find_artifacts
from eeg2vid.stages.store.reader import damage, load_manifest

SCRIPT = Path(__file__).parent / "_toy_jobs.py"


def _load():
    spec = importlib.util.spec_from_file_location("_toy_jobs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


toy = _load()


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Return the digests of all subjects, made well-behaved in one process."""
    root = tmp_path_factory.mktemp("reference")
    (root / "mended").touch()
    toy.main(root, 1, "a,b,c,d,slow,slow1,slow2,stuck,bad,bug,kill")
    return digests(root)


def start(root, jobs, subjects, shard="1/1"):
    command = [sys.executable, str(SCRIPT), str(root), str(jobs), subjects, shard]
    # a session of its own is what a terminal gives: Ctrl-C goes to all its processes
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def end(process):
    """Wait and return exit code, lines of stdout, and stderr."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out.splitlines(), err


def make(root, jobs, subjects, shard="1/1"):
    code, lines, err = end(start(root, jobs, subjects, shard))
    assert code == 0, (lines, err)
    return lines


def digests(root):
    """Return every artifact's digest by its address; all are whole."""
    found = find_artifacts(root)
    assert all(not damage(address.folder(root)) for address in found)
    return {str(address): load_manifest(address.folder(root)).digest for address in found}


def at_work(root, label):
    """Return the process that makes a subject, as soon as there is one."""
    note = root / f"at-{label}.json"
    return json.loads(until(lambda: note.exists() and note.read_text()))["pid"]


def until(found):
    """Wait until something is there and return it."""
    stop = time.monotonic() + 30
    while not (result := found()):
        assert time.monotonic() < stop
        time.sleep(0.02)
    return result


def some_parts(root, label, count=1):
    """Wait until a subject at work has finished some parts."""
    until(lambda: len(list(root.glob(f"artifacts/draw/default/sub-{label}/work-*/done/*.json"))) >= count)


def is_gone(pid):
    """Tell whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def mend_and_check(root, reference, subjects):
    """The same command on good data goes on to what one process makes at once, and leaves nothing beside it."""
    (root / "mended").touch()
    toy.main(root, 1, subjects)
    made = digests(root)
    made.pop("mean/default/study/means")
    assert len(made) == len(subjects.split(",")) and made.items() <= reference.items()
    assert not list(root.glob("artifacts/*/*/*/work-*"))


def test_any_number_of_processes_makes_the_same(tmp_path):
    roots = [tmp_path / "one", tmp_path / "three"]
    for root, jobs in zip(roots, (1, 3), strict=True):
        root.mkdir()
        lines = make(root, jobs, "a,slow,c,d")
        units = [f"draw/default/sub-{label}" for label in ("a", "slow", "c", "d")] + ["mean/default/study"]
        assert lines[-1].split() == ["made", *units]  # in the order given, whichever came first
        assert sorted(line for line in lines if line.startswith("end")) == sorted(f"end {unit}" for unit in units)
        assert lines[-2] == "end mean/default/study"  # after all it reads
    assert digests(roots[0]) == digests(roots[1])
    assert len(digests(roots[1])) == 5
    notes = [json.loads(path.read_text()) for path in roots[1].glob("at-*.json")]
    assert len({note["pid"] for note in notes}) >= 2 and len({note["parent"] for note in notes}) == 1
    assert make(roots[1], 3, "a,slow,c,d")[-1] == "made"  # nothing twice


def test_each_worker_takes_its_shard(tmp_path, reference):
    make(tmp_path, 2, "a,b,c", "1/2")
    assert digests(tmp_path) == {}
    make(tmp_path, 2, "a,b,c", "2/2")
    assert len(digests(tmp_path)) == 3 and digests(tmp_path).items() <= reference.items()


@pytest.mark.parametrize(
    ("label", "code", "said"),
    [
        ("bad", 4, "BadDataError The data of bad are bad. Record them anew."),
        ("kill", 1, "FailedError draw/default/sub-kill failed: the process that made it was killed by SIGKILL"),
        ("bug", 1, "ZeroDivisionError"),
    ],
)
def test_failed_unit_lets_the_others_finish(tmp_path, reference, label, code, said):
    subjects = f"{label},slow,c,d"
    found, lines, err = end(start(tmp_path, 2, subjects))
    assert found == code
    assert said in (err if label == "bug" else lines[-1])
    assert f"draw/default/sub-{label}: failed; no other is begun, 1 at work is finished" in lines
    assert list(digests(tmp_path)) == ["draw/default/sub-slow/latents"]
    if label == "bug":
        assert "in misbehave" in err  # the worker's own traceback, for --debug
    mend_and_check(tmp_path, reference, subjects)


def test_with_keep_going_all_that_hangs_on_no_failure_is_made(tmp_path):
    command = [sys.executable, str(SCRIPT), str(tmp_path), "2", "bad,a,kill,b", "1/1", "keep-going"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (1, 4) and "Traceback" not in done.stderr  # of whichever failed first
    assert {str(one).split("/")[2] for one in find_artifacts(tmp_path)} == {"sub-a", "sub-b"}
    assert "draw/default/sub-bad: failed" in done.stdout and "draw/default/sub-kill: failed" in done.stdout
    assert "mean/default/study: skipped" in done.stdout


def test_first_of_several_failures_is_the_commands(tmp_path):
    code, lines, _ = end(start(tmp_path, 3, "slow,kill,bad"))
    assert code == 1 and "sub-kill failed" in lines[-1]
    assert "draw/default/sub-bad: The data of bad are bad. Record them anew." in lines


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1"])
def test_stopped_command_saves_and_goes_on(tmp_path, reference, name):
    process = start(tmp_path, 2, "slow1,slow2,c")
    for label in ("slow1", "slow2"):
        some_parts(tmp_path, label)
    process.send_signal(getattr(signal, name))
    code, lines, _ = end(process)
    assert code == 75 and lines[-1].startswith(f"StoppedError Stopped by {name}. What is finished is saved")
    assert digests(tmp_path) == {} and not (tmp_path / "at-c.json").exists()
    assert not list(tmp_path.glob("artifacts/*/*/*/work-*/alive/*"))
    kept = list(tmp_path.glob("artifacts/*/*/*/work-*/done/*.json"))
    assert len(kept) >= 2
    mend_and_check(tmp_path, reference, "slow1,slow2,c")


def test_stop_sent_to_every_process_at_once(tmp_path):
    """A scheduler signals all processes of a job, some of which are only just starting."""
    process = start(tmp_path, 2, "slow1,slow2")
    at_work(tmp_path, "slow1")
    os.killpg(process.pid, signal.SIGTERM)
    code, lines, err = end(process)
    assert code == 75 and "Traceback" not in err, (lines, err)


@pytest.mark.parametrize("whole_terminal", [True, False])
def test_interrupted_command_ends_with_all_it_started(tmp_path, reference, whole_terminal):
    process = start(tmp_path, 2, "slow,stuck,c")
    some_parts(tmp_path, "stuck", 2)
    some_parts(tmp_path, "slow")
    pids = [at_work(tmp_path, label) for label in ("slow", "stuck")]
    (os.killpg if whole_terminal else os.kill)(process.pid, signal.SIGINT)
    code, _, err = end(process)  # long before `stuck` would have heard
    assert code == 130 and "Traceback" not in err
    assert all(is_gone(pid) for pid in pids)
    assert digests(tmp_path) == {} and not (tmp_path / "at-c.json").exists()
    mend_and_check(tmp_path, reference, "slow,stuck,c")


def test_workers_do_not_outlive_a_killed_command(tmp_path):
    process = start(tmp_path, 2, "slow1,slow2")
    pids = [at_work(tmp_path, label) for label in ("slow1", "slow2")]
    some_parts(tmp_path, "slow1")
    process.kill()
    until(lambda: all(is_gone(pid) for pid in pids))
    process.communicate()
    assert digests(tmp_path) == {}  # they stopped at the next part, not at the end


def test_a_line_a_minute(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])
    said = []
    reporter = worker.LineReporter(said.append)
    reporter.start("sub-1: clips", 10)
    for _ in range(10):
        now[0] += 25
        reporter.advance()
    assert said == [
        "sub-1: clips: 3/10, about 3 min left",
        "sub-1: clips: 6/10, about 2 min left",
        "sub-1: clips: 9/10, about 25 s left",
    ]


def test_errors_survive_the_pipe():
    class Local(Exception):  # of no module: cannot be pickled
        pass

    assert str(worker._portable(Local("here"))) == "Local: here"
    awkward = UnicodeDecodeError("utf-8", b"x", 0, 1, "bad byte")
    assert type(worker._portable(awkward)) is UnicodeDecodeError
