"""Whether sentences belong to the pictures beside them, by the embeddings of a model that knows both (CLIP).

The fit of a row is the cosine of its picture and its sentence, both centred (a model keeps pictures and sentences
apart). Fits are compared within stretches of neighbouring rows, where what is wrong about an order shows. Whether the
two can tell at all is asked without the order: the best pairing of a stretch (Kuhn, 1955) is compared with the best
ones after the sentences are mirrored along axes of their own, which keeps all that they are to each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from eeg2vid.stages.statistics.permutation import permutation_p

FEWEST = 20  # rows; below, nothing is said
STRETCH = 40  # rows
SHIFTS = (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)  # rows by which a table may have slipped
SURE_Z = 5.0  # standard errors
CHANCE_P = 0.01
_PAIRINGS = 999
_MIRRORED = 30


@dataclass(frozen=True)
class Agreement:
    """How well sentences fit the pictures beside them.

    Attributes
    ----------
    identified
        Share of the other sentences of the stretch that fit a picture less than its own does; chance is 0.5.
    p_value
        How often sentences permuted within stretches fit as well.
    pairing_z
        By how many standard deviations the best pairing is better than without a relation: whether the two can tell.
    better
        The other order that fits clearly better; empty if none does.
    better_z
        By how many standard errors it does.
    lost
        First and last row, from 1, of each stretch whose own sentences fit no better than permuted ones although
        others of it would.
    """

    identified: float
    p_value: float
    pairing_z: float
    better: str
    better_z: float
    lost: tuple[tuple[int, int], ...]

    @property
    def wrong(self) -> str:
        """Return what is wrong, in words; empty where the order is right or cannot be told."""
        facts = f"its own fits a clip better than {self.identified:.0%} of the others (p = {self.p_value:.2g})"
        if self.better:
            return f"{facts}; {self.better} they fit better, by {self.better_z:.0f} standard errors"
        if self.p_value > CHANCE_P and self.pairing_z > SURE_Z:
            return f"{facts}; another order would fit, by {self.pairing_z:.0f} standard deviations"
        if self.lost:
            places = ", ".join(f"{first} to {last}" for first, last in self.lost)
            return f"{facts}; in rows {places} it fits no better than any other, but another order would"
        return ""


def agreement(images: NDArray[np.floating], texts: NDArray[np.floating], *, seed: int = 0) -> Agreement | None:
    """Compare the order of sentences with others.

    Parameters
    ----------
    images, texts
        `(row, channel)`, embeddings of one space; a row is a clip and its sentence, in the table's order.
    seed
        Of the permutations.

    Returns
    -------
    None if there are too few rows.
    """
    count = len(images)
    if count < FEWEST:
        return None
    fits = np.round(_centred(images) @ _centred(texts).T, 6)  # equal sentences, encoded apart, differ in the last bits
    stretches = np.array_split(np.arange(count), max(1, count // STRETCH))
    rng = np.random.default_rng(seed)
    own, others, best, mirrored, below, lost = 0.0, np.zeros(_PAIRINGS), 0.0, np.zeros(_MIRRORED), [], []
    for rows in stretches:
        block, places = fits[np.ix_(rows, rows)], np.arange(len(rows))
        here = float(np.trace(block))
        permuted = np.array([block[places, rng.permutation(len(rows))].sum() for _ in range(_PAIRINGS)])
        paired, without = _pairings(images[rows], texts[rows], rng)
        if permutation_p(here, permuted) > CHANCE_P and _z(paired, without) > SURE_Z:
            lost.append((int(rows[0]) + 1, int(rows[-1]) + 1))
        own, others, best, mirrored = own + here, others + permuted, best + paired, mirrored + without
        below.append(_below(block))
    better, z = _better_order(fits)
    identified = float(np.concatenate(below).mean())
    return Agreement(identified, permutation_p(own, others), _z(best, mirrored), better, z, tuple(lost))


def _centred(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return rows of unit length around their common mean."""
    unit = values / np.maximum(np.linalg.norm(values.astype(np.float64), axis=1, keepdims=True), 1e-12)
    unit = unit - unit.mean(axis=0)
    return np.asarray(unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12), np.float64)


def _below(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each picture the share of sentences that fit less than its own; equal ones count half."""
    own = block.diagonal()[:, None]
    counted = (block < own).sum(axis=1) + 0.5 * ((block == own).sum(axis=1) - 1)
    return np.asarray(counted / (len(block) - 1), np.float64)


def _better_order(fits: NDArray[np.float64]) -> tuple[str, float]:
    """Return the other order that fits best, if it fits clearly better than the given one, and by how much."""
    count = len(fits)
    rows = np.arange(count)
    orders = {"in reverse order": rows[::-1]}
    orders |= {f"{abs(by)} row{'s' * (abs(by) > 1)} {'below' if by > 0 else 'above'}": rows + by for by in SHIFTS}
    found = {}
    for name, places in orders.items():
        there = (places >= 0) & (places < count) & (places != rows)
        gains = fits[rows[there], places[there]] - fits[rows[there], rows[there]]
        found[name] = float(gains.mean() / max(1e-12, gains.std(ddof=1) / np.sqrt(len(gains))))
    name = max(found, key=lambda order: found[order])
    return (name, found[name]) if found[name] > SURE_Z else ("", 0.0)


def _pairings(
    images: NDArray[np.floating], texts: NDArray[np.floating], rng: np.random.Generator
) -> tuple[float, NDArray[np.float64]]:
    """Return how well the best pairing fits, and the best ones of mirrored sentences."""
    pictures, sentences = _centred(images), _centred(texts)
    _, _, axes = np.linalg.svd(sentences, full_matrices=False)
    null = []
    for _ in range(_MIRRORED):
        mirrored = (sentences @ axes.T * rng.choice([-1.0, 1.0], len(axes))) @ axes
        null.append(_best_pairing(pictures @ mirrored.T))
    return _best_pairing(pictures @ sentences.T), np.array(null)


def _z(value: float, null: NDArray[np.float64]) -> float:
    return float((value - null.mean()) / max(1e-12, null.std(ddof=1)))


def _best_pairing(fits: NDArray[np.float64]) -> float:
    rows, columns = linear_sum_assignment(-fits)
    return float(fits[rows, columns].sum())
