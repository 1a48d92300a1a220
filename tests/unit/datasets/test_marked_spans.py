"""What recordings mark as bad or cut, in the words of every tool and through every reader; samples counted by hand."""

from __future__ import annotations

import edfio
import mne
import numpy as np
import pybv
import pytest
import scipy.io

from eeg2vid.schemas.entities import Event
from eeg2vid.stages.datasets.marked_spans import Span, merged, span_checks, spans_of
from eeg2vid.stages.datasets.recordings import open_recording

RATE, LENGTH = 200.0, 6000
NAMES = ("Fz", "Cz", "Pz", "Oz")


def noise(n_electrodes, n_samples):
    """EEG of 10 uV, in volts."""
    return np.random.default_rng(0).normal(0, 10e-6, (n_electrodes, n_samples))


def raw_of(names=NAMES, types="eeg", seconds=30):
    """A recording in memory."""
    return mne.io.RawArray(
        noise(len(names), round(RATE * seconds)), mne.create_info(list(names), RATE, types), verbose="error"
    )


@pytest.mark.parametrize(
    ("text", "onset", "duration", "expected"),
    [
        ("BAD", 1.0, 0.5, (200, 100, "bad")),
        ("bad", 1.0, 0.0, (200, 1, "bad")),  # a moment is one sample
        ("bad_eye", 1.001, 0.5, (200, 101, "bad")),  # every sample that it touches: 200.2 to 300.2
        ("Bad segment", 0.0, 1.0, (0, 200, "bad")),
        ("BAD-blink", -0.5, 1.0, (0, 100, "bad")),
        ("Bad Interval/Bad Min-Max", 29.5, 99, (5900, 100, "bad")),
        ("badEpoch", 1.0, 1.0, (200, 200, "bad")),
        ("bad1", 1.0, 1.0, (200, 200, "bad")),
        ("Comment/BAD_muscle", 1.0, 1.0, (200, 200, "bad")),
        ("BAD_disconnection", 1.0, float("nan"), (200, 1, "bad")),
        ("BAD_ACQ_SKIP", 1.0, 2.0, (200, 400, "cut")),
        ("bad_acq_skip", 0.0, 1.0, (0, 200, "cut")),
        ("boundary", 10.9975, 15.0, (2200, 0, "cut")),  # EEGLAB: between two samples; 15 s are gone from the file
        ("Boundary", 11.0, 0.0, (2200, 0, "cut")),
        ("BAD boundary", 11.0, 0.0, (2200, 0, "cut")),
        ("EDGE boundary", 11.0, 0.0, (2200, 0, "cut")),
        ("edge", 11.0, 0.0, (2200, 0, "cut")),
        ("New Segment/", 11.0, 0.005, (2200, 0, "cut")),
        ("New Segment/LostSamples: 5", 11.0, 0.005, (2200, 0, "cut")),
        ("Comment/boundary", 11.0, 0.0, (2200, 0, "cut")),
    ],
)
def test_words_of_every_tool(text, onset, duration, expected):
    start, length, kind = expected
    assert spans_of(text, onset, duration, RATE, LENGTH) == [Span(start, length, kind, text)]


@pytest.mark.parametrize(
    ("text", "onset"),
    [
        *(
            (text, 5.0)
            for text in ("badminton", "badge", "Badger/1", "edges", "New", "Stimulus/S  1", "-99", "clip", "")
        ),
        ("New Segment/", 0.0),  # every BrainVision recording begins with one
        ("boundary", 30.0),
        ("BAD_eye", 31.0),
    ],
)
def test_what_marks_nothing(text, onset):
    assert spans_of(text, onset, 1.0, RATE, LENGTH) == []


def test_a_numeric_type_is_a_boundary_for_eeglab_only():
    assert spans_of("-99", 11.0, 0, RATE, LENGTH, eeglab=True) == [Span(2200, 0, "cut", "-99")]
    assert spans_of("-9", 11.0, 0, RATE, LENGTH, eeglab=True) == []


def test_a_boundary_of_some_length_that_is_called_bad_is_both():
    found = spans_of("BAD boundary", 11.0, 1.0, RATE, LENGTH)
    assert [(span.start, span.length, span.kind) for span in found] == [(2200, 0, "cut"), (2200, 200, "bad")]


def test_one_cut_told_twice_is_one():
    found = merged([Span(9, 0, "cut", "EDGE boundary"), Span(9, 0, "cut", "BAD boundary"), Span(3, 2, "bad", "BAD")])
    assert [(span.start, span.kind) for span in found] == [(3, "bad"), (9, "cut")]
    assert merged([Span(9, 0, "cut", "boundary"), Span(9, 5, "cut", "BAD_ACQ_SKIP")]) == [
        Span(9, 5, "cut", "BAD_ACQ_SKIP")
    ]


def fif(path, notes, first=None):
    raw = raw_of()
    raw.set_annotations(mne.Annotations(*zip(*notes, strict=True)))
    (raw if first is None else raw.crop(first)).save(path, verbose="error")
    return path


def test_fif(tmp_path):
    path = fif(tmp_path / "a_raw.fif", [(2.0, 1.0, "BAD_eye"), (10.5, 1.0, "BAD_ACQ_SKIP"), (20.0, 1.0, "clip")])
    signal = open_recording(path)
    assert signal.spans == [Span(400, 200, "bad", "BAD_eye"), Span(2100, 200, "cut", "BAD_ACQ_SKIP")]


def test_fif_cut_at_its_start(tmp_path):
    path = fif(tmp_path / "a_raw.fif", [(5.0, 1.0, "BAD")], first=3.0)
    assert open_recording(path).spans == [Span(400, 200, "bad", "BAD")]


def test_fif_with_a_pause_of_its_own(tmp_path):
    """MNE writes what is marked as a skip as one: the samples are gone, zeros stand there when it is read."""
    raw = raw_of()
    raw.set_annotations(mne.Annotations([10.0], [2.0], ["BAD_ACQ_SKIP"]))
    raw.save(tmp_path / "a_raw.fif", buffer_size_sec=1.0, verbose="error")
    signal = open_recording(tmp_path / "a_raw.fif")
    assert [(span.start, span.length, span.kind) for span in signal.spans] == [(2000, 400, "cut")]
    assert signal.shape[1] == LENGTH and not signal[:, 2000:2400].any() and signal[:, 1999:2000].all()


def test_fif_of_joined_recordings(tmp_path):
    raw = mne.concatenate_raws([raw_of(seconds=s) for s in (10, 20)], verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    (span,) = open_recording(tmp_path / "a_raw.fif").spans
    assert (span.start, span.length, span.kind) == (2000, 0, "cut")


def test_marks_of_channels_that_are_not_read_concern_nobody(tmp_path):
    raw = raw_of((*NAMES, "STI"), [*["eeg"] * 4, "stim"])
    raw.set_annotations(mne.Annotations([1.0, 2.0], 1.0, "BAD", ch_names=[["STI"], ["Cz"]]))
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    assert open_recording(tmp_path / "a_raw.fif").spans == [Span(400, 200, "bad", "BAD")]


@pytest.mark.parametrize("kind", ["boundary", -99])
def test_eeglab(tmp_path, kind):
    events = [(kind, 11 * RATE + 0.5, 3000.0), ("square" if kind == "boundary" else 7, 401.0, 0.0)]
    labels = np.array([(name,) for name in NAMES], dtype=[("labels", object)])
    eeg = {
        "setname": "s", "nbchan": 4, "pnts": LENGTH, "trials": 1, "srate": RATE, "xmin": 0, "xmax": 29.995,
        "data": (noise(4, LENGTH) * 1e6).astype("f4"), "chanlocs": labels, "epoch": [],
        "event": np.array(events, dtype=[("type", object), ("latency", object), ("duration", object)]),
        "icawinv": [], "icaweights": [], "icasphere": [], "icachansind": [],
    }  # fmt: skip
    scipy.io.savemat(tmp_path / "a.set", {"EEG": eeg})
    (span,) = open_recording(tmp_path / "a.set").spans
    assert (span.start, span.length, span.kind) == (2200, 0, "cut")


def test_brainvision(tmp_path):
    pybv.write_brainvision(
        data=noise(4, LENGTH), sfreq=RATE, ch_names=list(NAMES), fname_base="a", folder_out=tmp_path,
        events=[{"onset": 0, "type": "Comment", "description": "x", "duration": 1}],
    )  # fmt: skip
    path = tmp_path / "a.vmrk"
    head = [line for line in path.read_text().splitlines() if not line.startswith("Mk")]
    marks = ["New Segment,,1,1,0,20200101000000000000", "Stimulus,S  1,401,1,0", "Comment,BAD_eye,1001,50,0"]
    marks += ["New Segment,,2201,1,0,20200101000500000000", "Bad Interval,Bad Gradient,3001,20,0"]
    path.write_text("\n".join([*head, *(f"Mk{k}={mark}" for k, mark in enumerate(marks, start=1))]) + "\n")
    found = [(span.start, span.length, span.kind) for span in open_recording(tmp_path / "a.vhdr").spans]
    assert found == [(1000, 50, "bad"), (2200, 0, "cut"), (3000, 20, "bad")]


@pytest.mark.parametrize("ending", [".edf", ".bdf"])
def test_edf_plus(tmp_path, ending):
    signal, whole = (edfio.EdfSignal, edfio.Edf) if ending == ".edf" else (edfio.BdfSignal, edfio.Bdf)
    given = [
        signal(row, RATE, label=name, physical_dimension="uV")
        for name, row in zip(NAMES, noise(4, LENGTH), strict=True)
    ]
    whole(given, annotations=[edfio.EdfAnnotation(5, 0.25, "BAD eye"), edfio.EdfAnnotation(8, None, "boundary")]).write(
        tmp_path / f"a{ending}"
    )
    assert open_recording(tmp_path / f"a{ending}").spans == [
        Span(1000, 50, "bad", "BAD eye"),
        Span(1600, 0, "cut", "boundary"),
    ]


def event(number, onset):
    return Event(
        event=f"e{number}", subject="1", recording="r", block="1", run="r1", position=1, clip=f"c{number}",
        onset_s=onset, onset_sample=round(onset * RATE), duration_s=2.0,
    )  # fmt: skip


def test_the_row_names_the_clips():
    events = [event(k, 2 + 4 * k) for k in range(3)]  # samples 400, 1200, 2000 to 799, 1599, 2399
    touched = [Span(700, 10, "bad", "BAD"), Span(1200, 0, "cut", "edge"), Span(2001, 0, "cut", "boundary")]
    (check,) = span_checks(touched, events, RATE, "a.fif")
    assert check.verdict == "warning" and check.found.endswith("inside 2 of 3 events: clips c0, c2")
    assert "2 cuts (edge (1), boundary (1); the first at 6 s)" in check.found
    assert "1 marked bad (BAD (1); the first at 3.5 s, 0.05 s)" in check.found
    (check,) = span_checks([Span(800, 400, "bad", "BAD"), Span(2400, 0, "cut", "edge")], events, RATE, "a.fif")
    assert check.verdict == "ok" and "no clip touched" in check.found
    assert span_checks([], events, RATE, "a.fif") == []
