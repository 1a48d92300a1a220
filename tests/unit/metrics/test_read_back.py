"""What classifiers read in decoded clips: worked by hand, and against sklearn."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from eeg2vid.stages.metrics.metric import Given, Judge, Keys, Sides
from eeg2vid.stages.metrics.read_back import measure_frames, measure_videos
from eeg2vid.stages.metrics.scoring import Effort, score

N = 12
KEYS = Keys(
    "1", [f"e{k}" for k in range(N)], [f"c{k}" for k in range(N)], np.arange(N) // 2, np.arange(N) % 2,
    np.repeat(["a", "b"], 6), np.repeat([4, 9, 7, 4, 9, 7], 2),
)  # fmt: skip
COLOR = ("no main colour", "red", "green", "blue")
CLASSES = {"color": COLOR, "number": ("one", "two", "many"), "human": ("no", "yes")}
JUDGE = Judge("video-classifier", {}, CLASSES, (4, 4, 7, 7, 0, 9))
RNG = np.random.default_rng(0)
TRUTHS = {"color": np.tile([0, 1, -1], 4), "number": np.tile([1, 0], 6), "fast": np.tile([0, 0, 1], 4)}
NAMES = {"color": ("green", "blue"), "number": ("1", "3"), "fast": ("slow", "fast")}


def given(eye="video-classifier", judge=JUDGE, **arrays):
    sides = {name: Sides(*one) for name, one in arrays.items()}
    return Given(KEYS, "full", percepts={eye: sides}, judges={eye: judge}, truths=TRUTHS, truth_classes=NAMES)


def one_hot(answers, classes):
    return 9.0 * np.eye(classes)[answers]


def test_a_head_is_held_against_the_truth_by_the_names_of_its_classes():
    decoded, true = RNG.normal(size=(2, N, 4)).astype(np.float32)
    found = measure_videos(given(color=(decoded, true)))["color"]
    asked = TRUTHS["color"] >= 0
    right = np.array([2, 3])[TRUTHS["color"][asked]]  # green and blue
    expected = accuracy_score(right, decoded[asked].argmax(axis=1))
    assert np.nanmean(found.table.diagonal()) == pytest.approx(expected)
    assert found.table[1, 3] == (decoded[1].argmax() == 2) and found.table[1, 4] == (decoded[1].argmax() == 3)
    assert np.isnan(found.table[0, 2]) and np.isnan(found.table[0, 6:]).all()
    ceiling = accuracy_score(right, true[asked].argmax(axis=1))
    assert found.detail == f"4 answers; of the true clips it sees {ceiling:.3f}"
    assert found.baseline == 0.5 and found.chance is None
    number = one_hot(np.where(TRUTHS["number"] == 1, 2, 0), 3)  # many, one: "3" and "1" in the clip index
    assert np.nanmean(measure_videos(given(number=(number, number)))["number"].table.diagonal()) == 1.0


def test_the_concept_is_the_sum_over_its_classes():
    """Two classes of one concept, none of which is the most probable, win together."""
    logits = np.log(np.array([[0.3, 0.29, 0.05, 0.0, 0.01, 0.35]] * N) + 1e-9)
    found = measure_videos(given(logits=(logits, logits)))["concept"]
    assert found.table.diagonal().tolist() == (KEYS.concepts == 4).tolist()
    assert found.table[0, 1] == 1.0 and found.table[0, 2] == 0.0
    assert found.baseline == pytest.approx(1 / 3) and found.detail == "3 answers; of the true clips it sees 0.333"
    some = replace(KEYS, concepts=np.repeat([4, 9, 7, 4, 9, 2], 2))  # of the last the eye knows nothing
    table = measure_videos(replace(given(logits=(logits, logits)), keys=some))["concept"].table
    assert np.isnan(table[:, 10:]).all() and table[9, 6] == 1.0
    unknown = Judge("video-classifier", {}, CLASSES)
    assert measure_videos(given(judge=unknown, logits=(logits, logits))) == {}


def test_speed_is_fast_above_the_median_of_the_true_clips():
    true = np.arange(N, dtype=np.float32)
    decoded = np.where(TRUTHS["fast"] == 1, 6.0, 5.0)  # the median is 5.5
    found = measure_videos(given(speed=(decoded, true)))["fast"]
    assert (found.table.diagonal() == 1.0).all() and found.baseline == pytest.approx(8 / 12)
    assert found.table[0, 2] == 0.0
    still = Given(KEYS, "full", percepts={"image-classifier": {"speed": Sides(decoded, true)}},
                  judges={"image-classifier": JUDGE}, truths=TRUTHS, truth_classes=NAMES)  # fmt: skip
    assert measure_frames(still) == {}  # a picture shows no speed


def test_pictures_answer_by_the_mean_over_frames():
    decoded, true = RNG.normal(size=(2, N, 3, 4)).astype(np.float16)
    found = measure_frames(given("image-classifier", color=(decoded, true)))["color"]
    exps = np.exp(decoded.astype(float))
    best = (exps / exps.sum(axis=-1, keepdims=True)).mean(axis=1).argmax(axis=1)
    right = np.array([2, 3, -1])[TRUTHS["color"]]
    asked = right >= 0
    assert found.table.diagonal()[asked].tolist() == (best == right)[asked].tolist()


def test_an_eye_that_says_nothing_shares_its_answer():
    same = np.zeros((N, 4), np.float32)
    found = measure_videos(given(color=(same, same)))["color"]
    assert np.nanmean(found.table) == 0.25 == found.table[0, 0]


def test_what_cannot_be_asked_is_left_out():
    sides = RNG.normal(size=(2, N, 4))
    assert measure_videos(given(face=(sides[0, :, :2], sides[1, :, :2]))) == {}  # no names, no truth
    alone = given(color=tuple(sides))
    one_answer = replace(alone, truths={"color": np.zeros(N, int)})
    assert measure_videos(one_answer) == {}
    one_run = replace(alone, truths={"color": np.array([0, 1] + [-1] * 10)})
    assert measure_videos(one_run) == {}
    assert measure_videos(replace(alone, judges={})) == {}


def test_they_become_rows_beside_wrong_pairings():
    """An eye that sees the concept in decoded clips: found, and what wrong runs score is the chance level."""
    logits = np.log(np.array([[0.9, 0, 0, 0, 0, 0.1], [0, 0, 0.9, 0, 0, 0.1], [0.1, 0, 0, 0, 0, 0.9]]) + 1e-6)
    seen = logits[np.searchsorted([4, 7, 9], KEYS.concepts)]
    (row,) = [one.row for one in score(given(logits=(seen, seen)), Effort(199, 0))[0] if one.row.metric ==
              "read-back-video"]  # fmt: skip
    assert row.variant == "concept" and row.value == 1.0 and row.chance == 0.0 and row.chance_kind == "pairing"
    assert row.baseline == pytest.approx(1 / 3) and row.p < 0.2 and row.n_events == N
