"""Sentences about the data: what was read, described, divided and cut into epochs."""

from __future__ import annotations

from typing import cast

import numpy as np

from eeg2vid.schemas.entities import Clip, Event, Fold, Recording
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.schemas.recordings import ClipIndexAttributes, RecordingAttributes
from eeg2vid.schemas.splits import Part, SplitAttributes, SplitSettings
from eeg2vid.stages.reporting.glossary import listed
from eeg2vid.stages.services.methods.made import Made, counted, spread

_KINDS = {
    "seed-dv": "in the layout of SEED-DV [@liu2024eeg2video]",
    "bids": "in BIDS",
    "events-table": "described by a table of events",
    "markers": "whose clips are told by markers in the recordings",
    "files": "of clips alone, without EEG",
}
_SCHEMES = {
    "leave-one-block-out": "Blocks were left out one at a time",
    "fixed": "One fixed division was used",
    "leave-subjects-out": "People were left out",
    "leave-concepts-out": "Concepts were left out",
    "leave-session-out": "Sessions were left out",
    "random-clips": "Clips were dealt at random",
    "table": "The division was given as a table",
}


def ingested(made: Made) -> list[str]:
    """Say what was read: kind of data set, people, electrodes, rate, presentations, clips."""
    found = []
    for clips in made.of("clips"):
        facts = cast(ClipIndexAttributes, clips.attributes())
        rows = clips.table("clips", Clip)
        concepts = {row.concept for row in rows if row.concept is not None}
        among = f" of {counted([len(concepts)], 'concept', 'concepts')}" if concepts else ""
        found.append(
            f"The data set, {_KINDS.get(facts.kind, facts.kind)}, holds {counted([len(rows)], 'clip', 'clips')}{among}."
        )
    eeg = made.of("recordings")
    if eeg:
        rates = [cast(RecordingAttributes, one.attributes()).sfreq for one in eeg]
        electrodes = [one.manifest.arrays["eeg"].shape[0] for one in eeg]
        recordings = [len(one.table("recordings", Recording)) for one in eeg]
        found.append(
            f"EEG of {_people(made)} was read: {spread(electrodes)} electrodes at {spread(rates)} Hz, in "
            f"{counted(recordings, 'recording', 'recordings')} each."
        )
    shown = [one.table("events", Event) for one in made.of("events")]
    if shown:
        events = counted([len(rows) for rows in shown], "presentation", "presentations")
        runs = counted([len({row.run for row in rows}) for rows in shown], "run", "runs")
        blocks = counted([len({row.block for row in rows}) for rows in shown], "block", "blocks")
        found.append(f"Each person saw {events} of clips, in {runs} and {blocks}.")
    return found


def described(made: Made) -> list[str]:
    """Say that recordings were described."""
    return [f"The recordings of {_people(made)} were described as recorded (amplitudes, spectra, bad electrodes)."]


def divided(made: Made) -> list[str]:
    """Say how folds were made: scheme, which, how many events in each part."""
    settings = cast(SplitSettings, made.settings)
    folds = [one.table("folds", Fold) for one in made.of("folds")]
    names = list(dict.fromkeys(row.test for rows in folds for row in rows))
    validation = {
        "previous-block": "the block before the test block validated",
        "previous-group": "what the fold before tests validated",
        "none": "nothing validated",
    }[settings.validation]
    text = f"{_SCHEMES[settings.scheme]}: {counted([len(rows) for rows in folds], 'fold', 'folds')}"
    text += f", testing {listed(names)}" if len(names) <= 10 else ""
    counts: dict[Part, set[int]] = {part: set() for part in Part}
    for one in made.of("folds"):
        for row in np.asarray(one.read("assignment")):
            for part in Part:
                counts[part].add(int((row == part).sum()))
    text += (
        f"; {validation}. A fold had {spread(counts[Part.TRAIN])} training, {spread(counts[Part.VALIDATION])} "
        f"validation and {spread(counts[Part.TEST])} test presentations."
    )
    drawn = {cast(SplitAttributes, one.attributes()).seed for one in made.of("folds")} - {None}
    text += (
        f" What was drawn was drawn with seed {spread(seed for seed in drawn if seed is not None)}." if drawn else ""
    )
    kept = f" Only these concepts were used: {', '.join(settings.concepts)}." if settings.concepts else ""
    return [text + kept]


def preprocessed(made: Made) -> list[str]:
    """Say what was done to the EEG: cleaning, epochs, features."""
    settings = cast(PreprocessSettings, made.settings)
    return [*_cleaned(settings), *_epochs(made, settings), *_features(made, settings)]


def _cleaned(settings: PreprocessSettings) -> list[str]:
    steps = []
    if settings.bad_electrodes:
        steps.append(f"electrodes {', '.join(settings.bad_electrodes)} were interpolated")
    if settings.detect_bad:
        steps.append(
            f"bad electrodes were found on the training events of fold {settings.fold} [@bigdelyshamlo2015prep] and "
            "interpolated"
        )
    if settings.high_pass:
        steps.append(f"a zero-phase FIR high-pass of {settings.high_pass:g} Hz was applied")
    if settings.low_pass:
        steps.append(f"a zero-phase FIR low-pass of {settings.low_pass:g} Hz was applied")
    if settings.notch:
        steps.append(f"{listed([f'{hz:g} Hz' for hz in settings.notch])} were removed by notch filters")
    if settings.eog != "none":
        shown = f" ({', '.join(settings.eog_electrodes)})" if settings.eog_electrodes else ""
        steps.append(
            f"eye movements{shown} were regressed out, with weights of the training events of fold {settings.fold}"
        )
    if settings.reference:
        steps.append(f"the EEG was referred to {', '.join(settings.reference)}")
    if settings.resample:
        steps.append(f"it was resampled to {settings.resample:g} Hz")
    if not steps:
        return ["The EEG was neither filtered nor re-referenced nor resampled."]
    return [f"Of the EEG, {listed(steps)}."]


def _epochs(made: Made, settings: PreprocessSettings) -> list[str]:
    found = []
    for shape, rate, tmin in sorted(
        {(one.manifest.arrays["epochs"].shape[1:], one.attributes().sfreq, one.attributes().tmin_s)
         for one in made.of("epochs")}
    ):  # fmt: skip
        electrodes, samples = shape
        around = "the hint before each run" if settings.span == "hint" else "each clip's onset"
        found.append(
            f"Epochs of {samples / rate:g} s began {tmin:g} s after {around} ({samples} samples at {rate:g} Hz, "
            f"{electrodes} electrodes)."
        )
    if settings.baseline == "hint":
        found.append("Each electrode's mean over the hint was subtracted, which tells every clip of a run its concept.")
    if settings.reject_spans:
        found.append("Epochs that touch a span marked as bad, or contain a cut, were not trained on, but decoded.")
    if settings.reject_uv:
        found.append(f"So were epochs with a peak-to-peak amplitude above {settings.reject_uv:g} µV.")
    return found


def _features(made: Made, settings: PreprocessSettings) -> list[str]:
    shapes = {one.manifest.arrays["de"].shape[1] for one in made.of("features") if "de" in one.manifest.arrays}
    if not shapes:
        return []
    bands = ", ".join(f"{low:g}-{high:g} Hz" for low, high in settings.bands)
    how = "by the released formula of EEG2Video" if settings.method == "published" else f"from a {settings.spectrum}"
    if settings.method == "corrected" and settings.spectrum == "welch":
        segment = settings.window_s / 2 if settings.segment_s is None else settings.segment_s
        how = f"by Welch's method with segments of {segment:g} s"
    if settings.method == "corrected" and settings.spectrum == "multitaper":
        how = f"from a multitaper spectrum of {settings.bandwidth_hz or 4 / settings.window_s:g} Hz bandwidth"
    step = "" if settings.step_s is None else f" every {settings.step_s:g} s"
    smooth = {
        "none": "",
        "moving-average": f", smoothed over {settings.smoothing_span} windows of a run, which mixes its clips",
        "lds": f", smoothed over a run by a linear dynamic system (gain {settings.smoothing_gain:g}), which mixes its "
        "clips",
    }[settings.smoothing]
    return [
        f"Differential entropy [@duan2013differential] and power of {bands} were computed in "
        f"{counted(shapes, 'window', 'windows')} of {settings.window_s:g} s{step} {how}{smooth}."
    ]


def _people(made: Made) -> str:
    labels = made.people
    if not labels:
        return "everybody"
    return f"{'1 person' if len(labels) == 1 else f'{len(labels)} people'} ({', '.join(labels)})"
