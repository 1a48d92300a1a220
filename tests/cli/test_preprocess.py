"""`preprocess` and what later stages make of its variants: folds, rejected events, smoothing, controls."""

import json

import mne
import numpy as np
import pytest
from PIL import Image

from eeg2vid.schemas.checkpoints import TrainedModel
from eeg2vid.schemas.entities import EpochKey, Event
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.scores import Measure, Score
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

BOTH = ("--from", "epochs=preprocess/{0}", "--from", "features=preprocess/{0}")


def opened(workspace, stage, variant, role, unit="sub-1"):
    return open_artifact(workspace, Address(stage, variant, unit, role))


def read_from(variant):
    return [word.format(variant) for word in BOTH]


def train_encoder(cli, workspace, variant, *words):
    return cli(
        *("train-encoder", "-s", 1, "-w", workspace, "--variant", variant, "--new", *read_from(variant)),
        *("--network", "lda", "--targets", "concept", *words),
    )


def test_what_is_learned_serves_its_fold_only(workspace, cli, cli_ok):
    learned = ["preprocess", "-s", 1, "-w", workspace, "--variant", "clean", "--new", "--detect-bad"]
    refused = cli(*learned)
    assert refused.code == 2 and "needs the name of one fold" in refused.err
    assert cli(*learned, "--fold", "block-9").code == 2
    cli_ok(*learned, "--fold", "block-3")
    epochs = opened(workspace, "preprocess", "clean", "epochs")
    assert epochs.attributes().fold == "block-3" and epochs.attributes().cleaning
    assert [ref.role for ref in epochs.manifest.inputs].count("folds") == 1
    leak = train_encoder(cli, workspace, "clean")
    assert leak.code == 2 and "the test events of fold 'block-1' are among them" in leak.err
    train_encoder(cli_ok, workspace, "clean", "--folds", "block-3")
    words = ["--variant", "clean", "--new", "--from", "encoders=train-encoder/clean", "--from", "mappers=none"]
    cli_ok("predict", "-s", 1, "-w", workspace, *words, *read_from("clean"))


def test_learned_from_another_split_is_refused(workspace, cli, cli_ok):
    cli_ok("split", "-s", 1, "-w", workspace, "--variant", "plain", "--new", "--validation", "none")
    words = ["--variant", "clean", "--new", "--detect-bad", "--fold", "block-3", "--from", "folds=split/plain"]
    cli_ok("preprocess", "-s", 1, "-w", workspace, *words)
    other = train_encoder(cli, workspace, "clean", "--folds", "block-3", "--from", "folds=split/default")
    assert other.code == 2 and "of another split" in other.err


def test_folds_are_no_input_where_nothing_is_learned(workspace, cli_ok):
    manifest = opened(workspace, "preprocess", "default", "epochs").manifest
    assert [ref.role for ref in manifest.inputs] == ["recordings", "events"]
    cli_ok("split", "-s", 1, "-w", workspace, "--validation", "none")
    rows = cli_ok("status", "-w", workspace, "--json").json
    states = {(row["stage"], row["unit"]): row["state"] for row in rows}
    assert states["preprocess", "sub-1"] == "done" and states["train-encoder", "sub-1"] == "stale"


def test_rejected_epochs_are_not_trained_on_but_decoded(workspace, cli, cli_ok):
    limit = np.median(np.ptp(opened(workspace, "preprocess", "default", "epochs").read("epochs"), axis=2).max(axis=1))
    words = ["preprocess", "-s", 1, "-w", workspace, "--variant", "strict", "--new", "--reject-uv", f"{limit:.6g}"]
    assert "30 of 60 epochs exceed" in cli_ok(*words).err
    epochs = opened(workspace, "preprocess", "strict", "epochs")
    ok = np.array([row.state == "ok" for row in epochs.table("events", EpochKey)])
    blocks = np.array([e.block for e in opened(workspace, "ingest", "default", "events").table("events", Event)])
    train_encoder(cli_ok, workspace, "strict")
    models = opened(workspace, "train-encoder", "strict", "encoders").table("models", TrainedModel)
    # of three blocks one tests, the one before it validates
    assert [row.train_events for row in models] == [int(np.sum(ok & (blocks == k))) for k in ("2", "3", "1")]
    words = [
        "predict",
        "-s",
        1,
        "-w",
        workspace,
        "--variant",
        "strict",
        "--new",
        "--from",
        "encoders=train-encoder/strict",
    ]
    words += ["--from", "mappers=none"]
    wrong = cli(*words)
    assert wrong.code == 2 and "learned from preprocess/strict" in wrong.err
    cli_ok(*words, *read_from("strict"))
    assert len(opened(workspace, "predict", "strict", "predictions").table("concept", PredictionKey)) == 60


def test_epochs_beyond_the_recording(workspace, cli, cli_ok):
    words = ["preprocess", "-s", 1, "-w", workspace, "--variant", "late", "--new", "--tmin-s", 0.8, "--tmax-s", 2.8]
    refused = cli(*words)
    assert refused.code == 4 and "(3 such events)" in refused.err and "--outside leave-out" in refused.err
    assert "3 of 60 epochs reach beyond their recording" in cli_ok(*words, "--outside", "leave-out").err
    epochs, features = (opened(workspace, "preprocess", "late", role) for role in ("epochs", "features"))
    outside = np.array([row.state == "outside" for row in epochs.table("events", EpochKey)])
    assert outside.sum() == 3
    assert not epochs.read("epochs")[outside].any() and not features.read("de")[outside].any()
    assert epochs.read("epochs")[~outside].any(axis=(1, 2)).all()
    plain = opened(workspace, "preprocess", "default", "epochs").read("epochs")
    np.testing.assert_array_equal(epochs.read("epochs")[0, :, :240], plain[0, :, 160:])
    train_encoder(cli_ok, workspace, "late")
    words = ["predict", "-s", 1, "-w", workspace, "--variant", "late", "--new", "--from", "encoders=train-encoder/late"]
    words += ["--from", "mappers=none"]
    cli_ok(*words, *read_from("late"))
    assert len(opened(workspace, "predict", "late", "predictions").table("concept", PredictionKey)) == 57


def test_the_hint_is_the_same_for_all_clips_of_a_run(workspace, cli_ok):
    cli_ok("preprocess", "-s", 1, "-w", workspace, "--variant", "hint", "--new", "--span", "hint")
    epochs = opened(workspace, "preprocess", "hint", "epochs")
    values = epochs.read("epochs").reshape(12, 5, 62, 600)
    assert epochs.attributes().span == "hint"
    assert (values == values[:, :1]).all() and not (values[0, 0] == values[1, 0]).all()
    eeg = opened(workspace, "ingest", "default", "recordings").read("eeg")
    np.testing.assert_allclose(values[0, 0], eeg[:, :600] * 1e6, rtol=1e-6)


def test_a_baseline_from_the_hint_warns_and_is_stamped(workspace, cli_ok):
    said = cli_ok("preprocess", "-s", 1, "-w", workspace, "--variant", "based", "--new", "--baseline", "hint").err
    assert "Warning: the hint names the concept" in said
    based = opened(workspace, "preprocess", "based", "epochs")
    assert "baseline from the hint" in based.manifest.stamps
    eeg = opened(workspace, "ingest", "default", "recordings").read("eeg") * 1e6
    expected = eeg[:, 600:1000] - eeg[:, :600].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(based.read("epochs")[0], expected, rtol=1e-4, atol=1e-3)


def test_smoothing_is_stamped_and_ends_identification_within_runs(workspace, cli_ok):
    config = workspace / "eeg2vid.toml"
    config.write_text(config.read_text() + '\n[preprocess.default]\nsmoothing = "moving-average"\nsmoothing_span = 3\n')
    before = {row.measure for row in opened(workspace, "score", "ridge", "scores").table("scores", Score)}
    said = cli_ok("run", "-s", 1, "-w", workspace, "--until", "score").err
    assert "no identification within runs" in said
    scores = opened(workspace, "score", "ridge", "scores")
    assert "smoothed within runs" in scores.manifest.stamps
    gone = before - {row.measure for row in scores.table("scores", Score)}
    spaces = (("", "identification"), ("latents", "identification-target"))
    assert gone == {Measure(target, metric, "within-run", "") for target, metric in spaces}


@pytest.mark.parametrize(("words", "names"), [(["--electrodes", "occipital"], 12), (["--exclude", "occipital"], 50)])
def test_sets_of_electrodes(workspace, cli_ok, words, names):
    cli_ok("preprocess", "-s", 1, "-w", workspace, "--variant", "part", "--new", *words)
    epochs = opened(workspace, "preprocess", "part", "epochs")
    assert epochs.arrays["epochs"].shape == (60, names, 400)
    assert len(epochs.manifest.settings["electrodes" if names == 12 else "exclude"]) == 12  # names, not the set's


def test_sliding_windows(workspace, cli_ok):
    cli_ok("preprocess", "-s", 1, "-w", workspace, "--variant", "slide", "--new", "--window-s", 0.5, "--step-s", 0.25)
    assert opened(workspace, "preprocess", "slide", "features").arrays["de"].shape == (60, 7, 62, 5)


def test_threads_change_nothing(workspace, cli_ok):
    for variant, threads in (("one", 1), ("two", 2)):
        cli_ok("preprocess", "-s", 1, "-w", workspace, "--variant", variant, "--new", "--threads", threads)
    one, two = (opened(workspace, "preprocess", variant, "features") for variant in ("one", "two"))
    assert one.digest == two.digest


def test_cleaning_is_recorded(workspace, cli_ok):
    words = ["--high-pass", 1, "--notch", 50, "--reference", "average", "--resample", 100]
    said = cli_ok(
        "preprocess", "-s", 1, "-w", workspace, "--variant", "filtered", "--new", "--bands", "4-8", *words
    ).err
    epochs = opened(workspace, "preprocess", "filtered", "epochs")
    assert len(epochs.attributes().cleaning) == 4 and all(step in said for step in epochs.attributes().cleaning)
    assert epochs.arrays["epochs"].shape == (60, 62, 200)
    np.testing.assert_allclose(epochs.read("epochs").mean(axis=1), 0, atol=1e-3)
    shown = json.loads(cli_ok("inspect", "preprocess/filtered/sub-1/epochs", "-w", workspace, "--json").out)
    assert shown["settings"]["notch"] == [50.0]


def test_a_task_whose_test_classes_are_never_trained_is_refused(workspace, cli, cli_ok):
    words = ["--scheme", "leave-concepts-out", "--groups", 2, "--validation", "none"]
    cli_ok("split", "-s", 1, "-w", workspace, "--variant", "new-concepts", "--new", *words)
    words = [
        "-s",
        1,
        "-w",
        workspace,
        "--variant",
        "zero",
        "--new",
        "--network",
        "lda",
        "--from",
        "folds=split/new-concepts",
    ]
    refused = cli("train-encoder", *words, "--targets", "concept")
    assert refused.code == 2 and "none of its test classes is trained on" in refused.err
    cli_ok("train-encoder", *words, "--targets", "fast")


def test_scaling_by_the_test_events_is_stamped(workspace, cli_ok):
    words = ["-s", 1, "-w", workspace, "--variant", "theirs", "--new", "--network", "lda", "--folds", "block-3"]
    cli_ok("train-encoder", *words, "--set", "training.scaling=own", "--targets", "concept")
    assert "transductive scaling" in opened(workspace, "train-encoder", "theirs", "encoders").manifest.stamps
    assert "transductive scaling" not in opened(workspace, "train-encoder", "lda", "encoders").manifest.stamps


def test_an_event_that_was_broken_off_is_named_and_shortens_no_other(tmp_path, cli_ok):
    data = tmp_path / "data"
    (data / "clips").mkdir(parents=True)
    pictures = [Image.new("RGB", (16, 16), (40 * k, 90, 90)) for k in range(5)]
    pictures[0].save(data / "clips/a.gif", save_all=True, append_images=pictures[1:], duration=400)
    info = mne.create_info(["Fz", "Cz", "Oz"], 1000 / 3, "eeg")
    eeg = np.random.default_rng(0).normal(0, 1e-5, (3, 10000))
    mne.io.RawArray(eeg, info, verbose="error").save(data / "one_raw.fif", verbose="error")
    rows = [f"one_raw.fif\t{3 * k}\ta\t{0.5 if k == 2 else 2}\n" for k in range(8)]
    (data / "events.tsv").write_text("recording\tonset\tclip\tduration\n" + "".join(rows))
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    assert "Warning" not in cli_ok("ingest", data, "-w", workspace).err
    said = cli_ok("preprocess", "-w", workspace).err
    assert "Warning: 1 of 8 events end short of the usual 2 s (after 0.5 s): epochs keep that length" in said
    epochs, features = (opened(workspace, "preprocess", "default", role) for role in ("epochs", "features"))
    # 2 s and 1 s at 333.33 Hz
    assert epochs.read("epochs").shape == (8, 3, 667)
    assert features.read("de").shape[:2] == (8, 2)
    assert [row.state for row in epochs.table("events", EpochKey)] == [*["ok"] * 2, "rejected", *["ok"] * 5]
