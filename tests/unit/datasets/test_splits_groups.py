"""Splits by subject, concept, session and chance; subsets of concepts."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.datasets.splits.concepts import PUBLISHED_10, choose_concepts, deal

_spec = importlib.util.spec_from_file_location("_shown_study", Path(__file__).with_name("_shown_study.py"))
on_paper = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(on_paper)
make_clips, make_events, split = on_paper.make_clips, on_paper.make_events, on_paper.split

FEW = settings(derandomize=True, deadline=None, max_examples=50)
PEOPLE = tuple(str(k) for k in range(1, 21))


def everyone(clips, people, **words):
    """Return each person's division and events."""
    return {p: (split(e, clips, people, **words), e) for p in people for e in [make_events(clips, p)]}


# -- subjects ----------------------------------------------------------------------------------------


@FEW
@given(
    on_paper.studies(),
    st.sampled_from(["previous-block", "previous-group", "none"]),
    st.integers(1, 2),
)
def test_all_people_agree_and_no_clip_is_in_two_parts_of_anyone(study, validation, size):
    clips, people, _ = study
    if validation == "previous-group" and -(-len(people) // size) < 3:
        return
    found = everyone(clips, people, scheme="leave-subjects-out", validation=validation, group_size=size)
    folds = next(iter(found.values()))[0].folds
    tested = dict.fromkeys(people, 0)
    for k, fold in enumerate(folds):
        parts: dict[str, set[int]] = {}
        roles = {}
        for person, (result, events) in found.items():
            assert result.folds[k] == fold
            row = result.assignment[k]
            for part, event in zip(row.tolist(), events, strict=True):
                parts.setdefault(event.clip, set()).add(part)
            roles[person] = set(row.tolist()) - {Part.UNUSED}
            tested[person] += Part.TEST in roles[person]
        assert all(len(seen - {Part.UNUSED}) <= 1 for seen in parts.values())
        assert all(not {Part.TEST, Part.TRAIN} <= role for role in roles.values())
        assert any(Part.TRAIN in role for role in roles.values()) and any(Part.TEST in role for role in roles.values())
        if validation != "none":
            assert any(Part.VALIDATION in role for role in roles.values())
    assert set(tested.values()) == {1}, "each person is tested in one fold"


def test_one_out_of_twenty_as_sklearn_says():
    clips = make_clips(7, 4, 1)
    found = everyone(
        clips, PEOPLE, scheme="leave-subjects-out", cross_clips="shared", validation="none", allow_leak=("clips",)
    )
    who = np.repeat(np.arange(1, 21), len(clips))
    stacked = np.concatenate([found[p][0].assignment for p in PEOPLE], axis=1)
    for k, (train, test) in enumerate(LeaveOneGroupOut().split(who, groups=who)):
        assert (np.flatnonzero(stacked[k] == Part.TEST) == test).all()
        assert (np.flatnonzero(stacked[k] == Part.TRAIN) == train).all()
    assert found["1"][0].attributes.leaks == ("clips",)


def test_fifteen_and_five():
    clips = make_clips(7, 4, 5)
    result = split(make_events(clips, "7"), clips, PEOPLE, scheme="leave-subjects-out", group_size=5)
    assert [fold.fold for fold in result.folds][:2] == ["subjects-1+2+3+4+5", "subjects-6+7+8+9+10"]
    assert result.folds[1].test == "subjects 6, 7, 8, 9, 10, block 7"
    assert result.folds[1].validation == "block 6"
    by_block = on_paper.parts_of(result, make_events(clips, "7"), lambda e: e.block)
    assert by_block[1] == {"7": {Part.TEST}}
    assert by_block[0] == {**{str(b): {Part.TRAIN} for b in range(1, 6)}, "6": {Part.VALIDATION}}
    same = split(make_events(clips, "7"), clips, PEOPLE, scheme="leave-subjects-out", groups=4)
    assert (same.assignment == result.assignment).all()
    named = split(make_events(clips, "7"), clips, PEOPLE, scheme="leave-subjects-out", held_out=("3", "sub-8"))
    assert [fold.test for fold in named.folds] == ["subjects 3, 8, block 7"]


def test_shared_clips_are_a_leak_that_one_persons_events_do_not_show():
    clips = make_clips(3, 4, 1)
    words = {"scheme": "leave-subjects-out", "cross_clips": "shared"}
    with pytest.raises(
        BadDataError, match=r"clip 'b1-c1-0' is in train and test of fold 'subject-1' \(12 such.*disjoint"
    ):
        split(make_events(clips, "2"), clips, ("1", "2"), **words)


def test_people_without_blocks_of_films():
    clips = make_clips(4, 5, 2, films=False)
    words = {"scheme": "leave-subjects-out", "validation": "previous-group"}
    found = everyone(clips, ("1", "2", "3"), **words)
    result = found["1"][0]
    assert result.attributes.seed == 0 and "knows no blocks" in result.remarks[0]
    assert result.folds[0].test == "subject 1, clip group 5"
    with pytest.raises(BadDataError, match=r"run .* is in train and validation.*previous-group"):
        split(make_events(clips), clips, ("1", "2", "3"), scheme="leave-subjects-out")


@pytest.mark.parametrize(
    ("people", "blocks", "words", "sentence"),
    [
        (("1",), 3, {}, "needs 2 subjects; this study has 1"),
        (("1", "2"), 3, {"validation": "previous-group"}, "needs 3 subjects"),
        (("1", "2"), 2, {}, "needs 3 blocks of them; the clip index has 2"),
        (("1", "2"), 3, {"held_out": ("5",)}, r"no subject '5' in this study\. Known: 1, 2"),
        (("1", "2"), 3, {"held_out": ("1,2",)}, "too few are left to train on"),
        (("1", "2"), 3, {"group_size": 2}, "2 subjects make 1 group;"),
        (("1", "2"), 3, {"groups": 3}, "2 subjects make 3 groups"),
        (("1", "2"), 3, {"test_block": ("4",)}, "no block '4' of films in the clip index"),
        (("1", "2"), 3, {"test_block": ("3",), "cross_clips": "shared"}, "they are not divided"),
    ],
)
def test_subjects_refused(people, blocks, words, sentence):
    clips = make_clips(blocks, 3)
    with pytest.raises(UsageError) as error:
        split(make_events(clips), clips, people, scheme="leave-subjects-out", **words)
    assert error.match(sentence)


def test_a_held_out_person_who_did_not_see_the_test_block():
    clips = make_clips(3, 3)
    events = [e for e in make_events(clips) if e.block != "3"]
    with pytest.raises(UsageError, match="Subject 1 has no event in any part of fold 'subject-1'"):
        split(events, clips, ("1", "2"), scheme="leave-subjects-out")


# -- concepts ----------------------------------------------------------------------------------------


@FEW
@given(on_paper.studies(min_concepts=4), st.integers(2, 4), st.integers(0, 99))
def test_each_concept_is_tested_once_and_in_one_part(study, groups, seed):
    clips, people, events = study
    result = split(events, clips, people, scheme="leave-concepts-out", groups=groups, seed=seed, validation="none")
    concept = {clip.clip: clip.concept for clip in clips}
    for fold in on_paper.parts_of(result, events, lambda e: concept[e.clip]):
        assert all(len(parts) == 1 for parts in fold.values())
    assert ((result.assignment == Part.TEST).sum(axis=0) == 1).all()
    labels = np.array([concept[e.clip] for e in events])
    sizes = sorted(len(set(labels[row == Part.TEST].tolist())) for row in result.assignment)
    oracle = GroupKFold(n_splits=groups).split(np.arange(len(set(labels))), groups=sorted(set(labels)))
    assert sizes == sorted(len(test) for _, test in oracle)


def test_validation_on_concepts_or_on_a_block():
    clips = make_clips(3, 6)
    events = make_events(clips)
    words = {"scheme": "leave-concepts-out", "groups": 3}
    concept = {clip.clip: clip.concept for clip in clips}
    unseen = split(events, clips, validation="previous-group", **words)
    for k, fold in enumerate(on_paper.parts_of(unseen, events, lambda e: concept[e.clip])):
        sizes = [sum(parts == {part} for parts in fold.values()) for part in (1, 2, 3)]
        assert sizes == [2, 2, 2]
        assert unseen.folds[k].validation == unseen.folds[k - 1].test
    block = split(events, clips, **words)
    kept = [e.block for e, part in zip(events, block.assignment[0], strict=True) if part == Part.VALIDATION]
    assert set(kept) == {"3"}
    named = split(events, clips, scheme="leave-concepts-out", held_out=("thing 2", "5"))
    assert [(f.fold, f.test) for f in named.folds] == [("concepts-2+5", "concepts thing 2, thing 5")]
    assert named.attributes.seed is None and block.attributes.seed == 0


@FEW
@given(st.integers(1, 40), st.integers(1, 8), st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_dealing_is_even_and_ignores_the_order(items, groups, seed, random):
    things = list(range(items))
    kinds = {k: random.choice("abc") for k in things}
    dealt = deal(things, [kinds[k] for k in things], groups, seed)
    assert sorted(k for group in dealt for k in group) == things
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1
    for kind in "abc":
        shares = [sum(kinds[k] == kind for k in group) for group in dealt]
        assert max(shares) - min(shares) <= 1
    random.shuffle(things)
    assert deal(things, [kinds[k] for k in things], groups, seed) == dealt


def test_subsets_of_concepts():
    clips = make_clips(3, 40, 1)
    assert choose_concepts(["published-10"], clips, 0) == (list(PUBLISHED_10), [])
    assert choose_concepts(["3, thing 7", "THING 9"], clips, 0)[0] == [3, 7, 9]
    twenty, remarks = choose_concepts(["random-20"], clips, 4)
    assert len(set(twenty)) == 20 and "not known" in remarks[0]
    assert set(twenty) < set(choose_concepts(["random-30"], clips, 4)[0])
    assert twenty != choose_concepts(["random-20"], clips, 5)[0]
    events = make_events(clips)
    for scheme, words in (("leave-one-block-out", {}), ("leave-concepts-out", {}), ("leave-subjects-out", {})):
        result = split(events, clips, ("1", "2"), scheme=scheme, concepts=("published-10",), **words)
        used = {e.run.split("-c")[1] for e, row in zip(events, result.assignment.T, strict=True) if row.any()}
        assert used == {str(k) for k in PUBLISHED_10}
        assert result.attributes.concepts == PUBLISHED_10


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("thong 3", r"no concept 'thong 3' in this study\. Did you mean 'thing 3'"),
        ("published-10", "published-10 names concept 10, 12, .* it has 6 concepts|published-10 names concept 10"),
        ("random-20", "random-20: this study has 6 concepts"),
        ("2", "names 1 concept"),
    ],
)
def test_concepts_refused(wanted, sentence):
    clips = make_clips(3, 6)
    with pytest.raises(UsageError) as error:
        split(make_events(clips), clips, concepts=(wanted,))
    assert error.match(sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"groups": 9}, "6 concepts make 9 groups"),
        ({"group_size": 6}, "6 concepts make 1 group;"),
        ({"held_out": ("9",)}, "no concept '9' in use"),
        ({"held_out": ("1,2,3,4,5,6",)}, "Every concept is held out"),
        ({"concepts": ("1,2",), "held_out": ("3",)}, "no concept '3' in use"),
    ],
)
def test_leave_concepts_out_refused(words, sentence):
    clips = make_clips(3, 6)
    with pytest.raises(UsageError, match=sentence):
        split(make_events(clips), clips, scheme="leave-concepts-out", **words)


def test_clips_without_concepts():
    clips = [clip.model_copy(update={"concept": None}) if clip.concept == 2 else clip for clip in make_clips(3, 6)]
    events = make_events(make_clips(3, 6))
    result = split(events, clips, scheme="leave-concepts-out")
    assert "6 events show clips without a concept" in result.remarks[0]
    none = [clip.model_copy(update={"concept": None}) for clip in clips]
    with pytest.raises(UsageError, match="knows no concepts"):
        split(events, none, scheme="leave-concepts-out")
    with pytest.raises(UsageError, match="knows no concepts"):
        split(events, none, concepts=("3", "4"))


# -- sessions and chance -----------------------------------------------------------------------------


def test_sessions_show_the_same_clips():
    clips = make_clips(3, 3)
    events = make_events(clips, sessions=2)
    with pytest.raises(BadDataError, match=r"clip '.*' is in .* of fold 'session-1'.*Hold a block out of all sessions"):
        split(events, clips, scheme="leave-session-out")
    forced = split(events, clips, scheme="leave-session-out", allow_leak=("clips",), validation="none")
    assert [fold.test for fold in forced.folds] == ["session 1", "session 2"]
    assert forced.attributes.leaks == ("clips",)
    other = [e.model_copy(update={"clip": e.clip.replace("b", "d", 1)}) if e.session == "2" else e for e in events]
    more = [clip.model_copy(update={"clip": clip.clip.replace("b", "d", 1)}) for clip in clips]
    fair = split(other, clips + more, scheme="leave-session-out")
    assert fair.attributes.leaks == () and fair.folds[0].validation == "block 3 of the others"
    with pytest.raises(UsageError, match="needs 2 sessions; subject 1 has 1"):
        split(make_events(clips), clips, scheme="leave-session-out")


def test_random_clips_are_refused_whatever_they_do():
    clips = make_clips(3, 4, 2)
    with pytest.raises(BadDataError, match=r"run '.*' is in .* `allow_leak` runs|run '.*' is in"):
        split(make_events(clips), clips, scheme="random-clips")
    alone = make_clips(3, 4, 1)  # a run of one clip is in one part: still not without being asked for
    with pytest.raises(BadDataError, match="without a look at runs"):
        split(make_events(alone), alone, scheme="random-clips")
    asked = split(make_events(alone), alone, scheme="random-clips", allow_leak=("runs",))
    assert asked.attributes.leaks == () and "no such leak occurs" in asked.remarks[0]
    result = split(make_events(clips), clips, scheme="random-clips", allow_leak=("runs",))
    assert ((result.assignment == Part.TEST).sum(axis=0) == 1).all()
    assert result.attributes.leaks == ("runs",)
    with pytest.raises(UsageError, match="found 99 groups and 24 clips"):
        split(make_events(clips), clips, scheme="random-clips", groups=99)
