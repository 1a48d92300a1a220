"""Placing events: any table whose rows fit is placed, in whatever order its rows stand."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.stages.datasets.presentations import fill, place, recording_labels
from eeg2vid.stages.datasets.study_file import Whose
from eeg2vid.stages.datasets.tables import TableRow

SFREQ, LENGTH = 250.0, 25_000
CONCEPTS = {"a": 1, "b": 1, "c": 2, "d": None}
CLIPS = SimpleNamespace(
    labels={clip: {} if concept is None else {"concept": concept} for clip, concept in CONCEPTS.items()},
    times=lambda clip: (0.0, 0.5),
)
shows = st.lists(
    st.tuples(st.integers(0, 24_000), st.sampled_from("abcd"), st.sampled_from(["1", "2"])),
    max_size=25,
    unique_by=lambda shown: shown[0],
)


def placed(rows, shift=0.0, hint=""):
    values = [{"onset": repr(s / SFREQ), "clip": c, "block": b, "hint": hint} for s, c, b in rows]
    table = [TableRow(Path("t"), number, row) for number, row in enumerate(values, start=2)]
    filled = [fill(row, "r", Whose(None), shift) for row in table]
    return place(filled, "rec", SFREQ, LENGTH, CLIPS)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(shows, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    assert placed(mixed) == placed(rows)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(shows)
def test_every_row_is_placed_once_and_runs_are_unbroken(rows):
    events = placed(rows)
    ordered = sorted(rows)
    assert [(e.onset_sample, e.clip, e.block) for e in events] == ordered
    assert len({e.event for e in events}) == len(rows)
    # by hand: a run goes on while block and concept stay, and never without a concept
    keys = [(block, CONCEPTS[clip], None if CONCEPTS[clip] else k) for k, (_, clip, block) in enumerate(ordered)]
    lengths = [len(list(group)) for _, group in itertools.groupby(keys)]
    assert [len(list(group)) for _, group in itertools.groupby(e.run for e in events)] == lengths
    assert [e.position for e in events] == [k for n in lengths for k in range(1, n + 1)]


@settings(derandomize=True, deadline=None, max_examples=50)
@given(shows.filter(len), st.integers(0, 800))
def test_a_marker_delay_moves_every_event(rows, samples):
    still, moved = placed(rows, hint="3"), placed(rows, samples / SFREQ)
    assert [m.onset_sample - s.onset_sample for m, s in zip(moved, still, strict=True)] == [samples] * len(rows)
    assert {e.hint_s for e in still} == {3.0} and {e.hint_s for e in moved} == {None}


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.sets(st.from_regex(r"[a-c]{1,2}/[a-c]{1,60}\.(fif|edf)", fullmatch=True), min_size=1, max_size=6))
def test_recordings_have_labels_of_their_own(files):
    stems = {file.rsplit(".", 1)[0][:44] for file in files}
    if len(stems) == len(files):
        labels = recording_labels(files)
        assert len(set(labels.values())) == len(files)
        assert np.all([len(label) <= 44 for label in labels.values()])
