"""README and friends are true: the stage table, the options and files they name."""

import re
import subprocess
from pathlib import Path

from typer.testing import CliRunner

from eeg2vid.cli.app import app
from eeg2vid.schemas import errors
from eeg2vid.stages.registry import STAGES, stage_table

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_stage_table_is_the_registrys():
    assert stage_table() in README, "print eeg2vid.stages.registry.stage_table() into README.md"


def test_commands_in_the_readme_exist():
    blocks = re.findall(r"```\n(.*?)```", README, flags=re.DOTALL)
    names = set(re.findall(r"^eeg2vid ([a-z-]+)", "\n".join(blocks), flags=re.MULTILINE))
    assert names
    for name in names:
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0, name


def test_every_command_is_named():
    listed = CliRunner().invoke(app, ["--help"]).stdout
    services = ["demo", "simulate", "run", "status", "inspect", "verify", "doctor", "compare", "config"]
    services += ["import", "export", "recipe", "weights", "slurm", "cite"]
    for name in [*STAGES, *services]:
        assert name in listed
        assert f"`{name}`" in README


def test_linked_files_exist():
    for text in (README, (ROOT / "CONTRIBUTING.md").read_text()):
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (ROOT / target).exists(), target


def test_exit_codes_are_stated():
    codes = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.Eeg2VidError)
    }
    for code in codes:
        assert re.search(rf"\b{code}\b", README.split("## Exit codes")[1].split("##")[0])


def test_nothing_tracked_names_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        return  # an unpacked source tree
    slash = "/"
    pattern = re.compile(rf"{slash}(work|farm|root){slash}|{slash}tmp{slash}")
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".html", ".txt", ".json"} and path.is_file():
            found = pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
            assert not found, f"{name}: {found}"
