"""The data-set doctor for SEED-DV's layout: arrays, captions, films, electrode file, recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eeg2vid.schemas.entities import Check, Event
from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets import protocol
from eeg2vid.stages.datasets import seed_dv_stimuli as stimuli
from eeg2vid.stages.datasets.checkup_rows import attempt, name_of, row, unknown_subjects
from eeg2vid.stages.datasets.npy import open_npy
from eeg2vid.stages.datasets.seed_dv import array_shape, events_of, find_eeg_files, read_eeg_file, recording_label
from eeg2vid.stages.datasets.source import natural_order
from eeg2vid.stages.datasets.twins import eeg_twins, film_twins, with_digests


def examine_seed_dv(root: Path, subjects: Sequence[str] | None) -> list[Check]:
    """Look at every file of a folder in SEED-DV's layout; what is wrong becomes a row."""
    checks: list[Check] = []
    labels: list[np.ndarray] = []

    def look_at_labels() -> list[Check]:
        labels.append(stimuli.read_labels(root))
        return [_array_row(root, (stimuli.find_folder(root, "meta-info") or root) / stimuli.LABEL_FILE, "block, slot")]

    checks += attempt(stimuli.LABEL_FILE, "concept of each slot of each block", look_at_labels)
    checks += [stimuli.label_check(labels[0])] if labels else []
    n_blocks, n_slots = labels[0].shape if labels else _geometry(root)
    for stem, column in protocol.ATTRIBUTE_FILES.items():
        path = stimuli.attribute_file(root, stem)
        if path is None:
            checks.append(row(f"{stem}.npy", "no file", f"one: {column} of each clip", ok=False))
            continue
        checks += attempt(
            name_of(root, path), f"{column} of each clip", _attribute, root, path, column, (n_blocks, n_slots)
        )
    captions = stimuli.find_folder(root, "BLIP-caption")
    texts: dict[str, list[str]] = {}
    if captions is None:
        checks.append(row("BLIP-caption", "no folder", "one text file per block", ok=False))
    for block in range(1, n_blocks + 1):
        if captions is not None:
            path = captions / stimuli.film_path(root, block, ".txt").name
            wanted = f"{counted(n_slots * protocol.CLIPS_PER_RUN, 'caption')}"
            checks += attempt(name_of(root, path), wanted, _captions, root, path, n_slots, wanted, texts)
        film = name_of(root, stimuli.film_path(root, block))
        checks += attempt(film, "a film", stimuli.check_film, root, block, n_slots)
    checks += film_twins(stimuli.find_films(root, labels[0])) if labels else []
    checks += stimuli.caption_twins(texts)
    checks += attempt("electrode file", "62 electrodes, published order", _electrodes, root)
    return checks + attempt("EEG", "sub1.npy, ...", _eeg, root, subjects, n_blocks, n_slots)


def _eeg(root: Path, subjects: Sequence[str] | None, n_blocks: int, n_slots: int) -> list[Check]:
    files, strangers = find_eeg_files(root)
    shape = array_shape(n_blocks, n_slots)
    checks = [row("EEG files left out", ", ".join(strangers), "none", ok=False)] if strangers else []
    checks += unknown_subjects(subjects, tuple(files), root)
    seen: list[Event] = []
    for subject in natural_order(s for s in files if subjects is None or s in subjects):
        units = set()
        for session, path in files[subject].items():
            name = name_of(root, path)
            scale: list[float] = []

            def look(
                path: Path = path,
                name: str = name,
                scale: list[float] = scale,
                whose: tuple[str, str] = (subject, session),
            ) -> list[Check]:
                file = read_eeg_file(path, shape, name, name)
                scale.append(file.scale)
                seen.extend(_presentations(whose, file.eeg, file.scale, n_slots))
                order = "sample by sample" if file.eeg.flags.c_contiguous else "in Fortran order"
                unit = "V" if file.scale == 1 else "uV"
                found = f"{file.eeg.dtype.name} {file.eeg.shape} (block, electrode, sample), stored {order}, {unit}"
                return [row(name, found, f"float {shape}"), *file.checks[1:]]

            checks += attempt(name, f"float {shape}", look)
            units |= set(scale)
            if scale:
                n_clips = n_slots * protocol.CLIPS_PER_RUN
                each = f"{counted(n_slots, 'run')} of {counted(protocol.CLIPS_PER_RUN, 'clip')}"
                found = f"{n_blocks * n_clips} in {counted(n_blocks, 'block')} of {each}"
                checks.append(row(f"events, subject {subject}, session {session}", found, "as the labels say"))
        if len(units) > 1:
            found = "the sessions are in different units, V and uV"
            checks.append(Check(item=f"units, subject {subject}", found=found, expected="one", verdict="error"))
    return checks + eeg_twins(seen, "in all that was looked at")


def _presentations(whose: tuple[str, str], eeg: np.ndarray, scale: float, n_slots: int) -> list[Event]:
    """Return the events of one subject's session, with the digests of their EEG."""
    subject, session = whose
    signals = {recording_label(session, block): signal for block, signal in enumerate(eeg, start=1)}
    events = [event for block in range(1, len(eeg) + 1) for event in events_of(subject, session, block, n_slots)]
    return with_digests(events, signals, protocol.SFREQ, scale)


def _geometry(root: Path) -> tuple[int, int]:
    """Return blocks and slots where the label array does not tell: from an EEG file, else as published."""
    for path in sorted(path for path in (root / "EEG").glob("*.npy") if not is_foreign(path.name)):
        try:
            blocks, _, samples = open_npy(path, ndim=3).shape
        except Eeg2VidError:
            continue
        slots = round(samples / (protocol.RUN_S * protocol.SFREQ))
        if 1 <= blocks <= len(protocol.FILM_NAMES) and slots:
            return blocks, slots
    return len(protocol.CONCEPT_ORDER), len(protocol.CONCEPT_ORDER[0])


def _attribute(root: Path, path: Path, column: str, geometry: tuple[int, int]) -> list[Check]:
    values = stimuli.read_attribute(path, column, geometry)
    found = _array_row(root, path, "block, clip")
    return [found.model_copy(update={"found": f"{found.found}, {values.min():g} to {values.max():g}"})]


def _captions(root: Path, path: Path, n_slots: int, wanted: str, texts: dict[str, list[str]]) -> list[Check]:
    lines = texts[path.name] = stimuli.read_caption_file(path, n_slots)
    return [row(name_of(root, path), f"{counted(len(lines), 'caption')}, {len(set(lines))} different", wanted)]


def _electrodes(root: Path) -> list[Check]:
    return [stimuli.check_electrodes(root)]


def _array_row(root: Path, path: Path, axes: str) -> Check:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return row(name_of(root, path), f"{array.dtype.name} {array.shape} ({axes})", f"({axes})")
