"""One new network, target, generator, condition and metric, from plan to report: two files or one, and one line each.

Their files are written into a folder of their own; nothing of the program is edited, only its tables get a line.
"""

import json
import sys
import textwrap

import pytest

from eeg2vid.schemas.conditions import CONDITIONS, Condition
from eeg2vid.schemas.generators import GENERATORS
from eeg2vid.schemas.networks import NETWORKS
from eeg2vid.schemas.scores import Definition, Score
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact
from eeg2vid.stages.targets.table import TARGETS

FILES = {
    "toy_settings": """
        from typing import Literal

        from eeg2vid.schemas.generators import Generator
        from eeg2vid.schemas.networks import Network


        class ToyNetworkSettings(Network):
            \"\"\"The training mean of everything, moved a little by the EEG.\"\"\"

            builds = "toy_network:ToyNetwork"
            inputs = ("de",)
            learns = frozenset({"label", "value"})
            joint = True
            name: Literal["toy-mean"] = "toy-mean"
            weight: float = 0.1


        class ToyGeneratorSettings(Generator):
            \"\"\"A flat picture of the decoded colour.\"\"\"

            builds = "toy_generator:Painter"
            targets = ("colour-of-clip",)
            without = ("colour-of-clip",)
            name: Literal["toy-painter"] = "toy-painter"
    """,
    "toy_network": """
        import numpy as np

        from eeg2vid.stages.networks.decoder import Decoder
        from eeg2vid.stages.networks.examples import FitReport


        class ToyNetwork(Decoder):
            kind = ""

            def fit(self, train, validation=None, **how):
                self.check(train)
                self.arrays = {}
                for one in self.context.targets:
                    values = train.targets[one.name]
                    if one.kind == "label":
                        counts = np.bincount(values, minlength=len(one.classes))
                        self.arrays[one.name] = (counts / counts.sum()).astype(np.float32)
                    else:
                        self.arrays[one.name] = values.mean(axis=0).astype(np.float32)
                return FitReport(len(train), 0 if validation is None else len(validation), 0.5)

            def predict(self, inputs, *, device="cpu", unseen="pooled", own=None):
                moved = inputs.gather("de").reshape(len(inputs), -1).mean(axis=1) * self.settings.weight
                found = {}
                for name, mean in self.arrays.items():
                    values = np.repeat(mean[None], len(inputs), axis=0)
                    values += moved.reshape(-1, *(1,) * mean.ndim).astype(np.float32)
                    found[name] = values
                return found

            def state(self):
                return self.arrays

            def scaler_state(self):
                return {}

            def load(self, state, scaler):
                self.arrays = dict(state)
    """,
    "toy_target": """
        from dataclasses import dataclass, field

        from eeg2vid.schemas.targets import TargetFacts
        from eeg2vid.schemas.videos import VIDEOS, VideoKey
        from eeg2vid.stages.cohort.clips import rows_of_clips
        from eeg2vid.stages.engine.stage import Read
        from eeg2vid.stages.targets.target import Loaded, OfFold, Target


        @dataclass(frozen=True)
        class ColourOfClip(Target):
            kind: str = field(default="value", init=False)

            def reads(self, settings):
                return {"stimuli": Read(VIDEOS)}

            def load(self, ctx, cohort):
                stimuli = ctx.read("stimuli")
                rows = rows_of_clips(stimuli, cohort.clips, VideoKey)
                return Found(stimuli.read("frames").mean(axis=(1, 2, 3)).astype("float32"), rows)


        @dataclass(frozen=True)
        class Found(Loaded):
            values: object
            index: object

            def of_fold(self, fold):
                import numpy as np

                from eeg2vid.stages.training.values import Values

                return OfFold(Values(self.values, self.index), np.ones(len(self.index), bool), shape=(3,))

            def facts(self):
                return TargetFacts(kind="value", attributes={"of": "all frames"})
    """,
    "toy_generator": """
        import numpy as np

        from eeg2vid.stages.generators.generator import Generator


        class Painter(Generator):
            def make(self, clips, values, *, fold="", draw=0):
                if "colour-of-clip" not in values:
                    return np.full((len(clips), *self.build.shape), 7, np.uint8)
                colour = np.clip(values["colour-of-clip"], 0, 255).astype(np.uint8)
                return np.broadcast_to(colour[:, None, None, None], (len(clips), *self.build.shape)).copy()
    """,
    "toy_condition": """
        import numpy as np


        def sources(runs, positions, rng):
            return np.arange(len(runs))[::-1]
    """,
    "toy_metric": """
        import numpy as np

        from eeg2vid.stages.metrics.metric import FRAMES, Measured, Metric, Variant

        DARKNESS = Metric(
            name="darkness-error",
            form="pair",
            needs=(FRAMES,),
            direction="lower",
            bounds=(0.0, 255.0),
            variants={"": Variant("darkness error", "How far the mean level is from the true one.", "pairing")},
            builds="toy_metric:measure",
        )


        def measure(given):
            sides = (given.frames.decoded, given.frames.true)
            decoded, true = (np.array([side[event].mean() for event in range(len(side))]) for side in sides)
            return {"": Measured(np.abs(decoded[:, None] - true[None]))}
    """,
}
RECIPE = """
[recipe]
name = "toys"
title = "Nothing but toys"
conditions = ["time-reversed", "grey", "true-colour", "no-colour"]

[train-mapper.toys]
network = { name = "toy-mean", weight = 0.5 }
targets = ["concept", "colour-of-clip"]

[predict.toys]
[generate.toys]
generator = { name = "toy-painter" }
[score.toys]
[report.toys]
"""


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """Write the files and give each table its one line."""
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path))
    from toy_metric import DARKNESS
    from toy_settings import ToyGeneratorSettings, ToyNetworkSettings
    from toy_target import ColourOfClip

    monkeypatch.setitem(NETWORKS, "toy-mean", ToyNetworkSettings)
    monkeypatch.setitem(GENERATORS, "toy-painter", ToyGeneratorSettings)
    monkeypatch.setitem(TARGETS, "colour-of-clip", ColourOfClip("colour-of-clip", "the mean colour of a clip"))
    monkeypatch.setitem(METRICS, "darkness-error", DARKNESS)
    row = Condition(
        name="time-reversed", at="predict", kind="control", replaces={"eeg": "of the fold's end"},
        sentence="Decoded from the EEG of the other end of the fold.", maker="toy_condition:sources", makes="places",
    )  # fmt: skip
    monkeypatch.setitem(CONDITIONS, "time-reversed", row)
    for name, kind in (("true-colour", "true"), ("no-colour", "none")):
        maker = f"eeg2vid.stages.decoding.generating:{'true' if kind == 'true' else 'no'}_values"
        row = Condition(
            name=name, at="generate", kind="ceiling", replaces={"colour-of-clip": kind}, sentence="So.", maker=maker,
            makes="values",
        )  # fmt: skip
        monkeypatch.setitem(CONDITIONS, name, row)
    yield
    for name in FILES:
        sys.modules.pop(name, None)


def opened(workspace, stage, variant, role, unit="sub-1"):
    return open_artifact(workspace, Address(stage, variant, unit, role))


def test_toys_from_plan_to_report(workspace, toys, tmp_path, cli_ok):
    recipe = tmp_path / "toys.toml"
    recipe.write_text(RECIPE)
    here = ("-w", workspace, "--recipe", recipe)
    planned = {row["unit"] for row in cli_ok("run", *here, "--dry-run", "--json").json if row["state"] != "done"}
    assert {"predict/toys~time-reversed/sub-1", "generate/toys~grey/sub-2", "report/toys/study"} <= planned
    cli_ok("run", *here)

    # one joint model of a label and a value in each fold
    rows = [
        json.loads(line)
        for line in (opened(workspace, "train-mapper", "toys", "mappers").folder / "models.jsonl").open()
    ]
    assert {tuple(row["targets"]) for row in rows} == {("concept", "colour-of-clip")} and len(rows) == 3
    predictions = opened(workspace, "predict", "toys", "predictions")
    assert predictions.read("colour-of-clip").shape == (60, 3) and predictions.read("concept").shape == (60, 4)
    other = opened(workspace, "predict", "toys~time-reversed", "predictions")
    key = other.row_types["concept"]
    assert [row.source_event for row in other.table("concept", key)][:20] == [
        row.event for row in other.table("concept", key)
    ][:20][::-1]

    # the videos are the decoded colours; the grey ones read no predictions
    videos = opened(workspace, "generate", "toys", "videos").read("frames")
    assert (videos[:, 0, 0, 0] == predictions.read("colour-of-clip").clip(0, 255).astype("uint8")).all()
    grey = opened(workspace, "generate", "toys~grey", "videos").manifest
    assert {ref.role for ref in grey.inputs} == {"stimuli", "folds"}

    # a condition gives the generator the true colour, or none; neither reads predictions
    rows = opened(workspace, "generate", "toys~true-colour", "videos").table("clips", VideoKey)
    stimuli = opened(workspace, "split-videos", "default", "stimuli", "study")
    true = stimuli.read("frames").mean(axis=(1, 2, 3)).astype("float32").astype("uint8")
    place = {row.clip: k for k, row in enumerate(stimuli.table("clips", VideoKey))}
    shown = opened(workspace, "generate", "toys~true-colour", "videos")
    assert (shown.read("frames")[:, 0, 0, 0] == true[[place[row.clip] for row in rows]]).all()
    assert {ref.role for ref in shown.manifest.inputs} == {"stimuli", "folds", "events"}
    assert set(opened(workspace, "generate", "toys~no-colour", "videos").read("frames").ravel().tolist()) == {7}

    # the metric stands in the scores with its chance level, its direction and in the report with its name
    scores = opened(workspace, "score", "toys", "scores")
    mine = {row.condition: row for row in scores.table("scores", Score) if row.metric == "darkness-error"}
    assert set(mine) == {"full", "time-reversed", "grey", "true-colour", "no-colour"}
    assert all(row.chance_kind == "pairing" and row.chance > 0 for row in mine.values())
    known = {row.metric: row for row in scores.table("definitions", Definition)}
    assert known["darkness-error"].direction == "lower"
    page = (opened(workspace, "report", "toys", "report", "study").folder / "media" / "index.html").read_text()
    assert "darkness error" in page and "Decoded from the EEG of the other end of the fold." in page


def test_a_fix_in_one_network_leaves_the_others_fresh(workspace, cli_ok, monkeypatch):
    """The version of a choice is in the fingerprint of what was made with it, and in no other's."""
    monkeypatch.setattr(NETWORKS["lda"], "version", 3)
    states = {(row["stage"], row["state"]): row for row in cli_ok("status", "-w", workspace, "--json").json}
    assert ("train-encoder", "stale") in states and ("train-mapper", "stale") not in states
    assert states["train-encoder", "stale"]["reasons"] == ["network lda version 2 -> 3"]


def test_a_condition_without_a_maker_is_refused(workspace, cli, monkeypatch):
    condition = "no-maker"
    monkeypatch.setitem(
        CONDITIONS, condition, CONDITIONS["no-text"].model_copy(update={"name": condition, "maker": ""})
    )
    config = workspace / "eeg2vid.toml"
    config.write_text(config.read_text().replace("[study]", f'[study]\nconditions = ["{condition}"]'))
    result = cli("run", "-w", workspace, "--dry-run")
    assert result.code == 2 and f"Nothing makes the condition '{condition}' yet" in result.err
