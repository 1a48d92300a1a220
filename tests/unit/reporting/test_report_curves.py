"""The report's charts: how trainings went, and what a sweep shows."""

import re

import pytest

from eeg2vid.schemas.checkpoints import TrainedEpoch, TrainedModel
from eeg2vid.schemas.scores import Definition, Score
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.page.curves import draw_training, trainings
from eeg2vid.stages.reporting.page.sweeps import draw_sweep, sweep_plot

GLOSSARY = Glossary.of(
    [Definition(metric="accuracy", form="event", direction="higher", low=0, high=1, title="accuracy", definition="d")]
)


def model(path, best=2, **changes):
    return TrainedModel(
        **{"fold": "block-1", "targets": ("concept", "latents"), "path": path, "network": "glmnet", "parameters": 5,
           "train_events": 9, "validation_events": 3, "best_epoch": best, **changes}
    )  # fmt: skip


def epochs(path, losses, phase="choose", validated=True):
    return [
        TrainedEpoch(path=path, phase=phase, epoch=k + 1, train_loss=loss,
                     validation_loss=loss + 0.5 if validated else None,
                     validation_score=0.1 * k if validated else None)
        for k, loss in enumerate(losses)
    ]  # fmt: skip


def points(drawing, kind):
    return [
        [tuple(map(float, pair.split(","))) for pair in found.split()]
        for found in re.findall(rf'<polyline class="{kind}" points="([^"]*)"', str(drawing))
    ]


def test_losses_scores_and_the_best_epoch_are_drawn():
    history = [*epochs("m", [3.0, 2.0, 1.0]), *epochs("m", [2.5, 1.5], "refit", False), *epochs("other", [1.0])]
    (found,) = trainings("1", [model("m"), model("closed", best=None)], history)
    assert found.title == "concept, latents · glmnet · fold block-1, best epoch 2"
    drawing = draw_training(found)
    assert str(drawing).count("<svg") == 2  # losses, and the score beneath them
    (train,) = points(drawing, "train")
    (refit,) = points(drawing, "refit")
    validation, score = points(drawing, "validation")
    assert [len(line) for line in (train, refit, validation, score)] == [3, 2, 3, 3]
    assert train[0][0] < train[1][0] < train[2][0] and train[0][1] < train[1][1] < train[2][1]  # y grows downwards
    assert validation[0][1] < train[0][1]  # a loss of 3.5 lies above one of 3
    best = [float(x) for x in re.findall(r'class="best" d="M([\d.]+) ', str(drawing))]
    assert best == [train[1][0]] * 2
    assert "loss of concept, latents" in str(drawing) and "validation score of" in str(drawing)


def test_without_validation_there_is_one_chart_and_no_best_epoch():
    (found,) = trainings("1", [model("m", best=None)], epochs("m", [2.0, 1.0], "refit", False))
    drawing = str(draw_training(found))
    assert drawing.count("<svg") == 1 and 'class="best"' not in drawing
    assert trainings("1", [model("m")], []) == ()


def test_long_trainings_are_thinned_to_their_ends():
    (found,) = trainings("1", [model("m")], epochs("m", [1000.0 - k for k in range(1000)]))
    (train,) = points(draw_training(found), "train")
    assert len(train) <= 121 and train[0][0] == pytest.approx(44) and train[-1][0] == pytest.approx(292)


def row(value, subject="1", condition="full", target="concept"):
    return Score(
        subject=subject, target=target, metric="accuracy", condition=condition, kind="classification", value=value,
        low=value - 0.1, high=value + 0.1, chance=0.25, chance_kind="majority", p=0.01, n_events=60, n_runs=12,
    )  # fmt: skip


def test_a_sweep_puts_each_score_over_the_values():
    found = [((-0.4, 1.6), [row(0.3), row(0.2, condition="shuffled-runs"), row(0.5, target="fast")]),
             ((0.8, 2.8), [row(0.6)])]  # fmt: skip
    plot = sweep_plot(("tmin_s", "tmax_s"), found, GLOSSARY)
    assert (plot.setting, plot.subjects, [one.name for one in plot.series]) == (
        "tmin_s", 1, ["Concept accuracy", "Fast accuracy"]
    )  # fmt: skip
    first = plot.series[0].points
    assert [(one.x, one.word, one.value, one.low, one.high, one.chance) for one in first] == [
        (-0.4, "−0.4", 0.3, 0.3 - 0.1, 0.3 + 0.1, 0.25), (0.8, "0.8", 0.6, 0.6 - 0.1, 0.6 + 0.1, 0.25)
    ]  # fmt: skip
    drawing = draw_sweep(plot.series[0], plot.setting)
    assert str(drawing).count('class="dot"') == 2 and str(drawing).count('class="range"') == 2
    (chance,) = points(drawing, "chance")
    assert chance[0][1] == chance[1][1]  # level


def test_several_subjects_are_a_median_and_a_range():
    found = [(("lda",), [row(0.3), row(0.5, "2"), row(0.9, "3")]), (("glmnet",), [row(0.4)])]
    plot = sweep_plot(("network.name",), found, GLOSSARY)
    first, second = plot.series[0].points
    assert (first.x, first.word, first.value, first.low, first.high) == (0.0, "lda", 0.5, 0.3, 0.9)
    assert (second.x, second.word, plot.subjects) == (1.0, "glmnet", 3)


def test_values_that_are_equal_or_words_lie_side_by_side():
    found = [((1, "a"), [row(0.3)]), ((1, "b"), [row(0.4)])]
    plot = sweep_plot(("k", "how"), found, GLOSSARY)
    assert plot.setting == "k, how"
    assert [(one.x, one.word) for one in plot.series[0].points] == [(0.0, "1 a"), (1.0, "1 b")]
