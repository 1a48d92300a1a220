"""The table of metrics: each says what it is, and one more line is enough for one more metric."""

import sys
from types import ModuleType

import numpy as np
import pytest

from eeg2vid.stages.metrics.contrasts import contrast
from eeg2vid.stages.metrics.metric import Given, Keys, Labels, Measured, Metric, Sides, Variant
from eeg2vid.stages.metrics.scoring import Effort, definitions_of, rows_of, score
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.reporting.page.filming import Films
from eeg2vid.stages.reporting.page.render import INDEX, Pages
from eeg2vid.stages.reporting.page.sample import sample_of
from eeg2vid.stages.reporting.page.views import ReportData, SubjectView

EFFORT = Effort(permutations=199, seed=0)
KEYS = Keys(
    subject="1",
    events=[f"e{k}" for k in range(12)],
    clips=[f"c{k}" for k in range(12)],
    runs=np.repeat(["a", "b", "c", "d", "e", "f"], 2),
    positions=np.tile([1, 2], 6),
    folds=np.repeat("1", 12),
)
RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 256, (12, 2, 12, 16, 3), dtype=np.uint8)
CLOSE = (0.5 * TRUTH + 0.5 * RNG.integers(0, 256, TRUTH.shape)).astype(np.uint8)
FAR = RNG.integers(0, 256, TRUTH.shape, dtype=np.uint8)


@pytest.fixture
def add(monkeypatch):
    """Add a metric: its file, and its line in the table."""

    def with_metric(measure, name="toy", **facts):
        module = ModuleType(f"{name}_metric")
        module.measure = measure
        monkeypatch.setitem(sys.modules, module.__name__, module)
        row = {
            "form": "pair", "needs": ("frames",), "direction": "higher", "bounds": (None, None), "builds": "",
            "variants": {"": Variant("toy likeness", "What a toy finds alike.", "pairing")}, "source": "nobody",
        }  # fmt: skip
        metric = Metric(**{"name": name, **row, **facts, "builds": f"{module.__name__}:measure"})
        monkeypatch.setitem(METRICS, name, metric)
        return metric

    return with_metric


def scored(given):
    return [one.row for one in score(given, EFFORT)[0]]


def distance(decoded, true):
    """Mean absolute difference ``(decoded event, true event)``."""
    flat = [side.reshape(len(side), -1).astype(float) for side in (decoded, true)]
    return np.abs(flat[0][:, None] - flat[1][None]).mean(axis=2)


@pytest.mark.parametrize(("name", "metric"), METRICS.items())
def test_every_metric_says_what_it_is(name, metric):
    assert metric.name == name and metric.needs and metric.variants
    titles = [metric.definition(variant).title for variant in metric.variants]
    assert len(set(titles)) == len(titles)
    for variant in metric.variants.values():
        assert variant.definition.endswith(".")
    low, high = metric.bounds
    labels = Labels(RNG.dirichlet(np.ones(7), 12), np.repeat(np.arange(6), 2), np.zeros(12, int))
    for given in (Given(KEYS, "full", frames=Sides(CLOSE, TRUTH)), Given(KEYS, "full", "concept", labels=labels)):
        for row in scored(given):
            if row.metric == name:
                assert low - 1e-12 <= row.value <= high + 1e-12
                assert low - 1e-12 <= row.chance <= high + 1e-12


def test_one_more_line_is_one_more_metric(add, tmp_path):
    """A toy whose low values are good reaches rows, contrasts, definitions and the report."""
    add(lambda given: {"": Measured(distance(given.frames.decoded, given.frames.true))}, direction="lower")
    found = {name: score(Given(KEYS, name, frames=Sides(v, TRUTH)), EFFORT) for name, v in
             {"full": CLOSE, "shuffled-runs": FAR}.items()}  # fmt: skip
    rows = [one.row for scores, _ in found.values() for one in scores]
    values = [row for scores, _ in found.values() for row in rows_of(scores, range(12), 12)]
    contrasts = contrast(values, "1", KEYS.runs, EFFORT)
    toy = {row.condition: row for row in rows if row.metric == "toy"}
    assert toy["full"].value == pytest.approx(np.diag(distance(CLOSE, TRUTH)).mean())
    assert toy["full"].value < toy["full"].chance and toy["full"].chance_kind == "pairing"
    assert toy["full"].p == pytest.approx(1 / 200) and toy["shuffled-runs"].p > 0.01  # low is good
    against = [row for row in contrasts if row.metric == "toy"]
    assert [(row.condition, row.control, row.difference < 0) for row in against] == [("full", "shuffled-runs", True)]
    definitions = definitions_of(rows)
    assert definitions[-1] == METRICS["toy"].definition("") and definitions[-1].direction == "lower"
    view = SubjectView("1", rows, contrasts)
    data = ReportData(
        title="t", recipe_title="r", recipe_about="", stamps=(), protocol=None, made="2026-01-01", subjects=[view],
        definitions=definitions, provenance=[], warnings=[], fps=3.0,
    )  # fmt: skip
    Pages(data, Films(), [sample_of(0)], tmp_path).write()
    page = (tmp_path / INDEX).read_text(encoding="utf-8")
    assert "Toy likeness" in page and "What a toy finds alike." in page
    assert "On toy likeness decoded videos fit their own clips better than by chance" in page


def test_a_metric_is_asked_where_its_needs_are_met(add):
    """Of an eye's percepts, of one target, of values; and not where they are missing."""
    add(lambda given: {"": Measured(distance(*_arrays(given.percepts["toy-eye"]["seen"])))}, "seen",
        needs=("percepts:toy-eye",))  # fmt: skip
    add(lambda given: {"": Measured(-distance(*_arrays(given.values)))}, "near", needs=("target:text",))
    plain = scored(Given(KEYS, "full", frames=Sides(CLOSE, TRUTH)))
    assert not {"seen", "near"} & {row.metric for row in plain}
    seen = scored(Given(KEYS, "full", percepts={"toy-eye": {"seen": Sides(CLOSE, TRUTH)}}))
    assert [(row.target, row.metric, row.kind) for row in seen] == [("", "seen", "video")]
    text = [row for row in scored(Given(KEYS, "full", "text", values=Sides(CLOSE, TRUTH))) if row.metric == "near"]
    assert [(row.target, row.metric, row.kind) for row in text] == [("text", "near", "value")]
    assert text[0].p == pytest.approx(1 / 200) and text[0].n_events == 12
    latents = scored(Given(KEYS, "full", "latents", values=Sides(CLOSE, TRUTH)))
    assert {row.metric for row in latents} == {"identification-target"}


def _arrays(sides):
    return sides.decoded, sides.true


def test_values_of_events_without_pairs_have_no_p(add):
    """What cannot be paired is not tested; its chance level is a formula's."""
    add(lambda given: {"": Measured(given.frames.decoded.std(axis=(1, 2, 3, 4)), 0.0)}, form="event",
        variants={"": Variant("contrast", "Spread of grey levels.", "analytic")})  # fmt: skip
    (row,) = [row for row in scored(Given(KEYS, "full", frames=Sides(CLOSE, TRUTH))) if row.metric == "toy"]
    assert row.p is None and row.note == "" and row.chance == 0.0 and row.low < row.value < row.high


def test_a_look_is_no_score(add):
    """How clips look, whatever was shown: a value and what it is read beside, never a test."""
    add(lambda given: {"": Measured(np.array(0.25), detail="true clips: 0.3")}, form="set",
        variants={"": Variant("smoothness", "How smooth.", "analytic", look=True)})  # fmt: skip
    scores, looks = score(Given(KEYS, "full", frames=Sides(CLOSE, TRUTH)), EFFORT)
    assert "toy" not in {one.row.metric for one in scores}
    assert [(row.metric, row.value, row.detail) for row in looks] == [("toy", 0.25, "true clips: 0.3")]
    assert definitions_of(looks)[0].look


def test_some_of_the_events_are_scored_by_themselves():
    """A subset is scored as if nothing else had been decoded."""
    kept = np.flatnonzero(KEYS.positions == 1)
    given = Given(KEYS, "full", frames=Sides(CLOSE, TRUTH)).take(kept, "first clips")
    own = Keys(
        "1", [f"e{k}" for k in kept], [f"c{k}" for k in kept], KEYS.runs[kept], KEYS.positions[kept], KEYS.folds[kept]
    )
    alone = scored(Given(own, "full", frames=Sides(CLOSE[kept], TRUTH[kept]), subset="first clips"))
    assert scored(given) == alone and {row.subset for row in alone} == {"first clips"}


def test_a_choice_among_the_classes_that_are_shown():
    rng = np.random.default_rng(0)
    labels = Labels(rng.dirichlet(np.ones(7), 12), np.repeat([5, 2, 5, 2, 0, 0], 2), np.full(12, 2))
    among = labels.take(np.arange(8)).among_shown()
    assert among.probabilities == pytest.approx(labels.probabilities[:8][:, [2, 5]])
    assert among.true.tolist() == [1, 1, 0, 0, 1, 1, 0, 0] and set(among.majority.tolist()) == {0}
    rows = {
        (row.metric, row.variant): row
        for row in scored(Given(KEYS.take(np.arange(8)), "full", "concept", labels=among))
    }
    accuracy, balanced = rows["accuracy", ""], rows["balanced-accuracy", ""]
    five = labels.probabilities[:8, 5] > labels.probabilities[:8, 2]
    assert accuracy.value == pytest.approx(np.mean(five == (labels.true[:8] == 5)))
    assert balanced.chance == 0.5
