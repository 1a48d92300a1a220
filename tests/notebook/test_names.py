"""`import eeg2vid`: what it offers, that it imports nothing before it is used, and that it is what it says."""

import ast
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import eeg2vid

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "torch",
    "zarr",
    "mne",
    "numpy",
    "scipy",
    "pydantic",
    "pandas",
    "xarray",
    "matplotlib",
    "typer",
    "rich",
    "h5py",
}


def modules_after(code):
    code = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_importing_it_imports_nothing_else():
    found = modules_after("import eeg2vid; dir(eeg2vid); eeg2vid.__version__")
    assert not found & HEAVY
    assert not [name for name in found if name.startswith("eeg2vid.")]


def test_opening_a_study_reads_no_array_library(tmp_path):
    (tmp_path / "eeg2vid.toml").touch()
    found = modules_after(f"import eeg2vid; print(eeg2vid.open({str(tmp_path)!r}))")
    assert not found & (HEAVY - {"pydantic"})
    assert "eeg2vid.cli" not in found


@pytest.mark.parametrize("name", eeg2vid.__all__)
def test_every_name_is_there_and_explains_itself(name):
    found = getattr(eeg2vid, name)
    assert name in dir(eeg2vid)
    if name == "__version__":
        assert found == version("eeg2vid")
    else:
        assert len(found.__doc__.strip()) > 20
        assert not found.__module__.startswith("eeg2vid.cli")


def test_names_for_type_checkers_are_those_that_are_found():
    """The table that imports lazily and the imports that mypy sees must not drift apart."""
    tree = ast.parse((ROOT / "eeg2vid_api" / "__init__.py").read_text())
    told = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("eeg2vid.")
        for alias in node.names
    }
    assert told == eeg2vid._WHERE
    assert sorted([*told, "__version__"]) == sorted(eeg2vid.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        eeg2vid.opne  # noqa: B018


def test_python_m_eeg2vid_is_the_command_line(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "eeg2vid", "inspect", "nothing", "-w", str(tmp_path)], capture_output=True, text=True
    )
    assert run.returncode == 3
    assert f"{tmp_path} holds no artifacts" in " ".join(run.stderr.split())


def test_type_checkers_see_no_name_that_is_not_there():
    """A `__getattr__` that they see would make every name one of the package."""
    tree = ast.parse((ROOT / "eeg2vid_api" / "__init__.py").read_text())
    assert "__getattr__" not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
