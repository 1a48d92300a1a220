"""Which concepts are used, and how concepts or clips are dealt into groups."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.splits.words import nearest

# The ten classes of the "10 classes" row of EEG2Video's generation results, ids from 1, as its code lists them.
PUBLISHED_10 = (1, 10, 12, 16, 19, 23, 25, 31, 34, 39)

T = TypeVar("T", int, str)


def concept_names(clips: Sequence[Clip]) -> dict[int, str]:
    """Return each concept's id, sorted, and its name (its id where it has none)."""
    named = {clip.concept: clip.concept_name for clip in clips if clip.concept is not None and clip.concept_name}
    ids = sorted({clip.concept for clip in clips if clip.concept is not None})
    return {number: named.get(number) or str(number) for number in ids}


def choose_concepts(wanted: Sequence[str], clips: Sequence[Clip], seed: int) -> tuple[list[int], list[str]]:
    """Return the concepts that ids, names and sets stand for, and what to tell the user about them.

    Parameters
    ----------
    wanted
        Ids, names (in any case), 'published-10' or 'random-N'; several may stand in one text, separated by
        commas. Of equal seeds, a smaller random set is part of a larger one.
    clips
        The clip index.
    seed
        Of the random sets.

    Returns
    -------
    ids, remarks
        Sorted ids.

    Raises
    ------
    UsageError
        If the clip index has no concepts, or one or a number of them that is asked for.
    """
    names = concept_names(clips)
    by_name = {name.casefold(): number for number, name in names.items()}
    if not names:
        raise UsageError("`concepts`: the clip index knows no concepts.", "Give the clips a column `concept`.")
    chosen: set[int] = set()
    remarks = []
    for text in (part.strip() for whole in wanted for part in _parts(whole, by_name)):
        drawn = re.fullmatch(r"random-(\d+)", text)
        if text == "published-10":
            lost = [str(number) for number in PUBLISHED_10 if number not in names]
            if lost:
                raise UsageError(
                    f"published-10 names concept {', '.join(lost)}, which this study does not have "
                    f"(it has {counted(len(names), 'concept')}).",
                    "Name concepts of this study, or draw some: `concepts` random-N.",
                )
            chosen |= set(PUBLISHED_10)
        elif drawn:
            size = int(drawn[1])
            if not 2 <= size <= len(names):
                raise UsageError(
                    f"{text}: this study has {counted(len(names), 'concept')}.", "Draw 2 or more, at most all."
                )
            chosen |= set(np.random.default_rng(seed).permutation(list(names))[:size].tolist())
            remarks.append(
                f"{text}: drawn with seed {seed}; which {counted(size, 'concept')} others used is not known."
            )
        elif text.isdecimal() and int(text) in names:
            chosen.add(int(text))
        elif text.casefold() in by_name:
            chosen.add(by_name[text.casefold()])
        else:
            known = [*_known(text, names), "published-10", "random-20", "random-30"]
            raise UsageError(f"`concepts`: there is no concept '{text}' in this study.", nearest(text, known))
    if len(chosen) < 2:
        raise UsageError(f"`concepts` names {len(chosen)} concept; to tell apart, two are needed.", "Name more.")
    return sorted(chosen), remarks


def find_concepts(wanted: Sequence[str], names: Mapping[int, str]) -> list[int]:
    """Return the ids that some ids or names stand for, sorted.

    Raises
    ------
    UsageError
        If one is unknown.
    """
    by_name = {name.casefold(): number for number, name in names.items()}
    found = set()
    for text in (part.strip() for whole in wanted for part in _parts(whole, by_name)):
        number = int(text) if text.isdecimal() and int(text) in names else by_name.get(text.casefold())
        if number is None:
            raise UsageError(f"`held_out`: there is no concept '{text}' in use.", nearest(text, _known(text, names)))
        found.add(number)
    return sorted(found)


def deal(items: Sequence[T], kinds: Sequence[str], groups: int, seed: int) -> list[list[T]]:
    """Deal items into groups by chance, so that sizes, and each kind's share in them, differ by one at most.

    Parameters
    ----------
    items
        What to deal; the result does not depend on their order.
    kinds
        The kind of each item.
    groups
        How many groups.
    seed
        Of the draw.

    Returns
    -------
    list of lists
        Each item in one of them, in sorted order.
    """
    order = sorted(range(len(items)), key=lambda index: (kinds[index], items[index]))
    rng = np.random.default_rng(seed)
    shuffled = [order[index] for index in rng.permutation(len(order))]
    kind_rank = {kind: rank for rank, kind in enumerate(rng.permutation(sorted(set(kinds))).tolist())}
    shuffled.sort(key=lambda index: kind_rank[kinds[index]])  # stable: by chance within a kind
    dealt: list[list[T]] = [[] for _ in range(groups)]
    for place, index in enumerate(shuffled):
        dealt[place % groups].append(items[index])
    return [sorted(group) for group in dealt]


def coarse_groups(clips: Sequence[Clip]) -> dict[int, str]:
    """Return the coarse group of each concept, '' where the clip index has none."""
    found = {clip.concept: clip.group or "" for clip in reversed(clips) if clip.concept is not None}
    return {number: found[number] for number in sorted(found)}


def _known(text: str, names: Mapping[int, str]) -> list[str]:
    """Return what a text can have meant: ids where it is a number."""
    return [str(number) for number in names] if text.isdecimal() else list(names.values())


def _parts(text: str, by_name: Mapping[str, int]) -> list[str]:
    """Split at commas, unless a concept is called so."""
    return [text] if text.strip().casefold() in by_name else [part for part in text.split(",") if part.strip()]
