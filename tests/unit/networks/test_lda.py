from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.covariance import ledoit_wolf as reference_ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from eeg2vid.schemas.networks import LdaSettings, TrainingSettings
from eeg2vid.stages.networks.lda import LdaDecoder, fit_lda, ledoit_wolf
from eeg2vid.stages.training.inputs import Inputs

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
context, labelled = _networks.context, _networks.labelled


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(2, 60), st.integers(1, 40), st.integers(0, 99))
def test_ledoit_wolf_equals_sklearn(n, p, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, p)) @ rng.normal(size=(p, p))
    values -= values.mean(axis=0)
    expected, _ = reference_ledoit_wolf(values, assume_centered=True)
    np.testing.assert_allclose(ledoit_wolf(values), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def data(seed=0, n=150, p=30, n_classes=5):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, size=n)
    means = rng.normal(size=(n_classes, p))
    return means[labels] + rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) * 0.5, labels


@pytest.mark.parametrize("priors", ["empirical", "equal"])
def test_per_class_equals_sklearn(priors):
    x, y = data()
    test, _ = data(1)
    weights, offsets = fit_lda(x, y, 5, covariance="per-class", priors=priors)
    reference = LinearDiscriminantAnalysis(
        solver="lsqr", shrinkage="auto", priors=None if priors == "empirical" else np.full(5, 0.2)
    ).fit(x, y)
    np.testing.assert_allclose(softmax(test @ weights + offsets, axis=1), reference.predict_proba(test), atol=1e-8)


def test_pooled_by_hand():
    x, y = data(2)
    weights, offsets = fit_lda(x, y, 5, covariance="pooled", priors="empirical")
    means = np.stack([x[y == k].mean(0) for k in range(5)])
    within, _ = reference_ledoit_wolf(x - means[y], assume_centered=True)
    precision = np.linalg.inv(within)
    test, _ = data(3, n=20)
    scores = np.stack(
        [-0.5 * np.einsum("ni,ij,nj->n", test - m, precision, test - m) + np.log(np.mean(y == k)) for k, m in
         enumerate(means)],
        axis=1,
    )  # fmt: skip
    np.testing.assert_allclose(softmax(test @ weights + offsets, axis=1), softmax(scores, axis=1), atol=1e-8)


def test_a_class_without_events_gets_probability_zero():
    x, y = data(4)
    keep = y != 2
    inputs = Inputs({"clock": x})
    decoder = LdaDecoder(LdaSettings(), context({"clock": (30,)}, "abcde"), TrainingSettings())
    decoder.fit(labelled(inputs.take(keep), y[keep]))
    found = decoder.predict(inputs)["concept"]
    assert np.all(found[:, 2] == 0)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_a_direction_without_variance_is_survived():
    x, y = data(5)
    x[:, 3] = 1.0
    for covariance in ("pooled", "per-class"):
        weights, _ = fit_lda(x, y, 5, covariance=covariance, priors="equal")
        assert np.all(np.isfinite(weights))


def test_the_covariance_is_chosen_on_the_validation_events():
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 3
    values = rng.standard_normal((3, 8))[labels] + rng.standard_normal((240, 8))
    values[:, :3] *= 40.0  # scales that the pooled shrinkage mixes up, and one per class does not
    groups = np.arange(240) // 80
    found = labelled(Inputs({"clock": values}), labels, groups)
    scores = {}
    for kind in ("pooled", "per-class", "chosen"):
        decoder = LdaDecoder(LdaSettings(covariance=kind), context({"clock": (8,)}, "abc"), TrainingSettings())
        report = decoder.fit(found.take(groups < 2), found.take(groups == 2))
        scores[kind] = report.score, decoder.state()["weights"], report.detail
    best = max(("pooled", "per-class"), key=lambda kind: scores[kind][0])
    assert scores["chosen"][0] == scores[best][0] and scores["chosen"][2] == f"{best} covariance"
    np.testing.assert_array_equal(scores["chosen"][1], scores[best][1])
    alone = LdaDecoder(LdaSettings(), context({"clock": (8,)}, "abc"), TrainingSettings())
    assert alone.fit(found.take(groups < 2)).detail == "pooled covariance"


@pytest.mark.parametrize("covariance", ["pooled", "per-class"])
def test_runs_that_share_one_epoch_are_survived(covariance):
    """The hint's EEG is the same for all clips of its run: no variance within classes at all."""
    rng = np.random.default_rng(0)
    hints = rng.standard_normal((4, 300))
    x, y = np.repeat(hints, 5, axis=0) + 1e-17, np.repeat(np.arange(4), 5)
    weights, offsets = fit_lda(x, y, 4, covariance=covariance, priors="equal")
    stored = weights.astype(np.float32)
    assert np.isfinite(stored).all() and np.isfinite(offsets.astype(np.float32)).all()
    assert ((hints + 0.1 * rng.standard_normal((4, 300))) @ stored + offsets).argmax(axis=1).tolist() == [0, 1, 2, 3]
