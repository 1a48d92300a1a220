"""The installed package: what pyproject lists is what there is, and it has one top-level name."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HOMES = {"eeg2vid.cli": "eeg2vid_cli", "eeg2vid.stages": "stages", "eeg2vid.schemas": "schemas"}


def test_every_folder_of_code_is_a_listed_package():
    found = {"eeg2vid.recipes"}
    for package, folder in HOMES.items():
        for path in (ROOT / folder).rglob("*.py"):
            inside = path.parent.relative_to(ROOT / folder).parts
            found.add(".".join([package, *inside]))
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def test_every_package_has_an_init_with_a_docstring():
    for folder in (*HOMES.values(), "examples/recipes"):
        for path in (ROOT / folder).rglob("__init__.py"):
            assert len(path.read_text().strip().strip('"')) > 10, path


def test_constraints_cover_the_dependencies():
    pinned = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().split()}
    for text in [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]:
        name = re.match(r"[A-Za-z0-9-]+", text)
        assert name is not None
        assert name[0].lower() in pinned
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().split()


@pytest.mark.timeout(300)
def test_wheel_has_one_top_level_name_and_its_data(tmp_path):
    tree = tmp_path / "tree"
    keep = ["pyproject.toml", "README.md", "LICENSE", "eeg2vid_cli", "schemas", "stages", "examples"]
    for name in keep:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        tree.mkdir(exist_ok=True)
        copy(source, tree / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", str(tmp_path), str(tree)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"eeg2vid"}
    wanted = ["stages/profiles/tiny.toml", "recipes/ridge.toml", "stages/py.typed", "stages/reporting/page/index.html"]
    wanted += ["stages/simulation/population.npz", "stages/simulation/presets.toml"]
    wanted += ["stages/profiles/tiny/vae/config.json", "stages/profiles/tiny/vae/diffusion_pytorch_model.safetensors"]
    assert {f"eeg2vid/{name}" for name in wanted} <= set(names)
    assert wheel.stat().st_size <= 32e6
    weights = [name for name in names if name.endswith(".safetensors")]
    assert sum(zipfile.ZipFile(wheel).getinfo(name).file_size for name in weights) <= 30e6
