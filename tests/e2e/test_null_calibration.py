"""Do p-values keep their word? Studies without a signal, and the same with one.

Blocks in random order, leave-one-block-out, shrinkage LDA on features or on simulated EEG, and the position vote. Of 20
studies without a signal p < .05 may happen in 0 to 4 (the binomial 99 % range), of 1000 in 69 at most. Figures are kept
in tests/benchmarks/RESULTS.md.
"""

import numpy as np
import pytest
from scipy.stats import binom

from eeg2vid.schemas.networks import LdaSettings, TrainingSettings
from eeg2vid.stages.datasets.protocol import SFREQ
from eeg2vid.stages.metrics.classification import expected_hits
from eeg2vid.stages.networks.context import BuildContext, TargetForm
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.networks.lda import LdaDecoder, fit_lda
from eeg2vid.stages.networks.relabeled import RelabeledLda, hits
from eeg2vid.stages.signal.epochs import cut_epochs
from eeg2vid.stages.signal.features import band_features
from eeg2vid.stages.simulation.brain import make_subject, simulate_block
from eeg2vid.stages.simulation.population import clip_population
from eeg2vid.stages.statistics.folds import widen
from eeg2vid.stages.statistics.permutation import label_null, permutation_p, run_permutations
from eeg2vid.stages.statistics.position_vote import position_vote
from eeg2vid.stages.statistics.run_labels import run_label_permutation
from eeg2vid.stages.training.inputs import Inputs

BLOCKS, CONCEPTS, CLIPS, PERMUTATIONS = 7, 8, 5, 999
PLACE = np.tile(np.arange(CLIPS), BLOCKS * CONCEPTS)
RUN = np.repeat(np.arange(BLOCKS * CONCEPTS), CLIPS)
BLOCK = np.repeat(np.arange(BLOCKS), CONCEPTS * CLIPS)
TIME_S = np.tile((13.0 * np.arange(CONCEPTS)[:, None] + 3.0 + 2.0 * np.arange(CLIPS)).ravel(), BLOCKS)


def most(studies):
    """Return the largest count of p < .05 in the binomial 99 % range."""
    return int(binom.ppf(0.995, studies, 0.05))


def random_order(rng):
    """Return labels `(event,)`: each concept once per block, in an order of its own."""
    return rng.permuted(np.tile(np.arange(CONCEPTS), (BLOCKS, 1)), axis=1).ravel().repeat(CLIPS)


def features(labels, signal, rng, dimensions=40):
    """Return noise whose runs and blocks have offsets of their own, and class means `signal` times as wide."""
    means = rng.normal(size=(CONCEPTS, dimensions))
    shared = rng.normal(size=(BLOCKS * CONCEPTS, dimensions))[RUN] + rng.normal(size=(BLOCKS, dimensions))[BLOCK]
    return signal * means[labels] + shared + rng.normal(size=(len(labels), dimensions))


def eeg(labels, snr, seed):
    """Return differential entropy `(event, 1, electrode, band)` of a simulated person's EEG."""
    hints = np.arange(CONCEPTS) * 2600
    onsets = (hints[:, None] + 600 + 400 * np.arange(CLIPS)).ravel()
    chosen = np.round(np.linspace(1, 40, CONCEPTS)).astype(int)
    rng, person, population = np.random.default_rng([seed, 1]), make_subject(seed), clip_population(chosen.tolist())
    shown = np.zeros(len(labels), int)  # no clip is shown twice
    for label, concept in enumerate(chosen):
        mine = np.flatnonzero(population.concept == concept)
        shown[labels == label] = rng.choice(mine, (labels == label).sum(), replace=False)
    found = []
    for block in range(BLOCKS):
        volts = simulate_block(
            population.phi[shown[block == BLOCK]], onsets, n_samples=CONCEPTS * 2600, subject=person, snr=snr,
            rng=np.random.default_rng([seed, 2, block]), hints_samples=hints,
        )  # fmt: skip
        found.append(band_features(cut_epochs(volts, onsets, 400), SFREQ, window_s=2.0)[0])
    return np.concatenate(found)


def leave_one_block_out(predict):
    scores = np.zeros((len(RUN), CONCEPTS))
    for block in range(BLOCKS):
        scores[block == BLOCK] = predict(block != BLOCK, block == BLOCK)
    return scores


def lda(vectors, labels):
    def predict(train, test):
        weights, offsets = fit_lda(vectors[train], labels[train], CONCEPTS, covariance="pooled", priors="equal")
        return vectors[test] @ weights + offsets

    return leave_one_block_out(predict)


def lda_of_eeg(de, labels):
    """The decoder of `train-encoder`, scaler and all."""
    concept = TargetForm("concept", "label", tuple(str(k) for k in range(CONCEPTS)))
    context = BuildContext({"de": de.shape[1:]}, (concept,))

    def predict(train, test):
        decoder, inputs = LdaDecoder(LdaSettings(), context, TrainingSettings()), Inputs({"de": de})
        decoder.fit(Examples(inputs.take(train), {"concept": labels[train]}))
        return decoder.predict(inputs.take(test))["concept"]

    return leave_one_block_out(predict)


def vote(labels):
    def predict(train, test):
        return position_vote(TIME_S, labels, BLOCK, train, test, classes=CONCEPTS).probabilities

    return leave_one_block_out(predict)


def judge(scores, labels, seed):
    """Return the balanced accuracy, the spread under shuffled labels, and the p-value of each test."""
    table = expected_hits(scores)
    found = {
        sharing: run_label_permutation(
            table, labels, RUN, np.random.default_rng(seed), folds=BLOCK, n=PERMUTATIONS, sharing=sharing
        )
        for sharing in ("none", "mutual", "unknown")
    }
    p = {sharing: one.p for sharing, one in found.items()}
    p["last block alone"] = found["none"].fold_p[-1]
    pairings = run_permutations(RUN, PLACE, PERMUTATIONS, np.random.default_rng(seed), BLOCK)
    null = widen(label_null(table, labels, pairings, balanced=True), BLOCK)
    p["score table"] = permutation_p(found["none"].observed, null)
    return found["none"].observed, found["none"].spread, p


def gather(studies):
    """Return accuracies, spreads of the null, and the count of p < .05 of each test over (scores, labels, seed)."""
    observed, spread, p = zip(*(judge(*study) for study in studies), strict=True)
    return np.array(observed), np.array(spread), {name: sum(one[name] < 0.05 for one in p) for name in p[0]}


def synthetic(seed, signal=0.0):
    rng = np.random.default_rng([20, seed])
    labels = random_order(rng)
    return {"lda": (lda(features(labels, signal, rng), labels), labels, seed), "vote": (vote(labels), labels, seed)}


def report(title, observed, spread, small):
    counts = ", ".join(f"{name} {count}" for name, count in small.items())
    inflation = observed.var(ddof=1) / (spread**2).mean()
    print(
        f"\n{title}: accuracy {observed.mean():.4f} +- {observed.std(ddof=1):.4f} (chance {1 / CONCEPTS:.4f}), ", end=""
    )
    print(f"variance over studies / of fixed predictions {inflation:.2f}; p < .05 of {len(observed)}: {counts}")


def test_twenty_studies_of_features():
    null = [synthetic(seed) for seed in range(20)]
    for decoder in ("lda", "vote"):
        observed, _, small = gather(one[decoder] for one in null)
        assert abs(observed.mean() - 1 / CONCEPTS) < 3 * observed.std() / np.sqrt(20)
        for name in ("mutual", "unknown", "last block alone", "score table"):
            assert small[name] <= most(20) == 4, (decoder, name)
    observed, _, small = gather(synthetic(seed, signal=0.5)["lda"] for seed in range(20))
    assert observed.mean() > 0.3
    assert small["mutual"] == small["score table"] == 20


def refitted_p(vectors, labels, seed, permutations):
    """Return the p-value of balanced accuracy where LDA is fitted anew to every labeling of the runs of each block."""
    moved = run_permutations(RUN, PLACE, permutations, np.random.default_rng(seed), BLOCK)
    scores = np.zeros((permutations + 1, CONCEPTS))  # hits by class; each class has as many events
    for block in range(BLOCKS):
        train, test = np.flatnonzero(block != BLOCK), np.flatnonzero(block == BLOCK)
        models = RelabeledLda(vectors[train], vectors[test], CONCEPTS, covariance="pooled", priors="empirical")
        for k, own in enumerate((labels, *labels[moved])):
            np.add.at(scores[k], own[test], hits(models.scores(own[train]), own[test], 1))
    accuracy = scores.mean(axis=1) / (BLOCKS * CLIPS)
    return permutation_p(accuracy[0], accuracy[1:])


def refit_study(seed, signal):
    rng = np.random.default_rng([20, seed])
    labels = random_order(rng)
    return refitted_p(features(labels, signal, rng), labels, seed, 199)


def test_models_fitted_anew_find_what_is_there():
    assert refit_study(0, 0.5) <= 0.01 and refit_study(1, 0.0) > 0.05


@pytest.mark.study
@pytest.mark.timeout(3600)
def test_models_fitted_anew_keep_their_word():
    """Beside `none`, `mutual` and the rest, of the same studies: exact, whatever folds share."""
    nothing, weak = ([refit_study(seed, signal) < 0.05 for seed in range(n)] for n, signal in ((1000, 0.0), (200, 0.2)))
    print(f"\nfitted anew: p < .05 of 1000 without a signal {sum(nothing)}, of 200 with one of 0.2 {sum(weak)}")
    assert sum(nothing) <= most(1000) and sum(weak) > 60


@pytest.mark.study
@pytest.mark.timeout(3600)
def test_a_thousand_studies_of_features():
    null = [synthetic(seed) for seed in range(1000)]
    for decoder in ("lda", "vote"):
        observed, spread, small = gather(one[decoder] for one in null)
        report(f"features, no signal, {decoder}", observed, spread, small)
        for name in ("mutual", "unknown", "last block alone", "score table"):
            assert small[name] <= most(1000), (decoder, name)
    assert small["none"] > most(1000)  # the vote shares most: folds that train on each other are no independent tests
    for signal in (0.2, 0.3, 0.5):
        report(f"features, signal {signal}, lda", *gather(synthetic(seed, signal)["lda"] for seed in range(200)))


@pytest.mark.study
@pytest.mark.timeout(3600)
def test_twenty_studies_of_eeg():
    studies = {}
    for seed in range(20):
        labels = random_order(np.random.default_rng([40, seed]))
        studies[seed] = {"lda": (lda_of_eeg(eeg(labels, 0.0, seed), labels), labels, seed)}
        studies[seed]["vote"] = (vote(labels), labels, seed)
    for decoder in ("lda", "vote"):
        observed, spread, small = gather(one[decoder] for one in studies.values())
        report(f"EEG, snr 0, {decoder}", observed, spread, small)
        for name in ("mutual", "unknown", "last block alone", "score table"):
            assert small[name] <= most(20), (decoder, name)
    for snr in (1.0, 3.0):
        labels = {seed: studies[seed]["vote"][1] for seed in range(10)}
        found = gather((lda_of_eeg(eeg(own, snr, seed), own), own, seed) for seed, own in labels.items())
        report(f"EEG, snr {snr}, lda", *found)
    assert found[2]["mutual"] == found[2]["score table"] == 10
