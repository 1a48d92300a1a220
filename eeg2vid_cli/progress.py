"""Progress: bars with ETA on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TimeRemainingColumn,
)
from rich.text import Text

from eeg2vid.cli.output import is_quiet, say, talk, visible
from eeg2vid.stages.services.overall import Heart, Overall
from eeg2vid.stages.services.pace import in_words
from eeg2vid.stages.services.worker import LineReporter

_WIDEST, _BAR = 46, 14  # columns of words and bar; count and time take the rest of 80


class TerminalReporter:
    """Bars that come and go."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._inner: TaskID | None = None
        self._overall: TaskID | None = None

    @property
    def overall(self) -> Overall | None:
        """All units of the command."""
        return None if self._overall is None else self._progress.tasks[0].fields["overall"]

    @overall.setter
    def overall(self, overall: Overall) -> None:
        self._overall = self._progress.add_task("", total=overall.total, overall=overall)

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


class _What(ProgressColumn):
    """What is counted; of all units where they are. Too long for the line, it loses its middle."""

    def render(self, task: Task) -> Text:
        """Return the words."""
        overall = task.fields.get("overall")
        words = task.description if overall is None else _place(overall)
        return Text(words if len(words) <= _WIDEST else f"{words[: _WIDEST // 2 - 1]}…{words[-(_WIDEST // 2) :]}")


def _place(overall: Overall) -> str:
    """Return where all units are, and for how long the one at work: it shows life where nothing is counted."""
    still = overall.still(time.monotonic())
    return overall.place if still is None else f"{overall.place}, {still[1]}"


class _Left(TimeRemainingColumn):
    """How long the rest takes; of all units by what earlier ones took."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """Return the time, or nothing where it is not known."""
        overall = task.fields.get("overall")
        if overall is None:
            return super().render(task)
        left = overall.seconds_left()
        return Text("" if left is None else f"{in_words(left)} left", style="progress.remaining")


class _Count(MofNCompleteColumn):
    """How many are done; all units know it themselves."""

    def render(self, task: Task) -> Text:
        """Return done/total."""
        if (overall := task.fields.get("overall")) is not None:
            task.completed = overall.done
        return super().render(task)


def columns() -> tuple[ProgressColumn, ...]:
    """Return what a bar shows: no more than 80 columns."""
    return _What(), _Count(), BarColumn(bar_width=_BAR), _Left()


@contextlib.contextmanager
def reporting() -> Iterator[TerminalReporter | LineReporter | QuietReporter]:
    """Yield the reporter that suits stderr, and --quiet."""
    if is_quiet():
        yield QuietReporter()
        return
    console = talk()
    if not console.is_terminal:
        reporter = LineReporter(lambda text: console.print(text))
        heart = Heart(reporter.beat)
        heart.start()
        try:
            yield reporter
        finally:
            heart.end()
        return
    with Progress(*columns(), console=console, transient=True) as progress:
        yield TerminalReporter(progress)
