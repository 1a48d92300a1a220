"""An artifact whose manifest cannot be read: it alone is damaged, `--force` mends it, the study goes on."""

import json

import pytest

from eeg2vid.stages.store.digest import sha256_json

UNIT = "train-mapper/ridge/sub-1/mappers"


def manifest_of(study, address=UNIT):
    return study / "workspace" / "artifacts" / address / "manifest.json"


def rewritten(**fields):
    """Return what writes a manifest anew, whole by its own hash, as another version of the program would."""

    def change(path):
        data = json.loads(path.read_bytes()) | fields
        data.pop("manifest_sha256")
        path.write_text(json.dumps(data | {"manifest_sha256": sha256_json(data)}))

    return change


def a_folder(path):
    path.unlink()
    path.mkdir()


def of(text):
    return lambda path: path.write_bytes(text)


DAMAGE = {  # every kind of it: tests/unit/store/test_manifests.py
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-40]), "damaged"),
    "a folder": (a_folder, "damaged"),
    "a newer schema": (rewritten(schema_version=9), "of version 9"),
    "a newer manifest": (rewritten(moon="full"), "of another version of eeg2vid"),
}


@pytest.mark.parametrize(("change", "found"), DAMAGE.values(), ids=DAMAGE)
def test_it_alone_is_damaged_wherever_one_looks(study, cli, cli_ok, change, found):
    workspace = study / "workspace"
    before = {row["artifact"] for row in cli_ok("inspect", "-w", workspace, "--json").json}
    change(manifest_of(study))
    (row,) = [r for r in cli_ok("status", "-w", workspace, "--json").json if r["state"] == "damaged"]
    assert (row["stage"], row["variant"], row["unit"]) == ("train-mapper", "ridge", "sub-1")
    assert row["reasons"][0].startswith(f"mappers is {found}: ")
    (planned,) = [r for r in cli_ok("run", "--dry-run", "-w", workspace, "--json").json if r["state"] == "damaged"]
    assert planned["unit"] == "train-mapper/ridge/sub-1"
    shown = {row["artifact"]: row["schema"] for row in cli_ok("inspect", "-w", workspace, "--json").json}
    assert shown.keys() == before and shown[UNIT] == found
    assert cli("inspect", UNIT, "-w", workspace).code == 4
    verified = cli("verify", "-w", workspace, "--json")
    assert verified.code == 4 and [row["artifact"] for row in verified.json] == [UNIT]
    (row,) = [r for r in cli("doctor", "-w", workspace, "--json").json if r["check"] == "manifests"]
    assert row["verdict"] == "warning" and f"{UNIT} is {found}" in row["found"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_study_goes_on_without_it_and_force_mends_it(study, cli, cli_ok, digests, jobs):
    workspace = study / "workspace"
    before = digests(workspace)
    for subject in (1, 2):  # something to do for both, the first cannot
        manifest_of(study, f"predict/ridge/sub-{subject}/predictions").unlink()
    manifest_of(study).write_bytes(b"")
    went = cli("run", "--until", "predict", "-w", workspace, "--jobs", jobs)
    assert went.code == 4 and "Traceback" not in went.err
    assert "train-mapper/ridge/sub-1: left alone, damaged" in went.err
    assert "predict/ridge/sub-1: left alone" in went.err
    assert f"eeg2vid train-mapper -w {workspace} --subject 1 --force" in went.err
    assert manifest_of(study, "predict/ridge/sub-2/predictions").is_file()
    assert not manifest_of(study, "predict/ridge/sub-1/predictions").exists()
    refused = cli("train-mapper", "--subject", 1, "-w", workspace)
    assert refused.code == 4 and manifest_of(study).read_bytes() == b""
    cli_ok("train-mapper", "--subject", 1, "--force", "-w", workspace)
    cli_ok("run", "-w", workspace)
    assert digests(workspace) == before
    cli_ok("verify", "-w", workspace)


@pytest.mark.parametrize("change", [of(b""), rewritten(schema_version=9)])
def test_a_study_whose_clip_index_cannot_be_read_is_shown_and_mended(study, cli, cli_ok, digests, change):
    workspace = study / "workspace"
    before = digests(workspace)
    (workspace / "eeg2vid.toml").write_text("")  # only the artifacts know the people and the data
    change(manifest_of(study, "ingest/default/study/clips"))
    states = {f"{r['stage']}/{r['unit']}": r["state"] for r in cli_ok("status", "-w", workspace, "--json").json}
    assert states["ingest/study"] == "damaged" and states["ingest/sub-1"] == states["ingest/sub-2"] == "done"
    cli_ok("ingest", "--force", "-w", workspace)
    cli_ok("run", "-w", workspace)
    assert digests(workspace) == before
