"""A simulated data set in SEED-DV's own layout: films, labels, captions and EEG that was 'recorded' watching them."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.datasets.montage import electrode_positions
from eeg2vid.stages.datasets.protocol import (
    ATTRIBUTE_FILES,
    CLIP_S,
    CLIPS_PER_RUN,
    CONCEPT_ORDER,
    ELECTRODES,
    FILM_FPS,
    FILM_NAMES,
    HINT_S,
    RUN_S,
    SFREQ,
)
from eeg2vid.stages.simulation.brain import make_subject, simulate_block
from eeg2vid.stages.simulation.film_file import write_film
from eeg2vid.stages.simulation.films import (
    STUDY_SEEDS,
    ClipSpec,
    caption,
    check_seeds,
    feature_vector,
    optical_flow,
    render_clip,
    sample_specs,
)

GENERATOR_VERSION = 1  # raise it whenever the same arguments would give other data
MARKER = "SIMULATED.json"
_CARD_RGB = (64, 64, 72)  # of the hint
_LABEL = re.compile(r"[A-Za-z0-9]{1,40}")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class StudyPlan:
    """What is shown when.

    Attributes
    ----------
    order
        Concept ids in order of presentation, int64 `(block, slot)`.
    clips
        The clips of every block, `(block)(5 * slot + position)`.
    """

    order: NDArray[np.int64]
    clips: tuple[tuple[ClipSpec, ...], ...]


def plan_study(*, blocks: int, concepts: int, seed: int) -> StudyPlan:
    """Choose the concepts, their order and the clips: the same for every subject, size and signal strength.

    All 40 concepts come in the published order; fewer are spread evenly over the 40, in a random order per block.

    Raises
    ------
    UsageError
        If there are not 1..7 blocks and 1..40 concepts.
    """
    for name, value, most in (("blocks", blocks, len(FILM_NAMES)), ("concepts", concepts, len(CONCEPT_ORDER[0]))):
        if not 1 <= value <= most:
            raise UsageError(f"{name}: expected 1 to {most}, found {value}.")
    if concepts == len(CONCEPT_ORDER[0]):
        order = np.array(CONCEPT_ORDER[:blocks], np.int64)
    else:
        chosen = np.round(np.linspace(1, len(CONCEPT_ORDER[0]), concepts)).astype(np.int64)
        order = np.stack([np.random.default_rng([seed, 0, k]).permutation(chosen) for k in range(blocks)])
    shown = np.repeat(order, CLIPS_PER_RUN, axis=1)
    specs = sample_specs(shown.ravel().tolist(), np.random.default_rng([seed, 1]), seeds=STUDY_SEEDS)
    per_block = shown.shape[1]
    clips = tuple(tuple(specs[k * per_block : (k + 1) * per_block]) for k in range(blocks))
    return StudyPlan(order, clips)


def _labels(subjects: int | Sequence[str]) -> tuple[str, ...]:
    labels = tuple(str(k + 1) for k in range(subjects)) if isinstance(subjects, int) else tuple(subjects)
    wrong = [label for label in labels if not _LABEL.fullmatch(label)]
    if wrong or not labels or len(set(labels)) < len(labels):
        what = f"{wrong[0]!r} is not one" if wrong else "none given" if not labels else "one is given twice"
        raise UsageError(f"Subjects: expected distinct labels of letters and digits; {what}.")
    return labels


def _check(out: Path, resolution: int, snr: float, seed: int, dtype: str) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} exists and is not an empty folder.", "Name another folder, or remove it first.")
    if resolution % 2 or not 32 <= resolution <= 1920:
        raise UsageError(f"resolution: expected an even width of 32 to 1920 px, found {resolution}.")
    if not (math.isfinite(snr) and snr >= 0):
        raise UsageError(f"snr: expected 0 or more, found {snr}.")
    if seed < 0:
        raise UsageError(f"seed: expected 0 or more, found {seed}.")
    if dtype not in ("float32", "float64"):
        raise UsageError(f"dtype: expected float32 or float64, found {dtype}.")


def _film(specs: Sequence[ClipSpec], width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    """Yield a block's film piece by piece: before each run a plain card, then its clips."""
    card = np.broadcast_to(np.array(_CARD_RGB, np.uint8), (round(HINT_S * FILM_FPS), height, width, 3))
    for k, spec in enumerate(specs):
        if k % CLIPS_PER_RUN == 0:
            yield card
        yield render_clip(spec, width=width, height=height, fps=FILM_FPS, duration=CLIP_S)


def _write_locs(path: Path) -> None:
    """Write the electrodes as EEGLAB polar text: angle from the nose to the right in degrees, radius."""
    positions = electrode_positions(ELECTRODES)
    design = np.column_stack([2 * positions, np.ones(len(positions))])
    centre = np.linalg.lstsq(design, (positions**2).sum(axis=1), rcond=None)[0][:3]  # of the best sphere
    right, front, up = (positions - centre).T
    angle = np.degrees(np.arctan2(right, front))
    radius = 0.5 - np.degrees(np.arctan2(up, np.hypot(right, front))) / 180
    cap = {"CB1": (-150.0, 0.51111), "CB2": (150.0, 0.51111)}  # as released with SEED-DV
    rows = []
    for k, (name, *place) in enumerate(zip(ELECTRODES, angle, radius, strict=True), start=1):
        turn, distance = cap.get(name, (float(place[0]), float(place[1])))
        rows.append(f"{k}\t{turn:.5g}\t{distance:.5f}\t{name}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _write_stimuli(root: Path, plan: StudyPlan, width: int, height: int, progress: Progress) -> None:
    (root / "Video" / "BLIP-caption").mkdir(parents=True)
    meta = root / "Video" / "meta-info"
    meta.mkdir()
    np.save(meta / "All_video_label.npy", plan.order)
    for stem, column in ATTRIBUTE_FILES.items():
        values = [
            optical_flow(specs) if column == "optical_flow" else [getattr(spec, column) for spec in specs]
            for specs in plan.clips
        ]
        np.save(meta / f"{stem}.npy", np.array(values, np.float64))
    for k, (name, specs) in enumerate(zip(FILM_NAMES, plan.clips, strict=False)):
        progress("films", k, len(plan.clips))
        lines = "\n".join(caption(spec) for spec in specs) + "\n"
        (root / "Video" / "BLIP-caption" / f"{name}_10min.txt").write_text(lines, encoding="utf-8")
        film = root / "Video" / f"{name}_10min.mp4"
        write_film(film, _film(specs, width, height), width=width, height=height, fps=round(FILM_FPS))
    progress("films", len(plan.clips), len(plan.clips))


def _write_eeg(
    root: Path, plan: StudyPlan, labels: Sequence[str], snr: float, seed: int, dtype: str, progress: Progress
) -> None:
    blocks, slots = plan.order.shape
    phi = [feature_vector(specs) for specs in plan.clips]
    n_samples = round(slots * RUN_S * SFREQ)
    hints = np.round(np.arange(slots) * RUN_S * SFREQ).astype(np.intp)
    positions = np.round((HINT_S + CLIP_S * np.arange(CLIPS_PER_RUN)) * SFREQ).astype(np.intp)
    onsets = (hints[:, None] + positions).ravel()
    (root / "EEG").mkdir()
    for k, label in enumerate(labels):
        person = zlib.crc32(label.encode())
        subject = make_subject(person)
        path = root / "EEG" / f"sub{label}.npy"
        eeg = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), (blocks, len(ELECTRODES), n_samples))
        for block in range(blocks):
            progress("EEG", k * blocks + block, len(labels) * blocks)
            eeg[block] = simulate_block(
                phi[block],
                onsets,
                n_samples=n_samples,
                sfreq=SFREQ,
                subject=subject,
                snr=snr,
                rng=np.random.default_rng([seed, 2, person, block]),
                hints_samples=hints,
            )
        eeg.flush()
        del eeg
    progress("EEG", len(labels) * blocks, len(labels) * blocks)


def simulate_dataset(
    out: Path,
    *,
    subjects: int | Sequence[str],
    blocks: int = 7,
    concepts: int = 40,
    resolution: int = 256,
    snr: float,
    seed: int,
    dtype: str = "float32",
    progress: Progress | None = None,
) -> None:
    """Write a simulated data set in SEED-DV's layout.

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
        Strength of what the EEG says about the clips, see `brain.simulate_block`: 0 nothing, 1 comfortable.
    seed
        Of the clips, the order and the noise. A subject's brain depends on the label alone.
    dtype
        Of the EEG arrays, float32 or float64; volts.
    progress
        Called with what is being written, how many are done and how many there are.

    Raises
    ------
    UsageError
        If a setting is out of bounds or `out` holds something.
    """
    labels = _labels(subjects)
    _check(out, resolution, snr, seed, dtype)
    plan = plan_study(blocks=blocks, concepts=concepts, seed=seed)
    check_seeds((spec for specs in plan.clips for spec in specs), STUDY_SEEDS)
    height = 2 * round(resolution * 9 / 32)
    tell: Progress = progress if progress is not None else lambda what, done, total: None
    target = out.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".{target.name}.work-{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        _write_stimuli(work, plan, resolution, height, tell)
        _write_eeg(work, plan, labels, snr, seed, dtype, tell)
        _write_locs(work / "channel_62_pos.locs")
        marker = {
            "simulated": True,
            "generator": "eeg2vid simulate",
            "version": GENERATOR_VERSION,
            "seed": seed,
            "snr": snr,
            "subjects": list(labels),
            "blocks": blocks,
            "concepts": concepts,
            "resolution": [resolution, height],
            "sfreq": SFREQ,
            "dtype": dtype,
        }
        (work / MARKER).write_text(json.dumps(marker, indent=2) + "\n", encoding="utf-8")
        if target.exists():
            target.rmdir()
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
