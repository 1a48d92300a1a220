"""Tables as texts: what a quotation mark is in one with tabs, and in one with commas."""

from __future__ import annotations

import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.tables import read_table

CAPTIONS = ('"Cheers, she says', "a cat", 'a sign that reads open"', '"', '""', '"all of it"', 'half "of" it', "x\\")


def write(path, captions=CAPTIONS):
    lines = ["clip\tcaption\tface", *(f"c{k}\t{caption}\t1" for k, caption in enumerate(captions))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def texts(path):
    table = read_table(path, required=("clip",), known=("clip",))
    return [tuple(row.values.values()) for row in table.rows]


@pytest.mark.parametrize("name", ["clips.tsv", "CLIPS.TSV"])
def test_a_quote_is_a_character_of_a_tsv(tmp_path, name):
    path = write(tmp_path / name)
    assert texts(path) == [(f"c{k}", caption, "1") for k, caption in enumerate(CAPTIONS)]


def test_rows_of_a_tsv_keep_their_lines(tmp_path):
    path = write(tmp_path / "clips.tsv")
    table = read_table(path, required=("clip",), known=("clip",))
    assert [row.number for row in table.rows] == list(range(2, 2 + len(CAPTIONS)))


def test_a_quoted_heading_of_a_tsv_is_named(tmp_path):
    (tmp_path / "clips.tsv").write_text('"clip"\t"caption"\n"a"\t"b"\n')
    with pytest.raises(BadDataError, match=r"""the column 'clip' is missing; found "clip", "caption".*no quoting"""):
        texts(tmp_path / "clips.tsv")


@pytest.mark.parametrize("comma", [",", ";"])
def test_fields_of_a_csv_may_be_quoted(tmp_path, comma):
    fields = ['"a, b; c"', '"a ""word"""', '"two\nlines"', "plain"]
    lines = ["clip,caption", *(f"{clip},{field}" for clip, field in zip("abcd", fields, strict=True))]
    (tmp_path / "clips.csv").write_text("\n".join(line.replace(",", comma, 1) for line in lines) + "\n")
    wanted = ["a, b; c", 'a "word"', "two\nlines", "plain"]
    assert texts(tmp_path / "clips.csv") == list(zip("abcd", wanted, strict=True))


def test_a_quote_of_a_csv_that_is_never_closed(tmp_path):
    (tmp_path / "clips.csv").write_text('clip,caption\na,"a dog\nb,a cat\nc,a boat\n')
    with pytest.raises(BadDataError, match=r"clips.csv cannot be read as a table"):
        texts(tmp_path / "clips.csv")
