"""Looking at what lies on the disk: inspect, verify, doctor, cards."""

import io
import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.cli.artifact_page import listing, page
from eeg2vid.cli.output import TextConsole
from eeg2vid.stages.store.layout import find_artifacts
from eeg2vid.stages.store.reader import open_artifact

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def workspace(study):
    return study / "workspace"


@pytest.fixture
def mine(workspace, cli_ok):
    """Return a workspace with an encoder of settings that only a command line knew."""
    words = ("--variant", "mine", "--new", "--network", "lda", "--targets", "concept", "--set", "training.scaling=own")
    cli_ok("train-encoder", "-w", workspace, "--subject", 1, "--folds", "last", *words)
    return workspace


# -- inspect ---------------------------------------------------------------------------------------


def test_inspect_tells_the_origin_of_each_value(mine, cli_ok):
    data = cli_ok("inspect", "train-encoder/mine", "-w", mine, "--json").json
    origins = data["origins"]
    said = {path for path, origin in origins.items() if origin == "command line"}
    assert said == {"network.name", "targets", "training.scaling", "folds"}
    assert origins["training.epochs"] == "default"
    planned = cli_ok("inspect", "train-mapper/ridge/sub-1", "-w", mine, "--json").json["origins"]
    assert planned["network.name"] == "recipe ridge"
    shown = cli_ok("inspect", "train-encoder/mine", "-w", mine).out
    assert any(line.split() == ["training.scaling", "own", "command", "line"] for line in shown.splitlines())


def test_manifests_without_origins_say_so(mine, cli_ok):
    """As of every artifact of before; no digest and no fingerprint knows of them."""
    from eeg2vid.stages.store.digest import canonical_json, sha256_json

    path = mine / "artifacts/train-encoder/mine/sub-1/encoders/manifest.json"
    body = json.loads(path.read_bytes())
    assert "origins" in body and "upgraded_from" not in body
    del body["origins"], body["manifest_sha256"]
    path.write_bytes(canonical_json(body | {"manifest_sha256": sha256_json(body)}))
    data = cli_ok("inspect", "train-encoder/mine", "-w", mine, "--json").json
    assert set(data["origins"].values()) == {"not recorded"}
    assert "not recorded" in cli_ok("inspect", "train-encoder/mine", "-w", mine).out
    dry = cli_ok(*shlex.split(data["command"]["again"])[1:], "--dry-run", "--json").json
    assert [row["state"] for row in dry] == ["done"]


def test_inspect_summarises_arrays_and_tables(workspace, cli_ok):
    data = cli_ok("inspect", "preprocess/default/sub-1/features", "-w", workspace, "--json").json
    (address,) = [one for one in find_artifacts(workspace) if str(one) == "preprocess/default/sub-1/features"]
    artifact = open_artifact(workspace, address)
    for name in artifact.names:
        found, values = data["arrays"][name]["summary"], artifact.read(name).astype(np.float64)
        assert found["mean"] == pytest.approx(values.mean()) and found["sd"] == pytest.approx(values.std())
        assert (found["min"], found["max"]) == (values.min(), values.max())
        assert (found["nan"], found["zeros"]) == (0, (values == 0).mean())
    columns = {one["column"]: one for one in data["tables"]["events"]["columns"]}
    assert columns["event"]["distinct"] == data["tables"]["events"]["rows"] == 60
    assert data["cites"].keys() >= {"duan2013differential"} and "@" in data["cites"]["duan2013differential"]["bibtex"]


def test_the_command_makes_exactly_that_again(mine, cli_ok):
    """Of every artifact: asked with --dry-run, its command finds the same settings and inputs, and nothing to do."""
    (mine / "eeg2vid.toml").write_text((mine / "eeg2vid.toml").read_text() + "\n[train-encoder.lda]\nseed = 3\n")
    for address in find_artifacts(mine):
        command = cli_ok("inspect", address, "-w", mine, "--json").json["command"]["again"]
        rows = cli_ok(*shlex.split(command)[1:], "--dry-run", "--json").json
        states = {row["unit"]: row["state"] for row in rows}
        assert states[f"{address.stage}/{address.variant}/{address.unit}"] == "done", command
    lda = cli_ok("inspect", "train-encoder/lda/sub-1", "-w", mine, "--json").json["command"]["again"]
    assert "--seed 0" in lda  # as it was made, not as eeg2vid.toml has it by now


def test_inspect_takes_paths(workspace, cli_ok, cli, tmp_path, monkeypatch):
    place = "train-mapper/ridge/sub-1/mappers"
    folder = workspace / "artifacts" / place
    whole = cli_ok("inspect", place, "-w", workspace, "--json").json
    for path in (folder, folder / "manifest.json", folder / "models"):
        assert cli_ok("inspect", path, "--json").json == whole
    monkeypatch.chdir(workspace)
    assert cli_ok("inspect", f"artifacts/{place}", "--json").json == whole
    rows = cli_ok("inspect", workspace / "artifacts" / "train-mapper", "--json").json
    assert {row["artifact"] for row in rows} == {place, place.replace("sub-1", "sub-2")}
    assert len(cli_ok("inspect", workspace, "--json").json) == len(find_artifacts(workspace))
    shutil.copytree(folder, tmp_path / "copy")
    elsewhere = cli_ok("inspect", tmp_path / "copy", "--json").json
    assert elsewhere["digest"] == whole["digest"] and elsewhere["command"]["why"] == "it lies in no workspace"
    hdf5 = GOLDEN / "v1/artifacts/golden/hdf5/sub-17/epochs"
    assert cli_ok("inspect", hdf5 / "data.h5", "--json").json["container"] == "hdf5"


def test_nothing_that_is_copied_is_cut_at_80_columns(mine, cli_ok, digests):
    def printed(what):
        out = io.StringIO()
        TextConsole(file=out, width=80, highlight=False).print(what)
        assert all(len(line) <= 80 for line in out.getvalue().splitlines()) and "…" not in out.getvalue()
        return out.getvalue()

    known = digests(mine)
    listed = printed(listing(cli_ok("inspect", "-w", mine, "--json").json))
    assert all(address in listed.split() for address in known)
    for address in {address.split("/")[0]: address for address in known}.values():
        data = cli_ok("inspect", address, "-w", mine, "--json").json
        shown = printed(page(data))
        assert address in shown.split() and known[address] in shown
        assert all(key in shown.split() for key in data["origins"])
        command = shown.split("makes it again:")[1].replace("\\\n", " ")
        assert command.split() == data["command"]["again"].split()


def test_inspect_of_a_damaged_artifact_shows_what_can_be_read(workspace, cli):
    folder = workspace / "artifacts/preprocess/default/sub-1/epochs"
    next(path for path in folder.rglob("c/*") if path.is_file() or path.is_dir())
    shard = next(path for path in (folder / "data.zarr").rglob("*") if path.is_file() and path.name != "zarr.json")
    shard.unlink()
    result = cli("inspect", "preprocess/default/sub-1/epochs", "-w", workspace, "--json")
    assert result.code == 4 and "damaged" in result.err
    assert result.json["problems"] and result.json["arrays"]["epochs"]["summary"] is None
    assert result.json["settings"] and result.json["command"]["again"]


# -- verify ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["verify", "inspect"])
def test_a_folder_without_artifacts_is_no_success(workspace, tmp_path, cli, command):
    result = cli(command, "-w", tmp_path)
    assert result.code == 3 and "holds no artifacts" in result.err and "eeg2vid demo" in result.err
    mistyped = cli(command, "-w", workspace.parent / "worksapce")
    assert mistyped.code == 3 and "There is no folder" in mistyped.err and "'workspace'" in mistyped.err
    above = cli(command, "-w", workspace.parent)
    assert above.code == 3 and f"but {workspace} does" in above.err
    inside = cli(command, "-w", workspace / "artifacts")
    assert inside.code == 3 and f"-w {workspace}" in inside.err
    assert cli(command, "scoer", "-w", workspace).code == 3
    (tmp_path / "eeg2vid.toml").write_text("")
    assert "nothing has been made yet" in cli(command, "-w", tmp_path).err


def test_an_artifact_moved_aside_is_not_passed_over(workspace, cli, cli_ok):
    """A process died between the two renames of an exchange: the artifact is there, under another name."""
    folds = workspace / "artifacts/split/default/sub-1/folds"
    folds.rename(folds.with_name("folds.old-17"))
    result = cli("verify", "-w", workspace, "--json")
    assert result.code == 4 and "doctor --clean" in result.json[0]["problem"]
    cli_ok("doctor", "--clean", "-w", workspace)
    cli_ok("verify", "-w", workspace)
    assert folds.is_dir()


def test_a_data_set_that_is_gone_is_said(workspace, cli):
    """The files lie where they were read; that eeg2vid.toml names a folder that is not there is said beside it."""
    (workspace / "eeg2vid.toml").write_text('[study]\ndata = "../nowhere"\n')
    result = cli("verify", "--sources", "ingest", "-w", workspace)
    assert f"The data set {workspace.parent / 'nowhere'} is not there" in result.err


def test_one_artifact_is_one(workspace, cli_ok):
    said = cli_ok("verify", "split/default/sub-1", "-w", workspace).err
    assert said == "1 artifact is intact."


def test_verify_upgrade(tmp_path, cli, cli_ok):
    """Nothing is done by --dry-run; then all is, and then nothing is left to do."""
    source = GOLDEN / "v1" / "artifacts" / "golden" / "zarr"
    shutil.copytree(source, tmp_path / "artifacts" / "golden" / "zarr")
    before = {one: open_artifact(tmp_path, one).digest for one in find_artifacts(tmp_path)}
    dry = cli_ok("verify", "--upgrade", "--dry-run", "-w", tmp_path, "--json").json
    assert {row["state"] for row in dry} == {"would be upgraded"} and 0 < len(dry) < len(before)
    assert before == {one: open_artifact(tmp_path, one).digest for one in find_artifacts(tmp_path)}
    done = cli_ok("verify", "--upgrade", "-w", tmp_path, "--json").json
    assert {row["artifact"] for row in done} == {row["artifact"] for row in dry}
    assert {row["state"] for row in done} == {"upgraded"}
    cli_ok("verify", "-w", tmp_path)
    assert "Nothing is of an older form" in cli_ok("verify", "--upgrade", "-w", tmp_path).err
    shown = cli_ok("inspect", done[0]["artifact"], "-w", tmp_path).out
    assert "upgraded from version 1" in shown
    assert cli("verify", "--dry-run", "-w", tmp_path).code == 2
    assert cli("verify", "--upgrade", "--sources", "-w", tmp_path).code == 2


# -- doctor ----------------------------------------------------------------------------------------


def test_doctor_cleans_only_what_is_dead(workspace, cli_ok):
    work = workspace / "artifacts/split/default/sub-1/work-00000000"
    (work / "done").mkdir(parents=True)
    rows = [row for row in cli_ok("doctor", "-w", workspace, "--json").json if row["check"] == "left-over work"]
    assert [(row["state"], row["command"]) for row in rows] == [("dead", f"eeg2vid doctor --clean -w {workspace}")]
    assert work.is_dir()
    assert "removed" in cli_ok("doctor", "--clean", "-w", workspace, "--json").out and not work.exists()


def test_doctor_lists_commands_that_failed(workspace, cli_ok):
    def log(name, command, end):
        (workspace / "logs").mkdir(exist_ok=True)
        text = f"2026-01-01T00:00:00Z  $ {command}\n2026-01-01T00:00:01Z  it said this\n2026-01-01T00:00:02Z  {end}\n"
        (workspace / "logs" / f"{name}.log").write_text(text)

    log("20260101T000000Z-run-1", "eeg2vid run", "exit 4")
    log("20260102T000000Z-score-2", "eeg2vid score", "exit 1")
    log("20260103T000000Z-run-3", "eeg2vid run", "exit 0")  # mended since
    log("20260104T000000Z-report-4", "eeg2vid report", "exit 75")  # stopped, its state saved
    log("20260105T000000Z-split-5", "eeg2vid split", "and no end")
    found = [row["found"] for row in cli_ok("doctor", "-w", workspace, "--json").json if row["check"] == "failed runs"]
    assert len(found) == 1 and found[0].startswith("exit 1") and "eeg2vid score" in found[0]


def test_doctor_judges_the_room_that_is_needed(workspace, cli_ok):
    def room():
        (row,) = [row for row in cli_ok("doctor", "-w", workspace, "--json").json if row["check"] == "room"]
        return row["found"]

    assert "nothing planned is missing" in room()
    shutil.rmtree(workspace / "artifacts/generate/ridge/sub-1")
    assert "1 planned unit needs" in room()


# -- cards -----------------------------------------------------------------------------------------


def test_every_checkpoint_has_a_card_that_no_digest_knows(workspace, cli_ok, tmp_path):
    folder = workspace / "artifacts/train-mapper/ridge/sub-1/mappers"
    card = folder / "card.md"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    text = card.read_text()
    assert manifest["digest"] in text and "simulated**" in text and "subject 1" in text and "recipe ridge" in text
    assert {"card.md"} == {entry["path"] for entry in manifest["files"] if entry["path"].endswith(".md")}
    assert not any("card" in name for name in manifest["weights"])
    assert (workspace / "artifacts/train-encoder/lda/sub-2/encoders/card.md").is_file()
    out = tmp_path / "out"
    cli_ok("export", "train-mapper/ridge/sub-1", "--out", out, "-w", workspace)
    assert (out / "card.md").read_text() == text
    cli_ok("import", out, "--as", "checkpoints", "--to", "train-mapper/copied", "--subject", 1, "-w", workspace)
    copied = workspace / "artifacts/train-mapper/copied/sub-1/mappers"
    assert json.loads((copied / "manifest.json").read_bytes())["digest"] == manifest["digest"]
    assert (copied / "card.md").read_text() == text
    cli_ok("verify", "train-mapper", "-w", workspace)


def test_a_damaged_card_is_damage(workspace, cli):
    card = workspace / "artifacts/train-mapper/ridge/sub-1/mappers/card.md"
    card.write_text(card.read_text().replace("simulated", "real"))
    result = cli("verify", "train-mapper", "-w", workspace, "--json")
    assert result.code == 4 and "card.md" in result.json[0]["problem"]
