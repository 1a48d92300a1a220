from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.networks import RidgeSettings, TrainingSettings
from eeg2vid.stages.networks import ridge as module
from eeg2vid.stages.networks.ridge import RidgeDecoder, cv_errors, inner_folds, target_gram
from eeg2vid.stages.training.inputs import Inputs

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
context, valued = _networks.context, _networks.valued


def examples(seed=0, n=60, p=20, target=(2, 3, 4), groups=4, noise=1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(4, 3, size=(n, p))
    y = x @ rng.normal(size=(p, int(np.prod(target)))) / 3 + noise * rng.normal(size=(n, int(np.prod(target)))) + 7
    blocks = np.arange(n) * groups // n
    return valued(Inputs({"clock": x}), y.reshape(n, *target).astype(np.float32), blocks)


def decoder_for(found, **fields):
    built_for = context(found.inputs.shapes(), shape=found.targets["latents"].shape[1:])
    return RidgeDecoder(RidgeSettings(**fields), built_for, TrainingSettings())


def predicted(decoder, found):
    return decoder.predict(found.inputs)["latents"]


@pytest.mark.parametrize("p", [20, 90])
@pytest.mark.parametrize("ratio", [-2, 0, 2])
def test_equals_sklearn_at_a_given_penalty(p, ratio, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK_COLUMNS", 5)
    train, test = examples(1, p=p), examples(2, n=15, p=p)
    decoder = decoder_for(train, log10_low=ratio, log10_high=ratio, penalties=1, fitted_share=1)
    decoder.fit(train)
    x = decoder.vectors.transform(train.inputs)
    penalty = 10.0**ratio * np.sum((x - x.mean(0)) ** 2) / len(x)
    reference = Ridge(alpha=penalty).fit(x, train.targets["latents"].reshape(len(train), -1))
    expected = reference.predict(decoder.vectors.transform(test.inputs)).reshape(test.targets["latents"].shape)
    np.testing.assert_allclose(predicted(decoder, test), expected, rtol=2e-4, atol=2e-4)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 99), st.integers(2, 5), st.integers(3, 60), st.integers(1, 7))
def test_errors_equal_an_explicit_loop(seed, groups, p, d):
    rng = np.random.default_rng(seed)
    n = 30
    x, y = rng.normal(2, 1, size=(n, p)), rng.normal(9, 2, size=(n, d))
    folds = rng.permutation(np.arange(n) % groups)
    penalties = np.array([1e-2, 1.0, 30.0, 1e4])
    found, baseline = cv_errors(x @ x.T, target_gram(y, y.mean(0)), folds, penalties)
    expected, mean_error = np.zeros(4), 0.0
    for fold in range(groups):
        kept, held = folds != fold, folds == fold
        mean_error += np.sum((y[held] - y[kept].mean(0)) ** 2)
        for index, penalty in enumerate(penalties):
            guess = Ridge(alpha=penalty, solver="svd").fit(x[kept], y[kept]).predict(x[held]).reshape(-1, d)
            expected[index] += np.sum((y[held] - guess) ** 2)
    np.testing.assert_allclose(found, expected, rtol=1e-7)
    np.testing.assert_allclose(baseline, mean_error, rtol=1e-10)


def test_the_choice_equals_an_explicit_loop():
    train = examples(3, noise=8)
    decoder = decoder_for(train, log10_low=-3, log10_high=6, penalties=19)
    report = decoder.fit(train)
    x, y = decoder.vectors.transform(train.inputs), train.targets["latents"].reshape(len(train), -1)
    ratios = np.logspace(-3, 6, 19)
    mean_eigenvalue = np.sum((x - x.mean(0)) ** 2) / len(x)
    errors = np.zeros(19)
    for held in (train.groups == group for group in range(4)):
        for index, ratio in enumerate(ratios):
            reference = Ridge(alpha=ratio * mean_eigenvalue).fit(x[~held], y[~held])
            errors[index] += np.sum((y[held] - reference.predict(x[held])) ** 2)
    assert report.detail.startswith(f"penalty {ratios[np.argmin(errors)]:.3g} x mean eigenvalue")
    assert "edge" not in report.detail
    assert 0 < report.score < 1


@pytest.mark.parametrize("share", [0.5, 0.99, 0.9999])
def test_the_low_rank_keeps_its_share_of_the_fit(share):
    train = examples(4, p=50, target=(40,))
    kept = {"log10_low": 0, "log10_high": 0, "penalties": 1}
    whole, cut = decoder_for(train, **kept, fitted_share=1), decoder_for(train, **kept, fitted_share=share)
    whole.fit(train)
    cut.fit(train)
    full, low = predicted(whole, train), predicted(cut, train)
    lost = np.sum((full - low) ** 2) / np.sum((full - full.mean(0)) ** 2)
    assert lost <= 1 - share + 1e-6
    assert cut.arrays["left"].shape[1] < whole.arrays["left"].shape[1]
    assert cut.arrays["left"].dtype == cut.arrays["right"].dtype == np.float32


def test_without_signal_it_predicts_about_the_mean():
    rng = np.random.default_rng(5)
    train = valued(
        Inputs({"clock": rng.normal(size=(120, 30))}),
        rng.normal(size=(120, 50)).astype(np.float32),
        np.arange(120) // 20,
    )
    decoder = decoder_for(train)
    report = decoder.fit(train)
    assert abs(report.score) < 0.02
    deviation = predicted(decoder, train) - train.targets["latents"].mean(0)
    assert np.sum(deviation**2) < 0.1 * np.sum((train.targets["latents"] - train.targets["latents"].mean(0)) ** 2)


def test_constant_targets_give_the_constant():
    train = examples(6)
    same = valued(train.inputs, np.full_like(train.targets["latents"], 3), train.groups)
    decoder = decoder_for(same)
    decoder.fit(same)
    np.testing.assert_allclose(predicted(decoder, same), 3, rtol=1e-6)


def test_folds_never_cut_a_group_or_a_run():
    runs = np.repeat(np.array(["r10", "r9", "r1", "r2", "r3", "r4"]), 5)
    inputs = Inputs({"clock": np.zeros((30, 1))})
    groups = np.repeat(["b2", "b1"], 15)
    folds, what = inner_folds(valued(inputs, np.zeros(30), groups, runs), 5)
    assert what.startswith("leave-one-group-out over 2")
    np.testing.assert_array_equal(folds, np.repeat([0, 1], 15))
    folds, what = inner_folds(valued(inputs, np.zeros(30), np.zeros(30), runs), 3)
    assert what == "3 folds over 6 runs"
    np.testing.assert_array_equal(folds, np.repeat([0, 1, 2], 10))
    with pytest.raises(BadDataError, match="of one only"):
        inner_folds(valued(inputs, np.zeros(30), np.zeros(30)), 3)


def test_refit_takes_the_validation_events_in():
    whole = examples(7)
    train, validation = whole.take(whole.groups < 3), whole.take(whole.groups == 3)
    refitted = decoder_for(whole)
    refitted.fit(train, validation)
    direct = decoder_for(whole)
    direct.fit(whole)
    np.testing.assert_array_equal(predicted(refitted, whole), predicted(direct, whole))
