"""What stands beside label scores: the vote by position in the block, and the definition of fast."""

import numpy as np
import pytest

from eeg2vid.schemas.conditions import POSITION_VOTE
from eeg2vid.schemas.entities import Clip, Event
from eeg2vid.schemas.errors import BadDataError, MissingInputError
from eeg2vid.schemas.scores import Score
from eeg2vid.stages.cohort import clips as clip_joins
from eeg2vid.stages.cohort import people
from eeg2vid.stages.datasets.labels import fast_threshold, task_labels
from eeg2vid.stages.judging.labelled import Learned, Task, vote_by_clock, why_no_clock
from eeg2vid.stages.metrics.metric import Given, Keys, Labels
from eeg2vid.stages.metrics.scoring import Effort, score
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.reporting import words
from eeg2vid.stages.reporting.page.filming import Films
from eeg2vid.stages.reporting.page.render import INDEX, Pages
from eeg2vid.stages.reporting.page.sample import sample_of
from eeg2vid.stages.reporting.page.tables import clock_note
from eeg2vid.stages.reporting.page.views import ReportData, SubjectView

BLOCKS, CONCEPTS, CLIPS = 7, 10, 5
DEFINITIONS = [metric.definition(variant) for metric in METRICS.values() for variant in metric.variants]


def verdict(subjects):
    return words.verdict(subjects, DEFINITIONS)


def shown(order, start_s=3.0):
    """Return the events of concepts shown in this order `(block, slot)`, blocks of unequal starts in one recording."""
    found = []
    for block, concepts in enumerate(order):
        for slot, concept in enumerate(concepts):
            for place in range(CLIPS):
                onset = 1000.0 * block + 37.5 * block + start_s + 13.0 * slot + 2.0 * place
                name = f"b{block}c{concept}"
                found.append(
                    Event(event=f"{name}p{place}", subject="1", recording="r", block=str(block), run=name,
                          position=place + 1, clip=f"{name}p{place}", onset_s=onset, onset_sample=round(200 * onset),
                          duration_s=2.0)
                )  # fmt: skip
    return found


def task_of(events, labels, classes):
    """Return leave-one-block-out as a task: what `tasks_of` joins from the artifacts."""
    labels, folds = np.asarray(labels), np.array([event.block for event in events])
    times, blocks = people.times_in_blocks(events)
    learned = {fold: Learned(times[folds != fold], blocks[folds != fold], labels[folds != fold]) for fold in set(folds)}
    return Task(
        name="concept", classes=classes, asked=np.arange(len(events)), events=events, folds=folds, labels=labels,
        majority=np.zeros(len(events), int), positions=np.array([event.position for event in events]), times=times,
        blocks=blocks, learned=learned,
    )  # fmt: skip


def scored(order, seed=0):
    """Score the position vote on studies with this order of concepts."""
    events = shown(order)
    task = task_of(events, np.repeat(np.ravel(order), CLIPS), CONCEPTS)
    probabilities, detail = vote_by_clock(task)
    names = [event.event for event in events]
    runs = people.runs_within_folds(events, task.folds.tolist())
    labels = Labels(probabilities, task.labels, task.majority)
    keys = Keys("1", names, names, runs, task.positions, task.folds)
    given = Given(keys, POSITION_VOTE, "concept", labels=labels, detail=detail)
    rows = [one.row for one in score(given, Effort(199, seed))[0]]
    assert {(row.target, row.detail) for row in rows} == {("concept", detail)}
    return {row.metric: row for row in rows if not row.variant}, detail


def test_a_clock_names_concepts_that_keep_their_place():
    rows, detail = scored([np.random.default_rng(1).permutation(CONCEPTS)] * BLOCKS)
    assert rows["accuracy"].value == 1.0
    assert rows["accuracy"].p == 1 / 200
    assert rows["balanced-accuracy"].chance == 0.1
    assert detail in {f"kernel {width} s" for width in ("1", "3.25", "6.5")}


def test_a_clock_is_at_chance_where_the_order_is_drawn():
    rng = np.random.default_rng(5)
    found = [
        scored(rng.permuted(np.tile(np.arange(CONCEPTS), (BLOCKS, 1)), axis=1), seed)[0]["balanced-accuracy"]
        for seed in range(20)
    ]
    values = np.array([row.value for row in found])
    assert abs(values.mean() - 0.1) < 3 * values.std(ddof=1) / np.sqrt(len(values))
    assert sum(row.p < 0.05 for row in found) <= 4  # the binomial 99 % range of 20


def test_the_block_begins_with_its_first_clip():
    times, blocks = people.times_in_blocks(shown([[0, 1], [1, 0]], start_s=7.0)[::-1])
    alone = np.concatenate([13.0 * slot + 2.0 * np.arange(CLIPS) for slot in range(2)])
    assert np.allclose(times, np.tile(alone, 2)[::-1])
    assert blocks.tolist() == [0] * 10 + [1] * 10
    broken = shown([[0, 1]])
    broken = [*broken[:5], *(event.model_copy(update={"recording": "r2"}) for event in broken[5:])]
    assert np.allclose(people.times_in_blocks(broken)[0], np.tile(2.0 * np.arange(CLIPS), 2))


def test_a_clock_that_cannot_be_asked_says_why():
    events = shown([[0, 1], [1, 0]])
    assert why_no_clock(task_of(events, np.repeat([0, 1, 1, 0], CLIPS), 2)) == ""
    alone = [event.model_copy(update={"recording": event.event}) for event in events]
    assert "no time in the block" in why_no_clock(task_of(alone, np.repeat([0, 1, 1, 0], CLIPS), 2))
    one_block = shown([[0, 1]])  # all of it is the test of its fold
    assert "trains on none" in why_no_clock(task_of(one_block, np.repeat([0, 1], CLIPS), 2))


def test_runs_torn_apart_count_once_in_each_fold():
    events = shown([[0]])
    assert people.runs_within_folds(events, ["a"] * 5).tolist() == ["1/b0c0"] * 5
    torn = people.runs_within_folds(events, list("aabbb"))
    assert torn.tolist() == ["1/b0c0 in a"] * 2 + ["1/b0c0 in b"] * 3


# -- in the report -----------------------------------------------------------------------------------


def row(condition, value, p, subject="1", detail=""):
    return Score(
        subject=subject, condition=condition, target="concept", metric="accuracy", kind="classification", value=value,
        low=value - 0.02, high=value + 0.02, chance=0.1, chance_kind="majority", p=p, n_events=350, n_runs=70,
        detail=detail,
    )  # fmt: skip


def subject(vote, p, subject="1"):
    rows = [row("full", 0.3, 0.001, subject), row("shuffled-runs", 0.09, 0.9, subject)]
    return [*rows, row(POSITION_VOTE, vote, p, subject, "kernel 13 s")]


def test_the_report_shows_the_vote_beside_the_decoder(tmp_path):
    view = SubjectView("1", subject(0.1, 0.6), [])
    data = ReportData(
        title="t", recipe_title="r", recipe_about="", stamps=(), protocol=None, made="2026-01-01", subjects=[view],
        definitions=DEFINITIONS, provenance=[], warnings=[], fps=3.0,
    )  # fmt: skip
    Pages(data, Films(), [sample_of(0)], tmp_path).write()
    page = (tmp_path / INDEX).read_text(encoding="utf-8")
    assert (
        page.index("<td>decoded</td>") < page.index(f"<td>{POSITION_VOTE}</td>") < page.index("<td>shuffled-runs</td>")
    )
    assert "what a clock alone gets" in page and "concept: kernel 13 s" in page
    assert "A condition of this recipe" not in page
    assert "a clock alone, without EEG, does better" not in page  # at chance: nothing to warn of
    assert clock_note(view.scores[:2]) == ""


@pytest.mark.parametrize(
    ("vote", "p", "told"),
    [
        (0.1, 0.6, None),
        (0.2, 0.001, "better than chance: the order"),
        (0.4, 0.001, "better than chance and no worse than the decoder: the order"),
    ],
)
def test_the_verdict_warns_where_a_clock_does_better_than_chance(vote, p, told):
    found = verdict([("1", subject(vote, p), [])])
    warned = [one for one in found.sentences if "clock" in one.claim]
    assert [one.tone for one in warned] == ["caution"] * bool(told)
    assert all(told in one.claim for one in warned)
    as_well = bool(told) and "no worse" in told
    assert found.tone == ("caution" if as_well else "yes")
    assert found.headline == (
        "What is decoded may be the order of presentation, or drift." if as_well else "The EEG tells the labels."
    )
    assert found.sentences[0].tone == found.tone
    assert not any("decoded videos" in one.claim for one in found.sentences)


def test_the_verdict_counts_subjects_whose_clock_decodes():
    many = [(str(k), subject(0.4 if k < 6 else 0.1, 0.001 if k < 6 else 0.5, str(k)), []) for k in range(10)]
    (warned,) = [one for one in verdict(many).sentences if "clock" in one.claim]
    assert "in 6 of 10 subjects, in 6 no worse than the decoder" in warned.claim
    assert "medians: position-vote .400, decoded .300" in warned.numbers
    assert verdict(many).tone == "caution" and verdict(many[5:]).tone == "yes"  # 6 of 10 clocks, 1 of 5
    lucky = [(str(k), subject(0.4 if k < 1 else 0.1, 0.001 if k < 1 else 0.5, str(k)), []) for k in range(10)]
    assert not [one for one in verdict(lucky).sentences if "clock" in one.claim]  # 1 of 10 is luck


def test_videos_are_no_evidence_where_a_clock_names_the_concept():
    def video(metric, condition, value, p, variant=""):
        changes = {"target": "", "metric": metric, "variant": variant, "kind": "video", "chance_kind": "pairing"}
        return row(condition, value, p).model_copy(update=changes)

    decoded = [video("psnr", "full", 0.3, 0.001)]
    labels = subject(0.4, 0.001)
    found = verdict([("1", [*decoded, *labels], [])])
    assert found.tone == "caution" and "order of presentation" in found.headline and "concept accuracy" in found.note
    assert verdict([("1", [*decoded, *subject(0.2, 0.001)], [])]).tone == "yes"  # better than the clock
    apart = [video("identification", "full", 0.7, 0.001, "within-run")]
    assert verdict([("1", [*decoded, *apart, *labels], [])]).tone == "yes"  # no clock tells clips of a run apart


# -- fast by measured motion ---------------------------------------------------------------------------


def clip(name, flow=None):
    return Clip(clip=name, file="f.mp4", start_s=0.0, duration_s=2.0, optical_flow=flow)


class Stimuli:
    """Stands for the artifact of `split-videos`: three clips in an order of their own."""

    address = "split-videos/default/study/stimuli"

    def __init__(self, motion=True):
        self.motion = motion

    def has(self, name):
        return self.motion

    def read(self, name):
        return np.array([0.5, 3.0, 1.25], np.float32)

    def table(self, name, row_type):
        return [row_type(clip=name) for name in "cab"]


def test_measured_motion_takes_the_place_of_the_data_sets_own_by_clip():
    clips = [clip("a", 0.1), clip("b"), clip("c", 9.0), clip("a", 0.1)]
    found = clip_joins.with_measured_motion(Stimuli(), clips)
    assert [one.optical_flow for one in found] == [3.0, 1.25, 0.5, 3.0]
    assert [one.optical_flow for one in clips] == [0.1, None, 9.0, 0.1]
    threshold = fast_threshold(found[:3])
    assert threshold == 1.25
    labels = task_labels("fast", found, threshold=threshold)
    assert labels.classes == ("slow", "fast") and labels.index.tolist() == [1, 1, 0, 1]


def test_without_scores_the_commands_that_make_them_are_named():
    with pytest.raises(BadDataError, match="motion scores") as refused:
        fast_threshold([clip("a")])
    assert "split-videos measure" in refused.value.hint and "`fast_scores` flow" in refused.value.hint
    with pytest.raises(MissingInputError, match="no motion scores") as refused:
        clip_joins.with_measured_motion(Stimuli(motion=False), [clip("a")])
    assert "split-videos --motion" in refused.value.hint
    with pytest.raises(MissingInputError, match="'none'"):
        clip_joins.with_measured_motion(None, [clip("a")])
