"""Planning on a toy registry whose right answers are written by hand."""

import shutil

import pytest
from pydantic import Field

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import EventKey
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.schemas.recordings import CLIPS, EVENTS, ClipIndexAttributes
from eeg2vid.schemas.settings import Execution, Settings
from eeg2vid.stages.engine.commands import commands_before
from eeg2vid.stages.engine.context import Silent
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.stage import Read, Stage, Write
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

TOY = Schema(name="events", version=EVENTS.version, doc="toy", tables={"events": EventKey})


class WordSettings(Settings):
    word: str = "a"
    times: int = Field(1, ge=1, le=9)


class Toy(Stage):
    Settings = WordSettings
    reads = {}

    def run(self, ctx):
        inputs = [a for role in self.reads for a in ctx.read_many(role)]
        words = [row.clip for a in inputs for row in a.table("events", EventKey)]
        if self.acts:
            words.append(ctx.condition)
        rows = [EventKey(event="e", clip=word) for word in [*words, *[ctx.settings.word] * ctx.settings.times]]
        for role in self.writes_per("study" if ctx.subject is None else "subject"):
            ctx.write(role).table("events", rows)


class Ingest(Toy):
    name = "ingest"
    writes = {"clips": Write(CLIPS, "study"), "signal": Write(TOY, "subject")}

    def run(self, ctx):
        if ctx.subject is None:
            ctx.write("clips").table("clips", [])
            ctx.write("clips").attributes(ClipIndexAttributes(kind="toy", subjects=("1", "2", "17")))
        else:
            super().run(ctx)


class Features(Toy):
    name = "features"
    reads = {"signal": Read(TOY)}
    writes = {"features": Write(TOY, "subject")}


class Guess(Toy):
    name = "guess"
    reads = {"features": Read(TOY)}
    writes = {"guesses": Write(TOY, "subject")}
    acts = "predict"


class Draw(Toy):
    name = "draw"
    reads = {"guesses": Read(TOY)}
    writes = {"drawings": Write(TOY, "subject")}
    acts = "generate"


class Score(Toy):
    name = "score"
    reads = {"drawings": Read(TOY, "conditions")}
    writes = {"scores": Write(TOY, "subject")}


class Summary(Toy):
    name = "summary"
    reads = {"scores": Read(TOY, "many")}
    writes = {"summary": Write(TOY, "study")}


STAGES = {s.name: s for s in (Ingest(), Features(), Guess(), Draw(), Score(), Summary())}
RECIPE = """
[recipe]
name = "toy"
title = "Toy"
conditions = ["shuffled-runs", "grey"]
[guess.toy]
word = "g"
[draw.toy]
[score.toy]
[published.features.default]
times = 3
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "toy.toml").write_text(RECIPE)
    return tmp_path


def open_study(root, **choices):
    return Study(Workspace(root), STAGES, Choices(recipe=str(root / "toy.toml"), **choices))


def make_all(root, until="summary", subjects=("1",), **choices):
    study = open_study(root, **choices)
    runner = Runner(study, subjects, Execution(), Silent())
    made = []
    for name in study.planned_stages():
        for node in study.nodes(name, subjects):
            if runner.make(node).ran:
                made.append(str(node))
        if name == until:
            break
    return made


def test_conditions_become_variants_from_where_they_act(root):
    study = open_study(root)
    assert study.variants("features") == ("default",)
    assert study.variants("guess") == ("toy", "toy~shuffled-runs")
    assert study.variants("draw") == ("toy", "toy~shuffled-runs", "toy~grey")
    assert study.variants("score") == ("toy",)
    assert study.variants("summary") == ("default",)


def test_inputs_follow_the_condition(root):
    study = open_study(root)

    def read(stage, variant, unit="sub-1"):
        return [str(a) for g in study.inputs(Node(stage, variant, unit), ["1", "2"]).values() for a in g]

    assert read("guess", "toy~shuffled-runs") == ["features/default/sub-1/features"]
    assert read("draw", "toy~shuffled-runs") == ["guess/toy~shuffled-runs/sub-1/guesses"]
    assert read("draw", "toy~grey") == ["guess/toy/sub-1/guesses"]
    assert read("score", "toy") == [f"draw/toy{c}/sub-1/drawings" for c in ("", "~shuffled-runs", "~grey")]
    assert read("summary", "default", "study") == ["score/toy/sub-1/scores", "score/toy/sub-2/scores"]


def test_everything_is_made_once(root):
    first = make_all(root)
    assert first[0] == "ingest/default/study"
    assert first[-1] == "summary/default/study"
    assert len(first) == len(set(first)) == 10
    assert make_all(root) == []


def test_conditions_reach_the_stage_where_they_act(root):
    make_all(root)

    def words(variant):
        artifact = open_artifact(root, Address("draw", variant, "sub-1", "drawings"))
        return [row.clip for row in artifact.table("events", EventKey)]

    assert words("toy") == ["a", "a", "full", "g", "full", "a"]
    assert words("toy~shuffled-runs") == ["a", "a", "shuffled-runs", "g", "full", "a"]
    assert words("toy~grey") == ["a", "a", "full", "g", "grey", "a"]


def test_changed_setting_reruns_what_hangs_on_it_and_says_why(root):
    make_all(root)
    (root / "eeg2vid.toml").write_text("[guess.toy]\ntimes = 2\n")
    study = open_study(root)
    judge = Judge(study, ["1"])
    verdict = judge.judge(Node("guess", "toy", "sub-1"))
    assert (verdict.state, verdict.reasons) == ("stale", ("`guess.times` 1 -> 2",))
    assert judge.judge(Node("draw", "toy", "sub-1")).state == "done"  # judged by its upstream's manifest
    made = make_all(root)
    assert "features/default/sub-1" not in made
    assert {"guess/toy/sub-1", "draw/toy/sub-1", "score/toy/sub-1"} <= set(made)


def test_upstream_remade_with_equal_content_makes_nothing_stale(root):
    make_all(root)
    study = open_study(root)
    runner = Runner(study, ["1"], Execution(force=True), Silent())
    assert runner.make(Node("features", "default", "sub-1")).ran
    assert make_all(root) == []


def test_stale_upstream_is_not_read(root):
    make_all(root)
    (root / "eeg2vid.toml").write_text('[features.default]\nword = "b"\n')
    study = open_study(root)
    runner = Runner(study, ["1"], Execution(), Silent())
    runner.make(Node("features", "default", "sub-1"))
    with pytest.raises(MissingInputError, match="changed") as error:
        runner.make(Node("draw", "toy", "sub-1"))
    assert "eeg2vid guess --subject 1" in (error.value.hint or "")


# -- a study unit and those who were not asked for -----------------------------------------------------

SUMMARY = Node("summary", "default", "study")


def told(root):
    """Return whose scores the summary was made of."""
    inputs = open_artifact(root, Address("summary", "default", "study", "summary")).manifest.inputs
    return [ref.unit for ref in inputs]


def test_one_person_made_again_stays_among_the_others_in_the_summary(root):
    make_all(root, subjects=("1", "2"))
    assert make_all(root, subjects=("2",)) == []
    (root / "eeg2vid.toml").write_text("[summary.default]\ntimes = 2\n")
    assert make_all(root, subjects=("1",)) == ["summary/default/study"]
    assert told(root) == ["sub-1", "sub-2"]
    made = make_all(root, subjects=("17",))
    assert {"features/default/sub-17", "summary/default/study"} <= set(made)
    assert told(root) == ["sub-1", "sub-2", "sub-17"]


@pytest.mark.parametrize("text", ["[score.toy]\ntimes = 2\n", '[features.default]\nword = "b"\n'])
def test_others_under_other_settings_stay_in_the_summary_and_are_told(root, text):
    make_all(root, subjects=("1", "2"))
    (root / "eeg2vid.toml").write_text(text)
    study = open_study(root)
    said = []
    reporter = Silent()
    reporter.remark = said.append
    runner = Runner(study, ["1"], Execution(), reporter)
    made = [str(node) for node in study.plan(["1"]) if runner.make(node).ran]
    assert {"score/toy/sub-1", "summary/default/study"} <= set(made)
    assert "score/toy/sub-2" not in made
    assert told(root) == ["sub-1", "sub-2"]
    (remark,) = said
    assert "summary/default/study tells of others too" in remark
    assert "sub-2 is stale" in remark


def test_a_summary_whose_others_are_gone_is_left_as_it_is(root):
    make_all(root, subjects=("1", "2"))
    shutil.rmtree(root / "artifacts/score/toy/sub-2")
    assert make_all(root, subjects=("1",)) == []
    assert told(root) == ["sub-1", "sub-2"]
    outcome = Runner(open_study(root), ["1"], Execution(), Silent()).make(SUMMARY)
    assert "score/toy/sub-2 is missing" in outcome.left
    with pytest.raises(MissingInputError):  # what was asked for is missing: that is no reason to be silent
        Runner(open_study(root), ["1", "2"], Execution(), Silent()).make(SUMMARY)


def test_a_summary_asked_for_by_name_is_of_those_asked_for(root):
    make_all(root, subjects=("1", "2"))
    Runner(open_study(root, stage="summary"), ["1"], Execution(), Silent()).make(SUMMARY)
    assert told(root) == ["sub-1"]


def test_missing_upstream_names_every_command_in_order(root):
    make_all(root, until="ingest")
    study = open_study(root)
    lines = commands_before(Judge(study, ["17"]), [Node("draw", "toy", "sub-17")])
    assert lines == [
        "eeg2vid ingest --subject 17",
        "eeg2vid features --subject 17",
        "eeg2vid guess --subject 17 --variant toy",
    ]


def test_precedence_of_settings(root):
    assert open_study(root).settings("features", "default").settings.times == 1
    study = open_study(root, protocol="published")
    assert study.settings("features", "default").settings.times == 3
    (root / "eeg2vid.toml").write_text("[features.default]\ntimes = 4\n")
    assert open_study(root, protocol="published").settings("features", "default").settings.times == 4
    study = open_study(root, stage="features", settings={"times": "5"})
    resolved = study.settings("features", "default")
    assert resolved.settings.times == 5
    assert resolved.origins["times"] == "command line"


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[features.default]\ntims = 4\n", "Did you mean 'times'"),
        ("[features.default]\ntimes = 40\n", "less than or equal to 9"),
        ("[featurs.default]\ntimes = 4\n", "Did you mean 'features'"),
        ("[study]\nsubject = '1'\n", "Did you mean 'subjects'"),
        ("[study\n", "not valid TOML"),
        ("[features]\ntimes = 4\n", r"\[features.<variant>\]"),
        ("[features.'A B']\ntimes = 4\n", "no variant name"),
        ("[study]\nconditions = ['shufled']\n", "Did you mean 'shuffled-runs'"),
    ],
)
def test_wrong_configuration_is_a_sentence(root, toml, words):
    (root / "eeg2vid.toml").write_text(toml)
    with pytest.raises(UsageError, match=words):
        open_study(root).settings("features", "default")


def test_two_candidates_and_no_choice(root):
    (root / "eeg2vid.toml").write_text('[features.one]\n[features.two]\nword = "b"\n')
    study = open_study(root)
    with pytest.raises(UsageError, match="features/one, features/two"):
        study.inputs(Node("guess", "toy", "sub-1"), ["1"])
    chosen = open_study(root, stage="guess", inputs={"features": "features/two"})
    assert chosen.inputs(Node("guess", "toy", "sub-1"), ["1"])["features"][0].variant == "two"
    (root / "eeg2vid.toml").write_text(
        '[features.one]\n[features.two]\nword = "b"\n[guess.toy]\nfrom = {features = "features/one"}\n'
    )
    assert open_study(root).inputs(Node("guess", "toy", "sub-1"), ["1"])["features"][0].variant == "one"


def test_failure_leaves_the_earlier_artifact(root, monkeypatch):
    make_all(root)
    before = open_artifact(root, Address("guess", "toy", "sub-1", "guesses")).digest

    def fail(self, ctx):
        ctx.write("guesses").table("events", [])
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr(Guess, "run", fail)
    from eeg2vid.schemas.errors import FailedError

    runner = Runner(open_study(root), ["1"], Execution(force=True), Silent())
    with pytest.raises(FailedError, match="disk is full"):
        runner.make(Node("guess", "toy", "sub-1"))
    folder = root / "artifacts" / "guess" / "toy" / "sub-1"
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "guesses"]
    assert open_artifact(root, Address("guess", "toy", "sub-1", "guesses")).digest == before


def test_locked_unit(root):
    from filelock import FileLock

    from eeg2vid.schemas.errors import LockedError

    make_all(root, until="ingest")
    node = Node("features", "default", "sub-1")
    study = open_study(root, stage="features")
    folder = root / "artifacts" / "features" / "default" / "sub-1"
    same = folder / f"work-{Judge(study, ['1']).identity(node).fingerprint[:8]}"
    for lock in (same / "claims" / "0.lock", folder / "work-00000000" / "alive" / "other-1.lock"):
        lock.parent.mkdir(parents=True)
        with FileLock(lock), pytest.raises(LockedError, match="another process"):
            Runner(study, ["1"], Execution(), Silent()).make(node)
    assert Runner(study, ["1"], Execution(), Silent()).make(node).ran
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "features"]


def test_protocol_and_stamps_are_inherited(root, monkeypatch):
    make_all(root, protocol="published")
    manifest = open_artifact(root, Address("score", "toy", "sub-1", "scores")).manifest
    assert manifest.protocol == "published"
    assert manifest.settings["times"] == 1
    make_all(root)
    assert open_artifact(root, Address("score", "toy", "sub-1", "scores")).manifest.protocol == "corrected"

    def stamped(self, ctx):
        ctx.stamp("simulated")
        Toy.run(self, ctx)

    monkeypatch.setattr(Features, "run", stamped)
    Runner(open_study(root), ["1"], Execution(force=True), Silent()).make(Node("features", "default", "sub-1"))
    make_all(root)
    manifest = open_artifact(root, Address("summary", "default", "study", "summary")).manifest
    assert manifest.stamps == ()  # equal content: nothing downstream was remade
    Runner(open_study(root), ["1"], Execution(force=True), Silent()).make(Node("guess", "toy", "sub-1"))
    assert open_artifact(root, Address("guess", "toy", "sub-1", "guesses")).manifest.stamps == ("simulated",)
