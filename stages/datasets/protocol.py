"""What is publicly known about SEED-DV: order of concepts, names, electrodes, timing, tasks.

Sources: the released label arrays and scripts of EEG2Video (Liu et al., NeurIPS 2024).
"""

from __future__ import annotations

SFREQ = 200.0  # Hz, as released
HINT_S = 3.0  # s, the text that names the coming concept
CLIP_S = 2.0  # s
CLIPS_PER_RUN = 5
RUN_S = HINT_S + CLIPS_PER_RUN * CLIP_S
FILM_FPS = 24.0
FILM_NAMES = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th")  # <name>_10min.mp4
OCCIPITAL = tuple(range(50, 62))  # PO7 .. CB2, GLMNet's local branch

ELECTRODES = tuple(
    """FP1 FPZ FP2 AF3 AF4 F7 F5 F3 F1 FZ F2 F4 F6 F8
    FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 T7 C5 C3 C1 CZ C2 C4 C6 T8
    TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 P7 P5 P3 P1 PZ P2 P4 P6 P8
    PO7 PO5 PO3 POZ PO4 PO6 PO8 CB1 O1 OZ O2 CB2""".split()
)

CONCEPT_ORDER = tuple(
    tuple(int(concept) for concept in line.split())
    for line in """\
23 22 9 6 18 14 5 36 25 19 28 35 3 16 24 40 15 27 38 33 34 4 39 17 1 26 20 29 13 32 37 2 11 12 30 31 8 21 7 10
27 33 22 28 31 12 38 4 18 17 35 39 40 5 24 32 15 13 2 16 34 25 19 30 23 3 8 29 7 20 11 14 37 6 21 1 10 36 26 9
15 36 31 1 34 3 37 12 4 5 21 24 14 16 39 20 28 29 18 32 2 27 8 19 13 10 30 40 17 26 11 9 33 25 35 7 38 22 23 6
16 28 23 1 39 10 35 14 19 27 37 31 5 18 11 25 29 13 20 24 7 34 26 4 40 12 8 22 21 30 17 2 38 9 3 36 33 6 32 15
18 29 7 35 22 19 12 36 8 15 28 1 34 23 20 13 37 9 16 30 2 33 27 21 14 38 10 17 31 3 24 39 11 32 4 25 40 5 26 6
29 16 1 22 34 39 24 10 8 35 27 31 23 17 2 15 25 40 3 36 26 6 14 37 9 12 19 30 5 28 32 4 13 18 21 20 7 11 33 38
38 34 40 10 28 7 1 37 22 9 16 5 12 36 20 30 6 15 35 2 31 26 18 24 8 3 23 19 14 13 21 4 25 11 32 17 39 29 33 27
""".splitlines()
)

CONCEPT_NAMES = tuple(
    name.replace("_", " ")
    for name in """cat dog elephant horse panda rabbit bird fish jellyfish shark/whale turtle flower mushroom
    tree boxing dancing running skiing face couple crowd beach buildings mountain road water fireworks banana
    cake drink pizza watermelon drum guitar piano bike/motorcycle car hot-air_balloon airplane ship""".split()
)

GROUPS: dict[str, range] = {
    "land animal": range(1, 8),
    "water animal": range(8, 12),
    "plant": range(12, 15),
    "exercise": range(15, 19),
    "human": range(19, 22),
    "natural scene": range(22, 28),
    "food": range(28, 33),
    "musical instrument": range(33, 36),
    "transportation": range(36, 41),
}

# meta-info file stem -> column of the clip index; "apperance" is the data set's own spelling
ATTRIBUTE_FILES = {
    "All_video_color": "color",
    "All_video_face_apperance": "face",
    "All_video_human_apperance": "human",
    "All_video_obj_number": "number",
    "All_video_optical_flow_score": "optical_flow",
}


def group_of(concept: int) -> str | None:
    """Return the coarse group of a 1-based SEED-DV concept id, None outside 1..40."""
    return next((name for name, ids in GROUPS.items() if concept in ids), None)


def clip_id(block: int, run: int, position: int) -> str:
    """Return the clip id of a SEED-DV presentation; all arguments 1-based."""
    return f"b{block}-r{run:02d}-c{position}"
