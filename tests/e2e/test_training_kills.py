"""Kills inside a training, at random times: whatever is left goes on to the digests of a training that ran through."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.study
KILLS = int(os.environ.get("EEG2VID_KILLS", "50"))
TRAIN = (
    "train-mapper", "--variant", "killed", "--new", "--network", "latent-cnn", "--subject", "1", "--device", "cpu",
    "--folds", "last", "--set", "training.epochs=60", "--set", "training.batch_size=4",
)  # fmt: skip


def start(workspace, *words):
    """Start a command in a process group of its own."""
    command = [sys.executable, "-m", "eeg2vid.cli", *map(str, words), "-w", str(workspace)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def digest_of(workspace):
    folder = workspace / "artifacts" / "train-mapper" / "killed" / "sub-1" / "mappers"
    return json.loads((folder / "manifest.json").read_bytes())["digest"]


@pytest.mark.timeout(3000)
def test_a_training_killed_at_random_times_gives_the_digests_of_one_that_ran_through(workspace, cli_ok):
    cli_ok(*TRAIN, "-w", workspace)
    through = digest_of(workspace)
    unit = workspace / "artifacts" / "train-mapper" / "killed" / "sub-1"
    state, rng, killed, inside, finished = unit, random.Random(20261127), 0, 0, 0
    while killed < KILLS:
        cli_ok(*TRAIN, "--variant", "killed", "--new", "-w", workspace, "--dry-run")
        if (unit / "mappers").exists():  # it ran through between two kills: again from the start
            assert digest_of(workspace) == through
            subprocess.run(["rm", "-rf", str(unit / "mappers")], check=True)
            finished += 1
        process = start(workspace, *TRAIN, "--save-every", "0.2")
        begun = time.monotonic()
        while (
            process.poll() is None
            and not any(state.glob("work-*/state/*/state.json"))
            and time.monotonic() < begun + 60
        ):
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 1.5))
        if process.poll() is None:
            inside += any(state.glob("work-*/state/*/state.json"))
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    cli_ok(*TRAIN, "-w", workspace)
    assert digest_of(workspace) == through
    print(f"{killed} kills, {inside} of them with a state saved; ran through {finished} times in between")
    assert inside > KILLS / 2
