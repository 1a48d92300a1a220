"""The data set under a workspace: exchanged files are seen, `verify --sources` reads everything again."""

import os

import numpy as np
import pytest


def edited(path):
    """Change a value and keep size and time stamp, as `tar`, `rsync -t` and `touch -r` do."""
    stat = path.stat()
    values = np.load(path)
    values[0, 0, 700] += 1
    np.save(path, values)
    assert path.stat().st_size == stat.st_size
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def made(result):
    rows = result.json["units"] if isinstance(result.json, dict) else result.json  # of `run`, of a stage
    return [row["unit"] for row in rows if row["made"]]


def test_a_moved_data_set_is_verified_where_it_lies_now(study, cli_ok):
    result = cli_ok("verify", "--sources", "-w", study / "workspace")
    assert "artifacts are intact, and what they were made of is what it was" in result.err
    assert cli_ok("verify", "--sources", "-w", study / "workspace", "--json").json == []


def test_a_recording_replaced_with_its_size_and_time_kept_is_seen(study, cli, cli_ok):
    workspace, path = study / "workspace", study / "data/EEG/sub1.npy"
    edited(path)
    assert "artifacts are intact." in cli_ok("verify", "-w", workspace).err
    result = cli("verify", "--sources", "ingest", "-w", workspace, "--json")
    assert result.code == 4
    assert {row["artifact"].rsplit("/", 1)[0] for row in result.json} == {"ingest/default/sub-1"}
    assert {row["problem"] for row in result.json} == {f"source file {path}: content differs from what was read"}
    assert "were made of other files than lie there now, first ingest/default/sub-1/" in result.err
    states = {f"{r['stage']}/{r['unit']}": r for r in cli_ok("status", "-w", workspace, "--json").json}
    assert states["ingest/sub-1"]["reasons"] == [f"source file {path} changed"]
    assert made(cli_ok("ingest", "-w", workspace, "--json")) == ["ingest/default/sub-1"]
    cli_ok("verify", "--sources", "ingest", "-w", workspace)


@pytest.mark.parametrize("pair", [("EEG/sub1.npy", "EEG/sub2.npy"), ("Video/1st_10min.mp4", "Video/2nd_10min.mp4")])
def test_two_files_swapped_are_seen(study, cli, cli_ok, pair):
    first, second = (study / "data" / name for name in pair)
    first.rename(study / "aside")
    second.rename(first)
    (study / "aside").rename(second)
    result = cli("verify", "--sources", "-w", study / "workspace")
    assert result.code == 4
    again = made(cli_ok("run", "--until", "split-videos", "-w", study / "workspace", "--json"))
    expected = {"EEG": "ingest/default/sub-1", "Video": "split-videos/default/study"}[pair[0].split("/")[0]]
    assert expected in again


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_person_gone_from_the_data_set_is_told_alone(study, cli, cli_ok, jobs):
    workspace = study / "workspace"
    (study / "data/EEG/sub1.npy").unlink()
    other = study / "data/EEG/sub2.npy"
    np.save(other, np.load(other)[..., ::-1].copy())
    states = {r["unit"]: r for r in cli_ok("status", "-w", workspace, "--json").json if r["stage"] == "ingest"}
    assert "has no subject '1'; it has 2" in states["sub-1"]["reasons"][0]
    assert states["study"]["state"] == "done"
    result = cli("run", "--until", "ingest", "--jobs", jobs, "-w", workspace)
    assert result.code == 4
    assert "ingest/default/sub-1: left alone" in result.err
    assert "ingest/default/sub-2: made" in result.err
    cli_ok("run", "--until", "ingest", "--subject", "2", "-w", workspace)


def test_a_person_who_came_to_the_data_set_is_told_and_made(study, cli_ok):
    workspace = study / "workspace"
    values = np.load(study / "data/EEG/sub2.npy")
    np.save(study / "data/EEG/sub3.npy", values[..., ::-1].copy())
    said = cli_ok("status", "-w", workspace)
    assert "ingest/default/study is stale: subject 3 is new in the data set" in said.err
    assert made(cli_ok("run", "--until", "ingest", "-w", workspace, "--json")) == [
        "ingest/default/study",
        "ingest/default/sub-3",
    ]
    assert made(cli_ok("ingest", "-w", workspace, "--json")) == []
