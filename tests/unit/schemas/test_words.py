"""Numbers and what they count."""

import pytest

from eeg2vid.schemas.words import counted, plural


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("subject", "subjects"),
        ("other subject", "other subjects"),
        ("person", "people"),
        ("CUDA device", "CUDA devices"),
        ("axis", "axes"),
        ("true clip", "true clips"),
    ],
)
def test_one_is_one_and_none_and_more_are_many(one, many):
    assert [counted(n, one) for n in (0, 1, 2)] == [f"0 {many}", f"1 {one}", f"2 {many}"]


def test_verbs_follow():
    assert [plural(n, "was") for n in (0, 1, 2)] == ["were", "was", "were"]
    assert [plural(n, "takes", "take") for n in (0, 1, 2)] == ["take", "takes", "take"]
