"""One film under two clip ids, one recording under two names: told by ingest, refused across a split, stamped."""

import shutil

import numpy as np
import pytest
from PIL import Image

SIDE = 'axes = ["electrode", "sample"]\nsfreq = 128.0\nunit = "uV"\nelectrodes = ["Fz", "Cz", "Pz", "Oz"]\n'
BLOCKS, PER_BLOCK = 3, 4
OWNERS = ("sub-1/ses-1", "sub-2/ses-1", "sub-3/ses-1")


def write_study(root, owners=OWNERS):
    """Noise of one minute for each, twelve films in three blocks."""
    rows = ["recording\tonset\tclip\tblock\tconcept_name"]
    for seed, owner in enumerate(owners):
        name = f"{owner}/{owner.replace('/', '_')}_eeg"
        (root / owner).mkdir(parents=True)
        eeg = np.random.default_rng(seed).normal(0, 10, (4, 128 * 60))
        np.save(root / f"{name}.npy", eeg.astype(np.float32))
        (root / f"{name}.toml").write_text(SIDE)
        rows += [f"{name}.npy\t{1 + 4 * k}\tc{k}\t{k // PER_BLOCK + 1}\tk{k % PER_BLOCK}" for k in range(12)]
    (root / "events.tsv").write_text("\n".join(rows) + "\n")
    (root / "clips").mkdir()
    for k in range(BLOCKS * PER_BLOCK):
        pictures = [Image.new("RGB", (32, 32), (20 * k, 20 * j, 9)) for j in range(5)]
        pictures[0].save(root / f"clips/c{k}.gif", save_all=True, append_images=pictures[1:], duration=200)
    return root


def copy_eeg(root, one, other):
    name = "{0}/{1}_eeg.npy"
    names = [root / name.format(owner, owner.replace("/", "_")) for owner in (one, other)]
    shutil.copy(*names)


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path / "data"), tmp_path / "workspace"


def test_ordinary_data_are_quiet(study, cli_ok):
    root, workspace = study
    assert "twice" not in cli_ok("ingest", root, "--check").out
    said = cli_ok("ingest", root, "-w", workspace).err
    assert "Warning" not in said
    assert "Warning" not in cli_ok("split-videos", "-w", workspace, "--width", 32, "--height", 32).err
    cli_ok("split", "-w", workspace)


def test_a_film_under_two_clip_ids(study, cli, cli_ok):
    root, workspace = study
    shutil.copy(root / "clips/c0.gif", root / "clips/c7.gif")
    assert "c0 and c7" in cli_ok("ingest", root, "--check").out
    told = "Warning: one film as several clips: found c0 and c7"
    assert told in cli_ok("ingest", root, "-w", workspace).err
    cut = cli_ok("split-videos", "-w", workspace, "--width", 32, "--height", 32).err
    assert "Warning: clips that show the same pictures: c0 and c7" in cut
    refused = cli("split", "-w", workspace, "--allow-leak", "clips")
    assert refused.code == 4 and "show one film, in" in refused.err and "'c0'" in refused.err and "'c7'" in refused.err
    assert "--allow-leak films" in refused.err
    cli_ok("split", "-w", workspace, "--allow-leak", "films")
    shown = cli_ok("inspect", "-w", workspace, "split/default/sub-1/folds", "--json").json
    assert shown["stamps"] == ["leak: films"] and shown["attributes"]["leaks"] == ["films"]


def test_a_copied_session(tmp_path, cli, cli_ok):
    owners = ("sub-1/ses-1", "sub-1/ses-2", "sub-1/ses-3")
    root, workspace = write_study(tmp_path / "data", owners), tmp_path / "workspace"
    copy_eeg(root, owners[0], owners[2])
    told = cli_ok("ingest", root, "-w", workspace).err
    both = "subject 1, sub-1_ses-1_eeg and subject 1, sub-1_ses-3_eeg (12 events)"
    assert f"Warning: the same EEG twice, subject 1: found {both}" in told and "different people" not in told
    assert both in " ".join(row["found"] for row in cli_ok("ingest", root, "--check", "--json").json)
    cli_ok("split", "-w", workspace)  # a block is held out in all sessions
    words = ["--scheme", "leave-session-out", "--validation", "none", "--allow-leak", "clips"]
    refused = cli("split", "-w", workspace, *words)
    assert refused.code == 4 and "hold the same EEG, in train and test of fold 'session-1'" in refused.err
    cli_ok("split", "-w", workspace, *words, "--allow-leak", "recordings")
    shown = cli_ok("inspect", "-w", workspace, "split/default/sub-1/folds", "--json").json
    assert shown["stamps"] == ["leak: clips", "leak: recordings"]


def test_a_copied_person(study, cli, cli_ok):
    root, workspace = study
    copy_eeg(root, OWNERS[1], OWNERS[2])
    found = "subject 2, sub-2_ses-1_eeg and subject 3, sub-3_ses-1_eeg (12 events)"
    assert found in " ".join(row["found"] for row in cli_ok("ingest", root, "--check", "--json").json)
    told = f"Warning: the same EEG twice, in different people: found {found}"
    assert told in cli_ok("ingest", root, "-w", workspace).err
    again = cli_ok("ingest", root, "-w", workspace)
    assert "Warning" not in again.err  # nothing was made
    cli_ok("split", "-w", workspace, "--scheme", "leave-subjects-out", "--validation", "none")
    cli_ok("preprocess", "-w", workspace, "--window-s", 1, "--bands", "4-8", "--bands", "8-14")
    refused = cli("train-encoder", "-w", workspace, "--pooled", "--network", "lda", "--targets", "concept")
    assert refused.code == 2
    assert "Fold 'subject-2' holds subject 2 out and trains on subject 3, who has the same EEG" in refused.err
