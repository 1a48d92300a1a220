import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    recall_score,
    top_k_accuracy_score,
)

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.classification import (
    balanced_accuracy,
    class_recalls,
    confusion,
    expected_hits,
    top_k_accuracy,
    top_k_hits,
)


def example(seed=0, events=60, classes=7):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(classes), events)
    return probabilities, np.concatenate([np.arange(classes), rng.integers(0, classes, events - classes)])


@pytest.mark.parametrize("seed", range(5))
def test_equals_sklearn_without_ties(seed):
    probabilities, labels = example(seed)
    guess = probabilities.argmax(axis=1)
    assert top_k_accuracy(probabilities, labels) == pytest.approx(accuracy_score(labels, guess))
    for k in (1, 2, 5):
        oracle = top_k_accuracy_score(labels, probabilities, k=k, labels=np.arange(7))
        assert top_k_accuracy(probabilities, labels, k) == pytest.approx(oracle)
    assert top_k_accuracy(probabilities, labels, 7) == 1.0
    assert balanced_accuracy(probabilities, labels) == pytest.approx(balanced_accuracy_score(labels, guess))
    np.testing.assert_allclose(class_recalls(probabilities, labels), recall_score(labels, guess, average=None))
    np.testing.assert_array_equal(confusion(probabilities, labels), confusion_matrix(labels, guess))


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_constant_probabilities_score_exactly_chance(classes, k, seed):
    labels = np.random.default_rng(seed).integers(0, classes, 20)
    flat = np.full((20, classes), 1 / classes)
    assert top_k_accuracy(flat, labels, k) == pytest.approx(min(k, classes) / classes, abs=1e-12)
    assert balanced_accuracy(flat, labels) == pytest.approx(1 / classes, abs=1e-12)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_ties_are_the_mean_over_random_orders(classes, k, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 3, (4, classes)).astype(float)
    hits = expected_hits(scores, k)
    np.testing.assert_allclose(hits.sum(axis=1), min(k, classes))
    draws = np.zeros_like(scores)
    for _ in range(400):  # break the ties by chance and count
        order = np.argsort(-(scores + 1e-6 * rng.random(scores.shape)), axis=1)[:, :k]
        np.put_along_axis(draws, order, np.take_along_axis(draws, order, 1) + 1, axis=1)
    np.testing.assert_allclose(hits, draws / 400, atol=0.13)  # five standard errors


def test_absent_class_is_nan_and_not_averaged():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]])
    recalls = class_recalls(probabilities, [0, 0])
    np.testing.assert_array_equal(recalls, [0.5, np.nan, np.nan])
    assert balanced_accuracy(probabilities, [0, 0]) == 0.5
    np.testing.assert_array_equal(top_k_hits(probabilities, [1, 1]), [0.0, 1.0])


def test_bad_input():
    with pytest.raises(BadDataError, match="have 2 classes"):
        top_k_hits(np.zeros((2, 2)), [0, 2])
    with pytest.raises(BadDataError, match="expected integers"):
        top_k_hits(np.zeros((2, 2)), [0.0, 1.0])
    with pytest.raises(BadDataError, match="Event number 1"):
        expected_hits(np.array([[0.5, 0.5], [np.nan, 1.0]]))
    with pytest.raises(BadDataError, match="k must be"):
        expected_hits(np.zeros((2, 2)), 0)
    with pytest.raises(BadDataError, match="event, class"):
        expected_hits(np.zeros(3))
