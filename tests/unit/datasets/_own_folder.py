"""Write small folders of own recordings: noise as FIF, BrainVision, EDF or plain arrays, GIF clips, tables."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
from PIL import Image

SFREQ = 128.0
SECONDS = 20


def noise(n_electrodes: int, n_samples: int, seed: int = 0) -> np.ndarray:
    """EEG of 10 uV, in volts."""
    return np.random.default_rng(seed).normal(0, 10e-6, (n_electrodes, n_samples))


def raw_of(names=("Fz", "Cz", "Oz"), types="eeg", sfreq=SFREQ, seconds=SECONDS, data=None) -> mne.io.BaseRaw:
    """A recording in memory."""
    data = noise(len(names), int(seconds * sfreq)) if data is None else data
    return mne.io.RawArray(data, mne.create_info(list(names), sfreq, types), verbose="error")


def write_recording(path: Path, names=("Fz", "Cz", "Oz"), sfreq=SFREQ, seconds=SECONDS, edit=None) -> np.ndarray:
    """A FIF file of 10-uV noise with a stimulus channel beside the EEG; returns the EEG in volts."""
    eeg = noise(len(names), int(seconds * sfreq), len(path.name))
    if edit:
        edit(eeg)
    data = np.vstack([eeg, np.zeros(eeg.shape[1])])
    raw = raw_of([*names, "STI"], [*["eeg"] * len(names), "stim"], sfreq, data=data)
    path.parent.mkdir(parents=True, exist_ok=True)
    raw.save(path, overwrite=True, fmt="double", verbose="error")
    return eeg


def write_marked(path: Path, marks, names=("Fz", "Cz", "Oz"), stim=False, seconds=SECONDS) -> np.ndarray:
    """A FIF file whose annotations, or whose channel STI, hold `(onset in s, code)`; returns the EEG in volts."""
    n_samples = int(seconds * SFREQ)
    eeg, line = noise(len(names), n_samples), np.zeros(n_samples)
    if stim:
        for onset, code in marks:
            line[round(onset * SFREQ) :][:5] = code
    data = np.vstack([eeg, line])
    raw = raw_of([*names, "STI"], [*["eeg"] * len(names), "stim"], data=data)
    if not stim:
        raw.set_annotations(mne.Annotations([o for o, _ in marks], 0.0, [str(c) for _, c in marks]))
    path.parent.mkdir(parents=True, exist_ok=True)
    raw.save(path, overwrite=True, fmt="double", verbose="error")
    return eeg


def write_clip(path: Path, seconds: float = 1.0) -> None:
    frames = [Image.new("RGB", (16, 16), (40 * i, 90, 90)) for i in range(5)]
    path.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=int(seconds * 200))


def write_table(path: Path, text: str, delimiter: str = "\t") -> None:
    path.write_text("\n".join(delimiter.join(line.split()) for line in text.strip().splitlines()) + "\n")


EVENTS = """
recording        onset  clip
eeg/one_eeg.fif  1.0    a
eeg/one_eeg.fif  3.0    b
eeg/one_eeg.fif  5.0    c
eeg/one_eeg.fif  9.0    d
eeg/two_eeg.fif  2.0    a
"""
CLIPS = """
clip  file          concept_name  start  duration  face  caption
a     clips/x.gif   dog           0      0.5       0     n/a
b     clips/x.gif   dog           0.5    0.5       0     a-dog
c     clips/y.gif   cat           n/a    n/a       1     n/a
d     clips/y.gif   dog           0.25   n/a       n/a   n/a
e     clips/y.gif   bird          0      0.5       n/a   n/a
"""


def write_media(root: Path) -> Path:
    """Two recordings and two clips: what takes time to write."""
    for name in ("one_eeg.fif", "two_eeg.fif"):
        write_recording(root / "eeg" / name)
    for name in ("x.gif", "y.gif"):
        write_clip(root / "clips" / name)
    return root


def link_study(media: Path, root: Path) -> Path:
    """A study of its own whose media are links: `fresh` before a file is changed."""
    for path in media.rglob("*.*"):
        (target := root / path.relative_to(media)).parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(path)
    write_table(root / "events.tsv", EVENTS)
    write_table(root / "clips.tsv", CLIPS)
    return root


def fresh(path: Path) -> Path:
    """Break the hard link before a file is changed."""
    path.unlink()
    return path
