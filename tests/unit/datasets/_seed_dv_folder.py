"""Write a small folder in SEED-DV's layout, by hand and independent of the simulator."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

FILMS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th")
ELECTRODES = (
    "FP1 FPZ FP2 AF3 AF4 F7 F5 F3 F1 FZ F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 T7 C5 C3 C1 CZ C2 C4 "
    "C6 T8 TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 P7 P5 P3 P1 PZ P2 P4 P6 P8 PO7 PO5 PO3 POZ PO4 PO6 PO8 CB1 O1 "
    "OZ O2 CB2"
).split()
SPELLINGS = ("color", "face_apperance", "human_apperance", "obj_number", "optical_flow_score")


def grey_of(frame: int) -> int:
    """The grey level that tells a film's frame number (modulo 12, steps of 18)."""
    return 20 + 18 * (frame % 12)


def write_film(
    path: Path, n_frames: int, fps: Fraction, size: tuple[int, int] = (32, 18), pts=None, rate=None, key=48
) -> None:
    """Write a film whose frame number is its grey level; `pts` (in 1/`rate` s) makes the rate variable.

    A picture of each `key` is stored whole: films that differ in it are stored otherwise.
    """
    width, height = size
    with av.open(path, "w") as out:
        stream = out.add_stream("libx264", rate=rate or fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "4", "preset": "ultrafast", "bf": "2", "g": str(key)}
        for i in range(n_frames):
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), grey_of(i), np.uint8), format="rgb24")
            frame.pts = i if pts is None else pts[i]
            frame.time_base = 1 / Fraction(rate or fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def write_seed_dv(
    root: Path,
    *,
    blocks: int = 2,
    slots: int = 3,
    subjects: tuple[str, ...] = ("1", "2"),
    second_sessions: tuple[str, ...] = ("1",),
    scale: float = 1.0,
    dtype: str = "float32",
    fps: Fraction = Fraction(24),
    beside: bool = False,
) -> Path:
    """Write recordings of noise (10 uV at scale 1, in uV), label and attribute arrays, captions and films."""
    rng = np.random.default_rng(7)
    (root / "EEG").mkdir(parents=True)
    (root / "Video").mkdir()
    length = slots * 13 * 200
    for name in [*subjects, *(f"{s}_session2" for s in second_sessions)]:
        eeg = rng.normal(0, 10, (blocks, 62, length)) * scale
        np.save(root / "EEG" / f"sub{name}.npy", eeg.astype(dtype))
    place = root if beside else root / "Video"
    meta, texts = place / "meta-info", place / "BLIP-caption"
    meta.mkdir()
    texts.mkdir()
    labels = np.stack([rng.permutation(slots) + 1 for _ in range(blocks)])
    np.save(meta / "All_video_label.npy", labels)
    for name, low, high in zip(SPELLINGS, (0, 0, 0, 1, 0), (6, 1, 1, 3, 9), strict=True):
        values = rng.integers(low, high, (blocks, 5 * slots), endpoint=True).astype(float)
        np.save(meta / f"All_video_{name}.npy", values + (0.25 if name == "optical_flow_score" else 0))
    for block in range(blocks):
        lines = [f"a thing in block {block + 1}, place {i}" for i in range(5 * slots)]
        (texts / f"{FILMS[block]}_10min.txt").write_text("\n".join(lines) + "\n")
        write_film(root / "Video" / f"{FILMS[block]}_10min.mp4", int(slots * 13 * fps) + 1, fps, key=48 + block)
    rows = [f"{i}\t{-18 + i}\t0.5\t{name}" for i, name in enumerate(ELECTRODES, start=1)]
    (root / "channel_62_pos.locs").write_text("\n".join(rows) + "\n")
    return root
