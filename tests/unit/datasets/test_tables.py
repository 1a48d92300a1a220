"""Tables as texts: what a quotation mark is in one with tabs, and in one with commas."""

from __future__ import annotations

import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.tables import TableRow, plain_number, read_table

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


EMPTY_COLUMNS = {
    "after all": "onset\tclip\t\t\n1\ta\t\t\n2\tb\t\t\n",
    "after the heading": "onset\tclip\t\t\n1\ta\n2\tb\n",
    "after some rows": "onset\tclip\n1\ta\t\n2\tb\t\t \n",
    "first": "\tonset\tclip\n\t1\ta\n\t2\tb\n",
    "between": "onset\t \tclip\n1\t\ta\n2\t\tb\n",
}


@pytest.mark.parametrize("ending", ["tsv", "csv"])
@pytest.mark.parametrize("case", EMPTY_COLUMNS)
def test_columns_with_neither_name_nor_value_are_none(tmp_path, case, ending):
    path = tmp_path / f"events.{ending}"
    path.write_text(EMPTY_COLUMNS[case] if ending == "tsv" else EMPTY_COLUMNS[case].replace("\t", ","))
    table = read_table(path, required=("onset", "clip"), known=())
    assert table.columns == ("onset", "clip") and texts_of(table) == [("1", "a"), ("2", "b")]


def texts_of(table):
    return [tuple(row.values.values()) for row in table.rows]


def test_a_column_with_values_is_told_by_its_place_and_one_with_a_name_stays(tmp_path):
    path = tmp_path / "events.tsv"
    path.write_text("onset\t\tmood\t\n1\tx\t\ty\n")
    table = read_table(path, required=("onset",), known=("onset",))
    assert table.columns == ("onset", "(column 2)", "mood", "(column 4)") and texts_of(table) == [("1", "x", "", "y")]
    path.write_text("onset\tmood\n1\tx\ty\n")
    with pytest.raises(BadDataError, match="row 2: expected 2 fields, found 3"):
        read_table(path, required=("onset",), known=())


NUMBERS = {"1": 1, "-2.5": -2.5, "+3": 3, ".5": 0.5, "7.": 7, "1e-3": 0.001, "2E+2": 200, "007": 7, " 4 ": 4}
NO_NUMBERS = ["1_2", "1_0.5", "nan", "inf", "-infinity", "0x10", "1,5", "1 2", "", ".", "e5", "\u0661", "1e", "--1"]


def test_only_plain_decimal_numbers_are_numbers(tmp_path):
    assert {text: plain_number(text) for text in NUMBERS} == NUMBERS
    assert [text for text in NO_NUMBERS if plain_number(text) is not None] == []
    with pytest.raises(BadDataError, match="row 3: onset: expected a number, found '1_2'"):
        TableRow(tmp_path, 3, {"onset": "1_2"}).number_of("onset", 0)
    with pytest.raises(BadDataError, match="number: expected a number, found '1_2'"):
        TableRow(tmp_path, 3, {"number": "1_2"}).whole("number", 0)
