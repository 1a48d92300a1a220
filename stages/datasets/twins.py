"""One thing under two names: EEG of two recordings, sessions or people, a film with two clip ids; told as warnings."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from eeg2vid.schemas.entities import Check, Event
from eeg2vid.stages.datasets.npy import let_go
from eeg2vid.stages.datasets.same_eeg import eeg_digest, same_eeg
from eeg2vid.stages.datasets.source import Signal

AT_ONCE = 1 << 15  # samples read at once
_SHOWN = 8


def with_digests(
    events: Sequence[Event], signals: Mapping[str, Signal], sfreq: float, unit_scale: float
) -> list[Event]:
    """Return events, each with the digest of its EEG where it has any; samples are read once, in order.

    Parameters
    ----------
    events
        Of one subject.
    signals
        The subject's recordings, `(electrode, sample)`, by label.
    sfreq
        Hz.
    unit_scale
        Factor that turns the signals into volts.
    """
    digests: dict[str, str | None] = {}
    for label, signal in signals.items():
        here = sorted((event for event in events if event.recording == label), key=lambda event: event.onset_sample)
        spans = {
            event.event: (event.onset_sample, event.onset_sample + round(event.duration_s * sfreq)) for event in here
        }
        for first, last, group in _read_together(spans):
            values = np.asarray(np.asarray(signal[:, first:last]) * unit_scale, dtype=np.float32)
            for event in group:
                start, stop = spans[event]
                digests[event] = eeg_digest(values[:, start - first : stop - first], sfreq)
            if isinstance(signal, np.ndarray):
                let_go(signal)
    return [event.model_copy(update={"eeg_sha": digests.get(event.event)}) for event in events]


def eeg_twins(events: Sequence[Event], where: str) -> list[Check]:
    """Return a warning row that names the recordings that hold the same EEG.

    Parameters
    ----------
    events
        Of one subject or of several, with their digests.
    where
        Words that say whose they are.
    """
    alike: dict[str, list[Event]] = {}
    for event, name in zip(events, same_eeg([event.eeg_sha for event in events]).tolist(), strict=True):
        if name:
            alike.setdefault(name, []).append(event)
    pairs: Counter[tuple[str, ...]] = Counter()
    for same in (events for events in alike.values() if len(events) > 1):
        recordings = Counter(f"subject {event.subject}, {event.recording}" for event in same)
        pairs.update(itertools.combinations(recordings, 2) if len(recordings) > 1 else [tuple(recordings)])
    if not pairs:
        return []
    told = [
        f"{' and '.join(pair) if len(pair) > 1 else f'within {pair[0]}'} ({n} event{'s' if n > 1 else ''})"
        for pair, n in pairs.most_common(_SHOWN)
    ]
    return [_warning(f"the same EEG twice, {where}", told, len(pairs), "every recording made once")]


def film_twins(films: Mapping[str, str]) -> list[Check]:
    """Return a warning row that names the clips that show one film; `films` are digests, by clip."""
    alike: dict[str, list[str]] = {}
    for clip, digest in films.items():
        alike.setdefault(digest, []).append(clip)
    told = [" and ".join(same) for same in alike.values() if len(same) > 1]
    return [_warning("one film as several clips", told[:_SHOWN], len(told), "one clip id for a film")] if told else []


def _read_together(spans: Mapping[str, tuple[int, int]]) -> Iterator[tuple[int, int, list[str]]]:
    """Yield first and last sample and the ids of events that lie together; events come in order of their onsets."""
    group: list[str] = []
    first = last = 0
    for event, (start, stop) in spans.items():
        if group and max(last, stop) - first > AT_ONCE:
            yield first, last, group
            group = []
        if not group:
            first = last = start
        group.append(event)
        last = max(last, stop)
    if group:
        yield first, last, group


def _warning(item: str, told: Sequence[str], n: int, expected: str) -> Check:
    more = f" and {n - len(told)} more" if n > len(told) else ""
    return Check(item=item, found=f"{'; '.join(told)}{more}", expected=expected, verdict="warning")
