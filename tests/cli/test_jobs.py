"""`--jobs` through the commands: four subjects made by one process and by several are the same study."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("jobs")]

QUICK = '[train-encoder.lda]\ntargets = ["concept"]\n[score.ridge]\npermutations = 50\n'


@pytest.fixture(scope="module")
def four(build_once):
    """Return the folder of a study of four subjects, decoded by one process: `data` and `workspace`."""
    sizes = ["--subjects", 4, "--blocks", 3, "--concepts", 2, "--resolution", 32, "--seed", 5]
    return build_once("four-subjects", sizes, study=QUICK)


@pytest.fixture
def fresh(four, tmp_path):
    """Return a workspace of the same study in which nothing is made."""
    (tmp_path / "eeg2vid.toml").write_text(f"[study]\ndata = {json.dumps(str(four / 'data'))}\n{QUICK}")
    return tmp_path


@pytest.fixture
def made(four, tmp_path):
    """Return a copy of the decoded study."""
    return shutil.copytree(four, tmp_path / "copy") / "workspace"


def test_run_makes_the_same_study(four, fresh, cli_ok, digests):
    result = cli_ok("run", "-w", fresh, "--jobs", 3, "--json")
    assert digests(fresh) == digests(four / "workspace")
    again = cli_ok("run", "-w", fresh, "--jobs", 3, "--json").json["units"]
    assert [row["unit"] for row in again] == [row["unit"] for row in result.json["units"]]
    assert all(row["made"] for row in result.json["units"]) and not any(row["made"] for row in again)
    assert result.err.count("predict/ridge/sub-4: made in") == 1
    assert not list(fresh.glob("artifacts/*/*/*/work-*"))


def test_stage_with_jobs_makes_what_is_missing(made, cli_ok, digests):
    before = digests(made)
    shutil.rmtree(made / "artifacts/preprocess/default/sub-2")
    shutil.rmtree(made / "artifacts/preprocess/default/sub-3")
    rows = cli_ok("preprocess", "-w", made, "--jobs", 2, "--json").json
    assert [row["unit"].split("/")[-1] for row in rows if row["made"]] == ["sub-2", "sub-3"]
    assert digests(made) == before
    rows = cli_ok("split", "--subject", "1-3", "--force", "-w", made, "--jobs", 2, "--json").json
    assert len(rows) == 3 and all(row["made"] for row in rows)
    assert digests(made) == before


def test_shards_with_jobs(made, cli_ok, digests):
    before = digests(made)
    shutil.rmtree(made / "artifacts/generate/ridge")
    words = ("generate", "--condition", "full", "-w", made, "--jobs", 2)
    first = cli_ok(*words, "--shard", "1/2")
    assert "generate/ridge/sub-1: this shard is done" in first.err
    assert not list(made.glob("artifacts/generate/ridge/*/videos"))
    cli_ok(*words, "--shard", "2/2")
    assert digests(made) == before


def test_bad_recording_has_its_own_exit_code(four, fresh, cli):
    data = shutil.copytree(four / "data", fresh / "data")
    (data / "EEG/sub2.npy").write_bytes(b"\x93NUMPY this is not a recording")
    result = cli("ingest", data, "-w", fresh, "--jobs", 2)
    assert result.code == 4 and "sub2.npy" in result.err
    assert "ingest/default/sub-2: failed" in result.err and "Traceback" not in result.err


def test_missing_input_names_its_command(made, cli):
    shutil.rmtree(made / "artifacts/predict/ridge/sub-2")
    result = cli("generate", "--condition", "full", "--force", "-w", made, "--jobs", 2)
    assert result.code == 3
    assert "generate/ridge/sub-2 cannot be made" in result.err
    assert f"eeg2vid predict -w {made} --subject 2" in result.err


def test_number_of_jobs_is_checked(made, cli):
    for wrong in ("0", "257"):
        result = cli("split", "-w", made, "--jobs", wrong)
        assert result.code == 2 and f"--jobs: '{wrong}' will not do. It takes 1 to 256" in result.err


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 75)])
def test_stopped_run_goes_on(four, fresh, cli_ok, digests, name, code):
    words = [sys.executable, "-m", "eeg2vid.cli", "run", "-w", str(fresh), "--jobs", "2"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True)
    end = time.monotonic() + 60
    while not list(fresh.glob("artifacts/preprocess/*/*/work-*")):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, getattr(signal, name))
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Stopped" in err and "Traceback" not in err
    cli_ok("verify", "-w", fresh)
    assert len(digests(fresh)) < len(digests(four / "workspace"))
    if name == "SIGINT":  # once is enough
        cli_ok("run", "-w", fresh, "--jobs", 2)
        assert digests(fresh) == digests(four / "workspace")
