"""The report of full-size subjects (marker `study`): memory that does not grow with clips, time, files.

Figures are kept in tests/benchmarks/RESULTS.md.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.study, pytest.mark.timeout(3600)]
SCRIPT = Path(__file__).with_name("_full_size_report.py")


def measured(*words):
    """Run the script; return wall seconds, CPU seconds and the peak resident memory of its process, MiB."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, SCRIPT, *(str(word) for word in words)])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return the folder of two subjects of 1400 clips of 6 x 288 x 512 x 3 under five conditions; 7 GB, gone after."""
    folder = tmp_path_factory.mktemp("full")
    measured("make", folder, 2, 1400)
    yield folder
    shutil.rmtree(folder)


def test_a_full_size_subject_takes_500_mib_and_two_minutes(study, tmp_path):
    peaks = {}
    for subjects in (1, 2):
        media = tmp_path / f"media{subjects}"
        media.mkdir()
        wall, cpu, peaks[subjects] = measured("report", study, subjects, media, 2)
        files = [path for path in media.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 1e6
        print(
            f"{subjects} full-size subjects: {wall:.0f} s, {cpu:.0f} CPU s, {peaks[subjects]:.0f} MiB, "
            f"{len(files)} files, {size:.0f} MB, index {(media / 'index.html').stat().st_size / 1e3:.0f} kB"
        )
        assert peaks[subjects] < 500 and cpu < 240 * subjects and len(files) < 500 * subjects
        for subject in range(1, subjects + 1):
            html = (media / f"sub-{subject}.html").read_text(encoding="utf-8")
            assert html.count('<article class="clip"') == 1400
            assert all((media / url).is_file() for url in re.findall(r"url\((clips[^)]*)\)", html))
    assert peaks[2] < peaks[1] + 50


def test_memory_does_not_grow_with_clips(study, tmp_path):
    """A quarter of the clips needs about as much: no more than what is known of each clip, not its picture."""
    measured("make", tmp_path / "few", 1, 350)
    peaks = []
    for folder in (tmp_path / "few", study):
        media = tmp_path / f"media-{folder.name}"
        media.mkdir()
        peaks.append(measured("report", folder, 1, media, 1)[2])
    print(f"350 clips {peaks[0]:.0f} MiB, 1400 clips {peaks[1]:.0f} MiB")
    assert peaks[1] < peaks[0] + 60  # the pictures of 1050 more clips would be 16 GB
