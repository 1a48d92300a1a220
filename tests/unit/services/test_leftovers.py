"""Unfinished work: alive, resumable by a command, dead, or unknown; only what is dead is ever removed."""

import json
import os
import shutil

import pytest

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import EventKey
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.recordings import CLIPS, EVENTS, ClipIndexAttributes
from eeg2vid.schemas.settings import Execution, Settings
from eeg2vid.stages.engine.context import Silent
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.stage import Read, Stage, Write
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.services import leftovers as service
from eeg2vid.stages.services.leftovers import clean, leftovers
from eeg2vid.stages.store.locks import Lock

TOY = Schema(name="events", version=EVENTS.version, doc="toy", tables={"events": EventKey})
NODE = Node("count", "default", "study")


class CountSettings(Settings):
    word: str = "a"


class Ingest(Stage):
    name = "ingest"
    Settings = Settings
    reads = {}
    writes = {"clips": Write(CLIPS, "study")}
    people = ()

    def run(self, ctx):
        ctx.write("clips").table("clips", [])
        ctx.write("clips").attributes(ClipIndexAttributes(kind="toy", subjects=self.people))


class Count(Stage):
    """Three parts; the process dies, or not, in one of them."""

    name = "count"
    Settings = CountSettings
    reads = {"clips": Read(CLIPS)}
    writes = {"counted": Write(TOY, "study")}
    divided = "one"
    dies_at = 2

    def run(self, ctx):
        for part, [index] in ctx.parts("numbers", [0, 1, 2]):
            if index == self.dies_at:
                raise KeyboardInterrupt
            part.rows("counted", "events", [EventKey(event=f"e{index}", clip=ctx.settings.word)])
        ctx.write("counted")


def study(root, **choices):
    return Study(Workspace(root), {"ingest": Ingest(), "count": Count()}, Choices(**choices))


@pytest.fixture
def killed(tmp_path):
    """Return a workspace in which `count --word b` died in its third part."""
    (tmp_path / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "toy"\n[count.default]\n')
    (tmp_path / "eeg2vid.toml").write_text('[study]\nrecipe = "toy.toml"\n')
    Runner(study(tmp_path), [], Execution(), Silent()).make(Node("ingest", "default", "study"))
    with pytest.raises(KeyboardInterrupt):
        again(tmp_path)
    return tmp_path


def again(root, word="b"):
    Runner(study(root, stage="count", settings={"word": word}), [], Execution(), Silent()).make(NODE)


def only(root):
    (found,) = leftovers(root, lambda: study(root))
    return found


def test_the_command_that_goes_on_states_what_began_it(killed, monkeypatch):
    """With the settings of its command line, though the study plans others; and it does go on."""
    found = only(killed)
    assert (found.state, found.place, found.what) == ("resumable", "count/default/study", "2 of 3 parts done")
    assert found.command == f"eeg2vid count -w {killed} --word b"
    assert not clean(found) and found.folder.is_dir()
    monkeypatch.setattr(Count, "dies_at", 0)  # the first part is not made again
    again(killed)
    assert leftovers(killed, lambda: study(killed)) == []


def test_work_of_a_living_process_is_never_touched(killed):
    lock = Lock(killed / "artifacts/count/default/study" / only(killed).folder.name / "alive" / "x.lock")
    assert lock.take()
    try:
        found = only(killed)
        assert found.state == "alive" and "2 of 3 parts done" in found.what
        dead = service.Left(found.place, found.folder, "dead", "looked at before it came back")
        assert not clean(dead) and found.folder.is_dir()
    finally:
        lock.release()


def of_other_input(root, monkeypatch):
    monkeypatch.setattr(Ingest, "people", ("1",))
    Runner(study(root), [], Execution(force=True), Silent()).make(Node("ingest", "default", "study"))
    return "its input ingest/default/study/clips is another by now"


def of_other_code(root, monkeypatch):
    monkeypatch.setattr(service, "package_digest", lambda: "0" * 64)
    return "made by another version of eeg2vid"


def of_other_stage(root, monkeypatch):
    monkeypatch.setattr(Count, "version", 2)
    return "count makes it otherwise now"


def nothing_done(root, monkeypatch):
    shutil.rmtree(only(root).folder / "done")
    return "nothing in it to go on from"


@pytest.mark.parametrize("change", [of_other_input, of_other_code, of_other_stage, nothing_done])
def test_what_nothing_would_use_is_dead_and_can_be_removed(killed, monkeypatch, change):
    why = change(killed, monkeypatch)
    found = only(killed)
    assert found.state == "dead" and why in found.what and found.size > 0 and not found.command
    assert clean(found) and not found.folder.exists()
    assert leftovers(killed, lambda: study(killed)) == []


def test_work_on_what_is_finished_was_forced_and_goes_on_so(killed, monkeypatch):
    """A stopped --force says "go on with" its own command: nobody may clear its work away."""
    work = only(killed).folder
    shutil.copytree(work, work.with_name("kept"))
    monkeypatch.setattr(Count, "dies_at", None)
    again(killed)
    work.with_name("kept").rename(work)
    found = only(killed)
    assert found.state == "resumable" and found.command == f"eeg2vid count -w {killed} --word b --force"
    assert not clean(found) and work.is_dir()


def test_the_state_of_a_training_outlives_other_code(killed, monkeypatch):
    of_other_code(killed, monkeypatch)
    (only(killed).folder / "state" / "2").mkdir(parents=True)
    (only(killed).folder / "state" / "2" / "state.json").write_text("{}")
    found = only(killed)
    assert found.state == "resumable" and "the state of a training" in found.what and found.command


def test_what_is_not_recorded_is_unknown_unless_the_plan_would_go_on(killed):
    """Work of before: other settings than those planned may have begun it, and its command would go on."""
    (only(killed).folder / "unit.json").unlink()
    found = only(killed)
    assert found.state == "unknown" and not clean(found) and found.folder.is_dir()
    with pytest.raises(KeyboardInterrupt):
        again(killed, word="a")
    (only(killed).folder / "unit.json").unlink()
    assert only(killed).state == "resumable" and only(killed).command == f"eeg2vid count -w {killed}"


def test_a_study_that_cannot_be_opened_makes_nothing_dead(killed):
    def broken():
        raise UsageError("no")

    (found,) = leftovers(killed, broken)
    assert found.state == "unknown"


def test_a_damaged_record_makes_nothing_dead(killed):
    record = only(killed).folder / "unit.json"
    record.write_text(json.dumps({"settings": {"word": 3, "x": 1}}))
    assert only(killed).state == "unknown"
    record.write_text("{")
    assert only(killed).state == "unknown"


def test_scratch_of_the_dead_goes_and_what_is_done_stays(killed):
    work = only(killed).folder
    (work / "commit-host-1-x").mkdir()
    (work / "commit-host-1-x" / "scratch.npy").write_bytes(b"0" * 100)
    kept, scratch = leftovers(killed, lambda: study(killed))
    assert (kept.state, scratch.state, scratch.size) == ("resumable", "dead", 100)
    assert clean(scratch) and only(killed).state == "resumable"


def test_an_interrupted_exchange_is_brought_back(killed):
    clips = killed / "artifacts/ingest/default/study/clips"
    clips.rename(clips.with_name("clips.old-1"))
    states = {one.folder.name: one for one in leftovers(killed, lambda: study(killed))}
    assert states["clips.old-1"].state == "interrupted"
    assert clean(states["clips.old-1"]) and (clips / "manifest.json").is_file()


def test_a_folder_of_a_killed_doctor_is_dead_after_a_while(killed):
    (killed / ".doctor-x").mkdir()
    assert only(killed).state == "resumable"
    os.utime(killed / ".doctor-x", (0, 0))
    _, probe = leftovers(killed, lambda: study(killed))
    assert probe.state == "dead" and clean(probe) and not (killed / ".doctor-x").exists()
