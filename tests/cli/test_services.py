"""Services around the stages: citations, recipes, doctor."""

import errno
import os
import re
import time
import tomllib

import pytest
from filelock import FileLock

from eeg2vid.cli.commands import doctor
from eeg2vid.schemas.eyes import EYES
from eeg2vid.schemas.generators import GENERATORS
from eeg2vid.schemas.networks import NETWORKS
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.recipe import builtin_recipes
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.citations import bibliography, cited_by, parse_entries
from eeg2vid.stages.services.slurm import SlurmTable, slurm_table
from eeg2vid.stages.store import locks
from tests.conftest import call, succeed

# -- cite and recipe -----------------------------------------------------------------------------


def test_every_cited_key_has_an_entry(tmp_path):
    for name in builtin_recipes():
        study = Study(Workspace(tmp_path), STAGES, Choices(recipe=name))
        assert cited_by(study).keys() <= bibliography().keys(), name
    choices = [*NETWORKS.values(), *GENERATORS.values(), *EYES.values()]
    keys = {key for one in (*choices, *STAGES.values()) for key in one.cites}
    assert keys <= bibliography().keys()


def test_entries_are_bibtex():
    for key, entry in bibliography().items():
        assert entry.count("{") == entry.count("}") and entry.startswith("@") and entry.endswith("}")
        fields = dict(re.findall(r"^  (\w+)\s*= \{(.*)", entry, flags=re.MULTILINE))
        assert {"title", "year"} <= fields.keys() and fields["year"][:4] in key
    with pytest.raises(ValueError, match="twice"):
        parse_entries("@misc{a, title={x}}\n@misc{a, title={y}}")
    with pytest.raises(ValueError, match="end"):
        parse_entries("@misc{a, title={x}")


def test_cite_prints_what_the_recipe_uses(workspace):
    out = succeed("cite", "-w", workspace, "--recipe", "glmnet").out
    assert set(parse_entries(out)) >= {"liu2024eeg2video", "duan2013differential"}
    assert "rombach2022ldm" not in out  # no latents in a recipe of labels
    rows = succeed("cite", "-w", workspace, "--json").json
    who = {row["key"]: row["cited_by"] for row in rows}
    assert who["rombach2022ldm"] == ["encode-latents", "generate, decode"]
    assert who["ledoit2004wellconditioned"] == ["train-encoder, lda"]  # of the network, not of every training


def test_own_recipe_may_cite_what_is_not_here(workspace, tmp_path):
    (tmp_path / "own.toml").write_text('[recipe]\nname = "own"\ntitle = "t"\ncites = ["me2030"]\n[report.own]\n')
    result = succeed("cite", "-w", workspace, "--recipe", tmp_path / "own.toml")
    assert "me2030" in result.err


def test_recipes_are_listed_shown_and_copied(tmp_path):
    rows = succeed("recipe", "list", "--json").json
    assert [row["name"] for row in rows] == builtin_recipes() and all(row["title"] for row in rows)
    shown = tomllib.loads(succeed("recipe", "show", "ridge").out)
    assert shown == succeed("recipe", "show", "ridge", "--json").json | {"recipe": shown["recipe"]}
    copy = tmp_path / "mine.toml"
    succeed("recipe", "copy", "ridge", copy)
    assert tomllib.loads(copy.read_text()) == shown
    copy.write_text("mine")
    assert call("recipe", "copy", "ridge", copy).code == 2 and copy.read_text() == "mine"
    assert call("recipe", "copy", "ridge", tmp_path / "no" / "x.toml").code == 2
    assert call("recipe", "copy", "ridge", tmp_path / "x.txt").code == 2
    assert "Did you mean 'ridge'" in call("recipe", "show", "rigde").err


# -- doctor --------------------------------------------------------------------------------------


def test_a_fit_machine(workspace):
    rows = succeed("doctor", "-w", workspace, "--json").json
    assert {row["verdict"] for row in rows} <= {"ok", "warning"}
    names = {row["check"] for row in rows}
    assert {"Python", "torch", "device", "H.264", "workspace", "file locks", "clock", "left-over work"} <= names


def test_broken_companion_of_torch_makes_unfit(workspace, tmp_path, monkeypatch):
    (tmp_path / "torchaudio").mkdir()
    (tmp_path / "torchaudio" / "__init__.py").write_text("raise RuntimeError('operator torchaudio::x does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    result = call("doctor", "-w", workspace, "--json")
    (row,) = [row for row in result.json if row["check"] == "torchaudio"]
    assert result.code == 5 and row["verdict"] == "FAIL" and "pip uninstall torchaudio" in row["found"]


def test_files_that_shadow_packages(tmp_path, monkeypatch):
    assert doctor._shadowed(tmp_path)[0]["verdict"] == "ok"
    (tmp_path / "zarr.py").touch()
    (tmp_path / "schemas.py").touch()  # a name of ours, but not one that is imported
    (row,) = doctor._shadowed(tmp_path)
    assert row["found"].startswith("zarr.py") and row["verdict"] == "warning"
    monkeypatch.syspath_prepend(tmp_path)
    assert doctor._shadowed(tmp_path)[0]["verdict"] == "FAIL"


def test_left_over_work_is_listed_with_its_age(tmp_path):
    unit = tmp_path / "artifacts" / "generate" / "ridge" / "sub-1"
    work = unit / "work-0123abcd"
    (work / "done").mkdir(parents=True)
    (work / "done" / "0.json").touch()
    (work / "alive").mkdir()
    long_ago = time.time() - 3 * 3600
    for path in (work / "done" / "0.json", work / "done", work / "alive", work):
        os.utime(path, (long_ago, long_ago))
    with FileLock(work / "alive" / "host-1.lock"):
        assert doctor._leftovers(tmp_path)[0]["found"] == "none"  # somebody is at it
    os.utime(work / "alive", (long_ago, long_ago))
    (work / "alive" / "host-1.lock").unlink(missing_ok=True)
    os.utime(work / "alive", (long_ago, long_ago))
    (row,) = doctor._leftovers(tmp_path)
    assert "generate/ridge/sub-1" in row["found"] and "3.0 hours" in row["found"] and "1 part done" in row["found"]


def test_locks_and_clock_that_do_not_work(tmp_path, monkeypatch):
    assert doctor._locks(tmp_path)[0]["verdict"] == doctor._clock(tmp_path)[0]["verdict"] == "ok"
    monkeypatch.setattr(locks.fcntl, "flock", lambda *_: None)  # as where every machine only locks for itself
    assert doctor._locks(tmp_path)[0]["verdict"] == "FAIL"

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    monkeypatch.setattr(locks, "_said_of_claims", [])
    monkeypatch.setattr(locks, "_trouble", [])
    row = doctor._locks(tmp_path)[0]
    assert row["verdict"] == "warning" and "No locks available" in row["found"] and "heartbeat" in row["found"]
    now = time.time()
    monkeypatch.setattr(doctor.time, "time", lambda: now + 100)
    row = doctor._clock(tmp_path)[0]
    assert row["verdict"] == "warning" and "s off" in row["found"]


def test_a_check_that_crashes_is_a_failed_check():
    def crash():
        raise RuntimeError("no")

    assert doctor._survive("codec", crash)[0]["verdict"] == "FAIL"


def test_table_of_the_command_line_wins():
    table = slurm_table(
        {"time": "01:00:00", "split": {"time": "02:00:00"}}, "split", list(STAGES), {"time": "03:00:00"}
    )
    assert table == SlurmTable(time="03:00:00")
