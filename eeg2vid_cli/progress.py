"""Progress: bars with ETA on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from eeg2vid.cli.output import is_quiet, say, talk, visible
from eeg2vid.stages.services.worker import LineReporter


class TerminalReporter:
    """Bars that come and go."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._inner: TaskID | None = None

    def start(self, what: str, total: int) -> None:
        """Replace the bar by a new one."""
        self.clear()
        self._task = self._progress.add_task(visible(what), total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task, steps)

    def within(self, what: str, done: int, total: int) -> None:
        """Show a second bar while a piece that counts as one is made."""
        if self._inner is not None and (done >= total or self._progress.tasks[-1].description != visible(what)):
            self._progress.remove_task(self._inner)
            self._inner = None
        if done >= total:
            return
        if self._inner is None:
            self._inner = self._progress.add_task(visible(what), total=total)
        self._progress.update(self._inner, completed=done, total=total)

    def remark(self, text: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(text)

    def clear(self) -> None:
        """Remove the bars."""
        for task in (self._task, self._inner):
            if task is not None:
                self._progress.remove_task(task)
        self._task = self._inner = None


class QuietReporter:
    """Says nothing but what makes a result wrong."""

    def start(self, what: str, total: int) -> None:
        """Say nothing."""

    def advance(self, steps: int = 1) -> None:
        """Say nothing."""

    def within(self, what: str, done: int, total: int) -> None:
        """Say nothing."""

    def remark(self, text: str) -> None:
        """Print a warning, nothing else."""
        say(text)

    def clear(self) -> None:
        """Do nothing."""


def columns() -> tuple[ProgressColumn, ...]:
    """Return what a bar shows."""
    what = TextColumn("{task.description}", markup=False)
    return what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()


@contextlib.contextmanager
def reporting() -> Iterator[TerminalReporter | LineReporter | QuietReporter]:
    """Yield the reporter that suits stderr, and --quiet."""
    if is_quiet():
        yield QuietReporter()
        return
    console = talk()
    if not console.is_terminal:
        yield LineReporter(lambda text: console.print(text))
        return
    with Progress(*columns(), console=console, transient=True) as progress:
        yield TerminalReporter(progress)
