"""Real EEG through the toolkit: what is there is found, what is not there is not."""

import itertools
import runpy
import shutil
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import mne
import mne_bids
import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from eeg2vid.schemas.entities import Check, Clip, Electrode, Event, Recording
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.metrics.similarity import area_means
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

pytestmark = [pytest.mark.realdata, pytest.mark.timeout(300)]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "own_recordings"
MUSE = "eeg/neurotechx-n170"


class Study(NamedTuple):
    """A converted folder and a workspace."""

    data: Path
    workspace: Path

    def open(self, stage, variant, unit, role):
        return open_artifact(self.workspace, Address(stage, variant, unit, role))

    def events(self):
        return self.open("ingest", "default", "sub-1", "events").table("events", Event)

    def concepts(self):
        clips = self.open("ingest", "default", "study", "clips").table("clips", Clip)
        return {clip.clip: clip.concept_name for clip in clips}


def convert(script, *options):
    """Run one of the example's converters as a program."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [script, *map(str, options)])
        patch.syspath_prepend(str(EXAMPLES))
        runpy.run_path(str(EXAMPLES / f"{script}.py"), run_name="__main__")


def muse(shared, out, *options):
    common = ["--csv-dir", shared / MUSE, "--clips-dir", shared / "clips/intel-samples", "--duration", 0.75]
    convert("n170_to_fif", *common, "--l-freq", 1, "--h-freq", 30, "--clips-for", "face=asl-*", "--out", out, *options)


def configure(workspace, data, *more):
    """Take the example's settings; small pictures, and videos of the last recording only: minutes become seconds."""
    text = (EXAMPLES / "n170.toml").read_text().replace("../faces-houses", str(data))
    text = text.replace("width = 128", "width = 32").replace("height = 72", "height = 18")
    text = text.replace("[train-mapper.ridge]", '[train-mapper.ridge]\nfolds = "last"')
    text = text.replace("[study]", '[study]\nconditions = ["full"]')
    workspace.mkdir()
    (workspace / "eeg2vid.toml").write_text("\n".join([text, *more]))


def alone(pairing):
    """Return a parameter whose tests share one worker, so that its study is made once."""
    return pytest.param(pairing, marks=pytest.mark.xdist_group(f"faces-{pairing}"))


@pytest.fixture(scope="module", params=[alone("by-category"), alone("random")])
def faces(request, shared_data, tmp_path_factory, cli_ok):
    """Return subject 1's study, from the CSV files to the scores, under one pairing of pictures and clips."""
    root = tmp_path_factory.mktemp(request.param)
    muse(shared_data, root / "data", "--subjects", 1, "--pair", request.param)
    configure(root / "workspace", root / "data")
    cli_ok("run", "-w", root / "workspace", "--until", "score")
    return Study(root / "data", root / "workspace")


def scores_of(study, cli_ok):
    rows = cli_ok("score", "-w", study.workspace, "--json").json
    names = ("target", "metric", "variant")
    return {" ".join(filter(None, map(row.get, names))): row for row in rows if row["condition"] == "full"}


def test_what_the_eeg_tells(faces, cli_ok):
    """Face or house can be told; the videos show it if a clip stands for a category, and not if dealt out blindly."""
    scores = scores_of(faces, cli_ok)
    concept = scores["concept balanced-accuracy"]
    by_category = set(faces.concepts().values()) == {"face", "house"}
    if by_category:
        assert concept["low"] > 0.53 and 0.58 < concept["value"] < 0.75 and concept["p"] < 0.001
    else:
        assert set(faces.concepts().values()) == {"set-1", "set-2"}
        assert concept["low"] < 0.5 < concept["high"] and concept["p"] > 0.05
        for metric, row in scores.items():
            assert row["p"] > 0.02, f"{metric}: {row}"
        assert abs(scores["identification"]["value"] - 0.5) < 0.03
    # within a run all clips are of one category, and nobody saw them
    within = scores["identification within-run"]
    assert abs(within["value"] - 0.5) < 0.03 and within["p"] > 0.02
    assert (leaning(faces) > 0.56) == by_category


def leaning(study):
    """Return how often a decoded video leans to its own category's training clips; chance is 0.5."""
    videos = study.open("generate", "ridge", "sub-1", "videos")
    stimuli = study.open("split-videos", "default", "study", "stimuli")
    concepts, events = study.concepts(), {event.event: event for event in study.events()}
    rows = videos.table("clips", VideoKey)
    tested = {events[row.event].block for row in rows}
    place = {row.clip: k for k, row in enumerate(stimuli.table("clips", VideoKey))}
    seen = [event.clip for event in events.values() if event.block not in tested]
    truth = area_means(stimuli.read("frames")).reshape(len(place), -1)
    first, second = sorted(set(concepts.values()))
    mean = {name: truth[[place[c] for c in seen if concepts[c] == name]].mean(axis=0) for name in (first, second)}
    decoded = area_means(videos.read("frames")).reshape(len(rows), -1)
    lean = (decoded - decoded.mean(axis=0)) @ (mean[first] - mean[second])
    return balanced_accuracy_score([concepts[row.clip] == first for row in rows], lean > 0)


def test_accuracy_is_what_scikit_learn_makes_of_the_predictions(faces, cli_ok):
    predictions = faces.open("predict", "ridge", "sub-1", "predictions")
    rows, concepts = predictions.table("concept", PredictionKey), faces.concepts()
    names = predictions.attributes().targets["concept"].classes
    guess = [names[k] for k in predictions.read("concept").argmax(axis=1)]
    score = scores_of(faces, cli_ok)["concept balanced-accuracy"]["value"]
    assert balanced_accuracy_score([concepts[row.clip] for row in rows], guess) == pytest.approx(score, abs=1e-9)
    assert len(rows) == len({row.event for row in rows}) == 587


def test_recording_left_out_whole_and_epochs_in_place(faces, shared_data):
    events = faces.events()
    recordings = faces.open("ingest", "default", "sub-1", "recordings").table("recordings", Recording)
    assert [event.block for event in events] == [event.recording.replace("_ses-1", "")[:11] for event in events]
    blocks = {}
    for event in events:
        blocks.setdefault(event.clip, set()).add(event.block)
    assert all(len(where) == 1 for where in blocks.values())
    predicted = faces.open("predict", "ridge", "sub-1", "predictions").table("concept", PredictionKey)
    block_of = {event.event: event.block for event in events}
    assert all(row.fold == f"block-{block_of[row.event]}" for row in predicted)
    epochs = faces.open("preprocess", "default", "sub-1", "epochs").read("epochs")
    assert epochs.shape == (587, 4, 192)
    raw = mne.io.read_raw_fif(faces.data / recordings[2].source, preload=True, verbose="error")
    assert (raw.info["highpass"], raw.info["lowpass"]) == (1, 30)
    last = events[-1]
    # stored in single precision
    expected = raw.get_data()[:, last.onset_sample : last.onset_sample + 192] * 1e6
    assert np.allclose(epochs[-1], expected, rtol=1e-5, atol=1e-3)
    checks = faces.open("ingest", "default", "sub-1", "eeg-checks").table("checks", Check)
    assert sum("start before the one before has ended" in check.found for check in checks) == 3


def test_electrodes_a_network_wants_and_labels_nobody_gave(faces, cli):
    refused = cli(
        "train-encoder",
        "-w",
        faces.workspace,
        "--variant",
        "glmnet",
        "--new",
        "--network",
        "glmnet",
        "--targets",
        "concept",
    )
    assert refused.code == 2 and "OZ" in refused.err and "not among the 4 recorded" in refused.err
    refused = cli(
        "train-encoder", "-w", faces.workspace, "--variant", "fast", "--new", "--network", "lda", "--targets", "fast"
    )
    assert refused.code == 4 and "motion scores" in refused.err


@pytest.mark.parametrize(("subject", "needed", "hint"), [(3, 3, "--validation none"), (2, 3, "Record more blocks")])
def test_too_few_recordings(subject, needed, hint, shared_data, tmp_path, cli, cli_ok):
    muse(shared_data, tmp_path / "data", "--subjects", subject)
    configure(tmp_path / "workspace", tmp_path / "data")
    cli_ok("ingest", "-w", tmp_path / "workspace")
    refused = cli("split", "-w", tmp_path / "workspace")
    assert refused.code == 2 and f"needs {needed} blocks" in refused.err and hint in refused.err
    code = cli("split", "-w", tmp_path / "workspace", "--validation", "none").code
    assert code == (0 if subject == 3 else 2)


def test_one_recording_cut_into_blocks_shares_no_sample(shared_data, tmp_path, cli_ok):
    muse(shared_data, tmp_path / "data", "--subjects", 2, "--blocks", 3)
    configure(tmp_path / "workspace", tmp_path / "data")
    cli_ok("ingest", "-w", tmp_path / "workspace")
    cli_ok("split", "-w", tmp_path / "workspace")
    events = open_artifact(tmp_path / "workspace", Address("ingest", "default", "sub-2", "events"))
    rows = events.table("events", Event)
    spans = {}
    for row in rows:
        first, last = spans.get(row.block, (row.onset_s, 0))
        spans[row.block] = min(first, row.onset_s), max(last, row.onset_s + row.duration_s)
    ordered = sorted(spans.values())
    assert len(ordered) == 3
    assert all(before[1] <= after[0] + 1e-6 for before, after in itertools.pairwise(ordered))


def test_eeglab_recording_to_predicted_latents(shared_data, tmp_path, cli, cli_ok):
    clips = ["--clips-dir", shared_data / "clips/intel-samples", "--out", tmp_path / "data"]
    source = shared_data / "eeg/eeglab/eeglab_data.set"
    convert("annotations_to_events", "--recording", source, "--marker", "square", "--l-freq", 1, *clips)
    there = ["-w", tmp_path / "data", "--recipe", EXAMPLES / "no_labels.toml"]
    cli_ok("ingest", tmp_path / "data", *there)
    refused = cli("preprocess", *there)
    assert refused.code == 2 and "(31, 99) Hz" in refused.err and "64 Hz" in refused.err
    bands = [word for band in ("4-8", "8-14", "14-31", "31-60") for word in ("--bands", band)]
    cli_ok("preprocess", *there, *bands)
    cli_ok("split-videos", *there, "--width", 32, "--height", 24)
    for stage in ("split", "encode-latents", "train-mapper", "predict"):
        cli_ok(stage, *there, *(["--condition", "full"] if stage == "predict" else []))
    features = open_artifact(tmp_path / "data", Address("preprocess", "default", "sub-1", "features"))
    assert features.read("de").shape == (80, 1, 30, 4)  # EOG1 and EOG2 are not decoded from
    assert all(row.x is not None for row in features.table("electrodes", Electrode))
    raw = mne.io.read_raw_fif(tmp_path / "data/eeg/sub-1_eeg.fif", preload=True, verbose="error")
    epochs = open_artifact(tmp_path / "data", Address("preprocess", "default", "sub-1", "epochs")).read("epochs")
    onsets = [o for o, name in zip(raw.annotations.onset, raw.annotations.description, strict=True) if name == "square"]
    first = round(onsets[40] * 128)
    raw.drop_channels(["EOG1", "EOG2"])
    assert np.allclose(epochs[40], raw.get_data()[:, first : first + 128] * 1e6, rtol=1e-5, atol=1e-3)
    predicted = open_artifact(tmp_path / "data", Address("predict", "ridge", "sub-1", "predictions")).read("latents")
    assert predicted.shape == (80, 6, 4, 3, 4) and np.isfinite(predicted).all() and predicted.std(axis=0).max() > 0


@pytest.mark.parametrize(
    ("files", "electrodes", "sfreq"),
    [
        (("eeglab-formats/testbva.vhdr", "eeglab-formats/testbva.dat", "eeglab-formats/testbva.vmrk"), 29, 200),
        (("eeglab-formats/test.bdf",), 16, 256),
        (("eeguana/bv_export_edf+.edf",), 32, 512),
        (("mne-testing/edf-138ch.edf",), 136, 512),
        (("eeglab/eeglab_data.set", "eeglab/eeglab_data.fdt"), 30, 128),
    ],
)
def test_formats_as_they_are(files, electrodes, sfreq, shared_data, tmp_path, cli, cli_ok):
    """Without any converter: the recording, a table, clips; channels called EOG, or Ergo, are not decoded from."""
    (tmp_path / "clips").mkdir()
    shutil.copy(shared_data / "clips/intel-samples/asl-milk.mkv", tmp_path / "clips")
    for file in files:
        shutil.copy(shared_data / "eeg" / file, tmp_path)
    name = Path(files[0]).name
    rows = [f"{name}\t{onset}\t1.0\tpart-{part}\tasl-milk" for part, onset in enumerate((0.5, 2.25, 4.0))]
    (tmp_path / "events.tsv").write_text("\n".join(["recording\tonset\tduration\tblock\tclip", *rows]))
    cli_ok("ingest", tmp_path, "-w", tmp_path)
    checks = open_artifact(tmp_path, Address("ingest", "default", "sub-1", "eeg-checks")).table("checks", Check)
    flat = [c.found.split(", ") for c in checks if c.item.startswith("constant electrodes")]
    silent = flat[0] if flat else []
    assert silent == (["M1", "M2", "HEOG", "VEOG"] if name.endswith("+.edf") else [])
    left_out = [label for label in silent if "EOG" not in label]
    preprocess = ["preprocess", "-w", tmp_path, "--bands", "4-8", "--bands", "8-13"]
    if left_out:  # silent electrodes have no band power, and a sentence says so
        refused = cli(*preprocess)
        assert refused.code == 4 and "constant" in refused.err
    cli_ok(*preprocess, *(word for label in left_out for word in ("--exclude", label)))
    epochs = open_artifact(tmp_path, Address("preprocess", "default", "sub-1", "epochs")).read("epochs")
    assert epochs.shape == (3, electrodes - len(left_out), sfreq)
    raw = mne.io.read_raw(tmp_path / name, preload=True, verbose="error").pick("eeg", exclude=())
    raw.drop_channels([label for label in raw.ch_names if label in left_out or "EOG" in label or "Ergo" in label])
    expected = raw.get_data()[:, round(2.25 * sfreq) : round(3.25 * sfreq)] * 1e6
    assert np.allclose(epochs[1], expected, rtol=1e-5, atol=1e-2)


def eeglab_marked(shared, out):
    for name in ("eeglab_data.set", "eeglab_data.fdt"):
        shutil.copy(shared / "eeg/eeglab" / name, out)
    (out / "study.toml").write_text(
        '[events]\nfrom = "annotations"\nfiles = ["*.set"]\n[electrodes]\neog = ["EOG1", "EOG2"]'
    )
    (out / "stimuli.tsv").write_text("code\tclip\tduration\nsquare\tasl-milk\t1.0\n")
    raw = mne.io.read_raw(out / "eeglab_data.set", preload=True, verbose="error")
    return raw, [o for o, d in zip(raw.annotations.onset, raw.annotations.description, strict=True) if d == "square"]


def bdf_triggered(shared, out):
    shutil.copy(shared / "eeg/eeglab-formats/test.bdf", out)
    (out / "study.toml").write_text('[events]\nfrom = "stim"\nstim = "Status"\nfiles = ["*.bdf"]\n')
    (out / "stimuli.tsv").write_text("code\tclip\tduration\n255\tasl-milk\t0.5\n")
    raw = mne.io.read_raw(out / "test.bdf", preload=True, verbose="error")
    found = mne.find_events(raw, consecutive=True, shortest_event=1, verbose="error")
    return raw, [sample / 256 for sample, _, code in found if code == 255 and sample < 59.5 * 256]


def eeglab_in_bids(shared, out):
    raw = mne.io.read_raw(shared / "eeg/eeglab/eeglab_data.set", preload=True, verbose="error")
    raw.set_channel_types({"EOG1": "eog", "EOG2": "eog"}, verbose="error")
    raw.info["line_freq"] = 60
    place = mne_bids.BIDSPath(subject="1", task="square", root=out, datatype="eeg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mne_bids.write_raw_bids(raw, place, format="BrainVision", allow_preload=True, verbose="error")
    (out / "stimuli.tsv").write_text("code\tclip\tduration\nsquare\tasl-milk\t1.0\n")
    return raw, [o for o, d in zip(raw.annotations.onset, raw.annotations.description, strict=True) if d == "square"]


@pytest.mark.parametrize(
    ("make", "electrodes", "seconds"), [(eeglab_marked, 30, 1.0), (bdf_triggered, 16, 0.5), (eeglab_in_bids, 30, 1.0)]
)
def test_markers_to_features(make, electrodes, seconds, shared_data, tmp_path, cli_ok):
    """No converter and no table of events: markers of the recording, joined to clips by code."""
    raw, onsets = make(shared_data, tmp_path)
    (tmp_path / "clips").mkdir()
    shutil.copy(shared_data / "clips/intel-samples/asl-milk.mkv", tmp_path / "clips")
    cli_ok("ingest", tmp_path, "-w", tmp_path / "workspace")
    workspace = tmp_path / "workspace"
    events = open_artifact(workspace, Address("ingest", "default", "sub-1", "events")).table("events", Event)
    sfreq = raw.info["sfreq"]
    assert len(onsets) >= 39
    assert [e.onset_sample for e in events] == [round(onset * sfreq) for onset in onsets]
    assert {e.duration_s for e in events} == {seconds}
    cli_ok("preprocess", "-w", workspace, "--bands", "4-8", "--bands", "8-13", "--window-s", seconds)
    epochs = open_artifact(workspace, Address("preprocess", "default", "sub-1", "epochs"))
    assert epochs.read("epochs").shape == (len(onsets), electrodes, round(seconds * sfreq))
    names = [row.electrode for row in epochs.table("electrodes", Electrode)]
    assert not {"EOG1", "EOG2", "Status"} & set(names)
    first = round(onsets[20] * sfreq)
    expected = raw.get_data(picks=names)[:, first : first + round(seconds * sfreq)] * 1e6
    assert np.allclose(epochs.read("epochs")[20], expected, rtol=1e-5, atol=1e-2)
    de = open_artifact(workspace, Address("preprocess", "default", "sub-1", "features")).read("de")
    assert np.isfinite(de).all() and de.shape[0] == len(onsets)
