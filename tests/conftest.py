"""One tiny study for all tests, simulated and decoded once, however many workers run."""

import json
import os
import re
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job: what tests start would ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
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


def read_digests(workspace):
    """Return the digest of every artifact of a workspace by its address, from the manifests."""
    root = Path(workspace) / "artifacts"
    found = sorted(root.glob("*/*/*/*/manifest.json"))
    return {path.parent.relative_to(root).as_posix(): json.loads(path.read_bytes())["digest"] for path in found}


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory):
    """Keep what the tests let a machine remember out of the user's own folder."""
    os.environ.setdefault("EEG2VID_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def cli():
    """Return `call`: a test module cannot import from here."""
    return call


@pytest.fixture(scope="session")
def cli_ok():
    """Return `succeed`."""
    return succeed


@pytest.fixture(scope="session")
def digests():
    """Return `read_digests`."""
    return read_digests


@pytest.fixture(scope="session")
def build_once(tmp_path_factory, worker_id):
    """Return a function that simulates and decodes a study once for all workers, and returns its folder."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def build(name, sizes, run=(), study=""):
        folder = shared / name
        with FileLock(shared / f"{name}.lock"):
            if not (folder / "done").exists():
                shutil.rmtree(folder, ignore_errors=True)
                succeed("simulate", "--out", folder / "data", "--no-observers", *sizes)
                (folder / "workspace").mkdir()
                (folder / "workspace" / "eeg2vid.toml").write_text(f'[study]\ndata = "../data"\n{study}')
                succeed("run", "-w", folder / "workspace", *run)
                (folder / "done").touch()
        return folder

    return build


@pytest.fixture(scope="session")
def tiny(build_once):
    """Return the folder of the tiny study: `data` (2 subjects, 3 blocks x 4 concepts, 64 px) and `workspace`.

    Forty clips train a fold, so the signal is stronger than that of any preset.
    """
    sizes = ["--subjects", 2, "--blocks", 3, "--concepts", 4, "--resolution", 64, "--snr", 4, "--seed", 7]
    return build_once("tiny-study", sizes)


@pytest.fixture(scope="session")
def lent(tiny, tmp_path_factory):
    """Return this worker's copy of the tiny study: 60 MB and 800 files, too much for one a test."""
    return shutil.copytree(tiny, tmp_path_factory.mktemp("lent") / "study", copy_function=shutil.copy2)


@pytest.fixture
def study(tiny, lent):
    """Return a private copy of the tiny study, to be changed at will: it is mended after the test."""
    yield lent
    mend(tiny, lent)


def mend(original, copy):
    """Make a copy of a folder like the original again; what has its size and time stamp was not touched."""

    def state(path):
        return (path.stat().st_size, path.stat().st_mtime_ns) if path.is_file() else path.is_dir()

    for path in sorted(copy.rglob("*"), reverse=True):
        twin = original / path.relative_to(copy)
        if path.is_dir() and not twin.is_dir():
            shutil.rmtree(path)
        elif not path.is_dir() and (not twin.is_file() or state(path) != state(twin)):
            path.unlink()
    for twin in sorted(original.rglob("*")):
        path = copy / twin.relative_to(original)
        if twin.is_dir():
            path.mkdir(exist_ok=True)
        elif not path.exists():
            shutil.copy2(twin, path)


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


def find_leftovers(study):
    """Return what no command may leave: half-written things; finished parts of a longer work may stay."""
    half = [path for path in study.rglob("*") if ".old-" in path.name or path.name.startswith("commit-")]
    return half + [path for path in study.rglob("work-*") if not any(path.glob("done/*"))]


@pytest.fixture(scope="session")
def leftovers():
    """Return `find_leftovers`."""
    return find_leftovers


@pytest.fixture
def refused(study, cli, digests):
    """Return a function that calls a command and checks that it is refused in the proper manner."""
    workspace = study / "workspace"

    def check(words, code, sentence):
        before = digests(workspace)
        named = [str(word).format(study=study) for word in words]
        result = cli(*named) if "-w" in named else cli(*named, "-w", workspace)
        assert result.code == code, f"exit {result.code}: {result.err}"
        said = re.sub(r" -w \S+", "", result.err)  # commands repeat it: where the copy lies says nothing
        assert re.search(sentence, said), result.err
        for ugly in ("Traceback", "Internal error", 'File "'):
            assert ugly not in result.err
        if named[0] != "verify":
            assert result.out == "", "stdout is for data"
        after = digests(workspace)
        assert {address: after.get(address) for address in before} == before
        assert not find_leftovers(study)
        assert not (study / "executed").exists(), "code from a data file was run"
        return result

    return check
