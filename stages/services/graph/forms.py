"""The forms of a picture of the plan, by the names and file endings that ask for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.services.graph.dot import dot_of
from eeg2vid.stages.services.graph.mermaid import mermaid_of
from eeg2vid.stages.services.graph.model import Plan
from eeg2vid.stages.services.graph.svg import svg_of
from eeg2vid.stages.services.graph.text import text_of

FORMS: dict[str, Callable[[Plan], str]] = {"text": text_of, "svg": svg_of, "mermaid": mermaid_of, "dot": dot_of}
_ENDINGS = {".txt": "text", ".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot"}


def form_of(wanted: str) -> tuple[str, Path | None]:
    """Return the form and the file that a word asks for: a form's name, to be printed, or a file by its ending.

    Raises
    ------
    UsageError
        If it is neither, or the file cannot be where it is said to be.
    """
    if wanted in FORMS:
        return wanted, None
    path = Path(wanted)
    form = _ENDINGS.get(path.suffix.lower())
    if form is None:
        near = did_you_mean(wanted, FORMS) if path.suffix == "" else ""
        raise UsageError(
            f"--graph-to {wanted}: expected a file ending in {', '.join(_ENDINGS)}, or one of {', '.join(FORMS)}.{near}"
        )
    if not path.parent.is_dir():
        raise UsageError(f"--graph-to {wanted}: there is no folder {path.parent}.")
    if path.is_dir():
        raise UsageError(f"--graph-to {wanted} is a folder; expected a file.")
    return form, path
