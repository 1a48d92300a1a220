"""What is printed for people: names are text, whatever stands in them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import unicodedata
from types import SimpleNamespace

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Group
from rich.progress import Progress

from eeg2vid.cli import errors
from eeg2vid.cli.output import TextConsole, emit, table, talk, visible
from eeg2vid.cli.progress import TerminalReporter, columns
from eeg2vid.schemas.errors import BadDataError

NAMES = ["[C3]", "[/]", "[/bold]", "EEG[1", "[red]Fp1", "[link=a]b", ":cat:", "a\\[b]", "sub-[01]/eeg", "["]


def printed(human, capsys):
    emit(None, human, as_json=False)
    return capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text_everywhere(name, capsys):
    row = {name: f"value {name}"}
    assert f"value {name}" in printed(table([row], title=name), capsys)
    assert printed(table([row], title=name), capsys).count(name) == 3  # title, heading and cell
    assert printed(f"{name} is here", capsys) == f"{name} is here\n"
    assert name in printed(Group(name, table([row])), capsys)
    talk().print(name)
    assert capsys.readouterr().err == f"{name}\n"
    assert errors.report(BadDataError(f"Electrode {name} is flat.", f"Remove {name}.")) == BadDataError.exit_code
    assert capsys.readouterr().err == f"Error: Electrode {name} is flat.\nRemove {name}.\n"
    assert errors.report(ValueError(name)) == 1
    assert f"ValueError: {name}\n" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text_in_bars(name):
    out = io.StringIO()
    console = TextConsole(file=out, force_terminal=True, width=100)
    with Progress(*columns(), console=console) as progress:
        reporter = TerminalReporter(progress)
        reporter.start(name, 3)
        reporter.within(f"in {name}", 1, 3)
        progress.refresh()
        reporter.remark(f"{name} is read")
    assert out.getvalue().count(name) >= 3


def test_names_do_not_steer_the_terminal(capsys):
    shown = printed(table([{"electrode": "Fp1\x1b[2J\x07\r\x9b31m\u202eC3"}]), capsys)
    assert "Fp1\\u001b[2J\\u0007\\u000d\\u009b31m\\u202eC3" in shown


@pytest.mark.parametrize("sign", ["\x1b", "\u2028", "\u2029", "\u200f", "\u061c", "\udcff", "\x9b"])
def test_signs_that_steer_or_are_none_are_shown(sign, capsys):
    name = f"Fp1{sign}C3"
    shown = f"Fp1\\u{ord(sign):04x}C3"
    assert shown in printed(table([{"electrode": name}], title=name), capsys)
    talk().print(name)
    assert capsys.readouterr().err == f"{shown}\n"
    emit({"name": name}, None, as_json=True)
    out = capsys.readouterr().out
    out.encode()
    assert json.loads(out) == {"name": name}


def test_a_name_with_a_line_end_stays_in_its_cell(capsys):
    rows = [{"electrode\n": "Fp1\nError: nothing is left"}, {"electrode\n": "C3"}]
    lines = printed(table(rows), capsys).splitlines()
    assert [line.strip() for line in lines] == ["electrode\\u000a", "Fp1\\u000aError: nothing is left", "C3"]


def test_tracebacks_and_warnings_do_not_steer_the_terminal(capsys, tmp_path):
    def fail(ctx, debug):
        raise ValueError("Fp1\x1b[2J")

    with pytest.raises(typer.Exit):
        errors.guarded(fail)(ctx=SimpleNamespace(obj=None, params={}), debug=True)
    err = capsys.readouterr().err
    assert "Traceback" in err and "Fp1\\u001b[2J" in err and "\x1b" not in err
    code = (
        "import warnings; from eeg2vid.cli import app; app.app = lambda **_: warnings.warn('Fp1' + chr(27)); app.main()"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    assert "UserWarning: Fp1\\u001b" in said and "\x1b" not in said


@given(st.text())
def test_visible(text):
    shown = visible(text)
    assert all(unicodedata.category(sign) not in ("Cc", "Cs") for sign in shown.replace("\n", "").replace("\t", ""))
    if text.isprintable():
        assert shown == text


def test_json_is_left_alone(capsys):
    emit({"name": "[C3]\x1b"}, None, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"name": "[C3]\x1b"}
