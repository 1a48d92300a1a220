"""Sets of clips: Frechet and kernel distances, inception score and collapse, against other ways to compute them."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import entropy

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics import class_spread, fvd, kernel_video_distance
from eeg2vid.stages.metrics.distributions import floor, frechet, kernel_distance
from eeg2vid.stages.metrics.metric import Given, Keys, Sides

RNG = np.random.default_rng(0)


def by_matrix_root(a, b):
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t - 2 * sqrtm(s @ t).real)


def test_frechet_equals_the_matrix_root():
    for n, m in ((60, 40), (40, 60), (9, 12)):
        a, b = RNG.normal(size=(n, 8)), 0.3 + RNG.normal(size=(m, 8)) @ RNG.normal(size=(8, 8))
        assert frechet(a, b) == pytest.approx(by_matrix_root(a, b), rel=1e-8)
        assert frechet(a, a) == pytest.approx(0.0, abs=1e-10)


def test_frechet_of_known_gaussians():
    """Exact moments: standard deviations 1 and 3, means 2 apart, in one dimension (4 + 4) and beside a constant."""
    a, b = np.array([[-1.0], [1.0]]), np.array([[-3.0], [3.0]]) + 2
    assert frechet(a, b) == pytest.approx(4 + (np.sqrt(18) - np.sqrt(2)) ** 2)
    few, many = np.hstack([a, np.zeros((2, 50))]), np.hstack([b, np.zeros((2, 50))])  # singular
    assert frechet(few, many) == pytest.approx(frechet(a, b))


def test_kernel_distance_equals_sums_over_pairs():
    a, b = RNG.normal(size=(6, 5)), RNG.normal(size=(9, 5)) + 0.5
    k = lambda x, y: (x @ y / 5 + 1) ** 3  # noqa: E731
    xx = np.mean([k(a[i], a[j]) for i in range(6) for j in range(6) if i != j])
    yy = np.mean([k(b[i], b[j]) for i in range(9) for j in range(9) if i != j])
    xy = np.mean([k(x, y) for x in a for y in b])
    assert kernel_distance(a, b) == pytest.approx(xx + yy - 2 * xy, rel=1e-12)


def test_kernel_distance_is_unbiased_and_frechet_is_not():
    found = [(kernel_distance(x[:20], x[20:]), frechet(x[:20], x[20:])) for x in RNG.normal(size=(300, 40, 16))]
    kernel, gaussian = np.transpose(found)
    assert abs(kernel.mean()) < 4 * kernel.std() / np.sqrt(300)
    assert gaussian.min() > 5  # of sets of one kind


def test_floor_is_the_same_every_time_and_needs_four_clips():
    x = RNG.normal(size=(30, 4))
    assert floor(x, kernel_distance) == floor(x, kernel_distance) and floor(x[:3], kernel_distance) is None
    with pytest.raises(BadDataError, match="two clips or more each"):
        frechet(x[:1], x)


def test_scores_of_classes():
    """Alike: 1. Sure, all eight classes: 8. One class: wholly collapsed."""
    assert class_spread.inception_score(np.zeros((10, 8))) == pytest.approx(1.0)
    assert class_spread.inception_score(1e3 * np.eye(8)) == pytest.approx(8.0)
    logits = RNG.normal(size=(40, 8))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert class_spread.inception_score(logits) == pytest.approx(np.exp(np.mean([entropy(q, p.mean(0)) for q in p])))
    assert class_spread.commonest(np.eye(8)[[0, 0, 0, 3]][:, None]) == (0.75, 2)


def test_looks_say_what_they_must_be_read_beside():
    keys = Keys("1", list("abcdef"), list("abcdef"), np.arange(6), np.zeros(6), np.zeros(6))
    decoded, true = RNG.normal(size=(2, 6, 9)).astype(np.float16)
    logits = Sides(np.eye(9)[[4] * 6], np.eye(9)[:6])
    given = Given(keys, "full", percepts={"i3d": {"features": Sides(decoded, true), "logits": logits}})
    (one,) = fvd.measure(given).values()
    assert float(one.table) == pytest.approx(by_matrix_root(decoded.astype(float), true.astype(float)), rel=1e-5)
    assert "6 clips, 9 features: fewer clips than features, strongly biased; half of the true clips" in one.detail
    (kernel,) = kernel_video_distance.measure(given).values()
    assert float(kernel.table) == pytest.approx(kernel_distance(decoded, true)) and "+-" in kernel.detail
    (collapse,) = class_spread.measure_collapse(given).values()
    assert float(collapse.table) == 1.0 and collapse.detail == "1 classes in 6 clips; true clips 0.167, 6 classes"
    shuffled = Given(keys, "x", percepts={"i3d": {"features": Sides(decoded[::-1], true)}})
    assert float(fvd.measure(shuffled)["i3d"].table) == pytest.approx(float(one.table))  # no clip has its own
