"""How often is something claimed of people, and how often rightly? Many simulated studies of 20 people.

`pytest -m study -s tests/unit/statistics/test_people_studies.py` prints the table kept in RESULTS.md.
Seven blocks of 40 runs, each concept once per block, one order for all people; a decoder names 2 of 40 concepts (chance
.05) run by run.
"""

import numpy as np
import pytest
from scipy.stats import binom, ttest_1samp

from eeg2vid.stages.statistics.people import joint_test

BLOCKS, CONCEPTS, NAMED = 7, 40, 2
CHANCE = NAMED / CONCEPTS
STUDIES, STUDIES_OF_NOTHING = 300, 1000


def study(rng, people=20, permutations=299, drift=0.0, lifts=(0.0,)):
    """Return the score of each person and under each relabeling.

    In a share `drift` of runs everybody names what the place in the block makes all name: drift locked to the time in
    the block, through which no brain speaks. In a share `lifts` (of each person, in turns) of runs the truth is named.
    """
    shape = (BLOCKS, CONCEPTS)
    labels = rng.permuted(np.tile(np.arange(CONCEPTS), (BLOCKS, 1)), axis=1)
    others = rng.permuted(np.tile(labels, (permutations, 1, 1)), axis=2)
    shared = guesses(rng)
    observed, nulls = np.empty(people), np.empty((people, permutations))
    for person in range(people):
        named = np.where((rng.random(shape) < drift)[..., None], shared, guesses(rng))
        told = rng.random(shape) < lifts[person % len(lifts)]
        told &= (named != labels[..., None]).all(axis=-1)
        named[..., 0] = np.where(told, labels, named[..., 0])
        hits = np.zeros((*shape, CONCEPTS))
        np.put_along_axis(hits, named, 1.0, axis=2)
        observed[person] = np.take_along_axis(hits, labels[..., None], axis=2).mean()
        nulls[person] = hits[np.arange(BLOCKS)[:, None], np.arange(CONCEPTS), others].mean(axis=(1, 2))
    return observed, nulls


def guesses(rng):
    order = np.argsort(rng.random((BLOCKS, CONCEPTS, CONCEPTS)), axis=2)
    return order[..., :NAMED]


def claims(studies, **world):
    """Return how often each test says p <= .05, how often `of_people`, and the mean bound of the prevalence."""
    found = []
    for seed in range(studies):
        observed, nulls = study(np.random.default_rng([3, seed]), **world)
        joint = joint_test(observed, nulls)
        over_people = ttest_1samp(observed, CHANCE, alternative="greater").pvalue
        found.append(
            (
                over_people <= 0.05,
                joint.p <= 0.05,
                joint.p_without_strongest <= 0.05,
                joint.prevalence.p_majority <= 0.05,
                joint.of_people(),
                joint.prevalence.bound or 0.0,
            )
        )
    return np.mean(found, axis=0)


def most(studies):
    return binom.ppf(0.995, studies, 0.05) / studies


def test_one_outlier_is_not_people():
    _, joint, without, _, people, _ = claims(12, people=8, permutations=99, lifts=(0.4, 0, 0, 0, 0, 0, 0, 0))
    assert joint == 1.0 and without <= 0.25 and people == 0.0


def test_everybody_is_people():
    *_, majority, people, bound = claims(6, people=8, permutations=199, lifts=(0.3,))
    assert majority == people == 1.0 and bound > 0.5


@pytest.mark.study
def test_level_and_power():
    half = (0.3, 0.0)
    worlds = {
        "nothing": {},
        "drift in half of the runs": {"drift": 0.5},
        "drift in 9 of 10 runs": {"drift": 0.9},
        "drift, and one person at .335": {"drift": 0.5, "lifts": (0.3, *[0.0] * 19)},
        "one person at .335": {"lifts": (0.3, *[0.0] * 19)},
        "half of the people at .335": {"lifts": half},
        "the same with drift": {"lifts": half, "drift": 0.9},
        "all at .0583": {"lifts": (0.0083 / (1 - CHANCE),)},
        "all at .10": {"lifts": (0.05 / (1 - CHANCE),)},
        "all at .15": {"lifts": (0.10 / (1 - CHANCE),)},
        "all at .20": {"lifts": (0.15 / (1 - CHANCE),)},
    }
    columns = ["t over people", "joint p", "without the strongest", "majority", "people", "mean bound"]
    print(f"\n\n| p <= .05 in a share of studies | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    table = {}
    for name, world in worlds.items():
        studies = STUDIES if "lifts" in world else STUDIES_OF_NOTHING
        table[name] = dict(zip(columns, claims(studies, **world), strict=True))
        print(f"| {name} | {' | '.join(f'{one:.3f}' for one in table[name].values())} |", flush=True)
    for name in ("nothing", "drift in half of the runs", "drift in 9 of 10 runs"):
        assert table[name]["joint p"] <= most(STUDIES_OF_NOTHING)
    assert table["drift in half of the runs"]["t over people"] > 0.15
    assert table["all at .0583"]["joint p"] >= 0.85
    for name, row in table.items():
        if not name.startswith("all"):  # half of the people are not more than half; and people all the same
            assert row["majority"] <= most(STUDIES)
        if name.startswith(("nothing", "drift", "one person")):
            assert row["people"] <= most(STUDIES)
    assert table["one person at .335"]["joint p"] == 1.0
    assert table["all at .20"]["people"] > 0.9
