"""Printing the picture of a plan: in colour where a terminal has any, in plain signs where it has no others."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from eeg2vid.cli.output import emit, talk
from eeg2vid.schemas.errors import FailedError
from eeg2vid.stages.services.graph.forms import FORMS
from eeg2vid.stages.services.graph.model import Plan
from eeg2vid.stages.services.graph.text import text_of

_COLOURS = {"done": 32, "imported": 34, "stale": 33, "damaged": 31, "mixed": 33, "missing": 2}  # ANSI
_PLAIN = str.maketrans("─│┌┐└┘├┤┼◄", "-|+++++++<")


def draw(plan: Plan, form: str, path: Path | None, *, as_json: bool) -> None:
    """Print a plan in a form, or write it into a file.

    Raises
    ------
    FailedError
        If the file cannot be written.
    """
    if path is not None:
        _write(path, FORMS[form](plan))
        talk().print(f"Drawn: {path}")
    if as_json:
        emit(_data(plan) | ({"file": str(path)} if path else {}), None, as_json=True)
    elif path is None:
        _print(text_of(plan, _painted) if form == "text" and _in_colour() else FORMS[form](plan))


def _print(text: str) -> None:
    """Write to stdout as it is: a console would fold lines."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = text.translate(_PLAIN)
    sys.stdout.write(text)


def _data(plan: Plan) -> dict[str, object]:
    nodes = [{"stage": one.stage, "variant": one.variant, "states": dict(one.counts)} for one in plan.variants]
    edges = [
        {"source": "/".join(source), "target": "/".join(target), "roles": list(roles)}
        for (source, target), roles in plan.edges.items()
    ]
    return {"recipe": plan.recipe, "nodes": nodes, "edges": edges, "mermaid": FORMS["mermaid"](plan)}


def _write(path: Path, text: str) -> None:
    """Write beside, then rename: nothing half-written is ever there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise FailedError(f"{path} cannot be written: {error.strerror}.") from error


def _in_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _painted(words: str, state: str) -> str:
    return f"\033[{_COLOURS[state]}m{words}\033[0m"
