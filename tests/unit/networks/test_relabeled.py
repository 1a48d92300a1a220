"""Discriminants fitted anew to many labelings: each equals the plain fit."""

import numpy as np
import pytest
from scipy.special import softmax

from eeg2vid.stages.metrics.classification import expected_hits
from eeg2vid.stages.networks.lda import fit_lda
from eeg2vid.stages.networks.relabeled import RelabeledLda, hits
from eeg2vid.stages.training.discriminant import NEVER


@pytest.mark.parametrize(("events", "dimensions"), [(120, 15), (60, 90)])
@pytest.mark.parametrize("priors", ["empirical", "equal"])
@pytest.mark.parametrize("covariance", ["pooled", "per-class"])
def test_every_labeling_is_the_plain_fit(events, dimensions, priors, covariance):
    rng = np.random.default_rng(0)
    scales = np.exp(rng.normal(size=dimensions))
    train, test = (rng.normal(3.0, 1.0, (n, dimensions)) * scales for n in (events, 20))
    how = {"covariance": covariance, "priors": priors}
    lda = RelabeledLda(train, test, 7, **how)
    for k in range(5):
        labels = rng.integers(0, 6 - (k == 4), events)  # class 6 has no event, in the last labeling class 5 has none
        weights, offsets = fit_lda(train, labels, 7, **how)
        expected, found = test @ weights + offsets, lda.scores(labels)
        present = np.unique(labels)
        np.testing.assert_allclose(softmax(found[:, present], axis=1), softmax(expected[:, present], axis=1), atol=1e-6)
        assert (found[:, np.setdiff1d(np.arange(7), present)] < NEVER / 2).all()


def test_clips_that_share_one_epoch_have_a_discriminant():
    rng = np.random.default_rng(1)
    train = np.repeat(rng.normal(size=(8, 12)), 5, axis=0)
    labels = np.repeat(np.arange(8) % 4, 5)
    own = RelabeledLda(train, train, 4, covariance="pooled", priors="equal").scores(np.repeat(np.arange(8), 5) % 4)
    weights, offsets = fit_lda(train, labels, 4, covariance="pooled", priors="equal")
    assert np.isfinite(own).all()
    np.testing.assert_array_equal(own.argmax(axis=1), (train @ weights + offsets).argmax(axis=1))


def test_hits_are_the_expected_ones():
    rng = np.random.default_rng(2)
    scores, labels = rng.integers(0, 4, (50, 9)).astype(float), rng.integers(0, 9, 50)
    for k in (1, 5):
        np.testing.assert_allclose(hits(scores, labels, k), expected_hits(scores, k)[np.arange(50), labels])
