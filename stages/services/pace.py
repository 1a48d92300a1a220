"""How fast something goes, and how long the rest will take."""

from __future__ import annotations

import time

_AT_ONCE_SECONDS = 0.5  # what is counted this soon was done before: it tells nothing about the pace


class Pace:
    """A count with its rate.

    Parameters
    ----------
    what
        What is counted, as it is printed.
    total
        How much there is; 0: nothing is counted.
    """

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self._began = self._reached = time.monotonic()
        self._before = 0

    def reach(self, done: int) -> None:
        """Take note of how much is done."""
        self._reached = time.monotonic()
        if self._reached - self._began < _AT_ONCE_SECONDS:
            self._before = done
        self.done = done

    def __str__(self) -> str:
        text = f"{self.what}: {self.done}/{self.total}"
        left = self.seconds_left()
        return text if left is None else f"{text}, about {in_words(left)} left"

    def seconds_left(self) -> float | None:
        """Return how long the rest takes at the rate so far, None while that is unknown or nothing is left."""
        made = self.done - self._before
        if made <= 0 or self.done >= self.total:
            return None
        each = (self._reached - self._began) / made
        on_next = min(each, time.monotonic() - self._reached)
        return each * (self.total - self.done) - on_next


def in_words(seconds: float) -> str:
    """Return a duration as one would say it, in one unit: '40 s', '3 min', '2.5 h'."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    if seconds < 6000:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def exactly(seconds: float) -> str:
    """Return a duration in two units: '7 s', '3 min 12 s', '2 h 5 min'."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
