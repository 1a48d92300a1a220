"""Source files and models: called by their place in the data set, known by content, seen when exchanged."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.errors import BadDataError, FailedError
from eeg2vid.schemas.latents import LATENTS, LatentAttributes
from eeg2vid.schemas.manifest import SourceFile
from eeg2vid.schemas.settings import Execution, Settings
from eeg2vid.stages.engine.context import Silent
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.profile import Models, folder_identity
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.sources import identify_sources, source_differences
from eeg2vid.stages.engine.stage import Stage, Write
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.services.origins import Origins
from eeg2vid.stages.store.digest import sha256_json
from eeg2vid.stages.store.hashes import file_state
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import load_manifest

NODE = Node("copy", "default", "study")
COPIED = Address("copy", "default", "study", "latents")


class Copy(Stage):
    """Keep which content each file of the data set has."""

    name = "copy"
    Settings = Settings
    reads = {}
    writes = {"latents": Write(LATENTS, "study")}
    roles = ("vae",)

    def sources(self, ctx):
        return sorted(path for path in ctx.study.source.rglob("*") if path.is_file())

    def run(self, ctx):
        import numpy as np

        meanwhile(ctx)
        files = self.sources(ctx)
        ctx.write("latents").array("latents", np.zeros((len(files), 1, 4, 2, 2), np.float32))
        ctx.write("latents").table("clips", [ClipKey(clip=path.read_text()) for path in files])
        ctx.write("latents").attributes(LatentAttributes(fps=3, height=16, width=16, scaling_factor=1))


def meanwhile(ctx):
    """Do what another process does at this moment; the tests put it here."""


@pytest.fixture
def root(tmp_path):
    for name, text in (("sub-1/rec.fif", "one"), ("sub-2/rec.fif", "two"), ("clips/01.mp4", "dog")):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_text(text)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "model" / "model.safetensors").write_text("weights")
    (tmp_path / "own.toml").write_text('name = "own"\n[roles.vae]\nfolder = "model"\n')
    (tmp_path / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "Toy"\n[copy.default]\n')
    return tmp_path


def open_study(root, data="data"):
    choices = Choices(recipe=str(root / "toy.toml"), models=str(root / "own.toml"), source=root / data)
    return Study(Workspace(root / "workspace"), {"copy": Copy()}, choices)


def make(root, data="data"):
    return Runner(open_study(root, data), [], Execution(), Silent()).make(NODE)


def verdict(root, data="data"):
    return Judge(open_study(root, data), []).judge(NODE)


def swap(one, two):
    aside = one.with_name("aside")
    one.rename(aside)
    two.rename(one)
    aside.rename(two)


def test_two_files_of_one_name_swapped_are_other_sources(root):
    make(root)
    data = root / "data"
    swap(data / "sub-1/rec.fif", data / "sub-2/rec.fif")
    found = verdict(root)
    assert found.state == "stale"
    assert found.reasons == tuple(f"source file {data / name} changed" for name in ("sub-1/rec.fif", "sub-2/rec.fif"))
    assert make(root).ran
    swap(data / "sub-1/rec.fif", data / "sub-2/rec.fif")
    assert verdict(root).state == "stale"


def test_a_replaced_file_of_equal_size_and_time_is_another_source(root):
    make(root)
    path = root / "data/sub-1/rec.fif"
    stat = path.stat()
    path.write_text("eno")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert verdict(root).reasons == (f"source file {path} changed",)


def test_two_peoples_folders_swapped_are_other_sources(root):
    make(root)
    swap(root / "data/sub-1", root / "data/sub-2")
    assert len(verdict(root).reasons) == 2


def test_what_a_manifest_says_spares_reading_where_nothing_is_remembered(root, monkeypatch):
    make(root)
    monkeypatch.setattr("eeg2vid.stages.engine.sources.hash_file", lambda path: pytest.fail(f"{path} was read"))
    assert verdict(root).state == "done"


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree, lambda old, new: Path(new).symlink_to(old)])
def test_a_data_set_that_has_moved_is_the_same(root, how):
    make(root)
    (root / "other disk").mkdir()
    how(str(root / "data"), str(root / "other disk/films and EEG"))
    assert verdict(root, "other disk/films and EEG").state == "done"


def test_a_file_that_comes_goes_or_is_called_otherwise_is_said(root):
    make(root)
    data = root / "data"
    (data / "clips/01.mp4").rename(data / "clips/02.mp4")
    assert verdict(root).reasons == (
        f"source file {data / 'clips/01.mp4'} is no longer read",
        f"source file {data / 'clips/02.mp4'} is new",
    )


def without_names(root, edit=lambda source: None):
    """Rewrite a manifest as it was written before source files had names."""
    path = COPIED.folder(root / "workspace") / "manifest.json"
    data = json.loads(path.read_bytes())
    data.pop("manifest_sha256")
    for source in data["sources"]:
        for key in ("name", "inode", "ctime_ns"):
            del source[key]
        edit(source)
    data["fingerprint"] = "0" * 64
    path.write_text(json.dumps({**data, "manifest_sha256": sha256_json(data)}))


def test_an_artifact_made_before_files_had_names_is_not_made_again(root):
    make(root)
    without_names(root)
    assert verdict(root).state == "done"
    shutil.move(root / "data", root / "moved")
    assert verdict(root, "moved").state == "done"
    assert verdict(root, "gone").state == "done"  # out of reach: what was read from it stands
    swap(root / "moved/sub-1/rec.fif", root / "moved/sub-2/rec.fif")
    assert verdict(root, "moved").state == "stale"


def test_names_of_files_that_no_data_set_holds(tmp_path):
    for name in ("DE/sub1.npy", "PSD/sub1.npy"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    both = [tmp_path / "DE/sub1.npy", tmp_path / "PSD/sub1.npy"]
    assert [file.name for file in identify_sources(both, None)] == ["DE/sub1.npy", "PSD/sub1.npy"]
    (alone,) = identify_sources(both[:1], None)
    assert (alone.name, alone.sha256) == ("sub1.npy", hashlib.sha256(b"DE/sub1.npy").hexdigest())
    (beside,) = identify_sources(both[1:], tmp_path / "DE")
    assert beside.name == "../PSD/sub1.npy"
    with pytest.raises(BadDataError, match="cannot be read"):
        identify_sources([tmp_path / "none"], None)


def test_old_paths_are_matched_by_the_longest_end():
    old = [SourceFile(path=f"/old/{name}", size=1, mtime_ns=1, sha256=name) for name in ("a/x.fif", "x.fif")]
    new = [SourceFile(name=name, path=f"/new/{name}", size=1, mtime_ns=1, sha256=name) for name in ("a/x.fif", "x.fif")]
    assert source_differences(old, new) == []


def test_a_file_exchanged_while_it_is_read_is_refused_whatever_its_time(root, monkeypatch):
    def exchange(ctx):
        path = ctx.study.source / "sub-2/rec.fif"
        stat = path.stat()
        path.write_text("owt")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    monkeypatch.setattr(f"{__name__}.meanwhile", exchange)
    with pytest.raises(FailedError, match=r"sub-2/rec\.fif changed while it was read"):
        make(root)
    assert not COPIED.folder(root / "workspace").exists()


# -- models ------------------------------------------------------------------------------------------


def other_weights(ctx, name="model.safetensors"):
    path = ctx.study.models.locate("vae").folder / name
    stat = path.stat()
    path.write_text("sthgiew" if name.endswith("tensors") else "[]")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def other_folder(ctx):
    folder = ctx.study.models.locate("vae").folder
    shutil.copytree(folder, folder.with_name("new"))
    (folder.with_name("new") / "model.safetensors").write_text("sthgiew")
    folder.rename(folder.with_name("old"))
    folder.with_name("new").rename(folder)


@pytest.mark.parametrize("act", [other_weights, other_folder, lambda ctx: other_weights(ctx, "config.json")])
def test_weights_exchanged_while_they_are_used_are_refused(root, monkeypatch, act):
    monkeypatch.setattr(f"{__name__}.meanwhile", act)
    with pytest.raises(FailedError, match=r"the weights of 'vae' in .* changed while they were used"):
        make(root)
    assert not COPIED.folder(root / "workspace").exists()
    monkeypatch.setattr(f"{__name__}.meanwhile", lambda ctx: None)
    assert make(root).ran
    (model,) = load_manifest(COPIED.folder(root / "workspace")).models
    assert model.identity == f"sha256:{folder_identity(root / 'model')}"


def test_touched_weights_and_cards_disturb_nobody(root, monkeypatch):
    def touch(ctx):
        folder = ctx.study.models.locate("vae").folder
        (folder / "model.safetensors").touch()
        (folder / "card.md").write_text("new")

    monkeypatch.setattr(f"{__name__}.meanwhile", touch)
    assert make(root).ran


def test_weights_edited_between_two_units_of_one_process_are_seen(root):
    models = Models(str(root / "own.toml"))
    before = models.locate("vae").identity
    assert models.locate("vae").identity == before
    (root / "model" / "model.safetensors").write_text("sthgiew")
    assert models.locate("vae").identity == f"sha256:{folder_identity(root / 'model')}" != before


# -- verify --sources --------------------------------------------------------------------------------


def troubles(root, data="data"):
    origins = Origins(open_study(root, data))
    manifest = load_manifest(COPIED.folder(root / "workspace"))
    found = list(origins.troubles(manifest))
    assert len(found) == origins.count([manifest]) == 4  # three files and a model
    return [trouble for trouble in found if trouble]


def test_what_an_artifact_was_made_of_is_read_again(root):
    make(root)
    assert troubles(root) == []
    shutil.move(root / "data", root / "moved")
    assert len(troubles(root)) == 3  # out of reach is not intact
    assert troubles(root, "moved") == []
    (root / "moved/clips/01.mp4").write_text("cat")
    (root / "moved/sub-1/rec.fif").unlink()
    (root / "model/model.safetensors").write_text("sthgiew")
    edited, gone, model = troubles(root, "moved")
    assert edited == f"source file {root / 'moved/clips/01.mp4'}: content differs from what was read"
    assert gone == f"source file {root / 'moved/sub-1/rec.fif'}: cannot be read (No such file or directory)"
    assert model == f"model 'vae' (own/vae): the files in {root / 'model'} are others than were used"
    shutil.rmtree(root / "model")
    assert "there is no config.json" in troubles(root, "moved")[-1]


def test_the_memory_of_hashes_is_not_believed(root, monkeypatch):
    make(root)
    path = root / "data/clips/01.mp4"
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text("cat")
    state = file_state(path)
    monkeypatch.setenv("EEG2VID_HOME", str(root / "home"))
    (root / "home").mkdir()
    line = [str(path), state.inode, state.size, state.mtime_ns, state.ctime_ns, known]
    (root / "home/hashes.jsonl").write_text(json.dumps(line))
    assert verdict(root).state == "done"  # as if a disk gave other bytes than were written
    assert troubles(root) == [f"source file {path}: content differs from what was read"]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_hubs_file_edited_in_its_cache_is_told(root, monkeypatch, name):
    """The cache calls large files by their SHA-256 and small ones as `git hash-object` does."""
    snapshot, blobs = root / "snapshots" / ("c" * 40) / "vae", root / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    blob_names = {
        "model.safetensors": hashlib.sha256(b"weights").hexdigest(),
        "config.json": "9e26dfeeb6e641a33dae4961196235bdb965b21b",  # printf '{}' | git hash-object --stdin
    }
    for file, text in (("config.json", "{}"), ("model.safetensors", "weights")):
        (blobs / blob_names[file]).write_text(text)
        (snapshot / file).symlink_to(blobs / blob_names[file])
    (root / "own.toml").write_text('name = "own"\n[roles.vae]\nhub = "some/one"\nsubfolder = "vae"\n')
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(snapshot.parent))
    make(root)
    assert troubles(root) == []
    (blobs / blob_names[name]).write_text("[]")
    (trouble,) = troubles(root)
    assert trouble == f"model 'vae' (some/one): {name} in {snapshot} is not what the hub served"

    def edit(ctx):
        (blobs / blob_names[name]).write_text("()")

    monkeypatch.setattr(f"{__name__}.meanwhile", edit)
    (root / "data/clips/01.mp4").write_text("cat")
    with pytest.raises(FailedError, match="changed while they were used"):
        make(root)
