"""The tour runs on a finished study, as a script, and what it shows is so."""

import re
import runpy
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest
from matplotlib import pyplot
from PIL import Image

import eeg2vid

ROOT = Path(__file__).resolve().parents[2]
TOUR = ROOT / "examples" / "tour.py"


@pytest.fixture
def tour(monkeypatch, tmp_path):
    def run(*words):
        monkeypatch.setattr(sys, "argv", [str(TOUR), *map(str, words)])
        monkeypatch.chdir(tmp_path)
        try:
            runpy.run_path(str(TOUR), run_name="__main__")
        finally:
            pyplot.close("all")

    return run


def test_the_tour_runs(tour, tiny, tmp_path, capsys, digests):
    before = digests(tiny / "workspace")
    tour(tiny / "workspace", tmp_path / "figure.png")
    told = capsys.readouterr().out
    assert "the same as predict wrote: True" in told
    assert float(re.search(r"at most (\S+) nats", told)[1]) < 1e-5
    assert "4-way accuracy" in told
    assert re.search(r"concept accuracy, full: \d\.\d+ .*chance 0\.250", told)
    with Image.open(tmp_path / "figure.png") as picture:
        assert picture.size[0] > 800
        assert len(picture.convert("RGB").getcolors(2**24)) > 100
    assert digests(tiny / "workspace") == before
    assert {path.name for path in tmp_path.iterdir()} == {"figure.png"}


def test_without_a_study_it_says_what_to_do(tour, tmp_path):
    with pytest.raises(SystemExit, match=r"(?s)does not exist.*make demo"):
        tour()
    (tmp_path / "eeg2vid.toml").touch()
    with pytest.raises(SystemExit, match=r"(?s)Nothing that fits is of stage 'preprocess'.*make demo"):
        tour(tmp_path)


def readme():
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## From Python")[1]
    return section.split("```python\n")[1].split("```")[0]


def docstring():
    return textwrap.dedent(eeg2vid.__doc__.split("::\n")[1].split("\nErrors")[0])


@pytest.mark.parametrize("text", [readme, docstring])
def test_what_is_told_of_it_works(text, tiny):
    """The lines of README and of the package, on the tiny study's names."""
    told = {"train-encoder/evoked-rhythms": "train-encoder/lda", "evoked-rhythms": "ridge", "block-7": "block-3"}
    told |= {"b7-r01-c1": "b3-r01-c1", "demo/workspace": str(tiny / "workspace")}
    code = text()
    assert len(code.splitlines()) > 10
    for name, here in told.items():
        assert name in code or name == "b7-r01-c1"
        code = code.replace(name, here)
    for package, word in (("pandas", "to_pandas"), ("xarray", "to_xarray")):
        if find_spec(package) is None:
            code = "\n".join(line for line in code.splitlines() if word not in line)
    names = {}
    exec(compile(code, "told", "exec"), names)
    assert names["decoder"].predict(names["test"].inputs)["concept"].shape == (len(names["test"]), 4)
