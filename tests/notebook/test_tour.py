"""The tour runs on a finished study, as a script, and what it shows is so."""

import re
import runpy
import sys
from pathlib import Path

import pytest
from matplotlib import pyplot
from PIL import Image

TOUR = Path(__file__).resolve().parents[2] / "examples" / "tour.py"


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
