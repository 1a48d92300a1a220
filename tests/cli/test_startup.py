"""Help and completion are quick: nothing heavy is imported at start-up."""

import json
import subprocess
import sys

import pytest

from eeg2vid.cli.loading import load
from eeg2vid.cli.table import COMMANDS
from eeg2vid.stages.registry import STAGES

HEAVY = {"torch", "diffusers", "transformers", "mne", "scipy", "matplotlib", "zarr", "h5py", "av", "numpy", "pandas"}


def modules_after(code):
    script = f"import sys, json\n{code}\njson.dump(sorted(sys.modules), sys.stderr)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(result.stderr.strip().splitlines()[-1]))


def test_help_imports_nothing_heavy():
    code = """
from typer.testing import CliRunner
from eeg2vid.cli.app import app
result = CliRunner().invoke(app, ["--help"])
assert result.exit_code == 0 and "preprocess" in result.output, result.output
result = CliRunner().invoke(app, ["train-mapper", "--help"])
assert result.exit_code == 0 and "--network" in result.output, result.output
"""
    assert not modules_after(code) & HEAVY


def test_completion_imports_nothing_heavy():
    code = """
import os
os.environ["_EEG2VID_COMPLETE"] = "complete_bash"
os.environ["COMP_WORDS"] = "eeg2vid spl"
os.environ["COMP_CWORD"] = "1"
sys.argv = ["eeg2vid"]
from eeg2vid.cli.app import main
try:
    main()
except SystemExit:
    pass
"""
    assert not modules_after(code) & HEAVY


def test_the_list_of_commands_imports_no_command():
    code = """
from typer.testing import CliRunner
from eeg2vid.cli.app import app
result = CliRunner().invoke(app, ["--help"])
assert result.exit_code == 0 and "preprocess" in result.output, result.output
"""
    ours = {name for name in modules_after(code) if name.startswith("eeg2vid.")}
    few = {"cli", "cli.app", "cli.globals", "cli.table", "schemas", "schemas.errors"}
    assert ours <= {f"eeg2vid.{name}" for name in few}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name):
    command, listed = load(name), COMMANDS[name]
    paragraph = (command.short_help or command.help).split("\n\n")[0]
    assert (command.name, command.rich_help_panel, paragraph) == (name, listed.panel, listed.about)


def test_the_table_lists_every_stage_in_order():
    assert [name for name, listed in COMMANDS.items() if listed.kind == "stage"] == list(STAGES)
