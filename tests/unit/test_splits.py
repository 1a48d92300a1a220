"""Splits: every block tests once, nothing leaks, planted leaks are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.datasets.splits import leave_one_block_out, refuse_leaks


def event(k, block, run, clip, session="1"):
    return Event(
        event=f"e{k}",
        subject="1",
        session=session,
        recording="r",
        block=block,
        run=run,
        position=1,
        clip=clip,
        onset_s=k,
        onset_sample=k,
        duration_s=2,
    )


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.sampled_from("12345678"), min_size=3, max_size=60).filter(lambda b: len(set(b)) >= 3))
def test_each_block_tests_once_and_validation_is_the_one_before(blocks):
    folds, assignment = leave_one_block_out(blocks)
    order = list(dict.fromkeys(blocks))
    assert assignment.shape == (len(order), len(blocks))
    for k, label in enumerate(order):
        parts = {b: {Part(p) for p, c in zip(assignment[k], blocks, strict=True) if c == b} for b in order}
        assert parts[label] == {Part.TEST}
        assert parts[order[k - 1]] == {Part.VALIDATION}
        assert all(parts[b] == {Part.TRAIN} for b in order if b not in (label, order[k - 1]))
        assert folds[k].test == f"block {label}"


def test_published_test_block():
    folds, assignment = leave_one_block_out([str(b) for b in range(1, 8) for _ in range(200)])
    assert (folds[-1].fold, folds[-1].validation) == ("block-7", "block 6")
    counts = np.bincount(assignment[-1], minlength=4)
    assert counts.tolist() == [0, 1000, 200, 200]


def test_too_few_blocks():
    with pytest.raises(UsageError, match="needs 3 blocks"):
        leave_one_block_out(["1", "2", "2"])
    folds, assignment = leave_one_block_out(["1", "2", "2"], validation=False)
    assert len(folds) == 2
    assert set(assignment.ravel().tolist()) == {Part.TRAIN, Part.TEST}
    with pytest.raises(UsageError, match="this subject has 1"):
        leave_one_block_out(["1"], validation=False)


def test_planted_leaks_are_refused():
    events = [event(0, "1", "r1", "a"), event(1, "1", "r1", "b"), event(2, "2", "r2", "c"), event(3, "3", "r3", "d")]
    folds, assignment = leave_one_block_out([e.block for e in events])
    refuse_leaks(assignment, events, folds)
    torn = assignment.copy()
    torn[0, 1] = Part.TRAIN
    with pytest.raises(BadDataError, match="run '1/r1' is in train and test"):
        refuse_leaks(torn, events, folds)
    repeated = [*events[:3], event(3, "3", "r3", "a")]
    with pytest.raises(BadDataError, match="clip 'a'"):
        refuse_leaks(assignment, repeated, folds)


def test_unused_events_do_not_leak():
    events = [event(0, "1", "r1", "a"), event(1, "2", "r2", "a"), event(2, "3", "r3", "b")]
    folds, assignment = leave_one_block_out([e.block for e in events])
    assignment[:, 1] = Part.UNUSED
    refuse_leaks(assignment, events, folds)
