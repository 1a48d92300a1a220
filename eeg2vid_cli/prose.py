"""What a docstring says as help: paragraphs filled to the terminal's width, brackets as they are written."""

from __future__ import annotations

import inspect
from typing import Any

from rich.markup import escape


def prose(documented: Any) -> str:
    """Return the docstring of a command or a stage as the text of its help.

    Typer breaks lines after the first paragraph where the source does, and takes `[perceive.mine]` for markup.

    Parameters
    ----------
    documented
        What has the docstring.
    """
    paragraphs = (inspect.getdoc(documented) or "").split("\n\n")
    return escape("\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs))
