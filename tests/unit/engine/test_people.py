"""People who come to a data set and people whose files go: told, planned, and nobody else's trouble."""

import shutil

import pytest

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import EventKey
from eeg2vid.schemas.errors import BadDataError, SourceError
from eeg2vid.schemas.recordings import CLIPS, EVENTS, ClipIndexAttributes
from eeg2vid.schemas.settings import Execution, Settings
from eeg2vid.stages.engine.context import Silent
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.stage import Read, Stage, Write
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.services.jobs import make_units

TOY = Schema(name="events", version=EVENTS.version, doc="toy", tables={"events": EventKey})
INDEX = Node("ingest", "default", "study")


class Ingest(Stage):
    """A person is a file in the folder; `index` is the study's."""

    name = "ingest"
    Settings = Settings
    reads = {}
    writes = {"clips": Write(CLIPS, "study"), "signal": Write(TOY, "subject")}
    takes_source = True

    def subjects_of(self, source):
        if not (source / "index").is_file():
            raise BadDataError(f"{source} is no data set.")
        return tuple(sorted((path.stem for path in source.glob("*.rec")), key=int))

    def sources(self, ctx):
        if ctx.subject is None:
            self.subjects_of(ctx.source)
            return [ctx.source / "index"]
        if ctx.subject not in self.subjects_of(ctx.source):
            raise BadDataError(f"{ctx.source} has no subject '{ctx.subject}'.")
        return [ctx.source / f"{ctx.subject}.rec"]

    def run(self, ctx):
        if ctx.subject is not None:
            ctx.write("signal").table("events", [EventKey(event="e", clip=ctx.subject)])
            return
        ctx.write("clips").table("clips", [])
        ctx.write("clips").attributes(ClipIndexAttributes(kind="toy", subjects=self.subjects_of(ctx.source)))


class Features(Stage):
    """Copy."""

    name = "features"
    Settings = Settings
    reads = {"signal": Read(TOY)}
    writes = {"features": Write(TOY, "subject")}

    def run(self, ctx):
        ctx.write("features").table("events", ctx.read("signal").table("events", EventKey))


said = []


class Talking(Silent):
    def remark(self, text):
        said.append(text)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "Toy"\n[ingest.default]\n[features.default]\n')
    (tmp_path / "data").mkdir()
    for name in ("index", "2.rec", "10.rec"):
        (tmp_path / "data" / name).write_text(name)
    return tmp_path


def open_study(root):
    choices = Choices(recipe=str(root / "toy.toml"), source=root / "data")
    return Study(Workspace(root / "workspace"), {"ingest": Ingest(), "features": Features()}, choices)


def run(root, subjects=None, force=False):
    """Return the units that `run` makes; what is left alone is raised in the end."""
    study = open_study(root)
    asked = subjects or study.known_subjects()
    made = []
    runner = Runner(study, asked, Execution(force=force), Talking())
    said.clear()
    try:
        make_units(runner, study.plan(asked), lambda one: made.append(str(one.verdict.node)) if one.ran else None)
    except SourceError as error:
        return made, error
    return made, None


def states(root):
    study = open_study(root)
    judge = Judge(study, study.known_subjects())
    return {str(node): judge.judge(node) for node in study.plan(judge.subjects)}


def test_who_comes_to_the_data_set_is_told_planned_and_made(root):
    run(root)
    assert {verdict.state for verdict in states(root).values()} == {"done"}
    (root / "data/3.rec").write_text("3")
    seen = states(root)
    index = seen["ingest/default/study"]
    assert (index.state, index.reasons) == ("stale", ("subject 3 is new in the data set",))
    assert seen["ingest/default/sub-3"].state == "missing"
    assert open_study(root).known_subjects() == ["2", "3", "10"]  # in the data set's order, as ever after
    made, error = run(root)
    assert made == ["ingest/default/study", "ingest/default/sub-3", "features/default/sub-3"] and error is None
    assert run(root) == ([], None)
    assert {verdict.state for verdict in states(root).values()} == {"done"}


def test_who_is_asked_for_by_name_may_be_new(root):
    run(root)
    (root / "data/3.rec").write_text("3")
    assert run(root, ["3"])[0] == ["ingest/default/study", "ingest/default/sub-3", "features/default/sub-3"]


def test_a_person_whose_file_is_gone_is_told_alone(root):
    run(root)
    (root / "data/2.rec").unlink()
    (root / "data/10.rec").write_text("edited")
    seen = states(root)
    gone = seen["ingest/default/sub-2"]
    assert gone.state == "stale"
    assert gone.reasons[0].startswith(f"cannot be compared with the data set: {root / 'data'}")
    assert "has no subject '2'" in gone.reasons[0]
    assert seen["ingest/default/study"].state == seen["features/default/sub-2"].state == "done"
    made, error = run(root)
    assert made == ["ingest/default/sub-10"]  # with equal content: its features stand
    assert error.exit_code == 4 and "has no subject '2'" in error.message
    assert run(root, ["10"]) == ([], None)


def test_a_person_whose_file_is_gone_before_it_was_ingested(root):
    run(root, ["10"])
    (root / "data/2.rec").unlink()
    (root / "data/2.rec").symlink_to(root / "nowhere")
    shutil.rmtree(root / "workspace/artifacts/ingest/default/sub-10")
    made, error = run(root)
    assert made == ["ingest/default/sub-10"]
    path = root / "data/2.rec"
    assert said[0] == f"ingest/default/sub-2: left alone, {path}: the file cannot be read (No such file or directory)."
    assert said[1] == "features/default/sub-2: left alone, ingest/default/sub-2/signal is missing"
    assert error.exit_code == 4 and "2.rec: the file cannot be read (No such file or directory)" in error.message


def test_a_data_set_that_cannot_be_opened_is_told_and_what_was_made_of_it_stands(root):
    run(root)
    (root / "data/index").unlink()
    seen = states(root)
    assert seen["ingest/default/study"].state == "stale"
    assert "is no data set" in seen["ingest/default/study"].reasons[0]
    assert seen["features/default/sub-2"].state == "done"
    assert run(root)[1].exit_code == 4


def test_a_data_set_out_of_reach_has_no_news(root):
    run(root)
    shutil.rmtree(root / "data")
    assert {verdict.state for verdict in states(root).values()} == {"done"}


# -- why an input cannot be used, in sentences -----------------------------------------------------------


def without(address, part=""):
    return lambda root: shutil.rmtree(root / "workspace/artifacts" / address / part)


def damaged(root):
    (root / "workspace/artifacts/ingest/default/sub-2/signal/manifest.json").write_text("{")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("features/default/sub-2"), "not made yet"),
        (without("ingest/default/sub-2"), "ingest/default/sub-2/signal is missing"),
        (damaged, "ingest/default/sub-2/signal is damaged"),
    ],
)
def test_reasons_are_sentences(root, change, said):
    run(root)
    change(root)
    assert states(root)["features/default/sub-2"].reasons == (said,)


def test_reasons_of_what_lies_behind_are_sentences(root):
    run(root)
    judge = Judge(open_study(root), ["2"])
    node = Node("features", "default", "sub-2")
    (address,) = judge.outputs(node)
    damaged(root)
    assert judge.why_not_current(address) == "stale, for its input ingest/default/sub-2/signal is damaged"
    judge = Judge(open_study(root), ["2"])
    shutil.rmtree(root / "workspace/artifacts/ingest/default/sub-2")
    assert judge.why_not_current(address) == "stale, for its input ingest/default/sub-2/signal is gone"
