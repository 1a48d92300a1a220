"""Nothing is made before all that is lacking is known; with keep_going what does not hang on a failure is made."""

import importlib.util
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from eeg2vid.schemas.errors import BadDataError, FailedError, MissingInputError, UsageError
from eeg2vid.schemas.settings import Execution
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.services.foresight import foresee
from eeg2vid.stages.services.jobs import make_units
from eeg2vid.stages.services.worker import LineReporter
from eeg2vid.stages.store.layout import find_artifacts

SPEC = importlib.util.spec_from_file_location("_toy_jobs", Path(__file__).parent / "_toy_jobs.py")
toy = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(toy)


class NeedsModel(toy.Mean):
    """Average with the help of a model that no profile has."""

    roles = ("oracle",)


class NeedsDevice(toy.Mean):
    """Average on a device."""

    uses_torch = True


def opened(root, mean=toy.Mean, **choices):
    (root / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "Toy"\n')
    return Study(
        Workspace(root), {"draw": toy.Draw(), "mean": mean()}, Choices(recipe=str(root / "toy.toml"), **choices)
    )


def run(study, labels, stages=("draw", "mean"), **execution):
    """Make units of some stages; return what was said."""
    said = []
    runner = Runner(study, labels, Execution(**execution), LineReporter(said.append))
    nodes = [node for stage in stages for node in study.nodes(stage, labels)]
    try:
        make_units(runner, nodes, lambda outcome: said.append(f"end {outcome.verdict.node}"))
    except Exception as error:
        error.add_note("\n".join(said))
        raise
    return said


def drawn(root):
    return sorted(address.unit for address in find_artifacts(root) if address.stage == "draw")


def test_all_whom_something_lacks_are_named_at_once(tmp_path):
    study = opened(tmp_path)
    run(study, ["a"], stages=["draw"])
    with pytest.raises(MissingInputError) as caught:
        run(opened(tmp_path, stage="mean"), ["a", "b", "c"], stages=["mean"])
    assert (
        caught.value.message == "mean/default/study cannot be made: draw/default/latents of sub-b, sub-c are missing."
    )
    assert caught.value.hint == "Run first:\n  eeg2vid draw --subject b,c"


@pytest.mark.parametrize(
    ("mean", "execution", "error", "said"),
    [
        (NeedsModel, {}, UsageError, "mean/default/study: Model profile 'tiny' has no 'oracle'"),
        (NeedsDevice, {"device": "cuda:99"}, UsageError, "--device cuda:99: PyTorch sees"),
    ],
)
def test_what_the_last_stage_lacks_is_said_before_the_first_begins(tmp_path, mean, execution, error, said):
    with pytest.raises(error) as caught:
        run(opened(tmp_path, mean), ["a", "b"], **execution)
    assert said in caught.value.message
    assert drawn(tmp_path) == []


def test_several_hindrances_are_one_message(tmp_path):
    study = opened(tmp_path, NeedsModel, stage="mean")
    error = foresee(study, ["a", "b"], study.nodes("mean", ["a", "b"]), Execution()).error()
    assert "draw/default/latents of sub-a, sub-b are missing" in error.message
    study = opened(tmp_path, NeedsModel)
    nodes = [node for stage in study.stages for node in study.nodes(stage, ["a", "b"])]
    foresight = foresee(study, ["a", "b"], nodes, Execution())
    assert foresight.summary() == "2 units to be made, 0 done, 1 cannot be made."


def test_a_disk_that_is_too_small_is_said_first(tmp_path, monkeypatch):
    run(opened(tmp_path), ["a"], stages=["draw"])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("Usage", "total used free")(10**9, 10**9, 1000))
    with pytest.raises(FailedError, match="has 0 MB free"):
        run(opened(tmp_path), ["a", "b"])
    assert drawn(tmp_path) == ["sub-a"]


@pytest.mark.parametrize(("label", "error"), [("bad", BadDataError), ("bug", ZeroDivisionError)])
def test_with_keep_going_the_others_are_made_and_what_hangs_on_it_is_named(tmp_path, label, error):
    with pytest.raises(error) as caught:
        run(opened(tmp_path), ["a", label, "c"], keep_going=True)
    [said] = caught.value.__notes__[-1:]
    assert f"draw/default/sub-{label}: failed: " in said
    assert f"mean/default/study: skipped, for draw/default/sub-{label} failed" in said
    assert drawn(tmp_path) == ["sub-a", "sub-c"]


def test_without_it_the_first_failure_stops(tmp_path):
    with pytest.raises(BadDataError):
        run(opened(tmp_path), ["bad", "c"])
    assert drawn(tmp_path) == []


def test_what_was_made_of_what_failed_before_is_not_made_again(tmp_path):
    """The earlier artifact of a failed unit stays, and what reads it is not taken for today's."""
    (tmp_path / "mended").touch()
    run(opened(tmp_path), ["a", "bad"])
    (tmp_path / "mended").unlink()
    (tmp_path / "eeg2vid.toml").write_text("[draw.default]\nscale = 2\n")
    with pytest.raises(BadDataError) as caught:
        run(opened(tmp_path), ["a", "bad"], keep_going=True)
    assert "mean/default/study: skipped, for draw/default/sub-bad failed" in caught.value.__notes__[-1]


@pytest.mark.parametrize("harm", [lambda file: file.unlink(), lambda file: file.write_bytes(file.read_bytes()[:-1])])
def test_an_input_that_lacks_a_file_is_said_before_the_first_begins(tmp_path, harm):
    run(opened(tmp_path), ["a", "b"], stages=["draw"])
    [address] = [one for one in find_artifacts(tmp_path) if one.unit == "sub-b"]
    file = max(one for one in address.folder(tmp_path).rglob("[0-9]*") if one.is_file())
    harm(file)
    with pytest.raises(BadDataError) as caught:
        run(opened(tmp_path), ["a", "b"], stages=["mean"])
    assert f"{file}: should hold" in caught.value.message and "--force" in caught.value.hint
    assert not [one for one in find_artifacts(tmp_path) if one.stage == "mean"]
