"""Locks: by the kernel, by claims where it has none, told and left by who waits for them."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eeg2vid.schemas.errors import LockedError, StoppedError
from eeg2vid.stages.store import claims, locks
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.locks import Lock, alive, wait_for
from eeg2vid.stages.store.reader import damage, open_artifact

HERE = Path(__file__).parent
NO_LOCKS = ["ENOSYS", "ENOLCK", "EOPNOTSUPP", "EIO"]
WITHOUT = """
import errno, fcntl, os, sys, time
def refuse(descriptor, operation):
    raise OSError(getattr(errno, sys.argv[1]), os.strerror(getattr(errno, sys.argv[1])))
fcntl.flock = refuse
from pathlib import Path
"""
HOLD = (
    WITHOUT
    + """
from eeg2vid.stages.store.locks import Lock
lock = Lock(Path(sys.argv[2]))
print(lock.take(), flush=True)
sys.stdin.read()
lock.release()
"""
)
MAKE = (
    WITHOUT
    + """
sys.path.insert(0, sys.argv[3])
import _toy_study as toy
toy.DELAY = 0.05
runner = toy.runner(Path(sys.argv[2]))
runner.reporter.remark = lambda text: print(text, flush=True)
for node in (toy.NODE, toy.NODE):
    print(runner.make(node).ran, flush=True)
"""
)


def run(code, *words):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, words)], text=True, **pipes)


def say(process):
    return process.stdout.readline().strip()


@pytest.fixture
def no_flock(monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)


@pytest.mark.parametrize("code", NO_LOCKS)
def test_two_processes_exclude_each_other_without_locks(tmp_path, code):
    path = tmp_path / "claims" / "0.lock"
    first = run(HOLD, code, path)
    assert say(first) == "True"
    second = run(HOLD, code, path)
    assert say(second) == "False"
    first.stdin.close()
    first.wait(timeout=30)
    third = run(HOLD, code, path)
    assert say(third) == "True"
    third.send_signal(signal.SIGKILL)  # on this machine a dead process is seen at once
    third.wait(timeout=30)
    fourth = run(HOLD, code, path)
    assert say(fourth) == "True"
    for process in (second, fourth):
        process.communicate(timeout=30)
    assert sorted(file.name for file in path.parent.iterdir()) == ["0.lock"]


@pytest.mark.parametrize("code", NO_LOCKS)
def test_a_unit_is_made_without_locks_and_it_is_said_once(tmp_path, code):
    (tmp_path / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "Toy"\n')
    killed = run(MAKE, code, tmp_path, HERE)
    while not list(tmp_path.glob("artifacts/draw/default/study/work-*/done/2.json")):
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=30)
    out, said = run(MAKE, code, tmp_path, HERE).communicate(timeout=60)
    assert said == ""
    told, *made = out.splitlines()
    assert made == ["True", "False"]
    assert os.strerror(getattr(errno, code)) in told and "heartbeat" in told
    address = Address("draw", "default", "study", "latents")
    assert damage(open_artifact(tmp_path, address).folder) == []
    assert sorted(path.name for path in address.folder(tmp_path).parent.iterdir()) == [".lock", "latents"]


def write_claim(path, *, host, age):
    path.parent.mkdir(parents=True, exist_ok=True)
    claim = path.with_name(f"{path.name}.claim")
    claim.write_text(f'{{"host": "{host}", "pid": 1, "space": 0, "process": "x"}}')
    os.utime(claim, (time.time() - age,) * 2)
    return claim


@pytest.mark.parametrize(("age", "free"), [(0, False), (500, False), (700, True)])
def test_a_claim_of_another_machine_expires(tmp_path, no_flock, age, free):
    path = tmp_path / "alive" / "1.lock"
    path.parent.mkdir()
    path.touch()
    write_claim(path, host="elsewhere", age=age)
    assert alive(tmp_path) == ([] if free else ["another process on elsewhere, pid 1"])
    assert Lock(path).take() is free


def test_a_claim_that_says_nothing_is_alive_until_it_is_old(tmp_path, no_flock):
    path = tmp_path / "x.lock"
    for text in ("", "[]", "[" * 100_000, '{"host": 3}'):
        claim = tmp_path / "x.lock.claim"
        claim.write_text(text)
        assert not Lock(path).take() and Lock(path).holder() == "another process"
        os.utime(claim, (0, 0))
        lock = Lock(path)
        assert lock.take()
        lock.release()


def test_a_claim_is_touched_while_it_is_held(tmp_path, no_flock, monkeypatch):
    monkeypatch.setattr(claims, "_BEAT_SECONDS", 0.02)
    lock = Lock(tmp_path / "x.lock")
    assert lock.take() and not Lock(tmp_path / "x.lock").take()
    os.utime(tmp_path / "x.lock.claim", (0, 0))
    time.sleep(0.3)
    assert time.time() - (tmp_path / "x.lock.claim").stat().st_mtime < 60
    lock.release()
    assert not (tmp_path / "x.lock.claim").exists()


def test_who_has_locks_respects_the_claim_of_who_has_none(tmp_path):
    write_claim(tmp_path / "x.lock", host="elsewhere", age=0)
    assert not Lock(tmp_path / "x.lock").take()
    write_claim(tmp_path / "x.lock", host="elsewhere", age=1000)
    lock = Lock(tmp_path / "x.lock")
    assert lock.take()
    lock.release()


def test_who_has_no_locks_respects_a_lock_on_the_same_machine(tmp_path):
    lock = Lock(tmp_path / "x.lock")
    assert lock.take()
    other = run(HOLD, "ENOLCK", tmp_path / "x.lock")
    assert say(other) == "False"
    other.communicate(timeout=30)
    lock.release()
    other = run(HOLD, "ENOLCK", tmp_path / "x.lock")
    assert say(other) == "True"
    other.communicate(timeout=30)


def test_the_kernels_locks_are_those_of_other_programs(tmp_path):
    from filelock import FileLock

    with FileLock(tmp_path / "x.lock"):
        assert not Lock(tmp_path / "x.lock").take()
        assert Lock(tmp_path / "x.lock").holder().startswith("another process")
        if any(f":{(tmp_path / 'x.lock').stat().st_ino} " in line for line in open_locks()):
            assert Lock(tmp_path / "x.lock").holder().endswith(f"pid {os.getpid()}")
    lock = Lock(tmp_path / "x.lock")
    assert lock.take() and lock.holder() == f"another process on {socket.gethostname()}, pid {os.getpid()}"
    lock.release()
    assert Lock(tmp_path / "x.lock").is_free()


def open_locks():
    path = Path("/proc/locks")
    return path.read_text().splitlines() if path.exists() else []


def held(tmp_path, *, beats=False):
    lock = Lock(tmp_path / ".lock", beats=beats)
    assert lock.take()
    return lock


def test_who_waits_is_told_for_whom_and_gives_up_when_there_is_no_sign_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_TELL_SECONDS", 0.2)
    monkeypatch.setattr(locks, "_SILENT_SECONDS", 0.6)
    holder, said = held(tmp_path), []
    with pytest.raises(LockedError, match=rf"another process on .*, pid {os.getpid()}.* without a sign of life"):
        wait_for(Lock(tmp_path / ".lock"), "draw", look=lambda: None, tell=said.append)
    (told,) = said
    assert (
        told == f"draw is being made by another process on {socket.gethostname()}, pid {os.getpid()}: waiting for it."
    )
    holder.release()


def test_who_waits_is_patient_with_a_holder_that_beats(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "_BEAT_SECONDS", 0.05)
    monkeypatch.setattr(locks, "_SILENT_SECONDS", 0.5)
    monkeypatch.setattr(locks, "_WAIT_SECONDS", 1.5)
    holder = held(tmp_path, beats=True)
    begun = time.monotonic()
    with pytest.raises(LockedError, match=r"for [12] s\."):
        wait_for(Lock(tmp_path / ".lock"), "draw", look=lambda: None, tell=lambda _: None)
    assert time.monotonic() - begun > 1.4
    holder.release()


def test_who_waits_stops_when_asked_to(tmp_path):
    def look():
        raise StoppedError("asked")

    holder = held(tmp_path)
    with pytest.raises(StoppedError):
        wait_for(Lock(tmp_path / ".lock"), "draw", look=look, tell=lambda _: None)
    holder.release()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
def test_a_command_that_waits_says_so_and_stops_at_once(tmp_path, number, code):
    (tmp_path / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "Toy"\n')
    unit = tmp_path / "artifacts" / "draw" / "default" / "study"
    unit.mkdir(parents=True)
    holder = held(unit)
    script = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
import _toy_study as toy
from pathlib import Path
from eeg2vid.cli.errors import guarded
from eeg2vid.stages.engine import stopping
runner = toy.runner(Path({str(tmp_path)!r}))
runner.reporter.remark = lambda text: print(text, flush=True)
def command(ctx):
    with stopping.listening():
        runner.make(toy.NODE)
import typer, types
try:
    guarded(command)(ctx=types.SimpleNamespace(obj=None, params={{}}))
except typer.Exit as ended:
    sys.exit(ended.exit_code)
"""
    process = run(script)
    assert f"is being made by another process on {socket.gethostname()}, pid {os.getpid()}" in say(process)
    begun = time.monotonic()
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == code and time.monotonic() - begun < 5
    holder.release()
