"""One test over people: whether anybody shows an effect, whether people do, and in how many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.permutation import permutation_p

ALPHA = 0.05


@dataclass(frozen=True)
class Prevalence:
    """In how many people there is an effect (Allefeld, Goergen and Haynes, NeuroImage 2016).

    Attributes
    ----------
    p_global
        Of the null that nobody has one: how often relabelings let the least of all people score as high.
    p_majority
        Of the null that at most half of people have one.
    bound
        The largest share of people for which "at most that many have one" is rejected; None: not even none.
    """

    p_global: float
    p_majority: float
    bound: float | None


@dataclass(frozen=True)
class JointTest:
    """People's mean under common relabelings of runs.

    Attributes
    ----------
    mean, chance
        People's mean, and what it is under relabelings.
    p
        One-sided. A small one says that at least one person shows an effect.
    strongest
        Who is furthest above their own null, an index; None: there is one person only.
    p_without_strongest
        The same test of the others: whether the effect is more than one person's.
    prevalence
        In how many there is an effect.
    """

    mean: float
    chance: float
    p: float
    strongest: int | None
    p_without_strongest: float | None
    prevalence: Prevalence

    def is_of_people(self, alpha: float = ALPHA) -> bool:
        """Tell whether people show it: more than the strongest one do, and more than a share above nought."""
        survives = self.p_without_strongest is None or self.p_without_strongest < alpha
        return self.p < alpha and survives and self.prevalence.bound is not None


def joint_test(observed: npt.ArrayLike, nulls: npt.ArrayLike, alpha: float = ALPHA) -> JointTest:
    """Test people's mean against the same relabelings of runs in everybody.

    Relabeled alike, people who share the order of the study share its accidents too: a drift that happens to follow
    the order of concepts lifts everybody's score and everybody's null, where a t-test over people would take it for
    an effect of all of them.

    Parameters
    ----------
    observed
        Score of each person `(person,)`, high is good.
    nulls
        The same under each relabeling `(person, permutation)`.
    alpha
        Level of the prevalence bound.

    Raises
    ------
    BadDataError
        If shapes do not fit or a value is not finite.
    """
    scores, null = np.asarray(observed, dtype=np.float64), np.asarray(nulls, dtype=np.float64)
    if scores.ndim != 1 or null.ndim != 2 or len(null) != len(scores) or not len(scores):
        raise BadDataError(f"Scores {scores.shape} and null scores {null.shape} of people do not fit.")
    p = permutation_p(float(scores.mean()), null.mean(axis=0))
    strongest, without = None, None
    if len(scores) > 1:
        spread = null.std(axis=1)
        lead = np.divide(scores - null.mean(axis=1), spread, out=np.zeros(len(scores)), where=spread > 0)
        strongest = int(np.argmax(lead))
        others = np.arange(len(scores)) != strongest
        without = permutation_p(float(scores[others].mean()), null[others].mean(axis=0))
    return JointTest(float(scores.mean()), float(null.mean()), p, strongest, without, prevalence(scores, null, alpha))


def prevalence(observed: npt.ArrayLike, nulls: npt.ArrayLike, alpha: float = ALPHA) -> Prevalence:
    """Return in how many people there is an effect, by the least of them: the minimum statistic.

    Scores are made comparable by each person's own null. Under the null that a share g of people has an effect, the
    minimum exceeds what is observed with probability at most ((1 - g) p^(1/N) + g)^N, p being that of g = 0
    (equations 17 to 20 of the paper).

    Parameters
    ----------
    observed, nulls, alpha
        As for `joint_test`.
    """
    scores, null = np.asarray(observed, dtype=np.float64), np.asarray(nulls, dtype=np.float64)
    spread = null.std(axis=1)
    spread[spread == 0] = 1.0
    centre = null.mean(axis=1)
    least = float(((scores - centre) / spread).min())
    p = permutation_p(least, ((null - centre[:, None]) / spread[:, None]).min(axis=0))
    root, n = p ** (1 / len(scores)), len(scores)
    majority = (0.5 * root + 0.5) ** n
    reached = alpha ** (1 / n)
    bound = None if p > alpha or root >= 1 else float((reached - root) / (1 - root))
    return Prevalence(p, float(majority), bound)
