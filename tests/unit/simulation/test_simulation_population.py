from __future__ import annotations

import numpy as np

from eeg2vid.stages.simulation import population
from eeg2vid.stages.simulation.films import STUDY_SEEDS, TRAINING_SEEDS, make_spec
from eeg2vid.stages.simulation.population import NOT_ASKED, PER_CONCEPT, clip_population, measure_clips


def test_the_stored_sample_is_of_todays_films():
    """If this fails, run examples/simulation/sample_population.py."""
    table = population._stored()
    assert table is not None
    for concept in (1, 20, 38):
        mine = np.flatnonzero(table["concept"] == concept)
        assert len(mine) == PER_CONCEPT
        fresh = measure_clips([concept], 2)
        for name in ("phi", "optical_flow", "human", "face", "number", "color"):
            assert np.allclose(table[name][mine[:2]], fresh[name], atol=1e-5), name


def test_labels_are_those_of_the_clips():
    found = clip_population([19, 3], per_concept=5)
    specs = [make_spec(concept, TRAINING_SEEDS.start + k) for concept in (3, 19) for k in range(5)]
    assert found.concept.tolist() == [spec.concept for spec in specs]
    assert found.labels["number"].tolist() == [spec.number for spec in specs]
    assert found.labels["face"].tolist() == [spec.face if spec.human else NOT_ASKED for spec in specs]
    assert found.labels["color"].tolist() == [spec.color or NOT_ASKED for spec in specs]
    assert found.labels["fast"].sum() == 5
    assert len(set(found.labels["group"].tolist())) == 2
    assert not any(spec.seed in STUDY_SEEDS for spec in specs)


def test_a_concept_is_the_same_whatever_is_asked_beside_it():
    alone, together = clip_population([7], per_concept=6), clip_population([2, 7, 40], per_concept=10)
    assert np.array_equal(alone.phi, together.phi[together.concept == 7][:6])
