"""Twenty full-size subjects through `ingest`, `split` and `preprocess` (marker `study`): time, memory, `--jobs`.

Figures are kept in tests/benchmarks/RESULTS.md.
"""

import json
import os
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.study, pytest.mark.timeout(3600)]
SUBJECTS = 20


@pytest.fixture(scope="module")
def full_size(tmp_path_factory):
    """Return a simulated data set of 20 subjects of full size: one subject's float64 arrays under 20 names."""
    folder = tmp_path_factory.mktemp("full") / "data"
    sizes = ["--subjects", 1, "--resolution", 32, "--dtype", "float64"]
    measured("simulate", "--out", folder, "--no-observers", *sizes)
    first = folder / "EEG" / "sub1.npy"
    for number in range(2, SUBJECTS + 1):
        os.link(first, first.with_name(f"sub{number}.npy"))
    return folder


def measured(*words):
    """Run a command; return its seconds and the peak resident memory of its process, MiB."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "eeg2vid.cli", *(str(word) for word in words)])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def digests(workspace):
    found = sorted((workspace / "artifacts").glob("*/*/sub-*/*/manifest.json"))
    return {path.relative_to(workspace).as_posix(): json.loads(path.read_bytes())["digest"] for path in found}


def test_time_and_memory_grow_as_they_should(full_size, tmp_path):
    rows = []
    for count in (1, 5, SUBJECTS):
        workspace = tmp_path / f"ws{count}"
        for words in (("ingest", full_size), ("split",), ("preprocess",), ("preprocess", "--window-s", 2)):
            seconds, peak = measured(*words, "--subject", f"1-{count}", "-w", workspace)
            rows.append((count, " ".join(str(word) for word in words if word != full_size), seconds, peak))
            print(f"{rows[-1][0]:3d} subjects  {rows[-1][1]:28s} {seconds:7.1f} s {peak:7.0f} MiB")
    assert max(peak for *_, peak in rows) < 1500
    for name in {name for _, name, *_ in rows}:  # memory does not grow with the number of subjects
        peaks = {count: peak for count, other, _, peak in rows if other == name}
        assert peaks[SUBJECTS] < 1.25 * peaks[1] + 50


def test_jobs_change_nothing(full_size, tmp_path):
    seconds = {}
    for jobs in (1, 2):
        workspace = tmp_path / f"jobs{jobs}"
        measured("ingest", full_size, "--subject", "1-4", "-w", workspace)
        seconds[jobs], _ = measured("preprocess", "--subject", "1-4", "--jobs", jobs, "-w", workspace)
    print(f"preprocess of 4 full-size subjects: {seconds[1]:.1f} s with one job, {seconds[2]:.1f} s with two")
    assert digests(tmp_path / "jobs1") == digests(tmp_path / "jobs2")
