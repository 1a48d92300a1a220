"""Imports take the place of an artifact under the same lock as a unit's own work."""

import threading
import time

import numpy as np
import pytest

from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.errors import LockedError
from eeg2vid.schemas.latents import LATENTS, LatentAttributes
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.stage import Stage, Write
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.services.adoption import Origin, adopt
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import damage, open_artifact
from eeg2vid.stages.store.work import Work

NODE = Node("draw", "default", "study")
DRAWN = Address("draw", "default", "study", "latents")


class Draw(Stage):
    """Nothing is drawn here: it is imported."""

    name = "draw"
    Settings = Settings
    reads = {}
    writes = {"latents": Write(LATENTS, "study")}

    def run(self, ctx):
        raise NotImplementedError


@pytest.fixture
def study(tmp_path):
    (tmp_path / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "Toy"\n')
    return Study(Workspace(tmp_path), {"draw": Draw()}, Choices(recipe=str(tmp_path / "toy.toml")))


def bring(study, value, fill=lambda: None):
    """Import one clip of a value."""

    def write(writer):
        fill()
        writer.array("latents", np.full((1, 2, 4, 3, 3), value, np.float32))
        writer.table("clips", [ClipKey(clip="c")])
        writer.attributes(LatentAttributes(fps=3, height=24, width=24, scaling_factor=1))

    return adopt(study, NODE, "latents", Origin(files=[], facts={"value": value}, inputs=[]), write)


def value(study):
    assert damage(DRAWN.folder(study.root)) == []
    return float(open_artifact(study.root, DRAWN).read("latents").ravel()[0])


def test_an_artifact_between_two_renames_is_not_brought_back_by_an_import(study):
    bring(study, 1.0)
    bring(study, 2.0)
    folder = DRAWN.folder(study.root)
    aside, ready = folder.with_name("latents.old-1"), folder.with_name("ready")
    folder.rename(ready)
    bring(study, 1.0)
    folder.rename(aside)  # another process has renamed the old one aside ...
    lock = Work(folder.parent, "").unit_lock()
    lock.__enter__()

    def go_on():
        time.sleep(0.7)
        ready.rename(folder)  # ... and now puts the new one into its place
        lock.__exit__(None, None, None)

    other = threading.Thread(target=go_on)
    other.start()
    adopted = bring(study, 2.0)
    other.join()
    assert not adopted.written  # the other had just made the same
    assert value(study) == 2.0
    assert not list(folder.parent.glob("*.old-*"))


def test_what_a_dead_process_left_between_two_renames_is_brought_back(study):
    bring(study, 1.0)
    folder = DRAWN.folder(study.root)
    folder.rename(folder.with_name("latents.old-1"))
    assert not bring(study, 1.0).written
    assert value(study) == 1.0


def test_an_import_into_a_unit_that_is_being_made_is_refused(study):
    work = Work(DRAWN.folder(study.root).parent, "f" * 64)
    with work.present(), work.alone(), pytest.raises(LockedError, match="is being made by"):
        bring(study, 1.0)
    assert bring(study, 1.0).written


def test_what_is_replaced_is_what_lies_there_at_the_commit(study):
    adopted = bring(study, 1.0)
    assert adopted.replaced is None
    again = bring(study, 2.0)
    assert again.replaced is not None
    assert again.replaced.digest == adopted.manifest.digest
