"""From a recording with a pause and a bad span to the states of its epochs, by commands."""

import mne
import numpy as np
import pytest
from PIL import Image

from eeg2vid.schemas.entities import Check, EpochKey, MarkedSpan
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

RATE = 200.0


def opened(workspace, address, unit="sub-1"):
    stage, variant, role = address.split("/")
    return open_artifact(workspace, Address(stage, variant, unit, role))


@pytest.fixture
def study(tmp_path):
    """Thirty seconds with four clips of 2 s, at 2, 10, 18 and 26 s; a pause in c1, a bad span in c2, a cut between."""
    data = np.random.default_rng(0).normal(0, 1e-5, (4, 6000))
    raw = mne.io.RawArray(data, mne.create_info(["Fz", "Cz", "Pz", "Oz"], RATE, "eeg"), verbose="error")
    notes = [(10.5, 1.0, "BAD_ACQ_SKIP"), (19.0, 0.1, "bad blink"), (22.0, 0.0, "BAD boundary"), (26.0, 1.0, "clip")]
    raw.set_annotations(mne.Annotations(*zip(*notes, strict=True)))
    root = tmp_path / "data"
    (root / "clips").mkdir(parents=True)
    raw.save(root / "sub-1_eeg.fif", verbose="error")
    rows = [f"sub-1_eeg.fif\t{2 + 8 * k}\tc{k}\n" for k in range(4)]
    (root / "events.tsv").write_text("recording\tonset\tclip\n" + "".join(rows))
    for k in range(4):
        frames = [Image.new("RGB", (16, 16), (40 * n, 90, 60 * k)) for n in range(5)]
        frames[0].save(root / f"clips/c{k}.gif", save_all=True, append_images=frames[1:], duration=400)
    return root


def test_from_the_recording_to_the_states(study, tmp_path, cli_ok):
    workspace = tmp_path / "workspace"
    said = cli_ok("ingest", study, "-w", workspace)
    assert "2 cut" in said.err + said.out and "clips c1, c2" in said.err + said.out
    found = opened(workspace, "ingest/default/recordings").table("spans", MarkedSpan)
    assert [(row.recording, row.start, row.length, row.kind, row.text) for row in found] == [
        ("sub-1_eeg", 2100, 200, "cut", "BAD_ACQ_SKIP"),
        ("sub-1_eeg", 3800, 20, "bad", "bad blink"),
        ("sub-1_eeg", 4400, 0, "cut", "BAD boundary"),
    ]
    checks = opened(workspace, "ingest/default/eeg-checks").table("checks", Check)
    assert [c.verdict for c in checks if c.item == "cuts and spans marked bad, sub-1_eeg.fif"] == ["warning"]
    said = cli_ok("preprocess", "-w", workspace, "--high-pass", "1")
    assert "1 of 4 epochs touch a span marked as bad" in said.err + said.out
    assert "1 of 4 epochs hold samples that were not recorded" in said.err + said.out
    assert states(workspace, "default") == ["ok", "rejected", "rejected", "ok"]
    said = cli_ok("preprocess", "-w", workspace, "--variant", "kept", "--new", "--no-reject-spans")
    assert "touch a span marked as bad: kept" in said.err + said.out
    assert states(workspace, "kept") == ["ok", "rejected", "ok", "ok"]


def states(workspace, variant):
    return [row.state for row in opened(workspace, f"preprocess/{variant}/epochs").table("events", EpochKey)]
