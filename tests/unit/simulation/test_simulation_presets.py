"""The scripts that choose the presets and state decoders against observers, on a small study."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[3] / "examples" / "simulation"))

import find_presets
from full_study import Study

from eeg2vid.stages.simulation.plan import plan_study
from eeg2vid.stages.simulation.presets import find_preset


@pytest.fixture(scope="module")
def study():
    return Study(plan_study(blocks=3, concepts=4, seed=0))


def test_decoders_read_what_their_recipes_give_them_and_find_what_is_there(study):
    assert study.block.tolist() == np.repeat([0, 1, 2], 20).tolist()
    strong, none = (study.record("1", snr) for snr in (6.0, 0.0))
    for decoder, names in (("lda", {"de", "epochs"}), ("evoked-rhythms", {"epochs"})):
        arrays = study.inputs(strong, decoder)
        assert set(arrays) == names and arrays["epochs"].shape == (60, 62, 400)
        assert study.accuracy(arrays, "concept", decoder) > 0.45, decoder
    assert set(study.inputs(none, "glmnet")) == {"de"}
    assert abs(study.accuracy(study.inputs(none, "lda"), "concept", "lda") - 0.25) < 0.2
    assert study.attainable(strong, "1", ("concept",))[0] > 0.6
    epochs = study.inputs(none, "lda")["epochs"]
    assert np.array_equal(epochs[21], none[1][:, study.plan.onsets[1] :][:, :400] * np.float32(1e6))


def test_the_study_is_the_one_that_simulate_writes(study, tmp_path, monkeypatch):
    from eeg2vid.stages.simulation import stimulus_files
    from eeg2vid.stages.simulation.dataset import simulate_dataset

    monkeypatch.setattr(stimulus_files, "write_film", lambda path, *_, **__: path.touch())
    how = {"blocks": 3, "concepts": 4, "resolution": 32, "observers": False}
    simulate_dataset(tmp_path / "x", subjects=["2"], **how, snr=1.5, seed=0)
    written = np.load(tmp_path / "x" / "EEG" / "sub2.npy")
    assert np.array_equal(written, np.stack(study.record("2", 1.5)))


def test_fast_is_at_the_median_of_the_training_clips(study):
    train = study.block < 2
    labels = study.labels("fast", train)
    assert labels[train].mean() == 0.5
    assert study.flow[labels == 1].min() >= np.median(study.flow[train]) > study.flow[labels == 0].max()


def test_presets_that_are_not_sought_are_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(find_presets, "find_demo", lambda study, people: (1.25, f'"{len(people)}" people'))
    monkeypatch.setattr(find_presets, "plan_study", lambda **_: plan_study(blocks=1, concepts=2, seed=0))
    out = tmp_path / "presets.toml"
    out.write_text('[seed-like]\nsnr = 0.5\ndate = "d"\ndefinition = "x"\noutcome = "y"\n')
    monkeypatch.setattr(sys, "argv", ["find_presets.py", "--find", "demo", "--out", str(out)])
    find_presets.main()
    found = tomllib.loads(out.read_text())
    assert found["seed-like"] == {"snr": 0.5, "date": "d", "definition": "x", "outcome": "y"}
    assert (found["demo"]["snr"], found["demo"]["outcome"]) == (1.25, '"4" people')
    assert set(found["demo"]) == set(found["seed-like"])
    assert "demo: 1.25" in capsys.readouterr().out


def test_the_shipped_presets_are_ordered():
    strengths = [find_preset(name).snr for name in ("none", "seed-like", "demo")]
    assert strengths == sorted(strengths)
    assert strengths[0] == 0.0
