"""How far apart two sets of clips are, no clip being paired with another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.metric import Given

_SPLITS = 20  # of the true clips into two halves, always the same ones
FEATURES = ("i3d", "video-classifier")  # eyes that keep pooled features of a clip


def frechet(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return the Frechet distance of two sets, each taken for Gaussian.

    ``|m1 - m2|^2 + tr(S1 + S2 - 2 (S1^(1/2) S2 S1^(1/2))^(1/2))``. With centred features A and B, S1 = A'A / (n1 - 1)
    and S2 = B'B / (n2 - 1), the eigenvalues of the root are the singular values of A B' over the root of
    (n1 - 1)(n2 - 1): no root of a covariance is taken, which is singular where clips are fewer than features.

    Parameters
    ----------
    one, other
        ``(clip, feature)``; at least two clips each.

    Raises
    ------
    BadDataError
        If a set has fewer than two clips, or the features differ in number.
    """
    a, b = _checked(one, other)
    gap = a.mean(axis=0) - b.mean(axis=0)
    a, b = ((side - side.mean(axis=0)) / np.sqrt(len(side) - 1) for side in (a, b))
    root = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(gap @ gap + (a**2).sum() + (b**2).sum() - 2 * root)


def kernel_distance(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return the unbiased squared maximum mean discrepancy of two sets under the kernel (x.y / features + 1)^3.

    Its mean is 0 for two sets of one kind, whatever their sizes; so it can be negative (Binkowski et al., "Demystifying
    MMD GANs", ICLR 2018).

    Parameters
    ----------
    one, other
        ``(clip, feature)``; at least two clips each.

    Raises
    ------
    BadDataError
        If a set has fewer than two clips, or the features differ in number.
    """
    a, b = _checked(one, other)

    def kernel(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.asarray((x @ y.T / x.shape[1] + 1.0) ** 3)

    def within(x: FloatArray) -> float:
        values = kernel(x, x)
        return float((values.sum() - np.trace(values)) / (len(x) * (len(x) - 1)))

    return within(a) + within(b) - 2.0 * float(kernel(a, b).mean())


def floor(
    features: NDArray[np.floating], distance: Callable[[NDArray[np.floating], NDArray[np.floating]], float]
) -> tuple[float, float] | None:
    """Return mean and standard deviation of the distance between two halves of one set; None below four clips."""
    if len(features) < 4:
        return None
    rng = np.random.default_rng(0)
    halves = [np.array_split(rng.permutation(len(features)), 2) for _ in range(_SPLITS)]
    found = [distance(features[first], features[second]) for first, second in halves]
    return float(np.mean(found)), float(np.std(found))


def features_of(given: Given, eye: str) -> tuple[FloatArray, FloatArray] | None:
    """Return pooled features of decoded and true clips as an eye saw them; None where it kept none."""
    sides = given.percepts.get(eye, {}).get("features")
    if sides is None or len(sides.true) < 2:
        return None
    return sides.decoded.astype(np.float64), sides.true.astype(np.float64)


def _checked(one: NDArray[np.floating], other: NDArray[np.floating]) -> tuple[FloatArray, FloatArray]:
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if min(len(a), len(b)) < 2 or a.shape[1:] != b.shape[1:]:
        raise BadDataError(f"Two sets of features are needed, two clips or more each, found {a.shape} and {b.shape}.")
    return a, b
