"""Fast and slow by the data set's own motion scores or by measured ones, never by both; and the clock beside labels."""

import json

import numpy as np
import pytest

from eeg2vid.schemas.conditions import POSITION_VOTE
from eeg2vid.schemas.entities import Clip, Event, Fold
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.scores import Measure, Score, Term
from eeg2vid.schemas.splits import Part
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.statistics.position_vote import position_vote
from eeg2vid.stages.store.digest import sha256_array
from eeg2vid.stages.store.layout import STUDY, Address
from eeg2vid.stages.store.reader import open_artifact

pytestmark = pytest.mark.xdist_group("fast-scores")
CLIPS = 60  # 3 blocks x 4 concepts x 5 clips
LDA = ("--network", "lda", "--targets", "fast", "--subject", 1)


def opened(workspace, stage, role, variant="default", unit="sub-1"):
    return open_artifact(workspace, Address(stage, variant, unit, role))


def plant_motion(cli_ok, workspace, folder, variant, seed):
    """Import the study's stimuli with motion scores that have nothing to do with the data set's own."""
    cli_ok("export", "split-videos/default/study/stimuli", "--out", folder, "-w", workspace)
    facts = json.loads((folder / "export.json").read_text())
    scores = np.random.default_rng(seed).gamma(2.0, 1.0, CLIPS).astype(np.float32)
    np.save(folder / "motion.npy", scores)
    facts["arrays"]["motion"] = {
        "file": "motion.npy",
        "dims": ["clip"],
        "dtype": "float32",
        "shape": [CLIPS],
        "unit": "px",
        "doc": "",
        "sha256": sha256_array(scores),
    }
    facts["attributes"]["motion"] = "planted, px of a picture 512 wide"
    (folder / "export.json").write_text(json.dumps(facts))
    cli_ok("import", folder, "--as", "videos", "--to", f"split-videos/{variant}", "-w", workspace)


def test_measured_scores_define_fast_from_training_to_score(workspace, cli, cli_ok, tmp_path):
    plant_motion(cli_ok, workspace, tmp_path / "scored", "scored", 1)
    plant_motion(cli_ok, workspace, tmp_path / "other", "other", 2)
    by_flow = ("--fast-scores", "flow", "--from", "stimuli=split-videos/scored")
    cli_ok("train-encoder", "-w", workspace, *LDA, *by_flow, "--variant", "flow", "--new")
    encoder = opened(workspace, "train-encoder", "encoders", "flow")
    stimuli = opened(workspace, "split-videos", "stimuli", "scored", STUDY)
    facts = encoder.attributes().targets["fast"]
    assert facts.attributes["motion"] == stimuli.attributes().motion
    assert facts.attributes["motion_sha256"] == stimuli.manifest.arrays["motion"].sha256
    measured = dict(
        zip((key.clip for key in stimuli.table("clips", VideoKey)), stimuli.read("motion").tolist(), strict=True)
    )
    events = opened(workspace, "ingest", "events").table("events", Event)
    folds = opened(workspace, "split", "folds")
    threshold = {}
    for row, parts in zip(folds.table("folds", Fold), folds.read("assignment"), strict=True):
        threshold[row.fold] = np.median([measured[events[k].clip] for k in np.flatnonzero(parts == Part.TRAIN)])
    assert facts.thresholds == pytest.approx(threshold)

    # scored by other stimuli: refused, with the variant that would do
    here = ("-w", workspace, "--subject", 1, "--variant", "flow", "--new")
    cli_ok("predict", *here, "--from", "encoders=train-encoder/flow", "--from", "mappers=none")
    words = ("score", *here, "--from", "predictions=predict/flow", "--from", "videos=none")
    for other, has in (("default", "none"), ("other", "others")):
        refused = cli(*words, "--from", f"stimuli=split-videos/{other}")
        assert refused.code == 2 and "learned from the motion scores of split-videos/scored" in refused.err
        assert f"holds {has}." in refused.err and "--from stimuli=split-videos/scored" in refused.err
    cli_ok(*words, "--from", "stimuli=split-videos/scored")

    predictions = opened(workspace, "predict", "predictions", "flow")
    keys = predictions.table("fast", PredictionKey)
    truth = [measured[key.clip] >= threshold[key.fold] for key in keys]
    right = np.mean((predictions.read("fast").argmax(axis=1) == 1) == truth)
    scores = opened(workspace, "score", "scores", "flow")
    rows = {(row.condition, *row.measure): row for row in scores.table("scores", Score)}
    assert rows["full", "fast", "accuracy", "", ""].value == pytest.approx(right)
    told = {row.term: row.sentence for row in scores.table("terms", Term)}
    assert "measured by eeg2vid" in told["fast"] and "512 wide" in told["fast"]

    # the data set's own scores are another definition, and the default: the stimuli are not even read
    own = opened(workspace, "train-encoder", "encoders", "lda")
    assert own.attributes().targets["fast"].attributes == {}
    assert "stimuli" not in [ref.role for ref in own.manifest.inputs]
    told = opened(workspace, "score", "scores", "ridge").table("terms", Term)
    assert "those that the data set brings" in next(row.sentence for row in told if row.term == "fast")

    # one encoder a fold, each by a definition of its own: refused
    config = workspace / "eeg2vid.toml"
    both = '["train-encoder/one", "train-encoder/two"]'
    config.write_text(f'{config.read_text()}\n[predict.mixed]\nfrom = {{encoders = {both}, mappers = "none"}}\n')
    cli_ok("train-encoder", "-w", workspace, *LDA, *by_flow, "--folds", "block-1", "--variant", "one", "--new")
    cli_ok("train-encoder", "-w", workspace, *LDA, "--folds", "block-2", "--variant", "two", "--new")
    mixed = cli("predict", "-w", workspace, "--subject", 1, "--variant", "mixed", "--new")
    assert mixed.code == 2 and "'fast' is learned from different things" in mixed.err


def test_without_measured_scores_fast_by_flow_is_refused(workspace, cli):
    words = ("train-encoder", "-w", workspace, *LDA, "--variant", "flow", "--new", "--fast-scores", "flow")
    missing = cli(*words)
    assert missing.code == 3 and "holds no motion scores" in missing.err and "--motion" in missing.err
    none = cli(*words, "--from", "stimuli=none")
    assert none.code == 2 and "needs 'stimuli': it cannot be 'none'" in none.err
    lda = ("train-encoder", "-w", workspace, *LDA, "--variant", "lda", "--new", "--fast-scores", "flow")
    published = cli(*lda, "--protocol", "published")
    assert published.code == 2 and "1.799" in published.err and "--protocol corrected" in published.err


def test_a_data_set_without_scores_is_told_how_to_measure_them(workspace, cli, cli_ok, tmp_path):
    clips = opened(workspace, "ingest", "clips", unit=STUDY)
    cli_ok("export", "ingest/default/study/clips", "--out", tmp_path / "out", "-w", workspace)
    table = tmp_path / "out" / "clips.jsonl"
    rows = [row.model_copy(update={"optical_flow": None}) for row in clips.table("clips", Clip)]
    table.write_text("".join(row.model_dump_json() + "\n" for row in rows))
    cli_ok("import", table, "--as", "clips", "--to", "ingest/default", "-w", workspace)
    cli_ok("split", "--subject", 1, "-w", workspace)
    words = ("train-encoder", "-w", workspace, *LDA, "--variant", "lda", "--new")
    refused = cli(*words)
    assert refused.code == 4 and "the clip index has none" in refused.err
    assert "--motion" in refused.err and "--fast-scores flow" in refused.err
    plant_motion(cli_ok, workspace, tmp_path / "scored", "scored", 1)
    cli_ok(*words, "--fast-scores", "flow", "--from", "stimuli=split-videos/scored")


def test_label_scores_stand_beside_the_vote_of_a_clock(tiny):
    workspace = tiny / "workspace"
    rows = opened(workspace, "score", "scores", "ridge").table("scores", Score)
    voted = {row.measure: row for row in rows if row.condition == POSITION_VOTE}
    full = {row.measure: row for row in rows if row.condition == "full" and row.kind == "classification"}
    accuracy = {name: Measure(name, "accuracy", "", "") for name in ("concept", "fast")}
    assert list(voted) == list(full) and voted.keys() >= set(accuracy.values())
    assert all((voted[name].n_events, voted[name].chance) == (row.n_events, row.chance) for name, row in full.items())
    assert all(row.detail.startswith("kernel") for row in voted.values())
    assert {row.detail for row in full.values()} == {""}

    events = opened(workspace, "ingest", "events").table("events", Event)
    concept = {
        clip.clip: clip.concept for clip in opened(workspace, "ingest", "clips", unit=STUDY).table("clips", Clip)
    }
    names = sorted(set(concept.values()))
    labels = np.array([names.index(concept[event.clip]) for event in events])
    onsets, blocks = np.array([event.onset_s for event in events]), np.array([event.block for event in events])
    right = []
    for block in np.unique(blocks):
        vote = position_vote(onsets, labels, blocks, blocks != block, blocks == block, classes=len(names))
        p = vote.probabilities
        best = np.isclose(p, p.max(axis=1, keepdims=True), rtol=0, atol=0)
        right += (best[np.arange(len(p)), labels[blocks == block]] / best.sum(axis=1)).tolist()
    assert voted[accuracy["concept"]].value == pytest.approx(np.mean(right))
    page = (workspace / "artifacts/report/ridge/study/report/media/index.html").read_text()
    assert "what a clock alone gets" in page
