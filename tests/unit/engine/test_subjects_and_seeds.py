"""--subject forms, seeds and sentences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.engine.seeding import derive_seed
from eeg2vid.stages.engine.subjects import parse_subjects

TWENTY = [str(k) for k in range(1, 21)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("17", ["17"]),
        ("1-3", ["1", "2", "3"]),
        ("1-2,17", ["1", "2", "17"]),
        ("17,1-2", ["17", "1", "2"]),
        ("3,1-4", ["3", "1", "2", "4"]),
        ("all", TWENTY),
        ("sub-4", ["4"]),
        (" 4 , 5", ["4", "5"]),
    ],
)
def test_forms(text, expected):
    assert parse_subjects(text, TWENTY) == expected


@pytest.mark.parametrize("text", ["", "1-", "3-1", "1--3", "../1", "1;2", "a b", "1-99999999", "@arry", ","])
def test_malformed(text):
    with pytest.raises(UsageError):
        parse_subjects(text, TWENTY)


def test_absent_subject():
    with pytest.raises(BadDataError, match="Subject 21"):
        parse_subjects("20-21", TWENTY)


def test_array_task(monkeypatch):
    monkeypatch.delenv("SLURM_ARRAY_TASK_ID", raising=False)
    with pytest.raises(UsageError, match="SLURM_ARRAY_TASK_ID"):
        parse_subjects("@array", TWENTY)
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "7")
    assert parse_subjects("@array", TWENTY) == ["7"]


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_lists_keep_order_without_repeats(numbers):
    text = ",".join(map(str, numbers))
    assert parse_subjects(text, TWENTY) == list(dict.fromkeys(map(str, numbers)))


def test_seeds_depend_on_every_part():
    seeds = {derive_seed(r, s, u, f) for r in (0, 1) for s in ("a", "b") for u in ("1", "11") for f in (1, 11)}
    assert len(seeds) == 16
    assert derive_seed(0, "ab", "c") != derive_seed(0, "a", "bc")
    assert all(0 <= seed < 2**63 for seed in seeds)
