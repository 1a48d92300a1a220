"""Inputs that are made again, lost or edited while a unit reads them: the right artifact or none."""

import shutil

import numpy as np
import pytest

from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.errors import BadDataError, FailedError, MissingInputError
from eeg2vid.schemas.latents import LATENTS, LatentAttributes
from eeg2vid.schemas.settings import Execution, Settings
from eeg2vid.stages.engine.context import Silent
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.stage import Read, Stage, Write
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import damage, open_artifact

CLIPS = 6
ATTRIBUTES = LatentAttributes(fps=3, height=24, width=24, scaling_factor=1)
DRAW, TWICE = Node("draw", "default", "study"), Node("twice", "default", "study")
DRAWN = Address("draw", "default", "study", "latents")
DOUBLED = Address("twice", "default", "study", "doubled")


class DrawSettings(Settings):
    scale: float = 1.0


class Draw(Stage):
    """Draw latents, scaled; what is drawn stands in a file outside the workspace."""

    name = "draw"
    Settings = DrawSettings
    reads = {}
    writes = {"latents": Write(LATENTS, "study")}

    def sources(self, ctx):
        return [ctx.study.root / "seed.txt"]

    def run(self, ctx):
        text = (ctx.study.root / "seed.txt").read_text()
        meanwhile(ctx.study.root, self.name, 0)
        drawn = np.random.default_rng(int(text)).normal(size=(CLIPS, 2, 4, 3, 3))
        ctx.write("latents").array("latents", (ctx.settings.scale * drawn).astype(np.float32))
        ctx.write("latents").table("clips", [ClipKey(clip=f"c{clip}") for clip in range(CLIPS)])
        ctx.write("latents").attributes(ATTRIBUTES)


class Twice(Stage):
    """Double the latents, clip by clip, each read when its part is made."""

    name = "twice"
    Settings = Settings
    reads = {"latents": Read(LATENTS)}
    writes = {"doubled": Write(LATENTS, "study")}
    divided = "1 clip"

    def run(self, ctx):
        latents = ctx.read("latents").lazy("latents")
        for part, (clip,) in ctx.parts("clips", range(CLIPS)):
            meanwhile(ctx.study.root, self.name, clip)
            part.array("doubled", "latents", 2 * latents[clip : clip + 1])
            part.rows("doubled", "clips", [ClipKey(clip=f"c{clip}")])
        ctx.write("doubled").attributes(ATTRIBUTES)


def meanwhile(root, stage, clip):
    """Do what another process does at this moment; the tests put it here."""


def runner(root, scale=1.0, force=False):
    (root / "toy.toml").write_text(f'[recipe]\nname = "toy"\ntitle = "Toy"\n[draw.default]\nscale = {scale}\n')
    if not (root / "seed.txt").exists():
        (root / "seed.txt").write_text("0")
    study = Study(Workspace(root), {"draw": Draw(), "twice": Twice()}, Choices(recipe=str(root / "toy.toml")))
    return Runner(study, [], Execution(force=force), Silent())


def digest(root):
    assert damage(DOUBLED.folder(root)) == []
    return open_artifact(root, DOUBLED).digest


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """Return the digest of what is doubled, by scale, where nothing disturbs."""
    found = {}
    for scale in (1.0, 3.0):
        root = tmp_path_factory.mktemp("reference")
        runner(root, scale).make(DRAW)
        runner(root, scale).make(TWICE)
        found[scale] = digest(root)
    return found


def at(monkeypatch, stage, clip, act):
    """Let something happen once, when a stage is about to make a clip."""
    waiting = [(stage, clip)]

    def happen(root, *now):
        if now in waiting:
            waiting.clear()
            act(root)

    monkeypatch.setattr(f"{__name__}.meanwhile", happen)


def drawn_again(scale, force=False):
    return lambda root: runner(root, scale, force).make(DRAW)


@pytest.mark.parametrize("clip", [0, 3, CLIPS - 1])
def test_an_input_made_again_with_other_content_is_not_mixed_with_the_old(tmp_path, right, monkeypatch, clip):
    runner(tmp_path).make(DRAW)
    at(monkeypatch, "twice", clip, drawn_again(3.0))
    with pytest.raises(FailedError, match="draw/default/study/latents was made again with other content"):
        runner(tmp_path).make(TWICE)
    assert not DOUBLED.folder(tmp_path).exists()
    assert len(list(tmp_path.glob("artifacts/twice/default/study/work-*/done/*.json"))) == clip
    runner(tmp_path).make(DRAW)  # the old one is back: parts made of it are still good
    runner(tmp_path).make(TWICE)
    assert digest(tmp_path) == right[1.0]


def test_the_same_command_again_reads_the_new_one(tmp_path, right, monkeypatch):
    runner(tmp_path).make(DRAW)
    at(monkeypatch, "twice", 2, drawn_again(3.0))
    with pytest.raises(FailedError, match="other content"):
        runner(tmp_path).make(TWICE)
    runner(tmp_path, 3.0).make(TWICE)
    assert digest(tmp_path) == right[3.0]


def test_an_input_made_again_with_equal_content_disturbs_nobody(tmp_path, right, monkeypatch):
    runner(tmp_path).make(DRAW)
    at(monkeypatch, "twice", 2, drawn_again(1.0, force=True))
    assert runner(tmp_path).make(TWICE).ran
    assert digest(tmp_path) == right[1.0]


def test_an_input_made_again_since_it_was_judged_is_not_read(tmp_path, right):
    runner(tmp_path).make(DRAW)
    early = runner(tmp_path)
    early.judge.judge(TWICE)
    runner(tmp_path, 3.0).make(DRAW)
    with pytest.raises(FailedError, match="other content"):
        early.make(TWICE)
    runner(tmp_path, 3.0).make(TWICE)
    assert digest(tmp_path) == right[3.0]


@pytest.mark.parametrize("clip", [0, 3])
def test_an_input_seen_between_two_renames_is_never_zeros(tmp_path, right, monkeypatch, clip):
    runner(tmp_path).make(DRAW)
    folder = DRAWN.folder(tmp_path)
    at(monkeypatch, "twice", clip, lambda _: folder.rename(folder.with_name("latents.old-1")))
    with pytest.raises((BadDataError, MissingInputError), match=r"missing|went away"):
        runner(tmp_path).make(TWICE)
    runner(tmp_path).make(DRAW)  # brings the old one back
    runner(tmp_path).make(TWICE)
    assert digest(tmp_path) == right[1.0]


def test_an_input_that_is_gone_when_a_part_is_made_is_said(tmp_path, right, monkeypatch):
    runner(tmp_path).make(DRAW)
    at(monkeypatch, "twice", 4, lambda root: (DRAWN.folder(root) / "manifest.json").unlink())
    with pytest.raises(MissingInputError, match="went away while it was read"):
        runner(tmp_path).make(TWICE)
    shutil.rmtree(DRAWN.folder(tmp_path))
    runner(tmp_path).make(DRAW)
    runner(tmp_path).make(TWICE)
    assert digest(tmp_path) == right[1.0]


def test_a_source_file_edited_while_it_is_read_is_refused_and_a_touched_one_is_not(tmp_path, monkeypatch):
    at(monkeypatch, "draw", 0, lambda root: (root / "seed.txt").write_text("17"))
    with pytest.raises(FailedError, match=r"seed\.txt changed while it was read"):
        runner(tmp_path).make(DRAW)
    assert not DRAWN.folder(tmp_path).exists()
    at(monkeypatch, "draw", 0, lambda root: (root / "seed.txt").write_text("17"))
    assert runner(tmp_path).make(DRAW).ran
    expected = np.random.default_rng(17).normal(size=(CLIPS, 2, 4, 3, 3)).astype(np.float32)
    np.testing.assert_array_equal(open_artifact(tmp_path, DRAWN).read("latents"), expected)
