"""What a recording's numbers mean, in words, and the options of `preprocess` that help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.held_values import Held, together_told, told
from eeg2vid.stages.signal.interpolation import FEWEST_GOOD
from eeg2vid.stages.signal.quality import Quality, line_noise

LINE_DB = 10.0  # a line this much above its neighbours shows in every band that holds it
DRIFT = 2.0  # drift by amplitude from which the slow part is the larger one by far
BLINKS_PER_MINUTE = 2.0
LEAST_BLINKS = 3  # a rate from fewer is luck
POOR_SHARE = 0.25  # of bad electrodes
PLAUSIBLE_UV = (0.5, 1000.0)


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one recording.

    Attributes
    ----------
    verdict
        ok: nothing stands out; warning: cleaning helps; poor: cleaning may not.
    findings
        Sentences.
    options
        Of `eeg2vid preprocess`, that help.
    """

    verdict: Literal["ok", "warning", "poor"]
    findings: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def words(self) -> str:
        """All findings."""
        return " ".join(self.findings)


def strongest_line(quality: Quality, scalp: Sequence[int]) -> tuple[float, float] | None:
    """Return where line noise is strongest, Hz, and its median over electrodes, dB."""
    levels = {hz: float(np.median(db[list(scalp)])) for hz, db in quality.line_db.items()}
    return max(levels.items(), key=lambda item: item[1]) if levels else None


def verdict_of(quality: Quality, electrodes: Sequence[Electrode], minutes: float, held: Held) -> Verdict:
    """Judge one recording of so many minutes, with the dropouts and the clipping that were found in it."""
    scalp = [place for place, row in enumerate(electrodes) if row.kind == "eeg"]
    findings: list[str] = []
    options: list[str] = []
    amplitude = float(np.median(quality.amplitude[scalp]))
    low, high = PLAUSIBLE_UV
    poor = not low <= amplitude <= high
    if poor:
        findings.append(f"The median amplitude of {amplitude:.3g} µV is not that of EEG ({low:g} to {high:g} µV).")
    drift = float(np.median(quality.drift[scalp]))
    if drift > DRIFT * amplitude:
        findings.append(f"Slow drift of {drift:.3g} µV is {drift / max(amplitude, 1e-9):.1f} times the EEG.")
        options.append("--high-pass 0.5")
    findings += _line(quality, scalp, options)
    per_minute = 0.0 if quality.blinks is None else len(quality.blinks) / minutes
    if quality.blinks is not None and len(quality.blinks) >= LEAST_BLINKS and per_minute >= BLINKS_PER_MINUTE:
        findings.append(f"{per_minute:.0f} blinks a minute on {', '.join(quality.eyes)}.")
        options.append("--eog regression")
        if all(row.kind == "eeg" for row in electrodes):
            options += [f"--eog-electrodes {name}" for name in quality.eyes]
    if quality.bad:
        count = len(quality.bad)
        verb = "electrodes look" if count > 1 else "electrode looks"
        findings.append(f"{count} of {len(scalp)} {verb} bad: {', '.join(quality.bad)}.")
        options += _without_bad(quality, [electrodes[place] for place in scalp])
        poor = poor or count > POOR_SHARE * len(scalp)
    findings += _held(held, [row.electrode for row in electrodes])
    if any(option.startswith(("--detect-bad", "--eog")) for option in options):
        options.append("--fold NAME")
    if not findings:
        return Verdict("ok", ("Nothing stands out.",), ())
    return Verdict("poor" if poor else "warning", tuple(findings), tuple(options))


def _held(held: Held, names: Sequence[str]) -> list[str]:
    repeats = [] if held.together is None else [together_told(held.together)]
    repeats += [told(held.dropouts, names)] if held.dropouts else []
    found = [f"Values repeated for long: {'; '.join(repeats)}."] if repeats else []
    return [*found, *([f"Clipped at the end of the scale: {told(held.clipped, names)}."] if held.clipped else [])]


def _without_bad(quality: Quality, scalp: Sequence[Electrode]) -> list[str]:
    """Return how to be rid of the bad electrodes: interpolated where positions are known, else left out."""
    placed = {row.electrode for row in scalp if None not in (row.x, row.y, row.z)}
    if placed.issuperset(quality.bad) and len(placed) - len(quality.bad) >= FEWEST_GOOD:
        return ["--detect-bad"]
    return [f"--exclude {name}" for name in quality.bad]


def _line(quality: Quality, scalp: Sequence[int], options: list[str]) -> list[str]:
    """Say whether there is line noise in the median electrode, or in single ones; its multiples go with it."""
    strongest = strongest_line(quality, scalp)
    if strongest is None:
        return []
    hz, level = strongest
    loud = [place for place in scalp if quality.line_db[hz][place] > LINE_DB]
    if level <= LINE_DB and not loud:
        return []
    top = quality.frequencies[-1]  # a notch is about 1 Hz wide on either side
    for multiple in np.arange(hz, top - 2, hz):
        if line_noise(quality.frequencies, quality.density[scalp], float(multiple)).max() > LINE_DB or multiple == hz:
            options.append(f"--notch {multiple:g}")
    if level > LINE_DB:
        return [f"Line noise at {hz:g} Hz, {level:.0f} dB above its neighbours."]
    return [f"Line noise at {hz:g} Hz on {len(loud)} of {counted(len(scalp), 'electrode')}."]


def command(subject: str, options: Sequence[str]) -> str:
    """Return the command that helps, empty if nothing needs to be done."""
    return (
        " ".join(["eeg2vid preprocess", f"--subject {subject}", "--variant clean --new", *options]) if options else ""
    )


def merged(options: Sequence[str]) -> tuple[str, ...]:
    """Return the options of several recordings as one command's: each once, the fold last."""
    kept = dict.fromkeys(option for option in options if option != "--fold NAME")
    return (*kept, *(["--fold NAME"] if "--fold NAME" in options else []))
