"""Events tables, clip tables and recordings that are refused: every bad row is named."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import mne
import numpy as np
import pytest
from PIL import Image

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.recordings import open_recording
from eeg2vid.stages.stimuli.mp4 import write_mp4

_spec = importlib.util.spec_from_file_location("_own_folder", Path(__file__).with_name("_own_folder.py"))
own = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(own)
write_recording, write_clip, write_table = own.write_recording, own.write_clip, own.write_table
fresh, CLIPS = own.fresh, own.CLIPS


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    return own.write_media(tmp_path_factory.mktemp("media"))


@pytest.fixture
def root(media, tmp_path):
    return own.link_study(media, tmp_path / "study")


HEAD = "recording onset clip duration subject concept concept_name run\n"
BAD_TABLES = {
    "column missing": ("recording onsets clip\na 1 b", r"'onset' is missing.*Was 'onsets' meant to be 'onset'\?"),
    "no rows": ("recording onset clip", "has a heading but no rows"),
    "fields": ("recording onset clip\neeg/one_eeg.fif 1", "row 2: expected 3 fields, found 2"),
    "column twice": ("recording onset clip clip\na 1 b b", "'clip' is there twice"),
    "file missing": (HEAD + "eeg/three.fif 1 a 1 n/a n/a n/a n/a", r"row 2: the file .*three.fif is missing"),
    "outside": (HEAD + "../x.fif 1 a 1 n/a n/a n/a n/a", "row 2: ../x.fif is not inside"),
    "NaN onset": (HEAD + "eeg/one_eeg.fif nan a 1 n/a n/a n/a n/a", "row 2: onset: expected a number, found 'nan'"),
    "no onset": (HEAD + "eeg/one_eeg.fif n/a a 1 n/a n/a n/a n/a", "row 2: an event needs a recording, an onset"),
    "text onset": (HEAD + "eeg/one_eeg.fif 1s a 1 n/a n/a n/a n/a", "row 2: onset: expected a number, found '1s'"),
    "negative onset": (HEAD + "eeg/one_eeg.fif -1 a 1 n/a n/a n/a n/a", "row 2: onset: .* found -1"),
    "unknown clip": (HEAD + "eeg/one_eeg.fif 1 aa 1 n/a n/a n/a n/a", r"row 2: clip 'aa' is not in .*clips.tsv"),
    "clip label": (HEAD + "eeg/one_eeg.fif 1 a/b 1 n/a n/a n/a n/a", "row 2: clip 'a/b' is not a label"),
    "subject label": (HEAD + "eeg/one_eeg.fif 1 a 1 a-b n/a n/a n/a", "row 2: subject 'a-b': expected letters"),
    "concept zero": (HEAD + "eeg/one_eeg.fif 1 a 1 n/a 0 n/a n/a", "row 2: concept: .* at least 1, found 0"),
    "concept half": (HEAD + "eeg/one_eeg.fif 1 a 1 n/a 1.5 n/a n/a", "row 2: concept: expected a whole number"),
    "name contradicts": (HEAD + "eeg/one_eeg.fif 1 a 1 n/a n/a cat n/a", "row 2: concept_name 'cat' contradicts 'dog'"),
    "two names": (
        HEAD + "eeg/one_eeg.fif 1 a 1 n/a 1 n/a n/a\neeg/one_eeg.fif 2 c 1 n/a 1 n/a n/a",
        "concept 1 is called 'cat' here and 'dog' elsewhere",
    ),
    "two owners": (
        HEAD + "eeg/one_eeg.fif 1 a 1 1 n/a n/a n/a\neeg/one_eeg.fif 2 a 1 2 n/a n/a n/a",
        "row 3: eeg/one_eeg.fif belongs to subject 2, session 1 here, but to subject 1, session 1 in row 2",
    ),
}
BAD_PLACES = {
    "beyond the end": (HEAD + "eeg/one_eeg.fif 19.5 a 0.6 n/a n/a n/a n/a", "row 2: .*beyond the end of .* 20.000 s"),
    "same row": (
        HEAD + "eeg/one_eeg.fif 1 a 1 n/a n/a n/a n/a\neeg/one_eeg.fif 1 a 1 n/a n/a n/a n/a",
        "row 3: repeats row 2",
    ),
    "same sample": (
        HEAD + "eeg/one_eeg.fif 1 a 1 n/a n/a n/a n/a\neeg/one_eeg.fif 1.001 b 1 n/a n/a n/a n/a",
        r"row 3: is on the same sample \(128 of eeg/one_eeg.fif\) as row 2",
    ),
    "run interrupted": (
        HEAD + "".join(f"eeg/one_eeg.fif {i} a 1 n/a n/a n/a {run}\n" for i, run in enumerate("kmk", start=1)),
        "row 4: the run 'k' of eeg/one_eeg.fif is interrupted",
    ),
    "run of two concepts": (
        HEAD + "eeg/one_eeg.fif 1 a 1 n/a n/a n/a k\neeg/one_eeg.fif 2 c 1 n/a n/a n/a k",
        "row 3: the run 'k' of eeg/one_eeg.fif holds two concepts",
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables(root, case):
    text, message = BAD_TABLES[case]
    write_table(root / "events.tsv", text)
    with pytest.raises(BadDataError, match=message):
        open_dataset(root)


@pytest.mark.parametrize("case", BAD_PLACES)
def test_bad_places(root, case):
    text, message = BAD_PLACES[case]
    write_table(root / "events.tsv", text)
    data = open_dataset(root)
    with pytest.raises(BadDataError, match=message):
        data.subject("1")


@pytest.mark.parametrize(("onset", "duration"), [(1, "1e-9"), (20, "0.001"), (1, "0.0039")])
def test_an_event_without_a_sample(root, onset, duration):
    write_table(root / "events.tsv", f"recording onset clip duration\neeg/one_eeg.fif {onset} a {duration}")
    with pytest.raises(BadDataError, match=rf"row 2: the event of {float(duration):g} s holds no sample at 128 Hz"):
        open_dataset(root).subject("1")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a clips/x.gif dog 0.8 0.5 0 n/a", r"row 2: clip a from 0.8 s to 1.3 s does not lie within x.gif"),
        ("a clips/x.gif dog 1.5 n/a 0 n/a", "row 2: clip a from 1.5 s"),
        ("a clips/z.gif dog 0 n/a 0 n/a", r"row 2: the file .*z.gif is missing"),
        ("a clips/z.png dog 0 n/a 0 n/a", r"row 2: clips/z.png is a still picture, .* not supported yet; .* \(.mp4"),
        ("a clips/x.gif dog 0 n/a 2 n/a", "row 2: face: expected a number of 0 to 1, found 2"),
        ("b clips/x.gif dog 0 n/a 0 n/a", "row 3: clip 'b' is also in row 2"),
    ],
)
def test_bad_clips(root, row, message):
    heading, _, *rest = CLIPS.strip().splitlines()
    write_table(root / "clips.tsv", "\n".join([heading, row, *rest]))
    with pytest.raises(BadDataError, match=message):
        open_dataset(root).study()


@pytest.mark.parametrize("clip", ["dog", "dog.jpg"])
def test_a_folder_of_pictures_holds_no_film(root, clip):
    (root / "clips.tsv").unlink()
    (root / "clips/dog.jpg").write_bytes(b"x")
    write_table(root / "events.tsv", f"recording onset clip\neeg/one_eeg.fif 1 {clip}")
    with pytest.raises(BadDataError, match=r"row 2: dog.jpg is a still picture, and these are not supported yet"):
        open_dataset(root)


@pytest.mark.parametrize("ending", ["gif", "mp4"])
@pytest.mark.parametrize("table", [True, False])
def test_a_film_of_one_picture_is_none(root, ending, table):
    still = root / f"clips/still.{ending}"
    if ending == "gif":
        Image.new("RGB", (32, 32), (9, 90, 200)).save(still)
    else:
        write_mp4(still, np.full((1, 32, 32, 3), 90, np.uint8), fps=10)
    if table:
        write_table(root / "clips.tsv", f"clip file\na clips/x.gif\nstill clips/still.{ending}")
    else:
        (root / "clips.tsv").unlink()
    write_table(root / "events.tsv", "recording onset clip\neeg/one_eeg.fif 1 still")
    where = r"clips.tsv, row 3" if table else rf"still.{ending}"
    with pytest.raises(BadDataError, match=rf"{where}: clip still: still.{ending} is a still picture, and these are"):
        open_dataset(root).study()
    with pytest.raises(BadDataError, match="is a still picture"):
        open_dataset(root).subject("1")


def test_one_picture_that_its_file_holds_is_a_film(root):
    Image.new("RGB", (32, 32), (9, 90, 200)).save(root / "clips/still.gif", save_all=True, duration=2000)
    write_table(root / "clips.tsv", "clip file\na clips/x.gif\nstill clips/still.gif")
    write_table(root / "events.tsv", "recording onset clip\neeg/one_eeg.fif 1 still")
    (clip,) = open_dataset(root).study().clips
    assert clip.duration_s == 2.0


def test_two_files_of_one_clip_or_two_tables(root):
    (root / "clips.tsv").unlink()
    write_clip(root / "clips" / "x.webm.gif")
    (root / "clips" / "x.mp4").write_bytes(b"")
    with pytest.raises(BadDataError, match=r"x.gif and x.mp4 are both clip x"):
        open_dataset(root)
    (root / "events.csv").write_text("")
    with pytest.raises(BadDataError, match=r"both events.tsv and events.csv"):
        open_dataset(root)


def nan_at(eeg):
    eeg[2, 300] = np.nan


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sfreq": 256.0}, "two_eeg.fif is sampled at 256 Hz, but eeg/one_eeg.fif at 128 Hz"),
        ({"sfreq": 128.0016}, r"two_eeg.fif is sampled at 128.002 Hz, but eeg/one_eeg.fif at 128 Hz"),
        ({"names": ("T7", "T8", "Pz")}, "two_eeg.fif shares no electrode with eeg/one_eeg.fif: Fz, Cz, Oz there"),
        (
            {"names": ("Fz", "FZ", "Oz")},
            r"'Fz' \(channel 1\) and 'FZ' \(channel 2\) are both electrode FZ",
        ),
        ({"edit": nan_at}, "subject 1, electrode Oz, sample 300: expected a number, found nan"),
    ],
)
def test_bad_recordings(root, given, message):
    write_recording(fresh(root / "eeg/two_eeg.fif"), **given)
    with pytest.raises(BadDataError, match=message):
        open_dataset(root).subject("1")


def test_unreadable_recordings(root):
    fresh(root / "eeg/two_eeg.fif").write_bytes(b"not a recording")
    with pytest.raises(BadDataError, match=r"two_eeg.fif cannot be read as an EEG recording"):
        open_dataset(root).subject("1")
    raw = mne.io.RawArray(np.zeros((1, 10)), mne.create_info(["STI"], 10.0, "stim"), verbose="error")
    raw.save(root / "eeg/stim_raw.fif", verbose="error")
    with pytest.raises(BadDataError, match="has no EEG channel; found 1 stim"):
        open_recording(root / "eeg/stim_raw.fif")
