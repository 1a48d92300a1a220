"""The whole stream on simulated studies: it decodes what is there, finds nothing where nothing is, hides nothing."""

import json
import re

import av
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.scores import Contrast, Definition, Score, ScoredEvent, Values
from eeg2vid.schemas.videos import VideoAttributes, VideoKey
from eeg2vid.stages.datasets.protocol import CONCEPT_NAMES
from eeg2vid.stages.datasets.source import SIMULATED_MARK
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

CONDITIONS = {"full", "shuffled-runs", "mean-video", "grey"}
BLIND = {"mean-video", "grey"}  # one picture for every clip of a fold: no pairing to permute
EVENTS = [f"s1-b{block}-r{run:02d}-c{clip}" for block in (1, 2, 3) for run in (1, 2, 3, 4) for clip in range(1, 6)]


def of(workspace, stage, variant, subject, role):
    return open_artifact(workspace, Address(stage, variant, f"sub-{subject}", role))


def scores(workspace, subject):
    """Return the score rows of one subject by (metric, condition), a metric as in "concept accuracy"."""
    rows = of(workspace, "score", "ridge", subject, "scores").table("scores", Score)
    found = {(" ".join(filter(None, row.measure)), row.condition): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture(scope="module")
def workspace(tiny):
    return tiny / "workspace"


@pytest.fixture(scope="module")
def null(build_once):
    """Return a workspace whose EEG says nothing about the clips, scored."""
    sizes = ["--subjects", 2, "--blocks", 3, "--concepts", 4, "--resolution", 32, "--snr", 0, "--seed", 12]
    study = 'conditions = ["shuffled-runs"]\n'
    return build_once("null-study", sizes, ["--until", "score"], study) / "workspace"


# -- what is there is found --------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["1", "2"])
def test_decoded_videos_are_recognised(workspace, subject):
    found = scores(workspace, subject)
    full, shuffled = found["identification", "full"], found["identification", "shuffled-runs"]
    assert full.chance == 0.5
    assert full.low > full.chance
    assert full.p < 0.05
    assert shuffled.value < full.low
    assert shuffled.p > 0.05
    contrasts = of(workspace, "score", "ridge", subject, "scores").table("contrasts", Contrast)
    (contrast,) = [
        row for row in contrasts if (row.measure, row.control) == (("", "identification", "", ""), "shuffled-runs")
    ]
    assert contrast.difference == pytest.approx(full.value - shuffled.value, abs=0.06)  # all draws, not this one
    assert 0 < contrast.low < contrast.difference < contrast.high
    assert contrast.p < 0.05


@pytest.mark.parametrize("subject", ["1", "2"])
def test_concepts_are_recognised(workspace, subject):
    found = scores(workspace, subject)
    row = found["concept accuracy", "full"]
    assert row.chance == pytest.approx(0.25)  # four concepts, each once in a block
    assert row.low > row.chance
    assert row.p < 0.05
    assert found["concept accuracy", "shuffled-runs"].p > 0.05


@pytest.mark.parametrize("subject", ["1", "2"])
def test_what_does_not_look_at_the_eeg_is_at_chance(workspace, subject):
    found = scores(workspace, subject)
    for condition in BLIND:
        assert found["identification", condition].value == pytest.approx(0.5)
        assert found["identification", condition].p is None


# -- where nothing is, nothing is found --------------------------------------------------------------


@pytest.mark.parametrize("subject", ["1", "2"])
@pytest.mark.parametrize(
    ("metric", "chance", "spread"), [("identification", 0.5, 0.15), ("concept accuracy", 0.25, 0.25)]
)
def test_empty_eeg_stays_at_chance(null, subject, metric, chance, spread):
    row = scores(null, subject)[metric, "full"]
    assert row.chance == pytest.approx(chance)
    assert abs(row.value - chance) < spread
    assert row.low < chance < row.high
    assert row.p > 0.01


# -- every number is what it says --------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["1", "2"])
def test_every_score_stands_beside_its_chance(workspace, subject):
    artifact = of(workspace, "score", "ridge", subject, "scores")
    rows = scores(workspace, subject)
    definitions = {(row.metric, row.variant) for row in artifact.table("definitions", Definition)}
    assert {condition for _, condition in rows} == CONDITIONS | {"position-vote"}
    for (_, condition), row in rows.items():
        assert row.subject == subject
        assert np.isfinite([row.value, row.chance, row.low, row.high]).all()
        assert row.low <= row.value + 1e-9
        assert row.value <= row.high + 1e-9
        assert (row.n_events, row.n_runs) == (60, 12)
        assert (row.p is None) == (condition in BLIND)
        assert row.p is None or 0 < row.p <= 1
        assert (row.metric, row.variant) in definitions
    controls = {row.control for row in artifact.table("contrasts", Contrast)}
    assert controls == CONDITIONS - {"full"} | {"position-vote"}


def test_psnr_of_every_clip_by_scikit_image(workspace):
    """The joins hold: each decoded video was compared with its own stimulus."""
    stimuli = open_artifact(workspace, Address("split-videos", "default", "study", "stimuli"))
    size: VideoAttributes = stimuli.attributes()
    truth = dict(zip([row.clip for row in stimuli.table("clips", VideoKey)], stimuli.read("frames"), strict=True))
    videos = of(workspace, "generate", "ridge", "1", "videos")
    scores = of(workspace, "score", "ridge", "1", "scores")
    (row,) = (r for r in scores.table("values", Values) if (r.metric, r.condition) == ("psnr", "full"))
    events = [event.event for event in scores.table("events", ScoredEvent)]
    found = {event: value for event, value in zip(events, row.values, strict=True) if value is not None}
    keys = videos.table("clips", VideoKey)
    assert sorted(found) == sorted(row.event for row in keys) == sorted(EVENTS)
    picture = (slice(None), slice(size.height), slice(size.width))
    for key, frames in zip(keys, videos.read("frames"), strict=True):
        pairs = zip(truth[key.clip][picture], frames[picture], strict=True)
        assert found[key.event] == pytest.approx(np.mean([peak_signal_noise_ratio(a, b) for a, b in pairs]), abs=1e-4)


def test_concept_accuracy_from_the_data_sets_own_labels(tiny, workspace):
    labels = np.load(tiny / "data/Video/meta-info/All_video_label.npy")
    predictions = of(workspace, "predict", "ridge", "2", "predictions")
    classes = predictions.attributes().targets["concept"].classes
    right = []
    for key, row in zip(predictions.table("concept", PredictionKey), predictions.read("concept"), strict=True):
        block, slot = (int(number) for number in re.fullmatch(r"s1-b(\d)-r(\d+)-c\d", key.event).groups())
        right.append(classes[row.argmax()] == CONCEPT_NAMES[labels[block - 1, slot - 1] - 1])
    assert scores(workspace, "2")["concept accuracy", "full"].value == pytest.approx(np.mean(right))


def test_nothing_is_predicted_by_a_model_that_saw_it(workspace):
    for variant in ("ridge", "ridge~shuffled-runs"):
        keys = of(workspace, "predict", variant, "1", "predictions").table("latents", PredictionKey)
        assert sorted(key.event for key in keys) == sorted(EVENTS)
        for key in keys:
            block, source = key.event.split("-")[1], key.source_event
            assert key.fold == f"block-{block[1:]}"
            assert source.split("-")[1] == block, "EEG of another fold was trained on"
            if variant == "ridge":
                assert source == key.event
            else:
                assert source.rsplit("-", 1)[0] != key.event.rsplit("-", 1)[0]
                assert source.rsplit("-", 1)[1] == key.event.rsplit("-", 1)[1]


# -- and it is there to look at ----------------------------------------------------------------------


def decoded_mp4(path):
    with av.open(path) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.mark.parametrize("condition", ["", "~shuffled-runs", "~mean-video", "~grey"])
def test_mp4s_show_the_arrays(workspace, condition):
    videos = of(workspace, "generate", f"ridge{condition}", "1", "videos")
    size: VideoAttributes = videos.attributes()
    for key, frames in zip(videos.table("clips", VideoKey), videos.read("frames"), strict=True):
        shown = decoded_mp4(videos.folder / "media" / f"{key.event}.mp4")
        assert shown.shape == (6, size.height, size.width, 3)
        error = np.mean((shown.astype(float) - frames[:, : size.height, : size.width]) ** 2)
        assert 10 * np.log10(255**2 / max(error, 1e-9)) > 25, key.event
    assert len(list((videos.folder / "media").glob("*.mp4"))) == 60


def test_report_shows_every_test_clip(workspace):
    (index,) = (workspace / "artifacts/report").glob("*/study/report/media/index.html")
    assert "A sample of the clips" in index.read_text(encoding="utf-8")
    for subject in "12":
        clips = {row.clip for row in of(workspace, "generate", "ridge", subject, "videos").table("clips", VideoKey)}
        text = index.with_name(f"sub-{subject}.html").read_text(encoding="utf-8")
        assert len(clips) == 60
        assert not [clip for clip in clips if clip not in text]
        assert "simulated" in text.lower()
        assert "chance" in text.lower()
        assert not re.search(r"(src|href)=[\"']https?://", text), "the page must stand alone"


def test_everything_says_that_it_is_simulated(workspace):
    manifests = [json.loads(path.read_bytes()) for path in (workspace / "artifacts").glob("*/*/*/*/manifest.json")]
    assert len(manifests) > 30
    assert {tuple(manifest["stamps"]) for manifest in manifests} == {("simulated",)}


def test_real_data_carry_no_stamp(study, cli_ok):
    """The stamp comes from the marker file alone; without it the same folder counts as recorded."""
    (study / "data" / SIMULATED_MARK).unlink()
    (study / "plain").mkdir()
    cli_ok("ingest", study / "data", "--subject", 1, "-w", study / "plain")
    manifests = [json.loads(path.read_bytes()) for path in (study / "plain").rglob("manifest.json")]
    assert {tuple(manifest["stamps"]) for manifest in manifests} == {()}
