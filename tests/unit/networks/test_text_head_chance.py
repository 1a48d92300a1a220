"""Where the EEG tells nothing, what the head decodes tells nothing: full and shuffled runs are equivalent."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.schemas.networks import TextHeadSettings, TrainingSettings
from eeg2vid.stages.conditions.shuffled_runs import sources
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.statistics.equivalence import equivalence
from eeg2vid.stages.training.inputs import Inputs

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)

CONCEPTS, CLIPS, BLOCKS, SEEDS, SHUFFLES, MARGIN = 40, 5, 4, 20, 20, 0.02


def study(seed):
    """Four blocks of 200 clips: captions of a concept are alike, the EEG drifts from run to run and tells nothing."""
    rng = np.random.default_rng(seed)
    concept = np.concatenate([np.repeat(rng.permutation(CONCEPTS), CLIPS) for _ in range(BLOCKS)])
    runs = np.repeat(np.arange(BLOCKS * CONCEPTS), CLIPS)
    states = rng.normal(size=(CONCEPTS, 6, 8))[concept] + rng.normal(size=(len(concept), 6, 8))
    states[:, 0] = 30.0
    de = rng.normal(size=(len(concept), 1, 12, 5)) + 0.5 * rng.normal(size=(BLOCKS * CONCEPTS, 1, 12, 5))[runs]
    inputs = Inputs({"de": de.astype(np.float32)})
    return Examples(inputs, {"latents": states.astype(np.float32)}, runs // CONCEPTS, runs, {"concept": concept})


def accuracies(guess, train, test):
    """Return concept accuracy by the nearest prototype and two-way identification, both by correlation."""
    centre = train.targets["latents"].mean(axis=0)

    def directions(states):
        flat = (states - centre).reshape(len(states), -1)
        return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)

    concepts = train.known["concept"]
    means = np.stack([train.targets["latents"][concepts == k].mean(axis=0) for k in range(CONCEPTS)])
    found = directions(guess)
    hits = (found @ directions(means).T).argmax(axis=1) == test.known["concept"]
    near = found @ directions(test.targets["latents"]).T
    own = np.diag(near)[:, None]
    others = ~np.eye(len(near), dtype=bool)
    return hits.mean(), ((near < own) + 0.5 * (near == own))[others].mean()


@pytest.mark.study
@pytest.mark.parametrize("readout", ["mean", "prototype", "nearest"])
@pytest.mark.parametrize("kind", ["ridge", "mlp"])
def test_without_signal_full_and_shuffled_runs_are_equivalent(kind, readout):
    differences = []
    for seed in range(SEEDS):
        found = study(seed)
        train, test = found.take(found.groups < BLOCKS - 1), found.take(found.groups == BLOCKS - 1)
        built_for = _networks.context(found.inputs.shapes(), shape=(6, 8))
        training = TrainingSettings(epochs=5, batch_size=64, learning_rate=3e-3)
        decoder = build(TextHeadSettings(kind=kind, readout=readout), context=built_for, training=training)
        decoder.fit(train, seed=seed)
        guess = decoder.predict(test.inputs)["latents"]
        rng = np.random.default_rng([seed, 1])
        positions = np.tile(np.arange(CLIPS), CONCEPTS)
        shuffled = [accuracies(guess[sources(test.runs, positions, rng)], train, test) for _ in range(SHUFFLES)]
        differences.append(np.subtract(accuracies(guess, train, test), np.mean(shuffled, axis=0)))
    for column in np.transpose(differences):
        found = equivalence(column, np.arange(SEEDS), MARGIN)
        print(kind, readout, found)
        assert found.equivalent
