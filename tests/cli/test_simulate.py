"""`eeg2vid simulate`: presets, worlds, what it refuses, what it tells."""

from __future__ import annotations

import json

import numpy as np
import pytest

from eeg2vid.stages.simulation.presets import presets

SMALL = ("--subjects", 1, "--blocks", 2, "--concepts", 2, "--resolution", 32, "--no-observers")


def marker(folder):
    return json.loads((folder / "SIMULATED.json").read_text())


@pytest.mark.parametrize(
    ("options", "preset", "snr"),
    [
        ((), "demo", None),
        (("--preset", "seed-like"), "seed-like", None),
        (("--preset", "none"), "none", 0.0),
        (("--snr", 0.5), None, 0.5),
        (("--drift", "free"), "none", 0.0),
        (("--drift", "locked", "--snr", 1), None, 1.0),
        (("--hint-only",), "demo", None),
        (("--gaze",), "none", 0.0),
        (("--gaze", "--preset", "demo"), "demo", None),
    ],
)
def test_strength(cli_ok, tmp_path, options, preset, snr):
    result = cli_ok("simulate", "--out", tmp_path / "x", *SMALL, *options)
    found = marker(tmp_path / "x")
    assert (found["preset"], found["snr"]) == (preset, presets()[preset].snr if snr is None else snr)
    assert found["order"] == ("same" if "locked" in options else "published")
    assert "peak memory" in result.err and "a subject" in result.err


def test_none_is_snr_zero(cli_ok, tmp_path):
    cli_ok("simulate", "--out", tmp_path / "a", *SMALL, "--preset", "none")
    cli_ok("simulate", "--out", tmp_path / "b", *SMALL, "--snr", 0)
    assert np.array_equal(*(np.load(tmp_path / name / "EEG" / "sub1.npy") for name in "ab"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--preset", "demo", "--snr", 1), "--preset and --snr"),
        (("--preset", "strong"), "seed-like"),
        (("--drift", "wild"), "locked"),
        (("--order", "alphabetical"), "published, random"),
        (("--outlier", "3"), "outlier"),
    ],
)
def test_refusals(cli, tmp_path, options, message):
    result = cli("simulate", "--out", tmp_path / "x", *SMALL, *options)
    assert result.code == 2
    assert message in result.err
    assert list(tmp_path.iterdir()) == []


def test_it_is_ingested_and_its_truth_is_beside_it(cli_ok, tmp_path):
    data, workspace = tmp_path / "data", tmp_path / "ws"
    options = ("--drift", "locked", "--order", "random", "--outlier", "1", "--observers")
    cli_ok("simulate", "--out", data, *SMALL, *options)
    assert marker(data)["outlier"] == "1"
    assert json.loads((data / "truth" / "truth.json").read_text())["settings"] == marker(data)
    assert json.loads((data / "truth" / "observers.json").read_text())["rows"]
    assert "error" not in cli_ok("ingest", data, "-w", workspace, "--check").out
    cli_ok("ingest", data, "-w", workspace)
    assert "simulated" in cli_ok("inspect", "ingest/default/sub-1/recordings", "-w", workspace).out


def test_two_sessions_are_ingested_as_two(cli_ok, tmp_path):
    data, workspace = tmp_path / "data", tmp_path / "ws"
    cli_ok("simulate", "--out", data, *SMALL, "--sessions", 2, "--gaze")
    assert (marker(data)["sessions"], marker(data)["gaze"]) == (2, True)
    assert {path.name for path in (data / "EEG").iterdir()} == {"sub1.npy", "sub1_session2.npy"}
    assert "error" not in cli_ok("ingest", data, "-w", workspace, "--check").out
    cli_ok("ingest", data, "-w", workspace)
