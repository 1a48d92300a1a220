"""Which clips a model that reads no EEG learns in a fold."""

import numpy as np
import pytest

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.cohort.learned import Shown, clips_of_fold, clips_to_learn

T, V, X, U = Part.TRAIN, Part.VALIDATION, Part.TEST, Part.UNUSED
BLOCKS = {"1": "ab", "2": "cd", "3": "ef", "4": "gh"}


def shown(subjects=("1", "2"), films=None):
    """Everybody sees the same four blocks of two clips."""
    return [
        Shown(clip, (films or {}).get(clip, clip), block, subject)
        for subject in subjects
        for block, clips in BLOCKS.items()
        for clip in clips
    ]


def parts(*of_people):
    return np.array([part for of_blocks in of_people for part in of_blocks for _ in range(2)], dtype="i1")


def found(wanted="training", of_people=((T, T, V, X), (T, T, V, X)), films=None, **given):
    return clips_of_fold("f", shown(("1", "2")[: len(of_people)], films), parts(*of_people), wanted, **given)


def test_what_trains_is_learned_and_the_loss_is_told_on_what_validates():
    one = found()
    assert (one.train, one.validation, one.left_out, one.leak) == (tuple("abcd"), tuple("ef"), 0, "")


def test_what_validates_is_learned_where_it_may():
    one = found(validation_in_training=True)
    assert (one.train, one.validation) == (tuple("abcdef"), ())


@pytest.mark.parametrize("part", [X, V])
def test_a_clip_that_is_kept_apart_in_anybody_trains_in_nobody(part):
    one = found(of_people=((T, T, V, X), (part, T, T, X)))
    assert one.train == tuple("cd")
    assert one.left_out == 4  # a, b and e, f: the latter validate in the first
    assert one.validation == (tuple("ef") if part == X else tuple("abef"))


def test_what_validates_in_one_and_tests_in_another_is_told_on_nothing():
    assert found(of_people=((T, T, V, X), (T, T, X, V))).validation == ()


def test_a_film_that_is_tested_under_another_name_is_not_learned():
    one = found(films={"a": "same", "g": "same", "c": "other", "e": "other"})
    assert one.train == tuple("bd")
    assert one.left_out == 2
    one = found(films={"a": "same", "g": "same"}, validation_in_training=True)
    assert one.train == tuple("bcdef")


def test_a_person_who_is_held_out_is_tested_on_what_nobody_learns():
    one = found(of_people=((T, T, V, U), (U, U, U, X)))
    assert (one.train, one.validation) == (tuple("abcd"), tuple("ef"))


def test_a_block_is_learned_in_every_fold_and_where_it_is_tested_that_is_a_leak():
    one = found("block:1")
    assert (one.train, one.validation, one.leak) == (tuple("ab"), tuple("ef"), "")
    assert found("block:1,2").train == tuple("abcd")
    leaking = found("block:2, 4")
    assert leaking.train == tuple("cdgh")
    assert leaking.leak == "clip 'g' is in test of subject 2"
    assert found("block:1", films={"b": "same", "h": "same"}).leak == "clip 'b' is in test of subject 2"


def test_a_block_that_validates_is_a_leak_unless_it_may_be_learned():
    assert found("block:3").leak == "clip 'e' is in validation of subject 2"
    assert found("block:3").validation == ()
    assert found("block:3", validation_in_training=True).leak == ""


def test_clips_that_are_in_no_part_are_not_learned_of_a_block_either():
    """A split of some concepts leaves the others of a block alone."""
    some = np.array([T, U, T, T, V, V, X, X], dtype="i1")
    assert clips_of_fold("f", shown(("1",)), some, "block:1,2").train == tuple("acd")


def test_a_block_that_is_none_is_named_with_those_there_are():
    with pytest.raises(UsageError, match=r"block '9'.* Known: 1, 2, 3, 4"):
        found("block:9")


def test_clips_that_are_in_no_folds_are_refused():
    nothing = type("Context", (), {"read_each": lambda self, role: {}})()
    with pytest.raises(UsageError, match="imported without EEG"):
        clips_to_learn(nothing, "training", "all")


def test_nothing_left_is_refused():
    with pytest.raises(UsageError, match="Fold 'f': no clip is left to learn, of 8 that train"):
        found(of_people=((T, T, X, X), (X, X, T, T)))
