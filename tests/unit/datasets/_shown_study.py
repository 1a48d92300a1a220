"""A study on paper: clips, and events of several people who saw them, in any shape; and random ones."""

import numpy as np
from hypothesis import strategies as st

from eeg2vid.schemas.entities import Clip, Event
from eeg2vid.schemas.splits import Part, SplitSettings
from eeg2vid.stages.datasets.splits.divide import divide


def make_clips(blocks=4, concepts=5, per_run=2, films=True, names=True):
    """Return a clip index in SEED-DV's manner: each block shows each concept once, in one run."""
    return [
        Clip(
            clip=f"b{b}-c{c}-{v}",
            concept=c,
            concept_name=f"thing {c}" if names else None,
            group="even" if c % 2 == 0 else "odd",
            block=str(b) if films else None,
            file="film.mp4",
            start_s=0,
            duration_s=2,
        )
        for b in range(1, blocks + 1)
        for c in range(1, concepts + 1)
        for v in range(per_run)
    ]


def make_events(clips, subject="1", sessions=1, order=None):
    """Return a person's events: every clip in every session, runs where block and concept stay the same."""
    events = []
    for session in range(1, sessions + 1):
        shown = clips if order is None else [clips[k] for k in order]
        for k, clip in enumerate(shown):
            block = clip.clip.split("-")[0][1:]
            events.append(
                Event(
                    event=f"s{session}-e{k:04d}",
                    subject=subject,
                    session=str(session),
                    recording=f"s{session}-b{block}",
                    block=block,
                    run=f"s{session}-b{block}-c{clip.concept}",
                    position=1,
                    clip=clip.clip,
                    onset_s=2 * k,
                    onset_sample=400 * k,
                    duration_s=2,
                )
            )
    return events


def split(events, clips, subjects=("1",), table=None, **settings):
    """Divide, settings given as keywords."""
    return divide(events, clips, subjects, SplitSettings(**settings), table)


def parts_of(result, events, column):
    """Return, per fold, the set of parts of each value of an event's column, unused left out."""
    found = []
    for row in result.assignment:
        here = {}
        for part, event in zip(row.tolist(), events, strict=True):
            if part != Part.UNUSED:
                here.setdefault(column(event), set()).add(Part(part))
        found.append(here)
    return found


def by_run(event):
    return f"{event.session}/{event.run}"


def by_clip(event):
    return event.clip


@st.composite
def studies(draw, min_blocks=3, min_concepts=3, max_subjects=5):
    """Draw clips, subjects and one person's events, of which some are missing, in random order."""
    clips = make_clips(
        draw(st.integers(min_blocks, 6)),
        draw(st.integers(min_concepts, 7)),
        draw(st.integers(1, 3)),
        names=draw(st.booleans()),
    )
    subjects = tuple(str(k) for k in range(1, draw(st.integers(3, max_subjects)) + 1))
    sessions = draw(st.integers(1, 2))
    events = make_events(clips, draw(st.sampled_from(subjects)), sessions)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    firsts = {(e.session, e.block, e.run) for e in events}
    kept = [
        e for e in events if rng.random() < 0.8 or ((e.session, e.block, e.run) in firsts and e.clip.endswith("-0"))
    ]
    return clips, subjects, [kept[k] for k in rng.permutation(len(kept))]
