"""Long runs (marker `study`): 200 kills, 2000 flipped bytes, status on 20 subjects.

Figures are kept in tests/benchmarks/RESULTS.md.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from eeg2vid.stages.store.reader import damage

pytestmark = [pytest.mark.study, pytest.mark.timeout(7200)]
KILLS = int(os.environ.get("EEG2VID_KILLS", "200"))


def digests(workspace):
    found = {}
    for path in sorted((workspace / "artifacts").glob("*/*/*/*/manifest.json")):
        found[str(path.parent.relative_to(workspace))] = json.loads(path.read_bytes())["digest"]
    return found


def test_killed_at_random_moments(tiny, tmp_path):
    """Every unit of every stage is killed again and again; the same command goes on to the same bytes."""
    expected = digests(tiny / "workspace")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "eeg2vid.toml").write_text(f'[study]\ndata = "{tiny / "data"}"\n')
    command = [sys.executable, "-m", "eeg2vid.cli", "run", "-w", str(workspace)]
    rng = random.Random(0)
    kills = 0
    while kills < KILLS:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=rng.uniform(1.0, 8.0))
            assert process.returncode == 0
            assert digests(workspace) == expected
            victim = rng.choice([path for path in (workspace / "artifacts").iterdir() if path.name != "ingest"])
            shutil.rmtree(victim)  # done: begin again somewhere in the middle
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run(command, check=True, capture_output=True)
    assert digests(workspace) == expected
    assert not list((workspace / "artifacts").glob("*/*/*/work-*"))
    assert not any(damage(path.parent) for path in (workspace / "artifacts").glob("*/*/*/*/manifest.json"))


def test_two_thousand_flipped_bytes_are_found(tiny, tmp_path):
    root = tmp_path / "artifacts"
    shutil.copytree(tiny / "workspace" / "artifacts", root)
    files = [path for path in root.rglob("*") if path.is_file() and path.name != ".lock" and path.stat().st_size]
    rng = random.Random(0)
    for _ in range(2000):
        path = rng.choice(files)
        whole = path.read_bytes()
        position = rng.randrange(len(whole))
        path.write_bytes(whole[:position] + bytes([whole[position] ^ rng.randrange(1, 256)]) + whole[position + 1 :])
        folder = root.joinpath(*path.relative_to(root).parts[:4])
        assert damage(folder), f"byte {position} of {path}"
        path.write_bytes(whole)


def test_status_of_twenty_subjects(tmp_path, cli_ok):
    sizes = ["--subjects", 20, "--blocks", 3, "--concepts", 2, "--resolution", 32]
    cli_ok("simulate", "--out", tmp_path / "data", "--no-observers", *sizes)
    cli_ok("run", tmp_path / "data", "-w", tmp_path / "workspace")
    started = time.perf_counter()
    rows = cli_ok("status", "-w", tmp_path / "workspace", "--json").json
    print(f"status of {len(rows)} units: {time.perf_counter() - started:.2f} s")
    assert {row["state"] for row in rows} == {"done"}
