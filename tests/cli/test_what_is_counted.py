"""Commands that take long say how far they are."""

import contextlib

import pytest


class Recorder:
    """A reporter that keeps what is counted, and whether it came to its end."""

    overall = None

    def __init__(self):
        self.counts, self.within_counts = {}, {}
        self._what = ""

    def start(self, what, total):
        self._what = what
        self.counts[what] = [0, total]

    def advance(self, steps=1):
        self.counts[self._what][0] += steps

    def within(self, what, done, total):
        self.within_counts.setdefault(what, []).append((done, total))

    def remark(self, text):
        pass


@pytest.fixture
def recorder(monkeypatch):
    found = Recorder()
    for command in ("stage", "verify", "export"):
        monkeypatch.setattr(f"eeg2vid.cli.commands.{command}.reporting", lambda: contextlib.nullcontext(found))
    return found


def test_verify_counts_artifacts_and_export_what_it_writes(tiny, cli_ok, recorder, tmp_path, digests):
    done = tiny / "workspace"
    cli_ok("verify", "-w", done)
    assert recorder.counts["artifacts"] == [len(digests(done))] * 2
    cli_ok("export", "preprocess/default/sub-1/epochs", "-w", done, "--out", tmp_path / "out")
    counts = recorder.within_counts["MiB"]
    assert counts == sorted(counts) and counts[-1][0] == counts[-1][1] > 0


def test_report_counts_clips_and_pages(workspace, cli_ok, recorder, digests):
    before = digests(workspace)
    cli_ok("report", "-w", workspace, "--force")
    assert recorder.counts["report/ridge/study: pages"] == [3, 3]  # the index, and one for each of two people
    done, total = recorder.counts["report/ridge/study: clips"]
    assert done == total > 0
    assert digests(workspace) == before


def test_score_counts_metrics(workspace, cli_ok, recorder):
    cli_ok("score", "-w", workspace, "--subject", 1, "--force")
    metrics = {what: counts for what, counts in recorder.within_counts.items() if what.startswith("full: ")}
    totals = {total for [(_, total)] in metrics.values()}
    assert totals == {len(metrics)} and {done for [(done, _)] in metrics.values()} == set(range(len(metrics)))
