"""`score` and `report --no-compute`: what is there is shown, nothing is made."""

import re

import pytest

from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.registry import STAGES


@pytest.fixture(autouse=True)
def _nothing_is_made(monkeypatch):
    monkeypatch.setattr(Runner, "make", lambda *_: pytest.fail("something was made"))


def test_what_is_there_is_shown(workspace, cli_ok, digests):
    before = digests(workspace)
    shown = cli_ok("score", "-w", workspace, "--no-compute", "--subject", 2)
    assert "ridge, sub-2" in shown.out and "identification" in shown.out
    rows = cli_ok("score", "-w", workspace, "--no-compute", "--json").json
    assert {row["unit"] for row in rows} == {"sub-1", "sub-2"}
    assert re.search(r"Open \S+/index\.html", cli_ok("report", "-w", workspace, "--no-compute").err)
    pages = cli_ok("report", "-w", workspace, "--no-compute", "-q").out.split()
    assert len(pages) == 1 and pages[0].endswith(".html")
    assert cli_ok("score", "-w", workspace, "--no-compute", "-q", "--subject", 1).out == "score/ridge/sub-1/scores\n"
    assert digests(workspace) == before


def test_what_is_missing_or_stale_is_said(workspace, cli):
    refused = cli("score", "-w", workspace, "--no-compute", "--permutations", "77")
    assert (refused.code, refused.out) == (3, "") and re.search("2 of 2 are not done.*is stale .*permut", refused.err)
    (workspace / "artifacts" / "score" / "ridge" / "sub-2" / "scores" / "manifest.json").unlink()
    refused = cli("score", "-w", workspace, "--no-compute")
    assert (refused.code, refused.out) == (3, "")
    assert "1 of 2 are not done: score/ridge/sub-2 is missing" in refused.err and "eeg2vid score -w" in refused.err


def test_only_what_shows_something_takes_it(cli_ok):
    takes = [name for name in STAGES if "--no-compute" in cli_ok(name, "--help").out]
    assert "score" in takes and "report" in takes and "generate" not in takes
