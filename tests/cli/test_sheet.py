"""Tables that fit: at every width each name stands whole in one line, and rows that fit stay in theirs."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from eeg2vid.cli.output import TextConsole, table

WIDTHS = (60, 80, 100, 160)
NAMES = st.one_of(
    st.text(st.sampled_from("[C3]/~+_-.脳波é:"), min_size=1, max_size=24),
    st.from_regex(r"[a-z-]{3,14}/[a-z-]{3,30}~[a-z-]{3,30}/sub-[0-9\[\]]{1,8}/[a-z]{3,12}", fullmatch=True),
    st.just("x" * 170),
)
SENTENCES = st.lists(NAMES, max_size=8).map(" ".join)


def printed(rows, width, **options):
    out = io.StringIO()
    TextConsole(file=out, width=width, highlight=False).print(table(rows, **options), overflow="ignore", crop=False)
    return out.getvalue().splitlines()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({"unit": NAMES, "value": st.integers(), "file": NAMES, "why": SENTENCES}), min_size=1
    )
)
def test_every_name_stands_whole_in_a_line(rows):
    for width in WIDTHS:
        lines = printed(rows, width, columns=("unit", "value", "file", "why"), wraps=("why",))
        place = 0
        for row in rows:  # in order: a row's names stand at or behind those of the row before
            for name in (row["unit"], str(row["value"]), row["file"]):
                place = next(k for k in range(place, len(lines)) if name in lines[k])
            for word in row["why"].split():
                assert any(word in line for line in lines)
        words = [word for row in rows for word in (row["unit"], row["file"], *row["why"].split())]
        if max(map(cell_len, words)) < width - 4:
            assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_what_fits_stays_beside(width):
    rows = [{"unit": f"score/{'s' * 20}/sub-{k}", "state": "done", "why": "it is done " * 12} for k in range(3)]
    lines = printed(rows, width, wraps=("why",))
    assert lines[0].split() == ["unit", "state", "why"]
    assert [line.split()[0] for line in lines if line.startswith("score/")] == [row["unit"] for row in rows]
    assert max(map(cell_len, lines)) <= width and sum("it is done" in line for line in lines) > 3


def test_a_long_name_moves_the_rest_of_its_row_only():
    rows = [{"system": name, "value": 0.5, "p": 0.25} for name in ("ridge", "r" * 56, "own")]
    lines = printed(rows, 60)
    assert lines[1:] == [
        f"ridge{' ' * 41}  0.500  0.250", "r" * 56, f"{' ' * 46}  0.500  0.250", f"own{' ' * 43}  0.500  0.250",
    ]  # fmt: skip


def test_nothing_is_left_of_a_table_without_rows():
    assert printed([], 80, title="[systems]") == ["[systems]"]
