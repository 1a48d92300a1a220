"""Give every event a clip so that no clip is used in two blocks, and write the tables eeg2vid reads."""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import mne
import numpy as np

ENDINGS = {".mp4", ".mkv", ".avi", ".mov", ".gif", ".webm"}


@dataclass
class Shown:
    """One event of a recording; `clip` is filled in by `pair`, which at random also renames the concepts."""

    subject: str
    session: str
    recording: str
    block: str
    onset: float  # s, from the first sample of the recording
    duration: float  # s
    concept_name: str
    clip: str = ""


def add_options(parser: argparse.ArgumentParser, *, blocks: int, duration: float) -> None:
    """Add the options that all converters share; `blocks` and `duration` are defaults."""
    parser.add_argument("--clips-dir", type=Path, required=True, help="folder of clips to pair with the events")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--duration", type=float, default=duration, help="s of EEG that belong to an event")
    parser.add_argument("--blocks", type=int, default=blocks, help="stretches to cut a recording into")
    parser.add_argument("--l-freq", type=float, help="high-pass, Hz (default: none)")
    parser.add_argument("--h-freq", type=float, help="low-pass, Hz (default: none)")
    parser.add_argument(
        "--pair",
        choices=["by-category", "random"],
        default="by-category",
        help="by-category: a clip belongs to one category of events; random: the same clips, dealt out blindly",
    )
    parser.add_argument(
        "--clips-for",
        action="append",
        default=[],
        metavar="CATEGORY=PATTERN",
        help="clips of one category by file name, such as face='asl-*'; other categories share the rest",
    )
    parser.add_argument("--seed", type=int, default=0, help="of --pair random")


def filtered(raw: mne.io.BaseRaw, l_freq: float | None, h_freq: float | None) -> mne.io.BaseRaw:
    """Filter a loaded recording: MNE's zero-phase FIR; the edges are then part of the file's header."""
    if l_freq is not None or h_freq is not None:
        raw.filter(l_freq, h_freq, picks="eeg", verbose="error")
    return raw


def cut_into_blocks(events: Sequence[Shown], n_blocks: int, length: float) -> list[Shown]:
    """Cut one recording of `length` s into equal stretches, each a block named after its place.

    Where the EEG of an event reaches into the first event of the next stretch, it is left out: what is trained on
    must not hold samples of what is tested on.
    """
    if n_blocks == 1:
        return list(events)
    ordered = sorted(events, key=lambda event: event.onset)
    for event in ordered:
        event.block = f"{event.block}part-{1 + int(event.onset / length * n_blocks)}"
    starts: dict[str, float] = {}
    for event in ordered:
        starts.setdefault(event.block, event.onset)
    following = dict(itertools.pairwise(starts))
    ends = {block: starts.get(following.get(block, ""), length) for block in starts}
    return [event for event in ordered if event.onset + event.duration <= ends[event.block] + 1e-9]


def list_clips(folder: Path) -> list[Path]:
    """Return the clips of a folder, sorted by name."""
    clips = sorted(p for p in folder.iterdir() if p.suffix.lower() in ENDINGS)
    if not clips:
        raise SystemExit(f"{folder} holds no clips ({', '.join(sorted(ENDINGS))}).")
    return clips


def pair(
    events: Sequence[Shown],
    clips: Sequence[Path],
    how: str = "by-category",
    clips_for: Mapping[str, str] | None = None,
    seed: int = 0,
) -> None:
    """Deal the clips out: one hand per block and concept, then let each block's events go through their hand.

    A block is what a fold leaves out. A clip that is shown in two blocks would be in training and in test at
    once, and a decoder could look good by remembering it.

    Parameters
    ----------
    events
        Their `clip` is filled in.
    clips
        Files to deal out.
    how
        'by-category': a clip stands for one category, so whoever decodes the category knows something of the clip.
        'random': the same, and then each block's clips change places at random. Nothing in the EEG tells the clip,
        whatever it tells of the category; the concepts are renamed `set-1`, `set-2`, ..., for they now are
        properties of clips that nobody saw.
    clips_for
        Category to a pattern of file names; categories that are not named share the clips that no pattern takes.
    seed
        Of 'random'.
    """
    groups: dict[tuple[str, str], list[Shown]] = defaultdict(list)
    for event in events:
        groups[event.block, event.concept_name].append(event)
    for pool, concepts in _pools(clips, sorted({concept for _, concept in groups}), clips_for or {}):
        mine = [group for (_, concept), group in groups.items() if concept in concepts]
        if len(pool) < len(mine):
            raise SystemExit(
                f"{len(mine)} pairs of block and category ({', '.join(concepts)}) need {len(mine)} clips, "
                f"found {len(pool)}."
            )
        for i, group in enumerate(mine):
            hand = pool[i :: len(mine)]
            for k, event in enumerate(group):
                event.clip = hand[k % len(hand)].stem
    if how == "random":
        _shuffle(events, np.random.default_rng(seed))


def _pools(
    clips: Sequence[Path], concepts: Sequence[str], clips_for: Mapping[str, str]
) -> list[tuple[list[Path], list[str]]]:
    """Return which clips are for which concepts."""
    strangers = sorted(set(clips_for) - set(concepts))
    if strangers:
        raise SystemExit(f"There is no category {strangers[0]!r}; there are {', '.join(concepts)}.")
    rest = [clip for clip in clips if not any(fnmatch(clip.name, pattern) for pattern in clips_for.values())]
    pools = [([c for c in clips if fnmatch(c.name, pattern)], [name]) for name, pattern in clips_for.items()]
    others = [name for name in concepts if name not in clips_for]
    return [*pools, (rest, others)] if others else pools


def _shuffle(events: Sequence[Shown], rng: np.random.Generator) -> None:
    names = sorted({event.concept_name for event in events})
    blocks: dict[str, list[Shown]] = defaultdict(list)
    for event in events:
        blocks[event.block].append(event)
    for block in blocks.values():
        dealt = [(event.clip, event.concept_name) for event in block]
        for event, source in zip(block, rng.permutation(len(block)), strict=True):
            event.clip, concept = dealt[source]
            event.concept_name = f"set-{1 + names.index(concept)}" if concept else ""


def finish(given: argparse.Namespace, events: Sequence[Shown]) -> None:
    """Pair, write the tables, and say how it was done in `conversion.json`."""
    clips = list_clips(given.clips_dir)
    named = dict(entry.partition("=")[::2] for entry in given.clips_for)
    pair(events, clips, given.pair, named, given.seed)
    write_tables(given.out, events, clips)
    options = {key: value for key, value in vars(given).items() if key not in ("out", "clips_dir", "csv_dir")}
    text = json.dumps({"options": options, "mne": mne.__version__}, indent=2, default=lambda path: Path(path).name)
    (given.out / "conversion.json").write_text(f"{text}\n", encoding="utf-8")
    used = len({event.clip for event in events})
    print(f"{len(events)} events and {used} clips are in {given.out}. Next: eeg2vid ingest {given.out}")


def write_tables(out: Path, events: Sequence[Shown], clips: Sequence[Path]) -> None:
    """Copy the clips in use to `clips/`, and write `events.tsv` and `clips.tsv`."""
    used = {event.clip: event.concept_name for event in events}
    (out / "clips").mkdir(parents=True, exist_ok=True)
    rows = []
    for path in clips:
        if path.stem in used:
            shutil.copyfile(path, out / "clips" / path.name)
            rows.append([path.stem, f"clips/{path.name}", used[path.stem] or "n/a"])
    _write(out / "clips.tsv", ["clip", "file", "concept_name"], rows)
    heading = ["subject", "session", "recording", "block", "onset", "duration", "clip"]
    _write(
        out / "events.tsv",
        heading,
        [[e.subject, e.session, e.recording, e.block, f"{e.onset:.6f}", f"{e.duration:g}", e.clip] for e in events],
    )


def _write(path: Path, heading: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerows([heading, *rows])
