"""Claims about people: one test of their mean, how many it holds for, and whether it rests on one of them.

A t test over people takes them for independent. They are not where all saw one order of clips and the signal drifts
with the time in the block: what the order happens to give, it gives to all. Relabeling the runs of all people alike
keeps what they share. But one person who is decoded well makes the mean significant: such a p says "at least one
person". For more see `prevalence`, and p without the strongest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.permutation import permutation_p
from eeg2vid.stages.statistics.runs import FloatArray

FEWEST = 2
_TIE = 1e-6  # relative: nulls are kept in single precision, and a tie missed is a p too small


@dataclass(frozen=True)
class Prevalence:
    """In how many people there is an effect.

    Attributes
    ----------
    p_global
        That there is none in anybody, by the least of all people.
    bound
        The largest share of people that is shown to be exceeded: an effect is in more of the population than this;
        None where not even a share of 0 is.
    p_majority
        That there is one in at most half of the people.
    """

    p_global: float
    bound: float | None
    p_majority: float


@dataclass(frozen=True)
class JointTest:
    """The mean over people under joint relabelings.

    Attributes
    ----------
    mean, chance
        Mean over people of the score, and under relabelings.
    p
        One-sided; small: at least one person is decoded.
    spread
        Standard deviation of the mean over people under relabelings.
    strongest
        Number of the person farthest above their chance.
    p_without_strongest
        The same of the others; None for fewer than three people.
    prevalence
        In how many people it is; None for one person.
    """

    mean: float
    chance: float
    p: float
    spread: float
    strongest: int
    p_without_strongest: float | None
    prevalence: Prevalence | None

    def of_people(self, alpha: float = 0.05) -> bool:
        """Tell whether it may be said of people: not thanks to the strongest alone, and in a share above nought.

        How large the share is at least, `prevalence.bound` says; few people can never show a large one.
        """
        without = self.p_without_strongest
        shared = self.prevalence is not None and bool(self.prevalence.bound)
        return self.p <= alpha and shared and without is not None and without <= alpha


def joint_test(observed: npt.ArrayLike, nulls: npt.ArrayLike, alpha: float = 0.05) -> JointTest:
    """Test the mean over people; high is good.

    Parameters
    ----------
    observed
        Score of each person `(person,)`.
    nulls
        Score of each person under each relabeling of runs `(person, permutation)`; column k holds the same relabeling
        for all. Where people saw different orders, any relabelings do.
    alpha
        Level of the bound of the prevalence.

    Raises
    ------
    BadDataError
        If shapes do not fit or a value is not finite.
    """
    scores, table = _checked(observed, nulls)
    above = scores - table.mean(axis=1)
    strongest = int(np.argmax(above))
    others = np.arange(len(scores)) != strongest
    return JointTest(
        mean=float(scores.mean()),
        chance=float(table.mean()),
        p=_mean_p(scores, table),
        spread=float(table.mean(axis=0).std()),
        strongest=strongest,
        p_without_strongest=_mean_p(scores[others], table[others]) if others.sum() >= FEWEST else None,
        prevalence=prevalence(scores, table, alpha) if len(scores) >= FEWEST else None,
    )


def prevalence(observed: npt.ArrayLike, nulls: npt.ArrayLike, alpha: float = 0.05) -> Prevalence:
    r"""Infer in how many people there is an effect, by the minimum statistic (Allefeld, Goergen, Haynes 2016).

    Let m be the least score, less each person's chance, and u the probability that one person without an effect reaches
    it. Were there an effect in a share :math:`\gamma_0` of the population, all N people would reach m with probability
    at most :math:`((1 - \gamma_0) u + \gamma_0)^N`.

    That paper draws the relabelings of people independently. Here u^N is the product of people's own shares, which is
    its limit for many draws; where people reach m together more often than that under the same relabelings (they share
    an order and a drift), u follows from how often they do.

    Parameters
    ----------
    observed, nulls, alpha
        As for `joint_test`.

    Raises
    ------
    BadDataError
        If shapes do not fit or a value is not finite.
    """
    scores, table = _checked(observed, nulls)
    people, n = table.shape
    chance = table.mean(axis=1)
    above, null = scores - chance, table - chance[:, None]
    reached = null >= above.min() - _slack(table)
    together = int(np.count_nonzero(reached.all(axis=0)))
    p_global = (1 + together) / (1 + n)
    alone = float(np.exp(np.mean(np.log((1 + reached.sum(axis=1)) / (1 + n)))))
    u = max(alone, p_global ** (1.0 / people)) if together else alone
    root = alpha ** (1.0 / people)
    return Prevalence(
        p_global=p_global,
        bound=max(0.0, (root - u) / (1.0 - u)) if u <= root and u < 1.0 else None,
        p_majority=(0.5 * u + 0.5) ** people,
    )


def _mean_p(scores: FloatArray, table: FloatArray) -> float:
    return permutation_p(float(scores.mean()) - _slack(table), table.mean(axis=0))


def _slack(table: FloatArray) -> float:
    """Return how far below the observed score a score counts as equal."""
    return _TIE * float(np.abs(table).max())


def _checked(observed: npt.ArrayLike, nulls: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    scores, table = np.asarray(observed, dtype=np.float64), np.asarray(nulls, dtype=np.float64)
    if scores.ndim != 1 or table.ndim != 2 or len(scores) != len(table) or not table.size:
        raise BadDataError(f"There are scores {scores.shape}, but nulls {table.shape}, expected (person, permutation).")
    if not (np.isfinite(scores).all() and np.isfinite(table).all()):
        raise BadDataError("A score of a person, or one under a relabeling, is not finite.")
    return scores, table
