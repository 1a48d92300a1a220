"""What a recording marks as bad, and where its samples do not follow each other, told from its annotations.

==========================================  ==================================================================
annotation, in any case                     written by
==========================================  ==================================================================
`bad`, `BAD_eye`, `Bad segment`             MNE and its readers (EGI, ANT, Neuroscan); people; any text that
                                            MNE itself would leave out, but for words such as `badminton`
`BAD_ACQ_SKIP`                              MNE, for pauses of FIF and EGI: a cut as long as the zeros there
`BAD boundary`, `EDGE boundary`, `edge`     MNE, where recordings were joined
`boundary`, of type -99 where types are     EEGLAB, where samples were removed: its duration is that of what
numbers                                     is gone and no sample of the file
`New Segment/`                              BrainVision, where recording went on after a pause
==========================================  ==================================================================

An export to BrainVision puts `Comment/` before them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from eeg2vid.schemas.entities import Check, Event, MarkedSpan
from eeg2vid.schemas.words import counted

_BEFORE = re.compile(r"^(?:comment|event|marker)/\s*", re.IGNORECASE)
_CUT = re.compile(r"(?:(?:bad|edge)?[ _:/-]*boundary\b.*|edge|new segment\b.*)", re.IGNORECASE | re.DOTALL)
_SKIP = re.compile(r"bad[ _-]?acq[ _-]?skip\b.*", re.IGNORECASE | re.DOTALL)
# "bad" alone, before anything but a letter, or before a word that it can be said of
_BAD = re.compile(
    r"bad(?![^\W\d_])|bad(?:acq|artefact|artifact|blink|channel|data|epoch|eog|eye|interval|muscle|period|segment|"
    r"signal|span|time|trial)",
    re.IGNORECASE,
)
_NUMBERED_BOUNDARY = re.compile(r"-99(\.0*)?")
_NEAR = 1e-3  # of a sample: onsets are written in seconds, to some digits
_SHOWN = 8


@dataclass(frozen=True)
class Span:
    """Some samples of one recording; of a cut: those that stand in for what was not recorded, often none."""

    start: int
    length: int
    kind: Literal["bad", "cut"]
    text: str


def spans_of(
    text: str, onset_s: float, duration_s: float, sfreq: float, length: int, eeglab: bool = False
) -> list[Span]:
    """Return what one annotation marks.

    Parameters
    ----------
    text
        Its description.
    onset_s, duration_s
        From the first sample, s; a duration that is no number is 0.
    sfreq
        Hz.
    length
        Samples of the recording; a cut at its ends is none.
    eeglab
        Whether events of a numeric type come from EEGLAB.
    """
    plain = _BEFORE.sub("", text.strip())
    first, seconds = onset_s * sfreq, duration_s if math.isfinite(duration_s) and duration_s > 0 else 0.0
    skip = _SKIP.fullmatch(plain) is not None
    if skip or _CUT.fullmatch(plain) or (eeglab and _NUMBERED_BOUNDARY.fullmatch(plain)):
        # EEGLAB puts a cut between two samples: the one after it is meant
        start = max(math.ceil(first - _NEAR), 0)
        stop = min(round(first + seconds * sfreq), length) if skip else start
        found = [Span(start, max(stop - start, 0), "cut", text)] if 0 < start < length or stop > start else []
        if skip or not (seconds and plain[:3].casefold() == "bad"):
            return found
    elif _BAD.match(plain):
        found = []
    else:
        return []
    start = max(math.floor(first + _NEAR), 0)
    stop = min(max(math.ceil(first + seconds * sfreq - _NEAR), start + 1), length)
    return [*found, *([Span(start, stop - start, "bad", text)] if stop > start else [])]


def annotated_spans(
    annotations: Any, raw: Any, kept: Iterable[str], eeglab: bool = False, clips: Collection[str] = ()
) -> list[Span]:
    """Return what MNE's annotations mark in a recording; those of channels that are not kept concern nobody.

    Parameters
    ----------
    annotations
        MNE's, as they stand in `raw`.
    raw
        The recording.
    kept
        Names of the channels that are read.
    eeglab
        As for `spans_of`.
    clips
        Texts that stand for clips, whatever they sound like: `bad film`, `edge`.
    """
    kept = set(kept)
    found: list[Span] = []
    # MNE counts onsets from the measurement's start, also where a recording was cut later
    for onset, duration, text, names in zip(
        np.asarray(annotations.onset) - raw.first_time,
        annotations.duration,
        annotations.description,
        annotations.ch_names,
        strict=True,
    ):
        if _is_clip(str(text), clips):
            continue
        if not names or kept & set(names):
            sfreq = float(raw.info["sfreq"])
            found += spans_of(str(text), float(onset), float(duration), sfreq, int(raw.n_times), eeglab)
    return merged(found)


def _is_clip(text: str, clips: Collection[str]) -> bool:
    """Return whether a text stands for a clip, as it is or without what an export puts before it."""
    return text.strip() in clips or _BEFORE.sub("", text.strip()) in clips


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order; of those of one place and kind, the first."""
    ordered = sorted(spans, key=lambda span: (span.start, span.kind, -span.length))
    places: dict[tuple[int, int, str], Span] = {}
    for span in ordered:
        places.setdefault((span.start, span.length, span.kind), span)
    # a pause told twice, as a cut and as zeros, is one
    longer = {(span.start, span.kind) for span in places.values() if span.length}
    return [s for s in places.values() if s.length or (s.start, s.kind) not in longer]


def rows(spans: Sequence[Span], recording: str) -> list[MarkedSpan]:
    """Return the rows of one recording."""
    return [MarkedSpan(recording=recording, **vars(span)) for span in spans]


def touches(event: Event, span: Span, sfreq: float) -> bool:
    """Return whether a clip was shown during a span, or over a cut."""
    last = event.onset_sample + round(event.duration_s * sfreq)
    return event.onset_sample < span.start + span.length and last > span.start


def span_checks(spans: Sequence[Span], events: Sequence[Event], sfreq: float, where: str) -> list[Check]:
    """Return a row that counts a recording's spans and names the clips that they touch: a warning if there is one."""
    if not spans:
        return []
    told = []
    for kind in ("cut", "bad"):
        here = [span for span in spans if span.kind == kind]
        word = "marked bad" if kind == "bad" else "cut" if len(here) == 1 else "cuts"
        if here:
            texts = Counter(span.text.strip() for span in here)
            named = ", ".join(f"{text} ({n})" for text, n in list(texts.items())[:_SHOWN])
            seconds = sum(span.length for span in here) / sfreq
            length = f", {seconds:.4g} s" if seconds else ""
            told.append(f"{len(here)} {word} ({named}; the first at {here[0].start / sfreq:.6g} s{length})")
    hit = [event for event in events if any(touches(event, span, sfreq) for span in spans)]
    clips = list(dict.fromkeys(event.clip for event in hit))
    if clips:
        more = f" and {len(clips) - _SHOWN} more" if len(clips) > _SHOWN else ""
        told.append(f"inside {len(hit)} of {counted(len(events), 'event')}: clips {', '.join(clips[:_SHOWN])}{more}")
    else:
        told.append("no clip touched")
    expected, verdict = "none inside a clip", "warning" if clips else "ok"
    item = f"cuts and spans marked bad, {where}"
    return [Check.model_validate({"item": item, "found": "; ".join(told), "expected": expected, "verdict": verdict})]
