"""Rows that say what became of the codes of a trigger channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from eeg2vid.schemas.entities import Check
from eeg2vid.stages.datasets.study_file import EventSource
from eeg2vid.stages.datasets.trigger_codes import Code, Settled

_SHOWN = 8
_FAR = 0.25  # from a whole number: the neighbour might be meant


def settled_checks(
    settled: Settled, sfreq: float, off: float, said: EventSource, clips: Collection[int], file: str
) -> list[Check]:
    """Return a warning row for each kind of code that is no marker though the channel holds it.

    Parameters
    ----------
    settled
        What became of them.
    sfreq
        Rate of the channel, Hz.
    off
        How far from a whole number its values lie.
    said
        What the study says about triggers.
    clips
        Codes that stand for clips.
    file
        The recording.
    """
    brief = "2 ms or one sample" if said.min_duration_s is None else f"less than {said.min_duration_s:g} s"
    standing = [settled.standing] if settled.standing is not None and settled.standing.value in clips else []
    rows = (
        (
            "steps of trigger codes merged",
            settled.steps,
            f"held for {brief} beside another code",
            "codes whose bits rise and fall at once",
        ),
        ("triggers too short left out", settled.short, f"held for {brief}", "study.toml, events: min_duration_s"),
        (
            "trigger codes that go on",
            settled.resumed,
            "no new markers, after another bit lay on top of them",
            "stim_mask names the bits of the codes",
        ),
        (
            "trigger codes under another bit",
            settled.covered,
            "of no clip, but with a clip's bits beside those that stood before",
            "stim_mask names the bits of the codes",
        ),
        (
            "triggers before the recording",
            standing,
            "standing as the recording begins: when it began is not known",
            "0, or the code of no clip",
        ),
    )
    checks = [
        Check(item=f"{title}, {file}", found=_counted(codes, sfreq, why), expected=expected, verdict="warning")
        for title, codes, why, expected in rows
        if codes
    ]
    if off > _FAR:
        found = f"up to {off:.2g} from a whole number, and rounded"
        checks.append(Check(item=f"trigger codes, {file}", found=found, expected="whole numbers", verdict="warning"))
    return checks


def _counted(codes: Sequence[Code], sfreq: float, why: str) -> str:
    """Return how many, why, which how often, and where the first lies."""
    counts = Counter(code.value for code in codes)
    listed = ", ".join(f"{value} ({n})" for value, n in counts.most_common(_SHOWN))
    more = f" and {len(counts) - _SHOWN} more" if len(counts) > _SHOWN else ""
    first = min(codes, key=lambda code: code.start)
    return f"{len(codes)} {why}: {listed}{more}; the first, {first.value}, at {first.start / sfreq:.3f} s"
