"""The log of the command at work: what is said to the user goes there, too, once it makes something."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from eeg2vid.schemas.settings import Execution
    from eeg2vid.stages.services.journal import Journal


class _Current:
    """The log of this process's command."""

    journal: Journal | None = None


def typed_command() -> str:
    """Return the command line as it can be pasted."""
    return shlex.join(["eeg2vid", *sys.argv[1:]])


@contextlib.contextmanager
def logging(command: str, words: str) -> Iterator[None]:
    """Keep what is said within, and the exit code that it ends with; `words` are the whole command line."""
    from eeg2vid.stages.services.journal import Journal

    before, journal = _Current.journal, Journal(command, words)
    _Current.journal, code = journal, 0
    try:
        yield
    except (typer.Exit, typer.BadParameter) as end:
        code = end.exit_code
        raise
    except BaseException:
        code = 1
        raise
    finally:
        journal.end(code)
        _Current.journal = before


def begin(root: Path, execution: Execution) -> str:
    """Write the log into a workspace from now on; return why that cannot be, or nothing."""
    journal = _Current.journal
    if journal is None:
        return ""
    journal.begin(root, [f"device {execution.device}", f"threads {execution.threads}", f"jobs {execution.jobs}"])
    return f"No log of this command is kept in {root / 'logs'}: {journal.trouble}." if journal.trouble else ""


def said(text: str, end: str = "\n") -> None:
    """Keep what was said to the user."""
    if _Current.journal is not None:
        _Current.journal.say(text, end)


def log_file() -> Path | None:
    """Return where the log lies, None where nothing is kept."""
    return None if _Current.journal is None else _Current.journal.path
