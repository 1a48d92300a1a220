"""One tiny study for all tests, simulated and decoded once, however many workers run."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.pop("EEG2VID_WORKSPACE", None)


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def call(*words):
    """Run a command in this process, as a user would, and return exit code, stdout and stderr."""
    from eeg2vid.cli.app import app

    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Result(result.exit_code, result.stdout, " ".join(result.stderr.split()))


def succeed(*words):
    """Run a command that must succeed."""
    result = call(*words)
    assert result.code == 0, f"{words}: {result.err}"
    return result


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, worker_id):
    """Return the folder of the tiny study: `data` (2 subjects, 3 blocks x 4 concepts, 64 px) and `workspace`."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder = shared / "tiny-study"
    with FileLock(shared / "tiny-study.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            data, workspace = folder / "data", folder / "workspace"
            sizes = ["--subjects", 2, "--blocks", 3, "--concepts", 4, "--resolution", 64, "--seed", 7]
            succeed("simulate", "--out", data, *sizes)
            workspace.mkdir()
            (workspace / "eeg2vid.toml").write_text('[study]\ndata = "../data"\n')
            succeed("run", "-w", workspace)
            (folder / "done").touch()
    return folder


@pytest.fixture
def study(tiny, tmp_path):
    """Return a private copy of the tiny study, to be changed at will."""
    shutil.copytree(tiny, tmp_path / "study", copy_function=shutil.copy2)
    return tmp_path / "study"


@pytest.fixture
def workspace(study):
    """Return the workspace of a private copy, everything in it done."""
    return study / "workspace"


@pytest.fixture(scope="session")
def shared_data():
    """Return the folder of real recordings, clips and weights beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real data: ../shared/data is not beside the checkout")
    return SHARED_DATA
