"""The verdict over people: one test of all, of whom it is shown, and the clock counted once."""

import re

import numpy as np
import pytest

from eeg2vid.schemas.scores import Contrast, Score, Values
from eeg2vid.stages.metrics.metric import Given, Keys, Labels, Sides
from eeg2vid.stages.metrics.people import EventValues, Person, together
from eeg2vid.stages.metrics.scoring import Effort, definitions_of, rows_of, score
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.metrics.versus import versus
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.page.tables import summaries
from eeg2vid.stages.reporting.page.views import SubjectView
from eeg2vid.stages.reporting.rules import Subject
from eeg2vid.stages.reporting.words import verdict
from eeg2vid.stages.statistics.differences import paired_difference

RUNS, LONG, CLASSES = 24, 4, 12
EFFORT = Effort(499, 0)


def keys_of(subject):
    runs = np.repeat(np.arange(RUNS), LONG)
    names = [f"e{k}" for k in range(len(runs))]
    folds = np.array([f"f{run % 2}" for run in runs])
    return Keys(subject, names, names, np.array([f"r{run:02}" for run in runs]), np.tile(np.arange(LONG), RUNS), folds)


def person(subject, known, rng, lean=None, clock=None):
    """Somebody whose decoder knows so many of the clips; `lean` is what drift adds to all of a run."""
    keys = keys_of(subject)
    truth = np.repeat(rng.permutation(np.arange(RUNS) % CLASSES) if lean is None else np.arange(RUNS) % CLASSES, LONG)
    logits = rng.gumbel(size=(len(truth), CLASSES)) + (0 if lean is None else np.repeat(lean, LONG, axis=0))
    logits[np.arange(len(truth)), truth] += np.where(rng.random(len(truth)) < known, 9.0, 0.0)
    found = [_scores(keys, "full", logits, truth)]
    if clock is not None:
        found.append(_scores(keys, "position-vote", np.repeat(clock, LONG, axis=0), truth))
    scores = [one for some in found for one in some]
    n = len(keys.events)
    null = np.array([one.null for one in scores], dtype=np.float32)
    values = [EventValues.of(row) for some in found for row in rows_of(some, range(n), n)]
    events = list(zip(keys.events, keys.folds.tolist(), strict=True))
    return Person(subject, [one.row for one in scores], values, events, keys.runs, null)


def _scores(keys, condition, logits, truth):
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = Labels(probabilities, truth, np.zeros(len(truth), int))
    return score(Given(keys, condition, "concept", labels=labels), EFFORT)[0]


def judged(people):
    rows = [row for one in people for row in one.scores]
    return verdict([Subject(one.subject, one.scores, [], one) for one in people], definitions_of(rows))


def test_what_everybody_shows_a_little_is_found_together():
    """Hardly anybody passes alone, all together do; it is said of people, and in more than nobody."""
    rng = np.random.default_rng(0)
    found = judged([person(str(k), 0.13, rng) for k in range(12)])
    assert found.tone == "yes"
    assert re.fullmatch(r"Over 12 people, the EEG tells the labels: in more than [1-9]\d% of people\.", found.headline)
    text = next(one.text for one in found.sentences if "balanced accuracy" in one.claim)
    assert "is better than chance over 12 people, and not in the strongest alone" in text
    assert "in one test of all" in text and "of people" in text


def test_one_outlier_is_at_least_one_person():
    rng = np.random.default_rng(1)
    found = judged([person(str(k), 0.9 if k == 0 else 0.0, rng) for k in range(8)])
    assert found.tone == "caution"
    assert found.headline == "In at least one of 8 people the EEG tells the labels; that people do, is not shown."


def test_nothing_is_nothing_and_says_what_could_have_been_found():
    rng = np.random.default_rng(2)
    found = judged([person(str(k), 0.0, rng) for k in range(8)])
    assert (found.tone, found.headline) == ("no", "No evidence over 8 people that the EEG tells the labels.")
    texts = " ".join(one.text for one in found.sentences)
    assert re.search(r"a true concept balanced accuracy of \.\d{3} would have been found in 80 % of studies", texts)


def test_a_clock_is_one_order_counted_once():
    """Twelve people who saw one order: the clock beats chance in all or in none, and once."""
    rng = np.random.default_rng(3)
    lean = np.eye(CLASSES)[np.arange(RUNS) % CLASSES] * 1.2
    people = [person(str(k), 0.0, rng, lean, clock=4 * lean) for k in range(6)]
    found = judged(people)
    clocked = [one for one in found.sentences if "clock alone" in one.claim]
    assert clocked and all("no worse than the decoder" in one.claim for one in clocked)
    assert found.headline == "What is decoded may be the order of presentation, or drift."


def test_over_people_numbers_are_those_of_the_persons():
    rng = np.random.default_rng(4)
    people = [person(str(k), 0.2, rng) for k in range(5)]
    for one in together(people):
        own = [p.rows[one.measure, one.condition] for p in people]
        assert one.interval.value == pytest.approx(np.mean([row.value for row in own]))
        assert one.chance == pytest.approx(np.mean([row.chance for row in own]))
        null = np.mean([p.nulls[one.measure, one.condition][1] for p in people], axis=0)
        assert one.joint.p == pytest.approx((1 + np.sum(null >= one.interval.value - 1e-6)) / 500)
        assert one.p_adjusted >= one.joint.p and one.alike


def test_the_interval_is_of_what_the_test_moves():
    """What is easy in a clip is easy for every decoder: a control that shows one thing always has no width."""
    rng = np.random.default_rng(6)
    keys = keys_of("1")
    truth = rng.integers(0, 256, (len(keys.events), 1, 8, 8, 3), dtype=np.uint8)
    grey = np.full_like(truth, 128)
    noise = rng.integers(0, 256, truth.shape, dtype=np.uint8)
    people = []
    for subject in "123":
        of, found = keys_of(subject), []
        for condition, clips in (("full", (truth // 8 + noise // 8 * 7).astype(np.uint8)), ("grey", grey)):
            found += score(Given(of, condition, frames=Sides(clips, truth)), EFFORT)[0]
        n = len(of.events)
        halves = (found[: len(found) // 2], found[len(found) // 2 :])
        values = [EventValues.of(row) for one in halves for row in rows_of(one, range(n), n)]
        events = list(zip(of.events, of.folds.tolist(), strict=True))
        people.append(Person(subject, [one.row for one in found], values, events, of.runs))
    rows = {(one.measure.metric, one.measure.variant, one.condition): one.interval for one in together(people)}
    for metric in ("identification", "ssim", "psnr"):
        assert rows[metric, "", "full"].low < rows[metric, "", "full"].value < rows[metric, "", "full"].high
        assert rows[metric, "", "grey"].high - rows[metric, "", "grey"].low < 1e-9  # psnr of grey differs by clip


def test_two_systems_are_held_against_each_other_event_by_event():
    rng = np.random.default_rng(5)
    good, bad = ([person(str(k), known, np.random.default_rng(9 + k)) for k in range(4)] for known in (0.5, 0.1))
    (row,) = (one for one in versus(good, bad, 0.5) if one.measure[1:3] == ("balanced-accuracy", ""))
    gaps = [
        a.rows[row.measure, "full"].value - b.rows[row.measure, "full"].value for a, b in zip(good, bad, strict=True)
    ]
    assert row.difference.value == pytest.approx(np.mean(gaps)) and row.people == 4
    assert row.p < 0.01 and row.difference.low > 0 and row.p_same < 0.05
    same = versus(good, good, 0.02)
    assert all(one.difference.value == 0.0 and one.p == 1.0 and one.p_same == 0.0 for one in same)
    others = [person("7", 0.5, rng)]
    assert versus(good, others) == []


def test_intervals_stay_where_scores_can_be():
    """Scores near their highest have no interval beyond it, nor have differences of two such."""
    best, worst = ([person(str(k), known, np.random.default_rng(k)) for k in range(3)] for known in (1.0, 0.0))
    for one in together(best):
        least, most = METRICS[one.measure.metric].bounds
        assert least is None or one.interval.low >= least
        assert most is None or one.interval.high <= most
    tops = {one.measure.metric: one.interval.high for one in together(best)}
    assert tops["balanced-accuracy"] == 1.0
    assert all(abs(row.difference.high) <= 1.0 for row in versus(best, worst) if "accuracy" in row.measure.metric)
    runs, flip = np.repeat(np.arange(4), 3), np.tile([0.0, 1.0, 1.0], 4)
    ones = np.where(runs == 0, flip, 1.0)
    free, kept = (
        paired_difference(ones, 0.0 * ones, runs, np.random.default_rng(0), bounds=within).high
        for within in ((None, None), (0.0, 1.0))
    )
    assert free > 1.0 == kept


def test_the_table_counts_who_passes_alone_as_the_verdict_does():
    """A score of which one of two tests fails does not pass; and each row says on how many people it rests."""
    glossary = Glossary.of([])
    views = []
    for subject, difference_p in (("1", 0.01), ("2", 0.01), ("3", 0.4)):
        scores = [
            row(subject, "full", 0.6, 0.001), row(subject, "shuffled-runs", 0.5, 0.4),
            *([row(subject, "no-eeg", 0.5, 0.03)] if subject == "1" else []),
        ]  # fmt: skip
        against = Contrast(
            subject=subject, metric="ssim", control="shuffled-runs", difference=0.1, low=0.0, high=0.2, p=difference_p
        )
        views.append(SubjectView(subject, scores, [against]))
    ((title, lines),) = summaries(views, glossary, {})
    assert title == "Videos"
    assert [(line.name, line.cells[-2], line.cells[-1]) for line in lines] == [
        ("full", "2 of 3", "3"), ("shuffled-runs", "0 of 3", "3"), ("no-eeg", "1 of 1", "1 of 3")
    ]  # fmt: skip
    said = verdict([Subject(view.subject, view.scores, view.contrasts) for view in views], [])
    assert "better than chance in 2 of 3 subjects (p < .05 in all its tests)" in said.sentences[0].text


def row(subject, condition, value, p):
    return Score(
        subject=subject, metric="ssim", condition=condition, kind="video", value=value, low=None, high=None,
        chance=0.5, chance_kind="pairing", p=p, n_events=6, n_runs=3,
    )  # fmt: skip


def test_what_the_report_keeps_of_a_person_gives_the_same_numbers():
    """Values as arrays, NaN where not asked, are those of the rows."""
    rng = np.random.default_rng(7)
    one = person("1", 0.3, rng)
    key = next(iter(one.given))
    kept = next(item for item in one.values if (item.measure, item.condition) == key)
    assert one.given[key] is kept.values and kept.values.dtype == np.float64
    made = EventValues.of(Values(metric="ssim", condition="full", values=(0.25, None, 1.0), wrong=(0.5, 0.5, None)))
    assert made.values[[0, 2]].tolist() == [0.25, 1.0] and np.isnan(made.values[1])
    assert made.wrong[:2].tolist() == [0.5, 0.5] and np.isnan(made.wrong[2])
