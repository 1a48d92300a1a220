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
HOMES = {
    "eeg2vid": "eeg2vid_api",
    "eeg2vid.cli": "eeg2vid_cli",
    "eeg2vid.stages": "stages",
    "eeg2vid.schemas": "schemas",
}


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
    extras = PROJECT["project"]["optional-dependencies"]
    for text in [*PROJECT["project"]["dependencies"], *extras["dev"], *extras["notebook"]]:
        name = re.match(r"[A-Za-z0-9-]+", text)
        assert name is not None
        assert name[0].lower() in pinned
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().split()


@pytest.mark.timeout(300)
def test_wheel_has_one_top_level_name_and_its_data(tmp_path):
    tree = tmp_path / "tree"
    keep = ["pyproject.toml", "README.md", "LICENSE", "eeg2vid_api", "eeg2vid_cli", "schemas", "stages", "examples"]
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
    wanted = ["stages/profiles/tiny.toml", "recipes/ridge.toml", "py.typed", "stages/reporting/page/index.html"]
    wanted += ["stages/simulation/population.npz", "stages/simulation/presets.toml"]
    wanted += ["stages/profiles/tiny/vae/config.json", "stages/profiles/tiny/vae/diffusion_pytorch_model.safetensors"]
    assert {f"eeg2vid/{name}" for name in wanted} <= set(names)
    assert wheel.stat().st_size <= 32e6
    weights = [name for name in names if name.endswith(".safetensors")]
    assert sum(zipfile.ZipFile(wheel).getinfo(name).file_size for name in weights) <= 30e6
    inside = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(inside)
    check_install(f"import sys; sys.path.insert(0, {str(inside)!r})", inside / "eeg2vid", tmp_path)


@pytest.mark.timeout(300)
def test_editable_install_finds_every_part(tmp_path):
    """Its parts lie in folders of other names: setuptools' finder must know the package and what is beside it."""
    tree, site = tmp_path / "tree", tmp_path / "site"
    for name in ("eeg2vid_api", "eeg2vid_cli", "schemas", "stages", "examples/recipes"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).symlink_to(ROOT / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    how = ["--no-deps", "--no-build-isolation", "--quiet", "--target", str(site)]
    command = [sys.executable, "-m", "pip", "install", *how, "-e", str(tree)]
    subprocess.run(command, check=True, capture_output=True)
    start = f"import sys, site; sys.path.insert(0, {str(site)!r}); site.addsitedir({str(site)!r})"
    check_install(start, ROOT / "eeg2vid_api", tmp_path)  # setuptools follows links


def check_install(start, home, folder):
    """In a Python that knows no other eeg2vid: the package is the one at home, and all of its parts are found."""
    libraries = [path for path in sys.path if path.endswith("-packages")]
    code = f"""{start}
sys.path += {libraries!r}
import eeg2vid, runpy
assert eeg2vid.__file__ == {str(home / "__init__.py")!r}, eeg2vid.__file__
assert eeg2vid.open and eeg2vid.nway([[0.9, 0.1]], [0], ways=2).accuracy == 1
import eeg2vid.recipes, eeg2vid.schemas
sys.argv = ["eeg2vid", "--version"]
runpy.run_module("eeg2vid", run_name="__main__")
"""
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=folder, capture_output=True, text=True)
    assert run.stdout == f"eeg2vid {PROJECT['project']['version']}\n", run.stderr
