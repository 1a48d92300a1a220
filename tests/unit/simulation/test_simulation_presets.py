"""The scripts that choose the presets and state decoders against observers, on a small study."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[3] / "examples" / "simulation"))

import find_presets

from eeg2vid.stages.simulation.plan import plan_study
from eeg2vid.stages.simulation.presets import find_preset


@pytest.fixture(scope="module")
def study():
    return find_presets.Study(plan_study(blocks=3, concepts=4, seed=0))


def test_a_decoder_finds_what_is_there_and_nothing_else(study):
    assert study.block.tolist() == np.repeat([0, 1, 2], 20).tolist()
    strong, none = (study.features("1", snr) for snr in (6.0, 0.0))
    assert strong.shape == (60, *strong.shape[1:])
    assert study.accuracy(strong, "concept", "lda") > 0.45
    assert abs(study.accuracy(none, "concept", "lda") - 0.25) < 0.2


def test_fast_is_at_the_median_of_the_training_clips(study):
    train = study.block < 2
    labels = study.labels("fast", train)
    assert labels[train].mean() == 0.5
    assert study.flow[labels == 1].min() >= np.median(study.flow[train]) > study.flow[labels == 0].max()


def test_presets_that_are_not_sought_are_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(find_presets, "find_demo", lambda people: (1.25, f'"{len(people)}" people'))
    out = tmp_path / "presets.toml"
    out.write_text('[seed-like]\nsnr = 0.5\ndate = "d"\ndefinition = "x"\noutcome = "y"\n')
    monkeypatch.setattr(sys, "argv", ["find_presets.py", "--find", "demo", "--out", str(out)])
    find_presets.main()
    found = tomllib.loads(out.read_text())
    assert found["seed-like"] == {"snr": 0.5, "date": "d", "definition": "x", "outcome": "y"}
    assert (found["demo"]["snr"], found["demo"]["outcome"]) == (1.25, '"20" people')
    assert set(found["demo"]) == set(found["seed-like"])
    assert "demo: 1.25" in capsys.readouterr().out


def test_the_shipped_presets_are_ordered():
    strengths = [find_preset(name).snr for name in ("none", "seed-like", "demo")]
    assert strengths == sorted(strengths)
    assert strengths[0] == 0.0
