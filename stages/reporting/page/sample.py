"""Which clips the index shows of each subject: by a rule that is written beside them, never by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SHARES = (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 1.0)
"""Which clips are taken, from the worst (0) to the best (1)."""


@dataclass(frozen=True)
class Sample:
    """A few clips of one subject.

    Attributes
    ----------
    rows
        Their places among the subject's test clips, in the order in which they are shown.
    marks
        Why each was taken, in a word or two.
    rule
        How they were taken, in a sentence without its subject.
    """

    rows: tuple[int, ...]
    marks: tuple[str, ...]
    rule: str


def sample_of(
    n: int, name: str = "", values: Sequence[float] | None = None, *, lower_is_better: bool = False
) -> Sample:
    """Take clips at fixed quantiles of a measure; where there is none, every k-th in the order of presentation.

    Clips are ranked from the worst to the best, of equal ones the earlier first; the clip at a share q of n ranked ones
    is that of rank q (n - 1), rounded half up. Clips without a value are not ranked.

    Parameters
    ----------
    n
        How many test clips there are.
    name, values
        The measure, and its value for each clip; NaN: it has none. None: there is no such measure.
    """
    ranked = [k for k, value in enumerate(values or ()) if math.isfinite(value)]
    if values is None or not ranked:
        return _every(n)
    ranked.sort(key=lambda k: -values[k] if lower_is_better else values[k])
    taken: dict[int, str] = {}
    for share in SHARES:
        taken.setdefault(ranked[math.floor(share * (len(ranked) - 1) + 0.5)], _mark(share))
    rule = (
        f"ranked by {name} of what was decoded, from the worst to the best (of equal ones the earlier first), those at "
        f"{', '.join(f'{share:.0%}'.replace('%', ' %') for share in SHARES[1:-1])} of the way, the worst and the best"
    )
    return Sample(tuple(taken), tuple(taken.values()), rule)


def _every(n: int) -> Sample:
    step = max(1, math.ceil(n / len(SHARES)))
    rows = tuple(range(0, n, step))
    nth = "every clip" if step == 1 else f"one clip in {step}, from the first on"
    return Sample(rows, tuple(f"clip {row + 1} of {n}" for row in rows), f"{nth}, in the order of presentation")


def _mark(share: float) -> str:
    ends = {SHARES[0]: "worst", SHARES[-1]: "best", 0.5: "median"}
    return ends.get(share, f"{round(share * 100)} %")
