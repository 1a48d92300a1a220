"""Science says names of parameters, in backticks; the command line alone knows dashes."""

import ast
import re
from pathlib import Path

import pytest

STAGES = Path(__file__).resolve().parents[2] / "stages"
FOUNDATIONS = {"cohort", "decoding", "engine", "judging", "services", "store", "targets"}
ROOMS = sorted({path.parent.name for path in STAGES.glob("*/__init__.py")} - FOUNDATIONS)
EXCEPT = {
    "reporting/quality_verdict.py",  # builds whole commands, to be pasted
    "reporting/headline.py",
}
FLAG = re.compile(r"(?<![\w-])--[a-z]")


def flags(source):
    """Return the string literals that hold an option, parts of f-strings and docstrings included."""
    nodes = ast.walk(ast.parse(source))
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str) and FLAG.search(n.value)]


def test_flags_are_found():
    assert flags('a = f"{b} --resample {c}"') == [" --resample "]
    assert flags('a = "choose another `resample` -- or none"') == []


@pytest.mark.parametrize("room", ROOMS)
def test_science_knows_no_dashes(room):
    for path in sorted((STAGES / room).rglob("*.py")):
        if path.relative_to(STAGES).as_posix() not in EXCEPT:
            assert flags(path.read_text()) == [], path


def test_exceptions_are_needed():
    for name in EXCEPT:
        assert flags((STAGES / name).read_text()), f"{name} knows no dashes: take it off the list"
