"""A simulated data set in SEED-DV's own layout: films, labels, captions and EEG that was 'recorded' watching them."""

from __future__ import annotations

import itertools
import json
import os
import re
import resource
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.datasets.protocol import SFREQ
from eeg2vid.stages.simulation.decodable import (
    observer_rows,
    protocol_rows,
    study_population,
    training_clips,
    write_observers,
)
from eeg2vid.stages.simulation.films import STUDY_SEEDS, check_seeds
from eeg2vid.stages.simulation.plan import StudyPlan, plan_study
from eeg2vid.stages.simulation.recording import Drivers, drivers, write_recording
from eeg2vid.stages.simulation.stimulus_files import write_electrodes, write_stimuli
from eeg2vid.stages.simulation.truth import TRUTH, make_person, recording_name, write_truth
from eeg2vid.stages.simulation.worlds import Drift, Order, World

__all__ = ["GENERATOR_VERSION", "MARKER", "Cost", "StudyPlan", "plan_study", "simulate_dataset"]

GENERATOR_VERSION = 4  # raise it whenever the same arguments would give other data
MARKER = "SIMULATED.json"
_LABEL = re.compile(r"[A-Za-z0-9]{1,40}")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Cost:
    """What a simulation took: seconds per part, and the process's peak resident memory, MiB."""

    films_s: float
    eeg_s: float
    observers_s: float
    peak_mib: float


def _labels(subjects: int | Sequence[str]) -> tuple[str, ...]:
    labels = tuple(str(k + 1) for k in range(subjects)) if isinstance(subjects, int) else tuple(subjects)
    wrong = [label for label in labels if not _LABEL.fullmatch(label)]
    if wrong or not labels or len(set(labels)) < len(labels):
        what = f"{wrong[0]!r} is not one" if wrong else "none given" if not labels else "one is given twice"
        raise UsageError(f"Subjects: expected distinct labels of letters and digits; {what}.")
    return labels


def _check(out: Path, resolution: int, seed: int, dtype: str) -> None:
    if out.exists() and (not out.is_dir() or not all(is_foreign(path.name) for path in out.iterdir())):
        raise UsageError(f"{out} exists and is not an empty folder.", "Name another folder, or remove it first.")
    if resolution % 2 or not 32 <= resolution <= 1920:
        raise UsageError(f"resolution: expected an even width of 32 to 1920 px, found {resolution}.")
    if seed < 0:
        raise UsageError(f"seed: expected 0 or more, found {seed}.")
    if dtype not in ("float32", "float64"):
        raise UsageError(f"dtype: expected float32 or float64, found {dtype}.")


def _write_eeg(
    root: Path, plan: StudyPlan, driven: Sequence[Drivers], labels: Sequence[str], world: World, seed: int, dtype: str,
    progress: Progress,
) -> None:  # fmt: skip
    (root / "EEG").mkdir()
    recordings = list(itertools.product(labels, range(1, world.sessions + 1)))
    done, total = 0, len(recordings) * len(driven)

    def starting(block: int) -> None:
        progress("EEG", done + block, total)

    for label, session in recordings:
        path = root / "EEG" / f"{recording_name(label, session)}.npy"
        write_recording(path, plan, driven, make_person(label, world, session), world, seed, dtype, starting)
        done += len(driven)
    progress("EEG", total, total)


def _write_observers(
    root: Path, plan: StudyPlan, driven: Sequence[Drivers], labels: Sequence[str], world: World, seed: int,
    progress: Progress,
) -> None:  # fmt: skip
    progress("observers", 0, len(labels))
    population = study_population(plan, world)
    rows: list[dict[str, Any]] = []
    for k, label in enumerate(labels):
        for session in range(1, world.sessions + 1):
            person = make_person(label, world, session)
            rows += observer_rows(person, label, population, world, training_clips(plan), seed)
            eeg = np.load(root / "EEG" / f"{recording_name(label, session)}.npy", mmap_mode="r")
            rows += protocol_rows(person, label, eeg, plan, driven, world)
        progress("observers", k + 1, len(labels))
    write_observers(root / TRUTH, rows)


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def simulate_dataset(
    out: Path,
    *,
    subjects: int | Sequence[str],
    blocks: int = 7,
    concepts: int = 40,
    resolution: int = 256,
    snr: float,
    preset: str | None = None,
    seed: int,
    dtype: str = "float32",
    sessions: int = 1,
    drift: Drift = "none",
    hint_only: bool = False,
    gaze: bool = False,
    order: Order | None = None,
    outlier: str | None = None,
    observers: bool = True,
    progress: Progress | None = None,
) -> Cost:
    """Write a simulated data set in SEED-DV's layout, the truth beside it.

    Parameters
    ----------
    out
        Folder to make; may exist if empty. It appears only when complete.
    subjects
        How many (labelled 1, 2, ...), or their labels.
    blocks, concepts
        7 and 40 in SEED-DV; a block is one film of `concepts` runs of 13 s.
    resolution
        Width of the films, px; the height is 9/16 of it, rounded to even.
    snr
        Strength of what the EEG says about the clips: 0 nothing.
    preset
        Name of the preset the strength is of, if it is of one, see `presets`; for the marker only.
    seed
        Of the clips, the order and the noise. A subject's brain depends on the label alone.
    dtype
        Of the EEG arrays, float32 or float64; volts.
    sessions
        How often each person watches everything; a later session is file `sub<label>_session<k>.npy`.
    drift, hint_only, gaze
        Traps for careless evaluations, see `worlds`.
    order
        Of the concepts, see `plan.plan_study`; None: "same" where the drift is locked, else "published".
    outlier
        Label of a subject who is an outlier, see `subjects.make_subject`.
    observers
        Whether to work out what the ideal, the n-limited and the attainable observer achieve (some ten seconds a
        subject of full size).
    progress
        Called with what is being written, how many are done and how many there are.

    Returns
    -------
    Cost: time and memory.

    Raises
    ------
    UsageError
        If a setting is out of bounds or `out` holds something.
    """
    labels = _labels(subjects)
    _check(out, resolution, seed, dtype)
    world = World(
        snr, drift, hint_only, order or ("same" if drift == "locked" else "published"), outlier, gaze, sessions
    )
    if outlier is not None and outlier not in labels:
        raise UsageError(f"outlier: expected one of the subjects {', '.join(labels)}, found {outlier!r}.")
    plan = plan_study(blocks=blocks, concepts=concepts, seed=seed, order=world.order)
    check_seeds((spec for specs in plan.clips for spec in specs), STUDY_SEEDS)
    height = 2 * round(resolution * 9 / 32)
    tell: Progress = progress if progress is not None else lambda what, done, total: None
    marker = {
        "simulated": True,
        "generator": "eeg2vid simulate",
        "version": GENERATOR_VERSION,
        "seed": seed,
        "snr": snr,
        "preset": preset,
        "drift": drift,
        "hint_only": hint_only,
        "gaze": gaze,
        "order": world.order,
        "outlier": outlier,
        "subjects": list(labels),
        "sessions": sessions,
        "blocks": blocks,
        "concepts": concepts,
        "resolution": [resolution, height],
        "sfreq": SFREQ,
        "dtype": dtype,
    }
    target = out.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".{target.name}.work-{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        clock = [time.perf_counter()]
        write_stimuli(work, plan, resolution, height, tell)
        write_electrodes(work / "channel_62_pos.locs")
        driven = drivers(plan, world)
        clock.append(time.perf_counter())
        _write_eeg(work, plan, driven, labels, world, seed, dtype, tell)
        write_truth(work / TRUTH, plan, driven, labels, world, marker)
        clock.append(time.perf_counter())
        if observers:
            _write_observers(work, plan, driven, labels, world, seed, tell)
        clock.append(time.perf_counter())
        (work / MARKER).write_text(json.dumps(marker, indent=2) + "\n", encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)  # empty, but for what systems leave
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    films_s, eeg_s, observers_s = np.diff(clock).tolist()
    return Cost(films_s, eeg_s, observers_s, _peak_mib())
