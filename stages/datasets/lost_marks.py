"""Annotations that MNE leaves out or cuts short because they lie outside the recording, and says so to nobody."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eeg2vid.stages.datasets.brainvision import HEADER, named_files

_CROPPED = re.compile(r"(?:Omitted|Limited) \d+ annotation")
_OMITTED = re.compile(r"Omitted (\d+) annotation")
_NEVER_READ = re.compile(r"MarkerFile .* not found; no annotations|\d+ events have an onset that is NaN")
_LISTED = 8


@dataclass(frozen=True)
class Outside:
    """Texts of the annotations outside a recording, with their onsets: wholly, or by their beginning or end."""

    out: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()

    def words(self) -> str:
        """Return what became of them; nothing where there are none."""
        told = [("left out", self.out), ("shortened", self.cut)]
        return "; ".join(
            f"{len(texts)} {fate}: {', '.join(texts[:_LISTED])}" + (" ..." if len(texts) > _LISTED else "")
            for fate, texts in told
            if texts
        )


def outside(path: Path, raw: Any, said: Sequence[str], notes: Any = None) -> Outside:
    """Return the annotations of a recording's file that lie outside it by more than a sample.

    Parameters
    ----------
    path, raw
        The file, and MNE's `Raw` of it.
    said
        What MNE warned of. It counts roundings of a microsecond too, so that it only tells where to look.
    notes
        MNE's annotations before they were cropped, s from the first sample; by default they are read from the file.
    """
    if notes is None:
        if not any(_CROPPED.search(text) for text in said):
            return Outside()
        notes = _notes(path, raw)
    if notes is None:  # a format whose annotations cannot be read alone
        found = [int(match[1]) for text in said if (match := _OMITTED.search(text)) is not None]
        return Outside(("of unknown text",) * max(found, default=0))
    sample = 1 / float(raw.info["sfreq"])
    end = raw.n_times * sample
    out, cut = [], []
    for onset, length, text in zip(notes.onset, notes.duration, notes.description, strict=True):
        at, until = float(onset), float(onset) + max(float(length), 0.0)
        told = f"{str(text)!r} at {at:.6g} s"
        # MNE keeps a marker at the end of the last sample, and at any time within one before the first
        if at > end + 1e-6 or until < -1e-6:
            out.append(told)
        elif at < -sample or until > end + sample:
            cut.append(told)
    return Outside(tuple(out), tuple(cut))


def never_read(said: Sequence[str]) -> list[str]:
    """Return the sentences in which MNE says that it read no marker, or not all: without a file, without an onset."""
    return [" ".join(text.split()) for text in said if _NEVER_READ.search(text)]


def _notes(path: Path, raw: Any) -> Any:
    """Return a file's annotations, s from the first sample, as they stand in it; None where MNE cannot."""
    import mne

    source = named_files(path).get("MarkerFile", path) if path.suffix.casefold() == HEADER else path
    if raw.first_samp:
        return None  # they may count from the start of the measurement
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they were heard when the recording was opened
            return mne.read_annotations(source, sfreq=float(raw.info["sfreq"]))
    except Exception:  # readers of a dozen formats raise whatever they like
        return None
