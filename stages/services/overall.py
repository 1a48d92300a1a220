"""How far a command is with all of its units, and how long the rest takes, by what earlier ones took."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean

from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.services.pace import in_words

_LATEST = 20_000  # lines of the log of units that are looked at


class Overall:
    """The units of one command: which are done, which are at work.

    Parameters
    ----------
    nodes
        Units in the order in which they are made.
    seconds
        How long a unit took when it was last made, by its name; see `seconds_before`.
    """

    def __init__(self, nodes: Sequence[Node], seconds: Mapping[str, float] | None = None) -> None:
        self.nodes = list(nodes)
        self.began = time.monotonic()
        self._expected = _expected(nodes, seconds or {})
        self._left = dict.fromkeys(nodes)
        self._at_work: dict[Node, float] = {}
        self._of_stage: dict[str, list[float]] = {}

    def begin(self, node: Node) -> None:
        """Take note that a unit is at work."""
        self._at_work[node] = time.monotonic()

    def end(self, node: Node, seconds: float | None = None) -> None:
        """Take note that a unit is done, and of how long it took if it was made."""
        self._at_work.pop(node, None)
        self._left.pop(node, None)
        if seconds:
            self._of_stage.setdefault(node.stage, []).append(seconds)

    @property
    def total(self) -> int:
        """Number of units."""
        return len(self.nodes)

    @property
    def done(self) -> int:
        """Number of units that are done."""
        return len(self.nodes) - len(self._left)

    @property
    def place(self) -> str:
        """Where the command is: 'unit 7 of 23'; several at once: '6 of 23 units'."""
        if len(self._at_work) > 1:
            return f"{self.done} of {self.total} units"
        return f"unit {min(self.done + 1, self.total)} of {self.total}"

    def __str__(self) -> str:
        left = self.seconds_left()
        return self.place if left is None else f"{self.place}, about {in_words(left)} left"

    def still(self, now: float) -> tuple[Node, str] | None:
        """Return the unit that is longest at work, and for how long in words."""
        with suppress(ValueError, RuntimeError):  # another thread begins or ends one
            node, since = min(self._at_work.items(), key=lambda one: one[1])
            return node, in_words(now - since)
        return None

    def seconds_left(self) -> float | None:
        """Return how long the rest takes; None while nobody can know of some unit, or where nothing is left.

        What is done already costs nothing, and is taken for what is to be made until its turn has come.
        """
        now, total, jobs = time.monotonic(), 0.0, max(1, len(self._at_work))
        for node in list(self._left):
            made = self._of_stage.get(node.stage)
            expected = self._expected.get(node, fmean(made) if made else None)
            if expected is None:
                return None
            total += max(0.0, expected - (now - self._at_work.get(node, now)))
        return total / jobs or None


def seconds_before(root: Path) -> dict[str, float]:
    """Return how long each unit of a workspace took when it was last made, by its name; what cannot be read is left."""
    found: dict[str, float] = {}
    try:
        lines = (root / "logs" / "units.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return found
    for line in lines[-_LATEST:]:
        with suppress(ValueError, KeyError, TypeError):
            row = json.loads(line)
            found[str(row["unit"])] = float(row["seconds"])
    return found


def _expected(nodes: Sequence[Node], seconds: Mapping[str, float]) -> dict[Node, float]:
    """Return how long each unit may take: as the last time, else as others of its variant."""
    of_variant: dict[str, list[float]] = {}
    for name, took in seconds.items():
        of_variant.setdefault(name.rpartition("/")[0], []).append(took)
    found: dict[Node, float] = {}
    for node in nodes:
        others = of_variant.get(f"{node.stage}/{node.variant}")
        if others is not None:
            found[node] = seconds.get(str(node), fmean(others))
    return found


class Heart(threading.Thread):
    """Calls something every second until it is ended: for what must be said though nothing is counted."""

    def __init__(self, beat: Callable[[], None], every_s: float = 1.0) -> None:
        super().__init__(daemon=True)
        self._beat, self._every = beat, every_s
        self._ended = threading.Event()

    def run(self) -> None:
        """Wait and call."""
        while not self._ended.wait(self._every):
            self._beat()

    def end(self) -> None:
        """Stop, and wait until it has."""
        self._ended.set()
        self.join()
