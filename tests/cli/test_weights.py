"""Weights of a profile: listed, fetched, locked, verified."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.engine import profile
from eeg2vid.stages.services import weights
from tests.conftest import call, succeed

COMMIT, NEWER = "a" * 40, "b" * 40


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Return a function that stands for the hub: a cache folder and commits, no network."""
    import huggingface_hub

    monkeypatch.setenv("EEG2VID_HOME", str(tmp_path / "home"))
    cache = tmp_path / "hub"
    served = {"main": COMMIT}

    class Api:
        def model_info(self, repo, revision=None):
            return type("Info", (), {"sha": served.get(revision or "main", revision)})

    def download(repo, revision=None, local_files_only=False, allow_patterns=None, ignore_patterns=None):
        folder = cache / (revision or "main")
        if local_files_only:
            if not folder.is_dir():
                raise huggingface_hub.errors.LocalEntryNotFoundError("not here")
            return str(folder)
        assert "*.bin" in ignore_patterns
        for pattern in allow_patterns:
            inside = folder / pattern.split("/")[0] if "/" in pattern else folder
            shutil.copytree(tiny_vae(), inside, dirs_exist_ok=True)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return served


def tiny_vae():
    return profile.Models("tiny").locate("vae").folder


def test_tiny_weights_are_here():
    rows = succeed("weights", "list", "--json").json
    assert {row["role"] for row in rows} == set(profile.Models("sd").profile.roles)
    assert all(row["here"] == "yes" and row["identity"].startswith("sha256:") for row in rows)
    assert all(row["verdict"] == "ok" for row in succeed("weights", "verify", "--json").json)
    assert "nothing to fetch" in succeed("weights", "fetch").err


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError(122, "Disk quota exceeded")])
def test_a_full_disk_is_not_called_a_lack_of_network(hub, tmp_path, monkeypatch, error):
    import huggingface_hub

    real = huggingface_hub.snapshot_download

    def full(*words, local_files_only=False, **how):
        if local_files_only:
            return real(*words, local_files_only=True, **how)
        raise RuntimeError("while downloading") from error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", full)
    said = call("weights", "fetch", "--models", "sd")
    assert said.code == 1 and "could not be fetched: the disk" in said.err and "are free there" in said.err
    assert "network" not in said.err and "HF_HOME" in said.err
    assert not (tmp_path / "home").exists()


def test_fetch_locks_the_commit_that_is_then_used(hub, tmp_path):
    missing = call("weights", "verify", "--models", "sd")
    assert missing.code == 5 and "weights fetch --models sd" in missing.err
    assert succeed("weights", "list", "--models", "sd", "--json").json[0]["here"] == "no"
    said = succeed("weights", "fetch", "--models", "sd")
    assert COMMIT in said.out and COMMIT in said.err
    lock = json.loads((tmp_path / "home" / "locks" / "sd.json").read_text())
    hubs = {source.hub for source in profile.Models("sd").profile.roles.values()}
    assert lock == {"profile": "sd", "commits": {f"{name}@main": COMMIT for name in hubs}} and len(hubs) == 5
    assert profile.Models("sd").locate("vae").identity == f"commit:{COMMIT}"
    hub["main"] = NEWER  # the branch moves on: the lock holds
    assert "already here" in succeed("weights", "fetch", "--models", "sd").err
    assert profile.Models("sd").locate("vae").identity == f"commit:{COMMIT}"
    succeed("weights", "fetch", "--models", "sd", "--update")
    assert profile.Models("sd").locate("vae").identity == f"commit:{NEWER}"
    assert succeed("weights", "verify", "--models", "sd", "--json").json[0]["verdict"] == "ok"


def test_locked_commit_is_not_replaced_by_another(hub, tmp_path):
    succeed("weights", "fetch", "--models", "sd")
    shutil.copytree(tmp_path / "hub" / COMMIT, tmp_path / "hub" / "main")
    shutil.rmtree(tmp_path / "hub" / COMMIT)
    with pytest.raises(MissingPackageError, match=COMMIT):
        profile.Models("sd").locate("vae")


def test_a_snapshot_with_other_roles_only_is_not_enough(hub, tmp_path):
    (tmp_path / "hub" / "main" / "unet").mkdir(parents=True)
    with pytest.raises(MissingPackageError, match="vae"):
        profile.Models("sd").locate("vae")


def test_fetch_offline_is_a_sentence(tmp_path):
    script = "from eeg2vid.cli.app import main; import sys; sys.argv = ['eeg2vid', *sys.argv[1:]]; main()"
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "EEG2VID_HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf")}
    words = [sys.executable, "-c", script, "weights", "fetch", "--models", "sd"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 5 and "could not be fetched" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "locks").exists()


def test_a_damaged_lock_is_named(hub, tmp_path):
    path = tmp_path / "home" / "locks" / "sd.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"profile": "sd", "commits": 3}')
    with pytest.raises(BadDataError, match=r"sd\.json"):
        profile.Models("sd").locate("vae")


def test_verify_finds_damage(tmp_path):
    folder = tmp_path / "vae"
    shutil.copytree(tiny_vae(), folder)
    assert weights.problems(folder) == []
    whole = (folder / "diffusion_pytorch_model.safetensors").read_bytes()
    (folder / "diffusion_pytorch_model.safetensors").write_bytes(whole[:-10])
    (folder / "config.json").write_text("{")
    assert len(weights.problems(folder)) == 2
    (folder / "diffusion_pytorch_model.safetensors").unlink()
    assert any("no .safetensors" in problem for problem in weights.problems(folder))
    (tmp_path / "own.toml").write_text('name = "own"\n[roles.vae]\nfolder = "vae"\n')
    assert call("weights", "verify", "--models", tmp_path / "own.toml").code == 4


def test_verify_checks_the_hubs_own_hash(tmp_path):
    import hashlib

    folder = tmp_path / "vae"
    shutil.copytree(tiny_vae(), folder)
    file = folder / "diffusion_pytorch_model.safetensors"
    data = bytearray(file.read_bytes())
    blob = tmp_path / hashlib.sha256(data).hexdigest()
    file.unlink()
    file.symlink_to(blob)
    blob.write_bytes(data)
    assert weights.problems(folder) == []
    data[-1] ^= 1
    blob.write_bytes(data)
    assert "hub" in weights.problems(folder)[0]
