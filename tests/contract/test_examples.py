"""Examples beneath the help can be typed; the page of what one expects names what exists."""

import re
import shlex
from pathlib import Path

import pytest

from eeg2vid.cli.examples import EXAMPLES
from eeg2vid.cli.loading import load
from eeg2vid.cli.table import COMMANDS
from eeg2vid.stages.registry import STAGES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "examples" / "what_to_expect.md").read_text()
CELLS = re.findall(r"^\| (.+?) \| (.+) \| (.+?) \|$", PAGE, flags=re.MULTILINE)
ROWS = [cells for cells in CELLS if cells != ("expected", "here", "tested in")]
LINES = [line for stage in STAGES.values() for line in stage.examples]
LINES += [line for examples in EXAMPLES.values() for line in examples]


def parse(line):
    """Parse a command line as it would be parsed, and do nothing."""
    words = shlex.split(line.split(" | ")[0], comments=True)
    assert words[0] == "eeg2vid"
    command, rest = load(words[1]), words[2:]
    if hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context("eeg2vid", rest)


@pytest.mark.parametrize("line", LINES)
def test_every_example_can_be_typed(line):
    parse(line)


def test_an_example_that_cannot_be_typed_is_seen():
    with pytest.raises(Exception, match="--nothing"):
        parse("eeg2vid score --nothing")


def test_every_service_has_an_example():
    services = [name for name, listed in COMMANDS.items() if listed.kind == "service"]
    inner = [f"{name} {sub}" for name, one in COMMANDS.items() if one.kind == "group" for sub in load(name).commands]
    assert set(EXAMPLES) == {*services, *inner}


def test_examples_stand_beneath_the_help(cli_ok):
    for words in (["run"], ["recipe", "copy"], ["score"]):
        shown = cli_ok(*words, "--help").out
        assert "Examples:" in shown and f"eeg2vid {' '.join(words)}" in shown.partition("Examples:")[2]


def test_no_words_print_help(cli):
    for words in ([], ["config"], ["recipe"], ["weights"], ["slurm"]):
        result = cli(*words)
        assert result.code == 2 and "Usage:" in result.out + result.err


@pytest.mark.parametrize(
    "row", ROWS[len([one for one in ROWS if one[0] == "expected"]) :] and ROWS, ids=lambda row: row[0]
)
def test_the_page_names_what_exists(row):
    _, here, tested = row
    for line in re.findall(r"`(eeg2vid [^`]+)`", here):
        if line not in ("eeg2vid config", "eeg2vid --install-completion"):
            parse(line.removesuffix(" --help"))
    files = re.findall(r"`(tests/[^`]+)`", tested)
    assert files and all((ROOT / name).is_file() for name in files)


def test_the_page_has_its_rows():
    assert len(ROWS) > 30 and len({expected for expected, _, _ in ROWS}) == len(ROWS)
