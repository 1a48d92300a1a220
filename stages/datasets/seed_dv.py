"""SEED-DV as its authors hand it out (Liu et al., NeurIPS 2024): 62 electrodes, 200 Hz, 7 blocks of 40 runs.

The number of blocks and of runs per block is taken from the label array, so that smaller sets in the same
layout read the same way. The EEG arrays carry no timing, unit or electrode names: timing follows from the
protocol, the unit from the size of the signal, the names from the electrode file or the published order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2vid.schemas.entities import Check, Event, Recording
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.datasets import amplitudes, left_out, protocol, signal_checks
from eeg2vid.stages.datasets import seed_dv_stimuli as stimuli
from eeg2vid.stages.datasets.montage import electrode_positions
from eeg2vid.stages.datasets.npy import let_go, open_npy
from eeg2vid.stages.datasets.source import (
    SIMULATED_MARK,
    Study,
    SubjectSource,
    electrode_rows,
    known_subject,
    natural_order,
)

_EEG_FILE = re.compile(r"sub(?P<subject>[A-Za-z0-9]+)(?:_session(?P<session>[0-9]+))?\.npy")


class SeedDV:
    """A folder in SEED-DV's layout: `EEG/`, `Video/`, `meta-info/`, `BLIP-caption/`.

    Parameters
    ----------
    root
        The folder.

    Raises
    ------
    BadDataError
        If there is no subject in `EEG/`, or the label array is missing or malformed.
    """

    kind = "seed-dv"

    def __init__(self, root: Path) -> None:
        self.root = root
        self._files, self._strangers = find_eeg_files(root)
        self.subjects = natural_order(self._files)
        self._labels = stimuli.read_labels(root)

    def study(self) -> Study:
        """Read clips and captions, and check electrodes and films; no EEG is touched."""
        checks = [stimuli.label_check(self._labels), stimuli.check_electrodes(self.root)]
        if self._strangers:
            found = ", ".join(self._strangers)
            checks.append(Check(item="EEG files left out", found=found, expected="none", verdict="warning"))
        clips, clip_checks = stimuli.read_clips(self.root, self._labels)
        captions, caption_checks = stimuli.read_captions(self.root, self._labels)
        checks += clip_checks + caption_checks + stimuli.check_films(self.root, self._labels)
        return Study(clips, captions, checks, (self.root / SIMULATED_MARK).is_file())

    def subject(self, label: str) -> SubjectSource:
        """Open and check one subject's EEG; every sample is read once.

        Raises
        ------
        BadDataError
            If the subject is unknown, or a file has another shape or type than the protocol asks for,
            is damaged, holds NaN or infinities, or two sessions are in different units.
        """
        known_subject(label, self.subjects, self.root)
        n_blocks, n_slots = self._labels.shape
        length = array_shape(n_blocks, n_slots)[2]
        signals: list[np.ndarray] = []
        recordings: list[Recording] = []
        events: list[Event] = []
        checks: list[Check] = []
        scales: dict[str, float] = {}
        sizes: dict[str, tuple[float, float]] = {}
        for session, path in self._sessions(label):
            name = path.relative_to(self.root).as_posix()
            file = read_eeg_file(path, array_shape(n_blocks, n_slots), name, f"subject {label}")
            scales[name], sizes[name] = file.scale, file.size
            checks += file.checks
            for block in range(1, n_blocks + 1):
                signals.append(file.eeg[block - 1])
                recordings.append(
                    Recording(
                        recording=recording_label(session, block),
                        session=session,
                        block=str(block),
                        start=len(recordings) * length,
                        length=length,
                        source=name,
                    )
                )
                events += events_of(label, session, block, n_slots)
        if len(set(scales.values())) > 1:
            units = ", ".join(f"{name} in {'V' if scale == 1 else 'uV'}" for name, scale in scales.items())
            raise BadDataError(f"Subject {label}: the sessions are in different units ({units}).")
        amplitudes.must_share_unit(list(sizes.values()), list(sizes), f"subject {label}")
        return SubjectSource(
            subject=label,
            sfreq=protocol.SFREQ,
            unit_scale=next(iter(scales.values())),
            electrodes=electrode_rows(protocol.ELECTRODES, electrode_positions(protocol.ELECTRODES)),
            recordings=recordings,
            events=events,
            checks=checks,
            signals=signals,
        )

    def study_files(self) -> list[Path]:
        """Return the label, attribute, caption and electrode files and the films."""
        films = [stimuli.film_path(self.root, block + 1) for block in range(len(self._labels))]
        folders = [stimuli.find_folder(self.root, name) for name in ("meta-info", "BLIP-caption")]
        tables = [p for folder in folders if folder for p in folder.iterdir() if p.suffix in {".npy", ".txt"}]
        tables = [path for path in tables if not is_foreign(path.name)]
        others = [stimuli.electrode_file(self.root), self.root / SIMULATED_MARK]
        return sorted([*films, *tables, *(p for p in others if p is not None and p.is_file())])

    def subject_files(self, label: str) -> list[Path]:
        """Return one subject's EEG files and the label array, which gives the events."""
        known_subject(label, self.subjects, self.root)
        folder = stimuli.find_folder(self.root, "meta-info") or self.root
        return [folder / stimuli.LABEL_FILE, *(path for _, path in self._sessions(label))]

    def _sessions(self, label: str) -> list[tuple[str, Path]]:
        sessions = self._files[label]
        return [(session, sessions[session]) for session in natural_order(sessions)]


def events_of(subject: str, session: str, block: int, n_slots: int) -> list[Event]:
    """Return what a subject was shown in one 1-based block of a session, as the protocol times it."""
    rows = []
    for slot in range(n_slots):
        run = f"s{session}-b{block}-r{slot + 1:02d}"
        for k in range(protocol.CLIPS_PER_RUN):
            onset = stimuli.clip_start(slot, k)
            rows.append(
                Event(
                    event=f"{run}-c{k + 1}",
                    subject=subject,
                    session=session,
                    recording=recording_label(session, block),
                    block=str(block),
                    run=run,
                    position=k + 1,
                    clip=protocol.clip_id(block, slot + 1, k + 1),
                    onset_s=onset,
                    onset_sample=round(onset * protocol.SFREQ),
                    duration_s=protocol.CLIP_S,
                    hint_s=protocol.HINT_S,
                )
            )
    return rows


def find_eeg_files(root: Path) -> tuple[dict[str, dict[str, Path]], list[str]]:
    """Return the EEG files by subject and session, and the names of arrays that are neither.

    Raises
    ------
    BadDataError
        If there is no recording, or one session of a subject is there twice.
    """
    files: dict[str, dict[str, Path]] = {}
    strangers: list[str] = []
    for path in sorted((root / "EEG").iterdir()):
        match = _EEG_FILE.fullmatch(path.name)
        if match:
            sessions, session = files.setdefault(match["subject"], {}), match["session"] or "1"
            if session in sessions:
                raise BadDataError(f"{path} and {sessions[session].name} are the same session of one subject.")
            sessions[session] = path
        elif path.suffix == ".npy" and not path.name.startswith("."):
            strangers.append(path.name)
    if not files:
        raise BadDataError(f"{root / 'EEG'} holds no recording: expected sub1.npy, sub2.npy, ..., sub1_session2.npy.")
    return files, strangers


def array_shape(n_blocks: int, n_slots: int) -> tuple[int, int, int]:
    """Return the shape of an EEG file, `(block, electrode, sample)`."""
    return n_blocks, len(protocol.ELECTRODES), round(n_slots * protocol.RUN_S * protocol.SFREQ)


@dataclass(frozen=True)
class EegFile:
    """One EEG file, looked at.

    Attributes
    ----------
    eeg
        `(block, electrode, sample)`, memory-mapped.
    scale
        The factor to volts.
    size
        The median of its blocks' amplitudes, and of their changes from sample to sample, in the file's unit.
    checks
        What was noticed.
    """

    eeg: np.ndarray
    scale: float
    size: tuple[float, float]
    checks: list[Check]


def read_eeg_file(path: Path, shape: tuple[int, int, int], name: str, whose: str) -> EegFile:
    """Open one EEG file, read every sample once, and tell its unit.

    Parameters
    ----------
    path, name
        The file, and what it is called in check rows.
    shape
        What the protocol asks for, `(block, electrode, sample)`.
    whose
        Words for the message.

    Raises
    ------
    BadDataError
        If it has another shape or type, is damaged, holds NaN or infinities, or its blocks are in several units.
    """
    eeg = open_npy(path, ndim=3)
    if eeg.shape != shape:
        raise BadDataError(
            f"{path}: expected {shape} (blocks, electrodes, samples at {protocol.SFREQ:g} Hz), found {eeg.shape}."
        )
    found = f"{eeg.dtype.name} {eeg.shape}"
    checks = [Check(item=f"EEG array, {name}", found=found, expected=f"{shape}", verdict="ok")]
    scans = []
    for block, signal in enumerate(eeg, start=1):
        where = f"{path}: {whose}, block {block}"
        scans.append(signal_checks.scan_signal(signal, protocol.ELECTRODES, where, protocol.SFREQ))
        let_go(signal)
        checks += signal_checks.scan_checks(scans[-1], protocol.ELECTRODES, f"{name}, block {block}")
    lines = [(block, line) for block, scan in enumerate(scans, start=1) for line in scan.lines]
    checks += left_out.seed_line_check(lines, protocol.ELECTRODES, name)
    sizes = [amplitudes.sizes_of(scan) for scan in scans]
    amplitudes.must_share_unit(sizes, [f"block {block}" for block in range(1, len(sizes) + 1)], f"{name}, {whose}")
    scale, unit_check = signal_checks.detect_unit(signal_checks.median_amplitude(scans), name)
    for block, scan in enumerate(scans, start=1):
        checks += amplitudes.odd_electrodes(scan, protocol.ELECTRODES, f"{name}, block {block}", scale)
    amplitude, step = np.median(sizes, axis=0).tolist()
    return EegFile(eeg, scale, (amplitude, step), [*checks, unit_check])


def recording_label(session: str, block: int) -> str:
    """Return what a 1-based block of a session is called as a recording."""
    return f"ses-{session}_block-{block}"
