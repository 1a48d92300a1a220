"""The stimulus half of SEED-DV: label and attribute arrays, captions, films, electrode files.

All arrays are in presentation order; column `5 * slot + clip` of a block's row belongs to the clip that
starts 13 s * slot + 3 s + 2 s * clip into the block's film.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.entities import Caption, Check, Clip
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted, plural
from eeg2vid.stages.datasets import montage, protocol
from eeg2vid.stages.datasets.npy import open_npy
from eeg2vid.stages.datasets.twins import film_twins
from eeg2vid.stages.stimuli.film_digest import same_films
from eeg2vid.stages.stimuli.video import probe

LABEL_FILE = "All_video_label.npy"
LIMITS = {"color": (0, 6), "face": (0, 1), "human": (0, 1), "number": (1, 3), "optical_flow": (0.0, np.inf)}
FPS_TOLERANCE = 0.01  # frames per second


def find_folder(root: Path, name: str) -> Path | None:
    """Return the folder `name` below or beside `Video/`, None if it is in neither place."""
    return next((place for place in (root / "Video" / name, root / name) if place.is_dir()), None)


def film_path(root: Path, block: int, ending: str = ".mp4") -> Path:
    """Return the film of a 1-based block."""
    return root / "Video" / f"{protocol.FILM_NAMES[block - 1]}_10min{ending}"


def clip_start(slot: int, position: int) -> float:
    """Return when a clip starts in its film and in its block's EEG, s; both arguments 0-based."""
    return slot * protocol.RUN_S + protocol.HINT_S + position * protocol.CLIP_S


def read_labels(root: Path) -> NDArray[np.int64]:
    """Return the concept of each slot, `(block, slot)`, 1-based: this array gives the study its geometry.

    Raises
    ------
    BadDataError
        If the file is missing or damaged, holds anything but positive whole numbers, names a concept
        twice in a block, or has more blocks than the data set has films.
    """
    folder = find_folder(root, "meta-info")
    if folder is None:
        raise BadDataError(f"{root}: the folder meta-info is neither in Video/ nor beside it.")
    path = folder / LABEL_FILE
    labels = _whole_numbers(path, open_npy(path, ndim=2, kinds="iuf", itemsizes=(1, 2, 4, 8)), 1, 10_000)
    if len(labels) > len(protocol.FILM_NAMES):
        raise BadDataError(
            f"{path}: {counted(len(labels), 'block')}, but the layout has films for {len(protocol.FILM_NAMES)}."
        )
    for block, row in enumerate(labels, start=1):
        concepts, counts = np.unique(row, return_counts=True)
        if (counts > 1).any():
            concept = int(concepts[counts > 1][0])
            slots = ", ".join(str(slot + 1) for slot in np.flatnonzero(row == concept))
            raise BadDataError(
                f"{path}: concept {concept} is in block {block} more than once (slots {slots}); "
                "each concept belongs in a block once."
            )
    return labels


def label_check(labels: NDArray[np.int64]) -> Check:
    """Compare a label array with the published order of concepts, where it has the published size."""
    published = np.array(protocol.CONCEPT_ORDER)
    found, verdict = f"{counted(labels.shape[0], 'block')} of {counted(labels.shape[1], 'concept')}", "ok"
    expected = "as published" if labels.shape == published.shape else "any order, at this size"
    if labels.shape == published.shape and (labels != published).any():
        block, slot = np.argwhere(labels != published)[0]
        found = (
            f"{int((labels != published).sum())} slots differ, first block {block + 1}, slot {slot + 1}: "
            f"{labels[block, slot]} for {published[block, slot]}"
        )
        verdict = "warning"
    return Check.model_validate({"item": "order of concepts", "found": found, "expected": expected, "verdict": verdict})


def attribute_file(root: Path, stem: str) -> Path | None:
    """Return the file of one attribute, None if there is none; both spellings of `appearance` are known."""
    folder = find_folder(root, "meta-info") or root
    spellings = (stem, stem.replace("apperance", "appearance"))
    return next((p for s in spellings if (p := folder / f"{s}.npy").exists()), None)


def read_attribute(path: Path, column: str, geometry: tuple[int, ...]) -> NDArray[Any]:
    """Return one attribute of every clip, `(block, clip)`.

    Parameters
    ----------
    path
        The file.
    column
        Its column of the clip index.
    geometry
        Numbers of blocks and of slots.

    Raises
    ------
    BadDataError
        If it is damaged, does not fit the label array, or holds a value outside its range.
    """
    array = open_npy(path, ndim=2, kinds="iuf", itemsizes=(1, 2, 4, 8))
    shape = (geometry[0], geometry[1] * protocol.CLIPS_PER_RUN)
    if array.shape != shape:
        raise BadDataError(
            f"{path}: expected {shape} (blocks, {protocol.CLIPS_PER_RUN} x slots of {LABEL_FILE}), found {array.shape}."
        )
    low, high = LIMITS[column]
    if column == "optical_flow":
        return _numbers(path, array, low, high)
    return _whole_numbers(path, array, int(low), int(high))


def read_clips(root: Path, labels: NDArray[np.int64]) -> tuple[list[Clip], list[Check]]:
    """Return the clip index in presentation order, and warnings: attribute files missing, blocks with one film.

    Parameters
    ----------
    root
        The data folder.
    labels
        `(block, slot)` concepts from `read_labels`.

    Raises
    ------
    BadDataError
        If an attribute array does not fit the label array or holds a value outside its range.
    """
    columns: dict[str, np.ndarray] = {}
    checks = []
    for stem, column in protocol.ATTRIBUTE_FILES.items():
        path = attribute_file(root, stem)
        if path is None:
            checks.append(
                Check(item=f"meta-info, {column}", found="no file", expected=f"{stem}.npy", verdict="warning")
            )
            continue
        columns[column] = read_attribute(path, column, labels.shape)
    clips, films = [], find_films(root, labels)
    for (block, slot), concept in np.ndenumerate(labels):
        for k in range(protocol.CLIPS_PER_RUN):
            at = block, slot * protocol.CLIPS_PER_RUN + k
            known = concept <= len(protocol.CONCEPT_NAMES)
            clips.append(
                Clip(
                    clip=protocol.clip_id(block + 1, slot + 1, k + 1),
                    concept=int(concept),
                    concept_name=protocol.CONCEPT_NAMES[concept - 1] if known else None,
                    group=protocol.group_of(int(concept)),
                    block=str(block + 1),
                    file=film_path(root, block + 1).relative_to(root).as_posix(),
                    start_s=clip_start(slot, k),
                    duration_s=protocol.CLIP_S,
                    film_sha=films.get(protocol.clip_id(block + 1, slot + 1, k + 1)),
                    **{name: values[at].item() for name, values in columns.items()},
                )
            )
    return clips, checks + film_twins(films)


def find_films(root: Path, labels: NDArray[np.int64]) -> dict[str, str]:
    """Return a digest, by clip, of what is shown again at the same place of another block's equal film."""
    places = {}
    for block, slot in np.ndindex(labels.shape):
        for k in range(protocol.CLIPS_PER_RUN):
            place = (film_path(root, block + 1), clip_start(slot, k), protocol.CLIP_S)
            places[protocol.clip_id(block + 1, slot + 1, k + 1)] = place
    return same_films(places)


def read_caption_file(path: Path, n_slots: int) -> list[str]:
    """Return the captions of one block, one line per clip.

    Raises
    ------
    BadDataError
        If the file is missing, is not UTF-8, has another number of lines than the block has clips, or an empty line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip().split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataError(f"{path}: the captions cannot be read ({error}).") from error
    lines = [line.strip() for line in lines]
    if len(lines) != n_slots * protocol.CLIPS_PER_RUN:
        raise BadDataError(
            f"{path}: expected {counted(n_slots * protocol.CLIPS_PER_RUN, 'line')} (one per clip), found {len(lines)}."
        )
    if "" in lines:
        raise BadDataError(f"{path}, line {lines.index('') + 1}: expected a caption, found an empty line.")
    return lines


def read_captions(root: Path, labels: NDArray[np.int64]) -> tuple[list[Caption], list[Check]]:
    """Return the captions that come with the data, one line per clip; warnings without them, or for equal files.

    Raises
    ------
    BadDataError
        If the folder is there but a block's file is missing, is not UTF-8, has another number of lines
        than the block has clips, or an empty line.
    """
    n_blocks, n_slots = labels.shape
    folder = find_folder(root, "BLIP-caption")
    if folder is None:
        row = Check(item="captions", found="no folder BLIP-caption", expected="one", verdict="warning")
        return [], [row]
    captions = []
    files = {}
    for block in range(1, n_blocks + 1):
        name = film_path(root, block, ".txt").name
        lines = read_caption_file(folder / name, n_slots)
        files[name] = lines
        captions += [
            Caption(
                clip=protocol.clip_id(block, i // protocol.CLIPS_PER_RUN + 1, i % protocol.CLIPS_PER_RUN + 1),
                caption=line,
            )
            for i, line in enumerate(lines)
        ]
    checks = [Check(item="captions", found=f"{len(captions)}", expected=f"{len(captions)}", verdict="ok")]
    return captions, checks + caption_twins(files)


def caption_twins(files: Mapping[str, Sequence[str]]) -> list[Check]:
    """Return a warning row that names the caption files, given by their lines, that say the same."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, lines in files.items():
        alike.setdefault(tuple(lines), []).append(name)
    told = "; ".join(" and ".join(names) for names in alike.values() if len(names) > 1)
    expected = "every block's own"
    return [Check(item="the same captions twice", found=told, expected=expected, verdict="warning")] if told else []


def check_films(root: Path, labels: NDArray[np.int64]) -> list[Check]:
    """Open every block's film, and return its rate and length as check rows.

    Raises
    ------
    BadDataError
        If a film is missing, cannot be read, or ends before the protocol does.
    """
    return [row for block in range(1, len(labels) + 1) for row in check_film(root, block, labels.shape[1])]


def check_film(root: Path, block: int, n_slots: int) -> list[Check]:
    """Open the film of a 1-based block, and return its rate and its length and size as check rows.

    Raises
    ------
    BadDataError
        If it is missing, cannot be read, or ends before the protocol does.
    """
    needed = n_slots * protocol.RUN_S
    path = film_path(root, block)
    info = probe(path)
    name = path.relative_to(root).as_posix()
    if info.duration_s < needed - 1 / info.fps:
        raise BadDataError(
            f"{path}: {counted(n_slots, 'concept')} {plural(n_slots, 'takes', 'take')} {needed:g} s, the film ends at "
            f"{info.duration_s:.3f} s.",
            "Copy it again from the source.",
        )
    near = abs(info.fps - protocol.FILM_FPS) <= FPS_TOLERANCE
    return [
        Check(
            item=f"frame rate, {name}",
            found=f"{info.fps:.3f} per s" + ("" if near else "; clips are cut by time, not by frame number"),
            expected=f"{protocol.FILM_FPS:g} per s",
            verdict="ok" if near else "warning",
        ),
        Check(
            item=f"film, {name}",
            found=f"{info.duration_s:.2f} s, {info.width} x {info.height}",
            expected=f"at least {needed:g} s",
            verdict="ok",
        ),
    ]


def electrode_file(root: Path) -> Path | None:
    """Return the file that names the electrodes, None if the data folder has none."""
    names = ("channel_62_pos.locs", "channel-order.xlsx")
    return next((p for n in names for p in (root / n, root / "EEG" / n) if p.is_file()), None)


def check_electrodes(root: Path) -> Check:
    """Compare the data set's electrode file with the known order.

    Raises
    ------
    BadDataError
        If the file names other electrodes or another order: every later electrode name would be wrong.
    """
    expected = protocol.ELECTRODES
    path = electrode_file(root)
    if path is None:
        return Check(
            item="electrodes",
            found="no electrode file; the published order is taken",
            expected="channel_62_pos.locs or channel-order.xlsx",
            verdict="warning",
        )
    if path.suffix == ".locs":
        found = montage.read_locs(path).names
    else:
        # a workbook may carry headings: only cells that name an electrode count
        known = {name.casefold() for name in expected}
        found = tuple(name for name in montage.read_names_xlsx(path) if name.casefold() in known)
    if len(found) != len(expected):
        raise BadDataError(f"{path}: expected {counted(len(expected), 'electrode')}, found {len(found)}.")
    for number, (a, b) in enumerate(zip(expected, found, strict=True), start=1):
        if a.casefold() != b.casefold():
            raise BadDataError(f"{path}: electrode {number} should be {a}, found {b}.")
    return Check(
        item="electrodes",
        found=f"{len(found)} in {path.name}",
        expected=f"{len(expected)}, published order",
        verdict="ok",
    )


def _numbers(path: Path, array: np.ndarray, low: float, high: float) -> NDArray[np.float64]:
    values = np.asarray(array, np.float64)
    bad = ~np.isfinite(values) | (values < low) | (values > high)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        span = f"at least {low:g}" if np.isinf(high) else f"{low:g} to {high:g}"
        raise BadDataError(
            f"{path}: block {row + 1}, column {column + 1}: expected {span}, found {values[row, column]}."
        )
    return values


def _whole_numbers(path: Path, array: np.ndarray, low: int, high: int) -> NDArray[np.int64]:
    values = _numbers(path, array, low, high)
    bad = values != np.rint(values)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise BadDataError(
            f"{path}: block {row + 1}, column {column + 1}: expected a whole number, found {values[row, column]}."
        )
    return values.astype(np.int64)
