"""Splits by a table: what a row takes, what contradicts, what leaks."""

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.splits import Part

_spec = importlib.util.spec_from_file_location("_shown_study", Path(__file__).with_name("_shown_study.py"))
on_paper = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(on_paper)
make_clips, make_events, split = on_paper.make_clips, on_paper.make_events, on_paper.split

FEW = settings(derandomize=True, deadline=None, max_examples=50)
CLIPS = make_clips(4, 4)
EVENTS = make_events(CLIPS, sessions=2)
CONCEPT = {clip.clip: clip.concept for clip in CLIPS}
COLUMNS = ("event", "clip", "run", "block", "session", "subject", "concept", "recording")


def write(path, text):
    path.write_text(text)
    return path


def value(event, column):
    return str(CONCEPT[event.clip]) if column == "concept" else str(getattr(event, column))


def by_hand(rows, events):
    """Return the part of each event, row by row and event by event; None where rows contradict."""
    folds = list(dict.fromkeys(row["fold"] for row in rows))
    parts = np.zeros((len(folds), len(events)), dtype=int)
    for row in rows:
        for k, event in enumerate(events):
            wanted = [column for column in COLUMNS if row.get(column)]
            if all(value(event, column) == row[column] for column in wanted):
                here, part = folds.index(row["fold"]), Part[row["part"].upper()]
                if parts[here, k] not in (0, part):
                    return None
                parts[here, k] = part
    return parts


@st.composite
def tables(draw):
    """Draw rows, each naming one to three columns of an event there is."""
    rows = []
    names = st.sampled_from([column for column in COLUMNS if column != "subject"])
    for _ in range(draw(st.integers(2, 12))):
        event = draw(st.sampled_from(EVENTS))
        columns = draw(st.lists(names, min_size=1, max_size=3, unique=True))
        row = {"fold": draw(st.sampled_from("ab")), "part": draw(st.sampled_from(["train", "validation", "test"]))}
        rows.append(row | {column: value(event, column) for column in columns})
    for fold in sorted({row["fold"] for row in rows}):
        rows.append({"fold": fold, "part": "train", "event": EVENTS[0].event})
        rows.append({"fold": fold, "part": "test", "event": EVENTS[-1].event})
    return rows


@FEW
@given(tables(), st.sampled_from([("tsv", "\t"), ("csv", ","), ("csv", ";")]))
def test_a_table_means_what_it_says_by_hand(tmp_path_factory, rows, form):
    path = tmp_path_factory.mktemp("table") / f"folds.{form[0]}"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["fold", "part", *COLUMNS], delimiter=form[1])
        writer.writeheader()
        writer.writerows([{"subject": ""} | row for row in rows])
    expected = by_hand(rows, EVENTS)
    words = {"table": path, "scheme": "table", "allow_leak": ("runs", "clips")}
    if expected is None:
        with pytest.raises(BadDataError, match=r"folds\.[ct]sv, row \d+: .* in row \d+"):
            on_paper.divide(EVENTS, CLIPS, ("1",), settings_of(**words), path)
        return
    result = on_paper.divide(EVENTS, CLIPS, ("1",), settings_of(**words), path)
    order = list(dict.fromkeys(row["fold"] for row in rows))
    assert [fold.fold for fold in result.folds] == order
    assert (result.assignment == expected).all()


def settings_of(table, **words):
    return on_paper.SplitSettings(table=str(table), **words)


def divided(path, text, events=EVENTS, people=("1",), **words):
    write(path, text)
    return on_paper.divide(events, CLIPS, people, settings_of(path, scheme="table", **words), path)


def test_a_table_of_blocks(tmp_path):
    text = "fold\tpart\tblock\na\ttrain\t1\na\ttrain\t2\na\tvalidation\t3\na\ttest\t4\nb\ttest\t1\nb\ttrain\t3\n"
    result = divided(tmp_path / "t.tsv", text)
    assert [(f.test, f.validation) for f in result.folds] == [("block 4", "block 3"), ("block 1", "")]
    found = on_paper.parts_of(result, EVENTS, lambda e: e.block)
    assert found == [{"1": {1}, "2": {1}, "3": {2}, "4": {3}}, {"1": {3}, "3": {1}}]
    assert result.attributes.scheme == "table" and result.attributes.seed is None


def test_concepts_by_name_and_events_left_out(tmp_path):
    text = "fold,part,concept,block\na,train,thing 1,\na,test,2,\na,unused,3,2\n"
    found = on_paper.parts_of(divided(tmp_path / "t.csv", text), EVENTS, lambda e: CONCEPT[e.clip])
    assert found == [{1: {1}, 2: {3}}]


def test_rows_that_match_nothing_are_named(tmp_path):
    text = "fold,part,block,subject\na,train,1,\na,train,7,\na,test,2,1\na,test,2,2\n"
    result = divided(tmp_path / "t.csv", text, people=("1", "2"))
    assert result.remarks == ["Subject 1 has no event that row 3 of t.csv would match."]


def test_a_clip_that_leaks_from_one_person_to_another(tmp_path):
    text = "fold,part,subject\na,train,1\na,test,2\n"
    with pytest.raises(BadDataError, match=r"clip 'b1-c1-0' is in train and test of fold 'a' \(32 such clips\)"):
        divided(tmp_path / "t.csv", text, people=("1", "2"))
    forced = divided(tmp_path / "t.csv", text, people=("1", "2"), allow_leak=("clips",))
    assert forced.attributes.leaks == ("clips",)
    fair = "fold,part,subject,block\na,train,1,1\na,test,2,2\n"
    result = divided(tmp_path / "t.csv", fair, people=("1", "2"))
    assert on_paper.parts_of(result, EVENTS, lambda e: e.block) == [{"1": {1}}]
    with pytest.raises(UsageError, match="Subject 3 has no event in any part of any fold"):
        divided(tmp_path / "t.csv", fair, make_events(CLIPS, "3"), ("1", "2", "3"))


HEAD = "fold,part,block,subject,clip,concept\n"
GOOD = "a,train,1,,,\na,test,2,,,\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        (HEAD, "has a heading but no rows"),
        ("fold,block\na,1\n", "the column 'part' is missing"),
        ("fold,part\na,train\n", "says of no row which events it is about"),
        ("fold,part,blok\na,train,1\n", "the column 'blok' means nothing here. Did you mean 'block'"),
        (HEAD + "a,train,1,,\n", "row 2: expected 6 fields, found 5"),
        (HEAD + GOOD + "a,trian,3,,,\n", "row 4: part 'trian': expected train, .* Did you mean 'train'"),
        (HEAD + GOOD + ",train,3,,,\n", "row 4: the field fold is empty"),
        (HEAD + GOOD + "a b,train,3,,,\n", "row 4: fold 'a b' is not a label"),
        (HEAD + GOOD + "a,train,,,,\n", "row 4: it names nothing"),
        (HEAD + GOOD + "a,train,3,9,,\n", "row 4: there is no subject '9' in this study"),
        (HEAD + GOOD + "a,train,3,,b1-c1-9,\n", "row 4: the clip index has no clip 'b1-c1-9'"),
        (HEAD + GOOD + "a,train,3,,,thing 77\n", "row 4: the clip index knows no concept 'thing 77'"),
        (
            HEAD + GOOD + "a,validation,2,,,\n",
            "row 4: the same events are in part 'validation' .*row 3",
        ),
        (HEAD + GOOD + "a,train,,,b2-c1-0,\n", "row 4: event .*, clip b2-c1-0, is in part 'train' .*'test' in row 3"),
        (HEAD + "a,train,1,,,\na,train,2,,,\n", "fold 'a' has no row for test"),
    ],
)
def test_tables_refused(tmp_path, text, sentence):
    with pytest.raises(BadDataError) as error:
        divided(tmp_path / "t.csv", text)
    assert error.match(sentence)


def test_a_part_that_is_empty_for_this_subject(tmp_path):
    with pytest.raises(UsageError, match=r"Fold 'a' of subject 1 \(test: block 9; .*leaves no event for test"):
        divided(tmp_path / "t.csv", "fold,part,block\na,train,1\na,test,9\n")


def test_planted_leaks(tmp_path):
    text = "fold,part,clip\na,train,b1-c1-0\na,test,b1-c1-1\n"
    with pytest.raises(BadDataError, match=r"run '1/s1-b1-c1' is in train and test of fold 'a' .2 such runs"):
        divided(tmp_path / "t.csv", text)
    text = "fold,part,session,block\na,train,1,1\na,test,2,1\n"
    with pytest.raises(BadDataError, match=r"clip 'b1-c1-0' is in train and test of fold 'a' .8 such clips"):
        divided(tmp_path / "t.csv", text)
    assert divided(tmp_path / "t.csv", text, allow_leak=("clips",)).attributes.leaks == ("clips",)
