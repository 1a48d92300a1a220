"""What a simulated study shows, as files of SEED-DV's layout: films, labels, captions, and the cap's electrodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.montage import electrode_positions
from eeg2vid.stages.datasets.protocol import (
    ATTRIBUTE_FILES,
    CLIP_S,
    CLIPS_PER_RUN,
    ELECTRODES,
    FILM_FPS,
    FILM_NAMES,
    HINT_S,
)
from eeg2vid.stages.simulation.film_file import write_film
from eeg2vid.stages.simulation.films import ClipSpec, caption, optical_flow, render_clip
from eeg2vid.stages.simulation.plan import StudyPlan

_CARD_RGB = (64, 64, 72)  # of the hint


def _film(specs: Sequence[ClipSpec], width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    """Yield a block's film piece by piece: before each run a plain card, then its clips."""
    card = np.broadcast_to(np.array(_CARD_RGB, np.uint8), (round(HINT_S * FILM_FPS), height, width, 3))
    for k, spec in enumerate(specs):
        if k % CLIPS_PER_RUN == 0:
            yield card
        yield render_clip(spec, width=width, height=height, fps=FILM_FPS, duration=CLIP_S)


def write_stimuli(
    root: Path, plan: StudyPlan, width: int, height: int, progress: Callable[[str, int, int], None]
) -> None:
    """Write films (px `width` x `height`), labels and captions into `root / "Video"`, made here."""
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


def write_electrodes(path: Path) -> None:
    """Write the cap as EEGLAB polar text: angle from the nose to the right in degrees, radius (0.5 at the ears)."""
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
