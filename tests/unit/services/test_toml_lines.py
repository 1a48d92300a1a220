"""Values as TOML writes them, read back by Python's own reader; lines on which keys stand."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from eeg2vid.stages.services.toml_lines import line_of, tables_at, toml_key, toml_value

WORDS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)
PLAIN = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | WORDS
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3))


@given(VALUES)
def test_values_come_back(value):
    found = tomllib.loads(f"x = {toml_value(value)}")["x"]
    assert found == value and type(found) is type(value)


@given(st.lists(WORDS, min_size=1, max_size=3, unique=True), st.integers(0, 9))
def test_keys_come_back(parts, value):
    found = tomllib.loads(f"{toml_key(parts)} = {value}")
    for part in parts:
        found = found[part]
    assert found == value


def test_lines(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(
        'top = 1\n[a.b]  # comment [c]\nx = """\nx = 2\n[d]\n"""\ny = [\n  1,\n]\nz.w = { v = 3 }\n'
        '[a."c+d"]\n"q r" = 1\n\n[a.b.n]\nm = 1\n'
    )
    tomllib.loads(path.read_text())
    assert line_of(path, ("top",)) == 1
    assert line_of(path, ("a", "b", "x")) == 3
    assert line_of(path, ("a", "b", "y")) == 7
    assert line_of(path, ("a", "b", "z", "w", "v")) == 10  # inside what stands there
    assert line_of(path, ("a", "c+d", "q r")) == 12
    assert line_of(path, ("a", "b", "n", "m")) == 15
    assert line_of(path, ("d",)) is None  # within a text
    assert line_of(path, ("a", "b", "other")) is None
    assert (tables_at(path, ("a", "b")), tables_at(path, ("a", "c+d")), tables_at(path, ("d",))) == (2, 11, None)
    assert line_of(tmp_path / "none.toml", ("a",)) is None
