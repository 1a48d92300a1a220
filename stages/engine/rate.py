"""How fast a stage works: said at the end, over what was made by this command."""

from __future__ import annotations

import time

from eeg2vid.stages.engine.protocol import Context


class Rate:
    """Counts items and seconds; start it when the models are loaded.

    Parameters
    ----------
    ctx
        The unit at work; its reporter is told.
    what
        Name of the items.
    """

    def __init__(self, ctx: Context, what: str) -> None:
        self._ctx = ctx
        self._what = what
        self._count = 0
        self._started = time.perf_counter()

    def add(self, count: int) -> None:
        """Count items as done."""
        self._count += count

    def say(self) -> None:
        """Tell how many were made how fast; nothing if none was."""
        seconds = max(time.perf_counter() - self._started, 1e-9)
        if self._count:
            self._ctx.reporter.remark(
                f"{self._ctx.node}: {self._count} {self._what} in {seconds:.1f} s on {self._ctx.device}, "
                f"{self._count / seconds:.3g} {self._what}/s"
            )
