"""From one subject's recordings to epochs and features: cleaning, cutting, rejecting, band features, smoothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.electrodes import electrode_sets, places_of
from eeg2vid.schemas.entities import Electrode, Event, MarkedSpan, Recording
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.schemas.rates import rate_after
from eeg2vid.stages.signal.cleaning import Fitted, describe, fit_cleaning, rejected
from eeg2vid.stages.signal.cleaning_checks import is_too_short
from eeg2vid.stages.signal.epochs import cut_epochs
from eeg2vid.stages.signal.features import band_features
from eeg2vid.stages.signal.interruptions import Interruptions, Marks, clean_pieces
from eeg2vid.stages.signal.smoothing import smooth
from eeg2vid.stages.signal.stretches import Spans, Stretch, place_spans, refuse_outside, samples_of

State = Literal["ok", "rejected", "outside"]
Track = Callable[[Iterable[Any], int], Iterable[Any]]

_MICROVOLTS = 1e6  # per volt


@dataclass(frozen=True)
class Recorded:
    """One subject's recordings.

    Attributes
    ----------
    eeg
        `(electrode, sample)` in V, read when sliced; all recordings one after another.
    sfreq
        Hz.
    electrodes, recordings, events
        Rows; electrodes in the order of the first axis.
    spans
        What the recordings mark as bad or cut.
    """

    eeg: Any
    sfreq: float
    electrodes: list[Electrode]
    recordings: list[Recording]
    events: list[Event]
    spans: Sequence[MarkedSpan] = ()

    @property
    def scalp(self) -> list[int]:
        """Places of the electrodes that are decoded from: EOG is for cleaning only."""
        return [place for place, row in enumerate(self.electrodes) if row.kind == "eeg"]

    def stretch(self, recording: Recording) -> Stretch:
        """Return one recording, not read yet, in V."""
        return Stretch(self.eeg, recording.start, recording.length)

    def microvolts(self, recording: Recording) -> NDArray[np.float64]:
        """Return one recording in µV."""
        return np.asarray(self.stretch(recording)[:, :], dtype=np.float64) * _MICROVOLTS


@dataclass(frozen=True)
class Epochs:
    """Epochs of all events.

    Attributes
    ----------
    values
        float32 `(event, electrode, sample)`, µV; zeros where `states` says 'outside'.
    states
        Whether each epoch can be used.
    electrodes
        Rows along the electrode axis.
    sfreq
        Hz.
    cleaning
        What was done before, step by step.
    marks
        What each epoch touches.
    lengths
        Sentences, where the lengths of events differ.
    brief
        Whether the event ends before its epoch, bool ``(event,)``: such are rejected.
    """

    values: NDArray[np.float32]
    states: list[State]
    electrodes: list[Electrode]
    sfreq: float
    cleaning: tuple[str, ...]
    marks: Marks
    lengths: tuple[str, ...]
    brief: NDArray[np.bool_]


def _untracked(items: Iterable[Any], total: int) -> Iterable[Any]:
    return items


def make_epochs(
    recorded: Recorded, settings: PreprocessSettings, training: Sequence[Event] = (), track: Track = _untracked
) -> Epochs:
    """Clean recording by recording and cut the epochs.

    Parameters
    ----------
    recorded
        One subject.
    settings
        What to do.
    training
        The events that may be learned from, where a step learns.
    track
        Wraps the iteration over recordings: progress.

    Raises
    ------
    UsageError
        If electrodes are named that were not recorded, or settings do not suit the recordings.
    BadDataError
        If an epoch reaches beyond its recording and `outside` is 'refuse', or EEG is not finite.
    """
    names = [recorded.electrodes[place].electrode for place in recorded.scalp]
    kept = kept_electrodes(names, settings.electrodes, settings.exclude)
    spans = _spans(recorded, settings, settings.span, settings.tmin_s, settings.tmax_s)
    if settings.outside == "refuse":
        refuse_outside(spans, recorded.events, recorded.recordings)
    hints = _spans(recorded, settings, "hint") if settings.baseline == "hint" else None
    fitted = _fit(recorded, settings, training) if settings.cleans else None
    marks = Marks.none(len(recorded.events))
    ratio = (settings.resample or recorded.sfreq) / recorded.sfreq
    values = np.zeros((len(recorded.events), len(kept), spans.length), dtype=np.float32)
    owners = np.array([event.recording for event in recorded.events])
    for recording in track(recorded.recordings, len(recorded.recordings)):
        here = np.flatnonzero((owners == recording.recording) & spans.inside)
        if here.size:
            marked = Interruptions.of(recording, recorded.spans)
            names_here = [recorded.events[k].event for k in here]
            cut, short = _cutter(recorded, recording, marked, settings, fitted, kept, names_here)
            cut(spans.first[here], spans.length, into=(values, here))
            for one in (spans,) if hints is None else (hints, spans):
                marks.note(here, one, marked.at_rate(ratio), short)
            if hints is not None:
                values[here] -= cut(hints.first[here], hints.length).mean(axis=2, keepdims=True)
    cut_from = [spans] if hints is None else [spans, hints]
    brief = np.any([one.brief for one in cut_from], axis=0)
    return Epochs(
        values,
        _states(values, spans, brief, settings, marks),
        [recorded.electrodes[recorded.scalp[place]] for place in kept],
        rate_after(recorded.sfreq, settings.resample),
        describe(settings, fitted) if fitted is not None else (),
        marks,
        tuple(one.said for one in cut_from if one.said),
        brief,
    )


def make_features(
    epochs: Epochs, events: Sequence[Event], settings: PreprocessSettings, *, threads: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return DE and PSD `(event, window, electrode, band)` of all events; zeros where there is no EEG."""
    there = np.array([state != "outside" for state in epochs.states]) & ~epochs.marks.absent
    rows = [event for event, inside in zip(events, there, strict=True) if inside]
    found = band_features(
        epochs.values if there.all() else epochs.values[there],
        epochs.sfreq,
        settings.bands,
        window_s=settings.window_s,
        step_s=settings.step_s,
        method=settings.method,
        spectrum=settings.spectrum,
        segment_s=settings.segment_s,
        bandwidth_hz=settings.bandwidth_hz,
        threads=threads,
        electrodes=[row.electrode for row in epochs.electrodes],
        events=[event.event for event in rows],
        dtype=np.float32,
    )
    if settings.smoothing != "none":
        stretches = epochs.marks.stretch[there]
        found = (_smoothed(found[0], rows, stretches, settings), _smoothed(found[1], rows, stretches, settings))
    if there.all():
        return found
    de, psd = (np.zeros((len(there), *values.shape[1:]), dtype=np.float32) for values in found)
    de[there], psd[there] = found
    return de, psd


def _smoothed(
    values: NDArray[Any], events: Sequence[Event], stretches: NDArray[np.int64], settings: PreprocessSettings
) -> NDArray[np.float32]:
    assert settings.smoothing != "none"
    # a cut ends a run: what lies before says nothing of what comes after
    runs = np.array([f"{e.session}/{e.run}/{k}" for e, k in zip(events, stretches.tolist(), strict=True)])
    order = np.array([event.onset_sample for event in events])
    smoothed = smooth(
        values, runs, order, method=settings.smoothing, span=settings.smoothing_span, gain=settings.smoothing_gain
    )
    return smoothed.astype(np.float32, copy=False)


def kept_electrodes(names: list[str], wanted: Sequence[str], excluded: Sequence[str]) -> list[int]:
    """Return the places of the electrodes wanted and not excluded, in recorded order.

    Raises
    ------
    UsageError
        If one was not recorded, or none is left.
    """
    for option, given in (("`electrodes`", wanted), ("`exclude`", excluded)):
        missing = places_of(given, names)[1]
        if missing:
            raise UsageError(
                f"{option} {missing[0]}: there is no such electrode among the {len(names)} recorded "
                f"({len(missing)} of those named are not).",
                f"Recorded: {', '.join(names)}. Sets: {', '.join(electrode_sets())}.",
            )
    inside = set(places_of(wanted, names)[0]) if wanted else set(range(len(names)))
    kept = sorted(inside - set(places_of(excluded, names)[0]))
    if not kept:
        raise UsageError("`electrodes` and `exclude` leave no electrode.")
    return kept


def _spans(
    recorded: Recorded,
    settings: PreprocessSettings,
    span: Literal["clip", "hint"],
    tmin_s: float = 0.0,
    tmax_s: float | None = None,
) -> Spans:
    return place_spans(
        recorded.events,
        recorded.recordings,
        recorded.sfreq,
        span=span,
        tmin_s=tmin_s,
        tmax_s=tmax_s,
        resample=settings.resample,
    )


def _fit(recorded: Recorded, settings: PreprocessSettings, training: Sequence[Event]) -> Fitted:
    """Learn what cleaning must learn, from nothing but the training events, and nothing that is marked in them."""

    def learned_from() -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
        for recording in recorded.recordings:
            marked = Interruptions.of(recording, recorded.spans)
            chosen = samples_of(training, recording, recorded.sfreq) & marked.usable()
            pieces = [(first, last) for first, last in marked.pieces if chosen[first:last].any()]
            if len(marked.pieces) > 1:
                pieces = [(a, b) for a, b in pieces if not is_too_short(b - a, recorded.sfreq, settings)]
            eeg = recorded.microvolts(recording) if pieces else None
            for first, last in pieces:
                assert eeg is not None
                yield eeg[:, first:last], chosen[first:last]

    return fit_cleaning(learned_from(), recorded.electrodes, recorded.sfreq, settings)


def _cutter(
    recorded: Recorded,
    recording: Recording,
    marked: Interruptions,
    settings: PreprocessSettings,
    fitted: Fitted | None,
    kept: list[int],
    events: list[str],
) -> tuple[Callable[..., NDArray[np.float32]], list[tuple[int, int]]]:
    """Return what cuts epochs out of one recording, cleaned where asked for, and its stretches too short for that."""
    names = [row.electrode for row in recorded.electrodes]
    if fitted is None:
        places, stretch = [recorded.scalp[place] for place in kept], recorded.stretch(recording)
        return partial(cut_epochs, stretch, scale=_MICROVOLTS, kept=places, electrodes=names, events=events), []
    eeg = recorded.microvolts(recording)
    signal, short = clean_pieces(eeg, marked, recorded.electrodes, recorded.sfreq, settings, fitted)
    scalp = [names[place] for place in recorded.scalp]  # what cleaning returns
    return partial(cut_epochs, signal, scale=1.0, kept=kept, electrodes=scalp, events=events), short


def _states(
    values: NDArray[np.float32], spans: Spans, brief: NDArray[np.bool_], settings: PreprocessSettings, marks: Marks
) -> list[State]:
    out = brief | marks.rejected(settings.reject_spans)
    if settings.reject_uv:
        out = out | rejected(values, settings.reject_uv)
    return [
        "outside" if not inside else "rejected" if bad else "ok" for inside, bad in zip(spans.inside, out, strict=True)
    ]
