"""What the report concludes from score rows, in words."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from eeg2vid.schemas.scores import Term
from eeg2vid.stages.reporting import words
from eeg2vid.stages.reporting.evidence import at_least
from eeg2vid.stages.reporting.glossary import about

_spec = importlib.util.spec_from_file_location("_score_rows", Path(__file__).with_name("_score_rows.py"))
rows = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rows)
score, contrast, clear_rows, null_rows = rows.score, rows.contrast, rows.clear_rows, rows.null_rows
DEFINITIONS = rows.DEFINITIONS


SHARED = "the concept, or what else a run shares"


def verdict(subjects, stamps=()):
    return words.verdict(subjects, DEFINITIONS, stamps)


def sentences(*rows):
    return [f"{s.tone}: {s.text}" for s in verdict([(str(k), *pair) for k, pair in enumerate(rows)]).sentences]


def test_clear_signal_is_said():
    found = verdict([("1", *clear_rows())])
    assert found.tone == "yes"
    assert found.headline == f"The decoded videos carry information about {SHARED}."
    scores, contrasts = clear_rows()
    within = score("two-way", "full", 0.62, 0.5, 0.001, variant="within-run", chance_kind="analytic")
    told_apart = verdict([("1", [*scores, within], contrasts)])
    assert told_apart.headline == "The decoded videos carry information about the clips."
    alone = [row.model_copy(update={"n_runs": row.n_events}) for row in scores]  # each clip is a run of its own
    assert verdict([("1", alone, contrasts)]).headline == "The decoded videos carry information about the clips."
    first, *rest = sentences(clear_rows())
    assert first == (
        "yes: Decoded videos identify their own clip among the test clips better than chance: "
        "2-way identification .810 [.770, .850], chance .500, p = .001; "
        "difference from shuffled-runs +.300 [.290, .310], p = .001; better, too, than a grey video (p < .05)."
    )
    assert rest[-1].startswith("yes: Concept top-1 is better than chance: concept top-1 .200")
    assert not any(line.startswith("caution") for line in rest)


def test_no_signal_is_said():
    found = verdict([("1", *null_rows())])
    assert found.tone == "no"
    assert found.headline == "No evidence that the decoded videos carry information about the clips."
    assert sentences(null_rows()) == [
        "no: No evidence that decoded videos identify their own clip among the test clips: 2-way identification .503 "
        "[.463, .543], chance .500, p = .450; difference from shuffled-runs +.003 [−.007, .013], p = .600."
    ]


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.001, "caution: On SSIM a grey video scores higher than the decoded ones, so SSIM says little here: "
                "grey .410, decoded .320; difference from grey −.090 [−.100, −.080], p = .001."),
        (0.3, "caution: On SSIM decoded videos are not shown to be better than a grey video: "
              "grey .410, decoded .320; difference from grey −.090 [−.100, −.080], p = .300."),
    ],
)  # fmt: skip
def test_grey_wins_on_ssim(p, expected):
    scores = [score("ssim", "full", 0.32, 0.3, 0.001), score("ssim", "grey", 0.41, 0.41)]
    assert sentences((scores, [contrast("ssim", "grey", -0.09, p)]))[1] == expected


def test_motion_that_adds_nothing_is_said():
    scores = [score("two-way", "full", 0.6, 0.5, 0.001), score("two-way", "frozen-frame", 0.62, 0.5, 0.001)]
    scores += [score("ssim", "full", 0.32, 0.3, 0.001), score("ssim", "frozen-frame", 0.31, 0.3, 0.001)]
    against = [contrast("two-way", "frozen-frame", -0.02, 0.3), contrast("ssim", "frozen-frame", 0.01, 0.04)]
    assert sentences((scores, against))[-1] == (
        "caution: What moves in the decoded videos is not worth its cost: the first frame, held, does nowhere clearly "
        "worse: of 2 measures it does better on 1; it loses most on SSIM, .310 held, .320 moving."
    )  # .04 of two measures is none after correction
    assert verdict([("1", scores, against)]).warning.endswith("does nowhere clearly worse.")
    shown = [against[0], contrast("ssim", "frozen-frame", 0.01, 0.01)]
    assert not any("not worth its cost" in line for line in sentences((scores, shown)))
    same = [scores[0], score("two-way", "frozen-frame", 0.6, 0.5, 0.001)]  # a picture that is shown all the time anyway
    assert not any("not worth" in s for s in sentences((same, [contrast("two-way", "frozen-frame", 0.0, 1.0)])))


def test_what_a_constant_video_does_better_stands_before_all_findings():
    """One sentence for each such control, whatever stands above it, in one subject or in most; never folded."""
    scores = [score(f"m{k}", "full", 0.6, 0.5, 0.001) for k in range(8)]
    scores += [score(f"m{k}", "mean-video", 0.7, 0.7) for k in (1, 5)] + [score("m2", "grey", 0.7, 0.7)]
    contrasts = [contrast(f"m{k}", "mean-video", -0.1, 0.001) for k in (1, 5)] + [contrast("m2", "grey", -0.1, 0.001)]
    said = (
        "On m1 and m5 the mean training video does better than what was decoded: they say little here. "
        "On m2 a grey video does better than what was decoded: it says little here."
    )
    found = verdict([("1", scores, contrasts)])
    assert found.warning == said
    assert not any("mean training video" in one.claim for one in found.sentences[:6])
    assert verdict([(str(k), scores, contrasts) for k in range(3)]).warning == said
    assert verdict([("1", *clear_rows())]).warning == ""
    close = [contrast(f"m{k}", "mean-video", -0.1, 0.3) for k in (1, 5)]  # better, and not shown to be
    assert "m1" not in verdict([("1", scores, close)]).warning


def test_where_nothing_was_trained_the_mean_is_that_of_the_true_clips():
    scores = [score("ssim", "full", 0.32, 0.3, 0.001), score("ssim", "mean-video", 0.41, 0.41)]
    told = Term(term="mean-video", sentence="Without EEG it is the mean of all 5 true clips.")
    rows = [("1", scores, [contrast("ssim", "mean-video", -0.09, 0.001)])]
    found = words.verdict(rows, DEFINITIONS, imported=True, terms=[told])
    assert found.warning == "On SSIM the mean of the true clips does better than what was decoded: it says little here."
    assert not any("training" in one.text for one in found.sentences)
    assert about("mean-video", [told]) == told.sentence and "training clips" in about("mean-video")


def test_lower_is_better_where_it_is():
    scores = [score("mse", "full", 0.2, 0.3, 0.01), score("mse", "grey", 0.1, 0.1)]
    contrasts = [contrast("mse", "grey", 0.1, 0.01), contrast("mse", "shuffled-runs", -0.1, 0.01)]
    finding, caution = sentences((scores, contrasts))
    assert finding.startswith("yes: ")
    assert "a grey video scores better than the decoded ones" in caution


def test_one_lucky_score_among_many_is_weak_evidence():
    scores = [score(f"m{k}", "full", 0.6, 0.5, p) for k, p in enumerate([0.02, 0.5, 0.6, 0.7])]
    found = verdict([("1", scores, [])])
    assert (found.tone, found.headline[:21]) == ("caution", "At best weak evidence")
    scores[0] = scores[0].model_copy(update={"p": 0.012})
    assert verdict([("1", scores, [])]).tone == "yes"


def test_tests_that_disagree_are_no_evidence():
    scores = [score("ssim", "full", 0.32, 0.3, 0.001)]
    found = verdict([("1", scores, [contrast("ssim", "shuffled-runs", 0.01, 0.2)])])
    assert found.tone == "caution"
    assert found.sentences[0].text.startswith("The tests disagree on SSIM")
    worse = [score("ssim", "full", 0.32, 0.3, 0.9)], [contrast("ssim", "shuffled-runs", -0.1, 0.01)]
    assert sentences(worse)[0].startswith("no: On SSIM decoded videos do worse than shuffled-runs")


def test_without_tests_nothing_is_concluded():
    found = verdict([("1", [score("ssim", "full", 0.9, 0.1)], [])])
    assert found.headline == "Nothing was tested, so nothing can be concluded."
    assert verdict([("1", [], [])]).headline == found.headline


def test_what_the_majority_reaches_is_nothing():
    """Human accuracy .593 is no success where always naming the majority scores .725, whatever its p."""
    human = score("accuracy", "full", 0.593, 0.5, 0.001, target="human").model_copy(update={"baseline": 0.725})
    found = verdict([("1", [human], [])])
    assert found.tone == "no" and "cannot be told from chance" in found.sentences[0].claim
    better = human.model_copy(update={"value": 0.75})
    assert verdict([("1", [better], [])]).tone == "yes"


def test_a_headline_about_labels_rests_on_balanced_accuracy():
    rows = [score("accuracy", "full", 0.2, 0.1, 0.001, target="concept"),
            score("balanced-accuracy", "full", 0.1, 0.1, 0.6, target="concept")]  # fmt: skip
    assert verdict([("1", rows, [])]).tone == "no"
    rows[1] = rows[1].model_copy(update={"value": 0.2, "p": 0.001})
    assert verdict([("1", rows, [])]).headline == "The EEG tells the labels."


def test_labels_alone_have_a_headline():
    rows = [score("accuracy", "full", 0.2, 0.1, 0.9, target="concept")]
    assert verdict([("1", rows, [])]).headline == "No evidence that the EEG tells the labels."


def test_several_subjects_are_counted_against_luck():
    many = [(f"s{k}", *(clear_rows() if k < 4 else null_rows())) for k in range(10)]
    found = verdict(many)
    assert found.headline == f"In 4 of 10 subjects the decoded videos carry information about {SHARED}."
    assert found.sentences[0].text == (
        "2-way identification (own clip among the test clips) is better than chance in 4 of 10 subjects "
        "(p < .05 in all its tests): median .503, range .503 to .810, median chance .500."
    )
    assert verdict([many[0], *many[4:]]).tone == "caution"  # 1 of 7: luck
    assert verdict(many[4:]).headline.startswith("No evidence in any of 6 subjects")
    assert verdict(many[4:]).sentences[0].text.startswith("No evidence on 2-way identification (own")
    grey = [score("ssim", "full", 0.3, 0.3, 0.9), score("ssim", "grey", 0.4, 0.4)]
    text = verdict([("1", grey, []), ("2", grey, [])]).sentences[1].text
    assert text == (
        "On SSIM a grey video scores higher than the decoded ones in 2 of 2 subjects, so SSIM says little here: "
        "medians: grey .400, decoded .300."
    )


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(1, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_luck_is_the_binomial_tail(pair):
    hits, n = pair
    assert at_least(hits, n) == pytest.approx(binom.sf(hits - 1, n, 0.05), abs=1e-12)
