"""Artifacts of older forms become today's on the disk: equal content, known to their readers, whole at any moment."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.catalogue import SCHEMAS, VERSIONS
from eeg2vid.schemas.entities import EventKey
from eeg2vid.schemas.errors import FailedError
from eeg2vid.schemas.recordings import CLIPS, EVENTS, ClipIndexAttributes
from eeg2vid.schemas.settings import Execution, Settings
from eeg2vid.stages.engine.context import Silent
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.stage import Read, Stage, Write
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services import upgrading
from eeg2vid.stages.services.upgrading import mend, old_artifacts, require_room, upgrade
from eeg2vid.stages.store.layout import find_artifacts
from eeg2vid.stages.store.reader import damage, open_artifact

GOLDEN = Path(__file__).parents[2] / "golden"
_STEPS = 7  # changes of the file system on the way of one small artifact
OLD = [(name, version) for name, version in VERSIONS if version < SCHEMAS[name].version]


@pytest.fixture
def workspace(tmp_path):
    """Return a workspace with every golden of an older form, each under a variant of its version."""
    for name, version in OLD:
        for container in ("zarr", "hdf5"):
            source = GOLDEN / f"v{version}" / "artifacts" / "golden" / container / "sub-17" / name
            shutil.copytree(source, tmp_path / "artifacts" / "golden" / container / f"sub-{version}" / name)
    return tmp_path


def study(root):
    return Study(Workspace(root), STAGES)


def look(root):
    return list(old_artifacts(study(root), [one.folder(root) for one in find_artifacts(root)]))


def content(artifact):
    """Return all that an artifact reads as."""
    tables = {name: artifact.table(name, row) for name, row in artifact.row_types.items()}
    arrays = {name: artifact.read(name) for name in artifact.names}
    return artifact.attributes(), tables, arrays


def test_every_older_form_becomes_todays_and_reads_the_same(workspace):
    found = look(workspace)
    assert len(found) == 2 * len(OLD) and {one.state for one in found} == {"to do"}
    for one in found:
        old = open_artifact(workspace, one.address)
        attributes, tables, arrays = content(old)
        upgrade(one)
        new = open_artifact(workspace, one.address)
        assert not new.is_old and damage(new.folder) == []
        assert content(new)[:2] == (attributes, tables)
        assert new.names.keys() == arrays.keys()
        for name, values in arrays.items():
            assert np.array_equal(new.read(name), values) and new.read(name).dtype == values.dtype
        assert new.manifest.container == old.manifest.container
        assert new.manifest.known_as == old.digest != new.digest
        assert [former.schema_version for former in new.manifest.upgraded_from] == [old.manifest.schema_version]
        kept = {"weights", "fingerprint", "created", "inputs", "settings", "stage_version", "provenance"}
        assert new.manifest.model_dump(include=kept) == old.manifest.model_dump(include=kept)
    assert look(workspace) == []


def test_both_containers_are_still_one_content(workspace):
    for one in look(workspace):
        upgrade(one)
    for name, version in OLD:
        pair = {
            open_artifact(workspace, a).digest
            for a in find_artifacts(workspace)
            if (a.role, a.unit) == (name, f"sub-{version}")
        }
        assert len(pair) == 1


def test_damage_is_left_alone(workspace):
    victim = next(one for one in look(workspace) if one.address.role == "clips")
    with (victim.folder / "clips.jsonl").open("a") as file:
        file.write("{}\n")
    states = {one.folder: one.state for one in look(workspace)}
    assert states.pop(victim.folder) == "damaged" and set(states.values()) == {"to do"}


def test_what_a_stage_makes_otherwise_now_is_left_alone_with_its_command(workspace, monkeypatch):
    source = workspace / "artifacts/golden/zarr/sub-1/checkpoints"
    place = workspace / "artifacts/train-mapper/ridge/sub-1/mappers"
    before = open_artifact(workspace, next(a for a in find_artifacts(workspace) if a.folder(workspace) == source))
    shutil.copytree(source, place)
    rewrite(place, before.manifest, stage="train-mapper", variant="ridge", unit="sub-1", role="mappers")
    (one,) = [one for one in look(workspace) if one.address.stage == "train-mapper"]
    assert one.state == "left alone" and "train-mapper of version" in one.why
    assert one.command.startswith("eeg2vid train-mapper") and "--subject 1" in one.command


def rewrite(folder, manifest, **changed):
    """Write a manifest with some fields changed."""
    from eeg2vid.stages.store.digest import canonical_json, sha256_json

    body = manifest.model_copy(update={"provenance": "computed", **changed}).model_dump(mode="json")
    (folder / "manifest.json").write_bytes(canonical_json(body | {"manifest_sha256": sha256_json(body)}))


def test_a_disk_without_room_is_said_before_anything_is_written(workspace, monkeypatch):
    found = look(workspace)
    most = max(one.bytes_beside for one in found)
    assert upgrading.bytes_needed(found) == most > 0
    monkeypatch.setattr(upgrading.shutil, "disk_usage", lambda _: type("Usage", (), {"free": most - 1}))
    with pytest.raises(FailedError, match=r"needs 0\.00 GB.*Nothing was changed"):
        require_room(workspace, found)
    monkeypatch.setattr(upgrading.shutil, "disk_usage", lambda _: type("Usage", (), {"free": most}))
    require_room(workspace, found)


@pytest.mark.parametrize("step", range(_STEPS + 1))
def test_killed_at_any_step_the_old_or_the_new_is_there(workspace, step):
    """A process of its own dies, without a last word, at its n-th change of the file system."""
    one = next(one for one in look(workspace) if one.address.role == "checkpoints" and one.address.variant == "zarr")
    old = open_artifact(workspace, one.address)
    before = content(old)
    child = os.fork()
    if not child:
        os._exit(_die_at(step, one))
    _, status = os.waitpid(child, 0)
    mend(workspace)
    now = open_artifact(workspace, one.address)
    assert now.digest == old.digest if now.is_old else now.manifest.known_as == old.digest
    assert damage(now.folder) == [] and content(now)[:2] == before[:2]
    assert not list(now.folder.parent.glob("*.upgrade-*")) and not list(now.folder.parent.glob("*.old-*"))
    assert os.waitstatus_to_exitcode(status) == (9 if step < _STEPS else 0)


def _die_at(step, one):
    """Upgrade; the n-th rename, link or removal of a tree is the end."""
    left = [step]

    def deadly(function):
        def called(*given, **how):
            if not left[0]:
                os._exit(9)
            left[0] -= 1
            return function(*given, **how)

        return called

    for name in ("rename", "replace", "link"):
        setattr(os, name, deadly(getattr(os, name)))
    shutil.rmtree = deadly(shutil.rmtree)
    upgrade(one)
    return 0


# -- who reads what was upgraded -------------------------------------------------------------------

TOY = Schema(name="events", version=EVENTS.version, doc="toy", tables={"events": EventKey})
READER = Node("reader", "default", "study")
INDEX = Node("ingest", "default", "study")


class Ingest(Stage):
    name = "ingest"
    Settings = Settings
    reads = {}
    writes = {"clips": Write(CLIPS, "study")}
    clips = ()

    def run(self, ctx):
        ctx.write("clips").table("clips", [])
        ctx.write("clips").attributes(ClipIndexAttributes(kind="toy", subjects=self.clips))


class Reader(Stage):
    name = "reader"
    Settings = Settings
    reads = {"clips": Read(CLIPS)}
    writes = {"read": Write(TOY, "study")}

    def run(self, ctx):
        assert ctx.read("clips").attributes().kind == "toy"
        ctx.write("read").table("events", [])


def toys(root):
    return Study(Workspace(root), {"ingest": Ingest(), "reader": Reader()})


def make(root, node, force=False):
    return Runner(toys(root), [], Execution(force=force), Silent()).make(node)


@pytest.fixture
def read_of_before(tmp_path):
    """Return a workspace whose clip index is of version 1, as is what its reader knows of it."""
    from eeg2vid.stages.store.digest import sha256_json

    (tmp_path / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "toy"\n[reader.default]\n')
    (tmp_path / "eeg2vid.toml").write_text('[study]\nrecipe = "toy.toml"\n')
    make(tmp_path, INDEX)
    folder = tmp_path / "artifacts/ingest/default/study/clips"
    (address,) = find_artifacts(tmp_path)
    manifest = open_artifact(tmp_path, address).manifest
    tables = {name: entry.model_dump() for name, entry in manifest.tables.items()}
    content = {"schema": ["clips", 1], "attributes": manifest.attributes, "arrays": {}, "tables": tables, "weights": {}}
    rewrite(folder, manifest, schema_version=1, digest=sha256_json(content), fingerprint="of before")
    make(tmp_path, READER)
    return tmp_path


def states(root):
    judge = Judge(toys(root), [])
    return [judge.judge(node).state for node in (INDEX, READER)]


def test_readers_stay_fresh(read_of_before):
    """Neither the upgrade nor making the same again makes anything stale; other content does."""
    root = read_of_before
    assert states(root) == ["done", "done"]
    fingerprints = [Judge(toys(root), []).identity(node).fingerprint for node in (INDEX, READER)]
    (one,) = list(old_artifacts(toys(root), [a.folder(root) for a in find_artifacts(root)]))
    upgrade(one)
    assert not open_artifact(root, one.address).is_old
    assert states(root) == ["done", "done"]
    assert [Judge(toys(root), []).identity(node).fingerprint for node in (INDEX, READER)] == fingerprints
    assert not make(root, READER).ran
    make(root, READER, force=True)  # what is made after the upgrade knows it by the same name
    make(root, INDEX, force=True)
    assert states(root) == ["done", "done"]


def test_other_content_is_stale_after_an_upgrade_as_before(read_of_before, monkeypatch):
    root = read_of_before
    upgrade(next(old_artifacts(toys(root), [root / "artifacts/ingest/default/study/clips"])))
    monkeypatch.setattr(Ingest, "clips", ("1",))
    make(root, INDEX, force=True)
    assert states(root) == ["done", "stale"]
