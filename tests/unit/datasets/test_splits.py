"""Splits: what every scheme promises, what leaks, and blocks held out."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.model_selection import LeaveOneGroupOut

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.splits import Part, SplitSettings
from eeg2vid.stages.datasets.splits.leaks import refuse_leaks

_spec = importlib.util.spec_from_file_location("_shown_study", Path(__file__).with_name("_shown_study.py"))
on_paper = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(on_paper)
make_clips, make_events, split = on_paper.make_clips, on_paper.make_events, on_paper.split

FEW = settings(derandomize=True, deadline=None, max_examples=50)
SCHEMES = {
    "leave-one-block-out": {},
    "fixed": {},
    "leave-subjects-out": {},
    "leave-concepts-out": {"groups": 3},
    "leave-session-out": {"allow_leak": ("clips",)},
    "random-clips": {"groups": 3, "allow_leak": ("runs",)},
}


def made(study, scheme, **more):
    clips, subjects, events = study
    return split(events, clips, subjects, scheme=scheme, **{**SCHEMES[scheme], **more})


@FEW
@given(
    on_paper.studies(), st.sampled_from(sorted(SCHEMES)), st.sampled_from(["previous-block", "previous-group", "none"])
)
def test_whatever_the_scheme(study, scheme, validation):
    _, _, events = study
    if scheme == "leave-session-out" and (validation == "previous-group" or len({e.session for e in events}) < 2):
        return
    result = made(study, scheme, validation=validation)
    names = [fold.fold for fold in result.folds]
    assert len(names) == len(set(names)) and result.assignment.shape == (len(names), len(events))
    assert result.assignment.dtype == np.int8 and np.isin(result.assignment, list(Part)).all()
    if validation == "none":
        assert not (result.assignment == Part.VALIDATION).any()
        assert all(fold.validation == "" for fold in result.folds)
    allowed = SCHEMES[scheme].get("allow_leak", ())
    for kind, column in (("runs", on_paper.by_run), ("clips", on_paper.by_clip)):
        torn = [
            parts for fold in on_paper.parts_of(result, events, column) for parts in fold.values() if len(parts) > 1
        ]
        assert not torn or kind in allowed
        assert (kind in result.attributes.leaks) == bool(torn)
    again = made(study, scheme, validation=validation)
    assert again.assignment.tobytes() == result.assignment.tobytes() and again.folds == result.folds


@FEW
@given(on_paper.studies(), st.sampled_from(sorted(SCHEMES)), st.randoms(use_true_random=False))
def test_the_order_of_the_tables_does_not_matter(study, scheme, random):
    clips, subjects, events = study
    if scheme == "leave-session-out" and len({e.session for e in events}) < 2:
        return
    result = made(study, scheme)
    order = list(range(len(events)))
    random.shuffle(order)
    shuffled = made((clips, subjects, [events[k] for k in order]), scheme)
    assert shuffled.folds == result.folds
    assert (shuffled.assignment == result.assignment[:, order]).all()


@FEW
@given(on_paper.studies())
def test_each_block_tests_once_as_sklearn_says(study):
    _, _, events = study
    result = made(study, "leave-one-block-out")
    blocks = np.array([event.block for event in events])
    places = np.arange(len(events))
    for k, (train, test) in enumerate(LeaveOneGroupOut().split(places, groups=blocks)):  # sorted, as '1' to '6' are
        assert (np.flatnonzero(result.assignment[k] == Part.TEST) == test).all()
        learned = np.isin(result.assignment[k], (Part.TRAIN, Part.VALIDATION))
        assert (np.flatnonzero(learned) == train).all()
        before = sorted(set(blocks))[k - 1]
        assert set(blocks[result.assignment[k] == Part.VALIDATION]) == {before}
        assert result.folds[k].validation == f"block {before}"
    assert ((result.assignment == Part.TEST).sum(axis=0) == 1).all()


def test_blocks_without_films_are_in_the_order_they_were_seen():
    clips = make_clips(3, 2, films=False)
    names = {"1": "rest", "2": "task", "3": "late"}
    events = [e.model_copy(update={"block": names[e.block]}) for e in make_events(clips)]
    expected = ["block-rest", "block-task", "block-late"]
    assert [fold.fold for fold in split(events, clips).folds] == expected
    assert [fold.fold for fold in split(events[::-1], clips).folds] == expected


def test_published_split_of_generation():
    clips = make_clips(7, 40, 5)
    events = make_events(clips)
    result = split(events, clips, scheme="fixed")
    (fold,) = result.folds
    assert (fold.fold, fold.test, fold.validation) == ("block-7", "block 7", "block 6")
    assert np.bincount(result.assignment[0], minlength=4).tolist() == [0, 1000, 200, 200]
    every = split(events, clips)
    assert every.folds[-1] == fold and (every.assignment[-1] == result.assignment[0]).all()
    plain = split(events, clips, scheme="fixed", validation="none")
    assert np.bincount(plain.assignment[0], minlength=4).tolist() == [0, 1200, 0, 200]


def test_fixed_with_blocks_by_name():
    clips = make_clips(5, 3)
    events = make_events(clips)
    result = split(events, clips, scheme="fixed", test_block=("4", "1"), validation_block=("5",))
    assert (result.folds[0].fold, result.folds[0].test) == ("blocks-1+4", "blocks 1, 4")
    found = on_paper.parts_of(result, events, lambda e: e.block)[0]
    assert found == {"1": {3}, "4": {3}, "5": {2}, "2": {1}, "3": {1}}
    first = split(events, clips, scheme="fixed", test_block=("1",))
    assert first.folds[0].validation == "block 5"


@pytest.mark.parametrize(
    ("given_settings", "sentence"),
    [
        ({"test_block": ("9",)}, r"no block '9' among those of subject 1\. Known: 1, 2, 3"),
        ({"test_block": ("3",), "validation_block": ("3",)}, "Block '3' is to validate and to test"),
        ({"test_block": ("2", "3")}, r"No block is left to train on.*`validation` none"),
        ({"validation": "none", "validation_block": ("1",)}, "contradict each other"),
    ],
)
def test_fixed_refuses(given_settings, sentence):
    clips = make_clips(3, 2)
    with pytest.raises(UsageError) as error:
        split(make_events(clips), clips, scheme="fixed", **given_settings)
    assert error.match(sentence)


def test_too_few_blocks():
    clips = make_clips(2, 3)
    with pytest.raises(UsageError, match=r"needs 3 blocks.*has 2.*`validation` none.*\[split\.default\]"):
        split(make_events(clips), clips)
    assert len(split(make_events(clips), clips, validation="none").folds) == 2
    clips = make_clips(1, 3)
    with pytest.raises(UsageError, match=r"needs 2 blocks.*has 1.*Record more blocks"):
        split(make_events(clips), clips, validation="none")


def test_planted_leaks_are_refused_and_forced():
    clips = make_clips(3, 2)
    events = make_events(clips)
    events[0] = events[0].model_copy(update={"block": "2", "recording": "s1-b2"})  # torn from its run
    with pytest.raises(BadDataError, match=r"run '1/s1-b1-c1' is in .*test of fold 'block-1'"):
        split(events, clips)
    forced = split(events, clips, allow_leak=("runs", "clips"))
    assert forced.attributes.leaks == ("runs",)
    assert "`allow_leak` clips: no such leak occurs; nothing is stamped." in forced.remarks
    events = make_events(clips)
    events[0] = events[0].model_copy(update={"clip": events[-1].clip})  # seen in blocks 1 and 3
    with pytest.raises(
        BadDataError, match=r"clip 'b3-c2-1' is in .* and test of .* \(1 such clip; 2 more folds leak\)"
    ):
        split(events, clips)
    with pytest.raises(BadDataError, match="clip 'b3-c2-1'"):
        split(events, clips, allow_leak=("runs",))


def test_refuse_leaks_of_folds_made_elsewhere():
    clips = make_clips(3, 2)
    events = make_events(clips)
    result = split(events, clips)
    assert refuse_leaks(result.assignment, events, result.folds) == ()
    torn = result.assignment.copy()
    torn[0, 1] = Part.TRAIN
    with pytest.raises(BadDataError, match=r"run '1/s1-b1-c1' is in train and test of fold 'block-1'"):
        refuse_leaks(torn, events, result.folds)
    (leak,) = refuse_leaks(torn, events, result.folds, allowed=("runs",))
    assert (leak.kind, leak.count, leak.fold) == ("runs", 1, "block-1")
    torn[0, 0] = Part.UNUSED
    assert refuse_leaks(torn, events, result.folds) == ()


def test_one_film_under_two_clip_ids_is_refused_and_forced():
    clips = make_clips(3, 2)
    clips = [c.model_copy(update={"film_sha": "f"}) if c.clip in ("b1-c1-0", "b2-c2-1") else c for c in clips]
    events = make_events(clips)
    sentence = (
        r"clip 'b\d-c\d-\d' and clip 'b\d-c\d-\d' show one film, in \w+ and \w+ of fold 'block-1' "
        r"\(1 such film; 2 more folds leak\)"
    )
    for allowed in ((), ("runs", "clips", "recordings")):
        with pytest.raises(BadDataError, match=sentence) as error:
            split(events, clips, allow_leak=allowed)
        assert "`allow_leak` films" in error.value.hint
    forced = split(events, clips, allow_leak=("films",))
    assert forced.attributes.leaks == ("films",)
    with pytest.raises(BadDataError, match="show one film"):
        refuse_leaks(forced.assignment, events, forced.folds, clips=clips)
    assert refuse_leaks(forced.assignment, events, forced.folds) == ()  # without the clip index nobody knows
    # people who see one of the two only: nothing is torn in them; across people it would be
    alone = [event for event in events if event.clip != "b1-c1-0"]
    assert split(alone, clips).attributes.leaks == ()
    with pytest.raises(BadDataError, match="show one film"):
        split(alone, clips, ("1", "2", "3"), scheme="leave-subjects-out")
    # within a block they are in one part
    block = make_clips(3, 2)
    block = [c.model_copy(update={"film_sha": "f"}) if c.clip in ("b1-c1-0", "b1-c2-1") else c for c in block]
    assert split(make_events(block), block).attributes.leaks == ()


def with_eeg(events, digest_of):
    return [event.model_copy(update={"eeg_sha": digest_of(event)}) for event in events]


def test_copied_eeg_is_refused_and_forced():
    clips = make_clips(3, 2)
    events = with_eeg(make_events(clips), lambda e: e.event)
    assert split(events, clips).attributes.leaks == ()
    events[-1] = events[-1].model_copy(update={"eeg_sha": events[0].eeg_sha})
    sentence = (
        r"'s1-b\d' at \d+ s and 's1-b\d' at \d+ s hold the same EEG, in \w+ and \w+ of fold 'block-1' "
        r"\(1 such recording; 2 more folds leak\)"
    )
    with pytest.raises(BadDataError, match=sentence) as error:
        split(events, clips, allow_leak=("runs", "clips", "films"))
    assert "`allow_leak` recordings" in error.value.hint
    assert split(events, clips, allow_leak=("recordings",)).attributes.leaks == ("recordings",)
    with pytest.raises(BadDataError, match="hold the same EEG"):
        refuse_leaks(split(make_events(clips), clips).assignment, events, split(make_events(clips), clips).folds)


def test_a_session_that_is_a_copy_leaks_only_where_sessions_part():
    clips = make_clips(3, 2)
    events = with_eeg(make_events(clips, sessions=2), lambda e: e.event.split("-")[1])
    assert split(events, clips).attributes.leaks == ()  # a block is held out in both
    words = {"scheme": "leave-session-out", "validation": "none"}
    with pytest.raises(BadDataError, match="hold the same EEG"):
        split(events, clips, allow_leak=("clips",), **words)
    forced = split(events, clips, allow_leak=("clips", "recordings"), **words)
    assert forced.attributes.leaks == ("clips", "recordings")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"scheme": "table"}, "needs a file"),
        ({"table": "x.tsv"}, "for the scheme table"),
        ({"groups": 3}, "for the scheme leave-subjects-out or leave-concepts-out or random-clips"),
        ({"scheme": "leave-concepts-out", "groups": 3, "group_size": 2}, "not both"),
        ({"scheme": "leave-concepts-out", "held_out": ("1",), "groups": 3}, "named by held_out"),
        ({"scheme": "fixed", "held_out": ("1",)}, "for the scheme leave-subjects-out"),
        ({"allow_leak": ("everything",)}, "runs"),
    ],
)
def test_settings_that_contradict(words, sentence):
    with pytest.raises(ValidationError, match=sentence):
        SplitSettings(**words)


def test_settings_survive_a_round_trip():
    for words in ({}, {"scheme": "table", "table": "t.tsv"}, {"scheme": "leave-subjects-out", "group_size": 5}):
        first = SplitSettings(**words)
        assert SplitSettings.model_validate(first.model_dump(mode="json")) == first
