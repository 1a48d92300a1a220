from __future__ import annotations

import hashlib
import json

import av
import numpy as np
import pytest

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.datasets.montage import electrode_positions, read_locs
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.protocol import CONCEPT_ORDER, ELECTRODES
from eeg2vid.stages.simulation import dataset, stimulus_files
from eeg2vid.stages.simulation.dataset import StudyPlan, plan_study, simulate_dataset
from eeg2vid.stages.simulation.films import (
    STUDY_SEEDS,
    TRAINING_SEEDS,
    caption,
    feature_vector,
    make_spec,
    optical_flow,
    render_clip,
)
from eeg2vid.stages.simulation.subjects import make_subject
from eeg2vid.stages.simulation.truth import person_seed

SMALL = {"subjects": 2, "blocks": 2, "concepts": 3, "resolution": 64, "seed": 4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated") / "set"
    simulate_dataset(out, **SMALL, snr=1.0)
    return out


def digests(root):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_layout_on_disk(folder):
    assert set(digests(folder)) == {
        "EEG/sub1.npy",
        "EEG/sub2.npy",
        "SIMULATED.json",
        *(
            f"truth/{name}"
            for name in ("clips.npz", "sources.npz", "sub1.npz", "sub2.npz", "truth.json", "observers.json")
        ),
        "channel_62_pos.locs",
        "Video/1st_10min.mp4",
        "Video/2nd_10min.mp4",
        "Video/BLIP-caption/1st_10min.txt",
        "Video/BLIP-caption/2nd_10min.txt",
        "Video/meta-info/All_video_color.npy",
        "Video/meta-info/All_video_face_apperance.npy",
        "Video/meta-info/All_video_human_apperance.npy",
        "Video/meta-info/All_video_label.npy",
        "Video/meta-info/All_video_obj_number.npy",
        "Video/meta-info/All_video_optical_flow_score.npy",
    }
    assert not list(folder.parent.glob(".set*"))
    for label in "12":
        eeg = np.load(folder / "EEG" / f"sub{label}.npy", mmap_mode="r")
        assert eeg.shape == (2, 62, 3 * 2600)
        assert eeg.dtype == np.float32
        assert 1e-6 < np.median(np.abs(eeg)) < 1e-4
    marker = json.loads((folder / "SIMULATED.json").read_text())
    assert marker["simulated"] is True
    assert (marker["snr"], marker["preset"], marker["seed"], marker["version"]) == (1.0, None, 4, 4)
    assert marker["order"] == "published"


def test_tables_say_what_the_clips_are(folder):
    plan = plan_study(blocks=2, concepts=3, seed=4)
    meta = folder / "Video" / "meta-info"
    label = np.load(meta / "All_video_label.npy")
    assert label.dtype == np.int64
    assert np.array_equal(label, plan.order)
    assert [sorted(row) for row in label.tolist()] == [[1, 20, 40]] * 2
    for stem, name in (("color", "color"), ("human_apperance", "human"), ("obj_number", "number")):
        values = np.load(meta / f"All_video_{stem}.npy")
        assert values.dtype == np.float64
        assert values.tolist() == [[getattr(spec, name) for spec in specs] for specs in plan.clips]
    flow = np.load(meta / "All_video_optical_flow_score.npy")
    assert np.array_equal(flow[1], optical_flow(plan.clips[1]))
    lines = (folder / "Video" / "BLIP-caption" / "2nd_10min.txt").read_text().splitlines()
    assert lines == [caption(spec) for spec in plan.clips[1]]


def test_films_show_the_clips_at_their_times(folder):
    plan = plan_study(blocks=2, concepts=3, seed=4)
    with av.open(str(folder / "Video" / "2nd_10min.mp4")) as film:
        stream = film.streams.video[0]
        assert stream.average_rate == 24
        assert stream.codec_context.name == "h264"
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert len(frames) == 3 * 13 * 24
    assert frames[0].shape == (36, 64, 3)
    for slot in range(3):
        card = np.stack(frames[slot * 312 : slot * 312 + 72])
        assert np.abs(card.astype(float) - [64, 64, 72]).max() < 12
        for position in range(5):
            start = slot * 312 + 72 + position * 48
            shown = np.stack(frames[start : start + 48]).astype(float)
            true = render_clip(plan.clips[1][slot * 5 + position], width=64, height=36).astype(float)
            assert 10 * np.log10(255**2 / ((shown - true) ** 2).mean()) > 22  # colours are halved in size


def test_readable_as_seed_dv(folder):
    opened = open_dataset(folder)
    study = opened.study()
    assert study.simulated
    assert len(study.clips) == 30
    source = opened.subject("2")
    assert source.unit_scale == 1.0
    assert len(source.events) == 30
    assert [check.item for check in study.checks + source.checks if check.verdict != "ok"] == []


def test_electrode_file_has_the_published_form(folder):
    rows = [line.split("\t") for line in (folder / "channel_62_pos.locs").read_text().splitlines()]
    assert [row[3] for row in rows] == list(ELECTRODES)
    at = {row[3]: (float(row[1]), float(row[2])) for row in rows}
    assert at["CB1"] == (-150.0, 0.51111)
    assert abs(at["FZ"][0]) < 2  # to the front
    assert abs(at["T8"][0] - 90) < 10  # to the right
    assert at["CZ"][1] < 0.1
    assert 0.4 < at["OZ"][1] < 0.65
    assert read_locs(folder / "channel_62_pos.locs").names == ELECTRODES
    assert electrode_positions(ELECTRODES).shape == (62, 3)


def test_same_arguments_same_bytes(folder, tmp_path):
    simulate_dataset(tmp_path / "again", **SMALL, snr=1.0)
    assert digests(tmp_path / "again") == digests(folder)


def test_snr_changes_the_eeg_only_and_more_subjects_change_nothing(folder, tmp_path):
    seen = []
    simulate_dataset(
        tmp_path / "other",
        **SMALL | {"subjects": ["2", "extra"]},
        snr=0.0,
        dtype="float64",
        progress=lambda *step: seen.append(step),
    )
    changed = {name for name, digest in digests(tmp_path / "other").items() if digests(folder).get(name) != digest}
    assert changed == {
        "EEG/sub2.npy", "EEG/subextra.npy", "SIMULATED.json", "truth/subextra.npz", "truth/truth.json",
        "truth/observers.json",
    }  # fmt: skip
    weak, strong = (np.load(root / "EEG" / "sub2.npy") for root in (tmp_path / "other", folder))
    assert weak.dtype == np.float64
    hint = slice(0, 600)
    assert np.array_equal(weak[:, :, hint], strong[:, :, hint])  # paired noise
    assert not np.array_equal(weak[:, :, 600:1000], strong[:, :, 600:1000])
    assert seen[0] == ("films", 0, 2)
    assert ("EEG", 4, 4) in seen
    assert seen[-1] == ("observers", 2, 2)


def test_truth_explains_the_eeg(folder):
    """The difference between two strengths is what the truth file says: patterns, phi, courses."""
    truth = folder / "truth"
    about = json.loads((truth / "truth.json").read_text())
    clips, person = np.load(truth / "clips.npz"), np.load(truth / "sub1.npz")
    assert clips["phi"].shape == (30, len(about["features"]))
    assert clips["course"].shape == (30, 6, len(about["features"])) and about["course_hz"] == 3
    assert person["evoked"].shape == (len(about["features"]), 62)
    assert person["leadfield"].shape == (62, len(about["patches"]))
    assert {one["subject"] for one in about["subjects"]} == {"1", "2"}
    assert set(person.files) == set(about["units"])
    specs = [spec for block in plan_study(blocks=2, concepts=3, seed=4).clips for spec in block]
    assert np.array_equal(clips["phi"], feature_vector(specs))
    assert np.allclose(clips["course"].mean(axis=1), 0) and np.abs(clips["course"][:, :, 18:20]).max() == 0
    assert clips["concept"].tolist() == [spec.concept for spec in specs]
    assert clips["block"].tolist() == [1] * 15 + [2] * 15
    label = make_subject(person_seed("1"))
    assert np.array_equal(person["evoked"], label.evoked) and float(person["alpha_peak"]) == label.alpha_peak


def test_observers_are_told(folder):
    rows = json.loads((folder / "truth" / "observers.json").read_text())["rows"]
    assert {row["observer"] for row in rows} == {"ideal", "n-limited", "attainable"}
    by = {(row["subject"], row["task"], row["observer"]): row for row in rows}
    assert {"concept", "fast"} <= {task for _, task, _ in by}
    for (subject, task, observer), row in by.items():
        assert row["chance"] == pytest.approx(1 / row["classes"], abs=1e-6)
        assert row["session"] == 1
        if observer == "ideal":
            limited = by[subject, task, "n-limited"]
            assert limited["train_clips"] == 15
            assert limited["balanced_accuracy"] < row["balanced_accuracy"] + 3 * row["standard_error"]
    assert by["1", "concept", "attainable"]["train_clips"] == 15
    assert by["1", "temporal-order", "attainable"]["chance"] == 0.5


def test_nothing_is_called_attainable_where_a_trap_tells_it(tmp_path, monkeypatch):
    monkeypatch.setattr(stimulus_files, "write_film", lambda path, *_, **__: path.touch())
    for name, world in (("drift", {"drift": "locked"}), ("gaze", {"gaze": True}), ("hint", {"hint_only": True})):
        simulate_dataset(tmp_path / name, **SMALL | {"subjects": 1}, snr=1.0, **world)
        rows = json.loads((tmp_path / name / "truth" / "observers.json").read_text())["rows"]
        tasks = {row["task"] for row in rows if row["observer"] == "attainable"}
        assert "concept" in tasks if name == "hint" else not tasks
        assert "temporal-order" not in tasks


def test_a_second_session_is_beside_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(stimulus_files, "write_film", lambda path, *_, **__: path.touch())
    simulate_dataset(tmp_path / "x", **SMALL | {"subjects": 1}, sessions=2, snr=1.0)
    simulate_dataset(tmp_path / "y", **SMALL | {"subjects": 1}, observers=False, snr=1.0)
    first, second = (np.load(tmp_path / "x" / "EEG" / f"{name}.npy") for name in ("sub1", "sub1_session2"))
    assert first.shape == second.shape and not np.array_equal(first, second)
    assert np.array_equal(first, np.load(tmp_path / "y" / "EEG" / "sub1.npy"))  # as if there were no other
    about = json.loads((tmp_path / "x" / "truth" / "truth.json").read_text())
    assert about["settings"]["sessions"] == 2
    assert [one["session"] for one in about["subjects"]] == [1, 2]
    truth = [np.load(tmp_path / "x" / "truth" / f"{name}.npz")["evoked"] for name in ("sub1", "sub1_session2")]
    assert not np.array_equal(*truth)
    rows = json.loads((tmp_path / "x" / "truth" / "observers.json").read_text())["rows"]
    assert {row["session"] for row in rows if row["observer"] == "attainable"} == {1, 2}
    events = open_dataset(tmp_path / "x").subject("1").events
    assert len(events) == 60 and {event.session for event in events} == {"1", "2"}


def test_gaze_is_stamped_and_only_at_the_eyes(tmp_path, monkeypatch):
    monkeypatch.setattr(stimulus_files, "write_film", lambda path, *_, **__: path.touch())
    how = SMALL | {"subjects": 1, "observers": False, "snr": 0.0}
    for name in ("plain", "gaze"):
        simulate_dataset(tmp_path / name, **how, gaze=name == "gaze")
        assert json.loads((tmp_path / name / "SIMULATED.json").read_text())["gaze"] is (name == "gaze")
    plain, gaze = (np.load(tmp_path / name / "EEG" / "sub1.npy") for name in ("plain", "gaze"))
    change = np.abs(gaze - plain).max(axis=(0, 2))
    assert change[ELECTRODES.index("F8")] > 1e-6 > change[ELECTRODES.index("PZ")] - change[ELECTRODES.index("CZ")]
    flow = np.load(tmp_path / "gaze" / "truth" / "clips.npz")["rightward_flow"]
    assert flow.shape == (30, 16) and (flow < 0).any() and (flow > 0).any()


def test_worlds_change_what_they_should(tmp_path, monkeypatch):
    monkeypatch.setattr(stimulus_files, "write_film", lambda path, *_, **__: path.touch())  # the films are the same
    how = SMALL | {"subjects": 1, "observers": False, "snr": 0.0}
    eeg = {}
    for name, world in (
        ("plain", {}), ("free", {"drift": "free"}), ("locked", {"drift": "locked", "order": "published"}),
        ("outlier", {"outlier": "1"}), ("hint", {"hint_only": True, "snr": 1.0}),
    ):  # fmt: skip
        simulate_dataset(tmp_path / name, **how | world)
        eeg[name] = np.load(tmp_path / name / "EEG" / "sub1.npy")
        marker = json.loads((tmp_path / name / "SIMULATED.json").read_text())
        assert (marker["drift"], marker["hint_only"], marker["outlier"]) == (
            world.get("drift", "none"), "hint_only" in world, world.get("outlier")
        )  # fmt: skip
        assert not (tmp_path / name / "truth" / "observers.json").exists()
    for name in ("free", "locked", "outlier", "hint"):
        assert not np.array_equal(eeg[name], eeg["plain"])
    clips = np.load(tmp_path / "hint" / "truth" / "clips.npz")
    assert len(np.unique(clips["phi"], axis=0)) == 3  # one expectation per concept
    simulate_dataset(tmp_path / "same", **how | {"drift": "locked"})
    order = np.load(tmp_path / "same" / "Video" / "meta-info" / "All_video_label.npy")
    assert (order == order[0]).all()


def test_full_size_plan():
    plan = plan_study(blocks=7, concepts=40, seed=0)
    assert plan.order.tolist() == [list(row) for row in CONCEPT_ORDER]
    specs = [spec for block in plan.clips for spec in block]
    assert len({spec.seed for spec in specs}) == 1400
    assert all(spec.seed in STUDY_SEEDS for spec in specs)
    assert [spec.concept for spec in plan.clips[3][:6]] == [16] * 5 + [28]
    other = plan_study(blocks=7, concepts=40, seed=1)
    assert not {spec.seed for spec in specs} & {spec.seed for block in other.clips for spec in block}


def test_refuses_clips_of_the_training_range(tmp_path, monkeypatch):
    foreign = make_spec(1, TRAINING_SEEDS.start)
    monkeypatch.setattr(dataset, "plan_study", lambda **_: StudyPlan(np.array([[1]]), ((foreign,) * 5,)))
    with pytest.raises(UsageError, match="lies outside"):
        simulate_dataset(tmp_path / "x", subjects=1, blocks=1, concepts=1, snr=1.0, seed=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"blocks": 8}, "1 to 7"),
        ({"concepts": 0}, "1 to 40"),
        ({"subjects": 0}, "none given"),
        ({"subjects": ["a", "a"]}, "twice"),
        ({"subjects": ["sub-1"]}, "sub-1"),
        ({"resolution": 65}, "even width"),
        ({"snr": -1.0}, "snr"),
        ({"snr": float("nan")}, "snr"),
        ({"seed": -1}, "seed"),
        ({"dtype": "int16"}, "dtype"),
        ({"drift": "wild"}, "drift"),
        ({"order": "alphabetical"}, "order"),
        ({"outlier": "3"}, "outlier"),
        ({"sessions": 0}, "sessions"),
    ],
)
def test_bad_settings(tmp_path, wrong, message):
    with pytest.raises(UsageError, match=message):
        simulate_dataset(tmp_path / "x", **SMALL | {"snr": 1.0} | wrong)
    assert list(tmp_path.iterdir()) == []


def test_never_overwrites(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UsageError, match="not an empty folder"):
        simulate_dataset(tmp_path, **SMALL, snr=1.0)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "set").mkdir()
    simulate_dataset(tmp_path / "set", subjects=1, blocks=1, concepts=1, resolution=32, snr=1.0, seed=0)
    assert (tmp_path / "set" / "SIMULATED.json").is_file()


def test_an_interruption_leaves_nothing(tmp_path):
    def stop(what, done, total):
        if what == "EEG":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_dataset(tmp_path / "set", **SMALL, snr=1.0, progress=stop)
    assert list(tmp_path.iterdir()) == []
