"""How often do intervals cover? Many simulated studies; the tables are kept in tests/benchmarks/RESULTS.md.

`pytest -m study -s tests/unit/statistics/test_coverage.py` prints them. A run has 5 clips, or 3 to 7 where uneven.
"""

import numpy as np
import pytest

from eeg2vid.stages.metrics.pairing import paired_null
from eeg2vid.stages.statistics.centred import centred
from eeg2vid.stages.statistics.crossed import crossed_interval
from eeg2vid.stages.statistics.intervals import class_mean_interval, hit_interval, mean_interval
from eeg2vid.stages.statistics.permutation import permutation_p, run_permutations

STUDIES = 1000
RUNS = (6, 12, 40, 280)


def coverage(interval, truth, studies=STUDIES):
    """Return how often the interval of a simulated study contains the truth."""
    found = [interval(np.random.default_rng([7, seed])) for seed in range(studies)]
    return sum(one.low <= truth <= one.high for one in found) / studies


def runs_of(rng, n, uneven=False):
    lengths = rng.integers(3, 8, n) if uneven else np.full(n, 5)
    return np.repeat(np.arange(n), lengths)


def normal(n, between, uneven=False):
    """Values with a share of each run; bounded metrics of many pairs are much like these."""

    def draw(rng):
        runs = runs_of(rng, n, uneven)
        return mean_interval(rng.normal(0, between, n)[runs] + rng.normal(0, 1, len(runs)), runs)

    return draw


def uniform(n):
    """Normalised ranks of the true clip."""

    def draw(rng):
        runs = runs_of(rng, n)
        return mean_interval(rng.random(len(runs)), runs, bounds=(0, 1))

    return draw


def skewed(n, whole):
    """Exponential values, of clips or of whole runs (then nothing but the run varies)."""

    def draw(rng):
        runs = runs_of(rng, n)
        return mean_interval(rng.exponential(1, n)[runs] if whole else rng.exponential(1, len(runs)), runs)

    return draw


def rates(rng, n, rate, together):
    """Rates of runs with a correlation of hits within them: 0, 1 or between (beta binomial)."""
    if together in (0, 1):
        return (rng.random(n) < rate).astype(float) if together else np.full(n, rate)
    scale = 1 / together - 1
    return rng.beta(rate * scale, (1 - rate) * scale, n)


def hits(n, rate, together, uneven=False):
    def draw(rng):
        runs = runs_of(rng, n, uneven)
        return hit_interval((rng.random(len(runs)) < rates(rng, n, rate, together)[runs]).astype(float), runs)

    return draw


def balanced(n, classes, recalls, together):
    """Runs of one class each; half of the classes have one run or few; recalls differ between classes."""

    def draw(rng):
        of_run = np.concatenate([np.arange(classes), rng.integers(0, max(1, classes // 2), n - classes)])
        runs = runs_of(rng, n)
        chance = np.concatenate([rates(rng, 1, recalls[one], together) for one in of_run])
        return class_mean_interval((rng.random(len(runs)) < chance[runs]).astype(float), of_run[runs], runs)

    return draw


def crossed(people, n, of_people, of_runs, rest):
    def draw(rng):
        table = rng.normal(0, of_people, (people, 1)) + rng.normal(0, of_runs, n) + rng.normal(0, rest, (people, n))
        return crossed_interval([(row, np.arange(n), str(person)) for person, row in enumerate(table)])

    return draw


@pytest.mark.parametrize(
    ("interval", "truth", "least", "most"),
    [
        (normal(6, 0.5), 0, 0.92, 0.99),
        (normal(40, 2.0, uneven=True), 0, 0.91, 0.98),
        (skewed(12, whole=False), 1, 0.9, 0.98),
        (hits(6, 0.06, 0.3), 0.06, 0.95, 1.0),
        (hits(40, 0.2, 0.3), 0.2, 0.9, 0.98),
        (balanced(40, 4, [0.2, 0.4, 0.6, 0.8], 0.3), 0.5, 0.9, 0.985),
        (crossed(5, 12, 1, 1, 1), 0, 0.91, 0.985),
    ],
)
def test_covers(interval, truth, least, most):
    assert least <= coverage(interval, truth, 300) <= most


@pytest.mark.study
def test_means():
    worlds = {
        "normal, clips alone vary": lambda n: (normal(n, 0), 0),
        "normal, runs vary half as much": lambda n: (normal(n, 0.5), 0),
        "normal, runs vary twice as much": lambda n: (normal(n, 2), 0),
        "the same, uneven runs": lambda n: (normal(n, 2, True), 0),
        "clips alone, uneven runs": lambda n: (normal(n, 0, True), 0),
        "uniform ranks": lambda n: (uniform(n), 0.5),
    }
    table = {name: [coverage(*world(n)) for n in RUNS] for name, world in worlds.items()}
    show("95 % interval of a mean covers, t over runs", [f"{n} runs" for n in RUNS], table)
    assert all(0.93 <= one <= 0.975 for row in table.values() for one in row)
    table = {f"exponential, {'run' if whole else 'clip'} by {'run' if whole else 'clip'}": [
        coverage(skewed(n, whole), 1) for n in RUNS
    ] for whole in (False, True)}  # fmt: skip
    show("skewed values", [f"{n} runs" for n in RUNS], table)
    assert all(0.9 <= one <= 0.98 for row in table.values() for one in row)


@pytest.mark.study
def test_hits():
    table = {
        f"rate {rate}, correlation in a run {together}{', uneven' if uneven else ''}": [
            coverage(hits(n, rate, together, uneven), rate) for n in RUNS
        ]
        for rate in (0.025, 0.06, 0.2, 0.5)
        for together, uneven in ((0, False), (0.3, False), (0.3, True), (1, False))
    }
    show("95 % interval of hits covers, Wilson or exact", [f"{n} runs" for n in RUNS], table)
    assert all(one >= 0.9 for row in table.values() for one in row)
    assert all(row[-1] <= 0.98 for row in table.values())
    sizes = {"4 classes, 12 runs": (12, 4), "4 classes, 40 runs": (40, 4)}
    sizes |= {"40 classes, 80 runs": (80, 40), "40 classes, 280 runs": (280, 40)}
    table = {
        name: [
            coverage(balanced(n, classes, np.linspace(0.2, 0.8, classes), together), 0.5) for together in (0, 0.3, 1)
        ]
        for name, (n, classes) in sizes.items()
    }
    show("balanced accuracy, recalls .2 to .8", [f"correlation {together}" for together in (0, 0.3, 1)], table)
    assert all(one >= 0.9 for row in table.values() for one in row)


@pytest.mark.study
def test_people():
    worlds = {"people, runs and rest": (1, 1, 1), "people alone": (1, 0, 1e-3), "runs alone": (0, 1, 1e-3)}
    worlds |= {"people and rest": (0.5, 0, 1), "runs and rest": (0, 0.5, 1), "rest alone": (0, 0, 1)}
    table = {
        f"{people} people, {n} runs": [coverage(crossed(people, n, *world), 0) for world in worlds.values()]
        for people in (5, 20)
        for n in RUNS
    }
    show("95 % interval of people's mean covers, t over people and runs", list(worlds), table)
    assert all(0.93 <= one <= 0.975 for row in table.values() for one in row[:3])
    assert all(0.93 <= one <= 0.995 for row in table.values() for one in row)


def show(title, columns, table):
    print(f"\n\n| {title} | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name, row in table.items():
        print(f"| {name} | {' | '.join(f'{one:.3f}' for one in row)} |")


def two_way(rng, n, ease, signal, clips=5):
    """Return a table of two-way identification by similarity, some true clips like everything, and the runs."""
    runs = np.repeat(np.arange(n), clips)
    alike = rng.normal(0, 1, (n, n))[runs][:, runs] + rng.normal(0, 1, (len(runs), len(runs)))
    alike += ease * rng.normal(0, 1, len(runs)) + signal * (runs[:, None] == runs)
    return np.argsort(np.argsort(alike, axis=1), axis=1) / (len(runs) - 1), runs


@pytest.mark.study
def test_interval_and_p_say_the_same():
    """Two-way identification: the interval of plain values, and of values freed from the ease of clips."""
    table = {}
    for n, signal in ((6, 1.0), (12, 0.7), (40, 0.3), (40, 0.0)):
        for ease in (0, 3):
            found = []
            for seed in range(500):
                rng = np.random.default_rng([5, seed])
                scores, runs = two_way(rng, n, ease, signal)
                null = paired_null(scores, run_permutations(runs, np.tile(np.arange(5), n), 999, rng))
                p = permutation_p(scores.diagonal().mean(), null)
                plain, free = mean_interval(scores.diagonal(), runs), mean_interval(centred(scores, runs), runs)
                found.append((p <= 0.025, plain.low > 0.5, free.low > 0.5, plain.value))
                found[-1] += (plain.low, plain.high, free.low, free.high)
            low, plain, free, value, *bounds = np.array(found).T
            covers = [np.mean((a <= value.mean()) & (value.mean() <= b)) for a, b in (bounds[:2], bounds[2:])]
            row = [low.mean(), plain.mean(), free.mean(), (plain != low).mean(), (free != low).mean(), *covers]
            table[f"{n} runs, signal {signal}, ease {ease}"] = row
            assert covers[1] <= 0.985 and covers[1] >= 0.92
    columns = ["p <= .025", "plain above", "centred above", "plain says other", "centred says other"]
    show("two-way identification", [*columns, "plain covers", "centred covers"], table)
    for name, row in table.items():
        if name.startswith("40 runs"):
            assert row[4] <= 0.1 and row[4] <= row[3] + 0.02
