"""Many variants, few boxes: conditions, points of a sweep and eyes share one, so that a picture stays readable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eeg2vid.stages.services.graph.model import Key, Plan, Variant, state_of, words_of
from eeg2vid.stages.store.layout import EYE_MARK, split_eye, split_variant


@dataclass(frozen=True)
class Box:
    """What is drawn as one: a variant, or several of a stage.

    Attributes
    ----------
    stage
        Its stage.
    lines
        What it is called, then how many conditions, points and eyes are folded into it.
    members
        The variants in it.
    state, words
        Of all units: 'done' .. or 'mixed'; '3 done, 1 stale'.
    """

    stage: str
    lines: tuple[str, ...]
    members: tuple[str, ...]
    state: str
    words: str


@dataclass(frozen=True)
class Net:
    """What one box hands on to the same others: its roles, along one line that branches."""

    source: int
    roles: tuple[str, ...]
    targets: tuple[int, ...]

    @property
    def label(self) -> str:
        """The roles, in a line."""
        return ", ".join(self.roles)


@dataclass(frozen=True)
class Picture:
    """Boxes in the order of the stages, the nets between them by place, and what is folded, in words."""

    recipe: str
    boxes: tuple[Box, ...]
    nets: tuple[Net, ...]
    notes: tuple[str, ...]


def fold(plan: Plan, *, coarse: bool = False) -> Picture:
    """Return a plan as boxes and nets.

    Parameters
    ----------
    plan
        What is planned.
    coarse
        One box for each stage, whatever its variants.
    """
    eyes = {eye for one in plan.variants if (eye := split_eye(split_variant(one.variant)[0])[1])}
    groups: dict[Key, list[Variant]] = {}
    for one in plan.variants:
        name = "" if coarse else _shared_name(plan, one, eyes)
        groups.setdefault((one.stage, name), []).append(one)
    place = {member.key: index for index, group in enumerate(groups.values()) for member in group}
    notes: dict[str, None] = {}
    boxes = tuple(_box(plan, key, group, eyes, notes) for key, group in groups.items())
    return Picture(plan.recipe, boxes, tuple(_nets(plan, place)), tuple(notes))


def _shared_name(plan: Plan, one: Variant, eyes: set[str]) -> str:
    """Return what the variants are called that share a box."""
    system, eye = split_eye(split_variant(one.variant)[0])
    if plan.sweep and system in plan.sweep.names:
        system = plan.sweep.variant
    if not eye and one.stage in plan.named_by_eye and system in eyes:
        return EYE_MARK
    return system + (EYE_MARK if eye else "")


def _box(plan: Plan, key: Key, group: list[Variant], eyes: set[str], notes: dict[str, None]) -> Box:
    stage, name = key
    bases = list(dict.fromkeys(split_variant(one.variant)[0] for one in group))
    conditions = list(dict.fromkeys(c for one in group if (c := split_variant(one.variant)[1]) != "full"))
    points = plan.sweep.names if plan.sweep else []
    folded: list[tuple[str, list[str]]] = []
    if not name:
        folded.append((f"variants of {stage}", bases))
    else:
        systems = list(dict.fromkeys(split_eye(base)[0] for base in bases))
        folded.append((f"points of {name.rstrip(EYE_MARK)}", [one for one in systems if one in points]))
        found = [eye or system for system, eye in map(split_eye, bases) if eye or (system in eyes and name == EYE_MARK)]
        folded.append(("eyes", list(dict.fromkeys(found))))
    folded.append(("conditions", conditions))
    lines = [bases[0] if len(bases) == 1 else name.rstrip(EYE_MARK)]
    for what, names in folded:
        if len(names) > 1 or (what == "conditions" and names):
            notes[f"{len(names)} {what if len(names) > 1 else what[:-1]}: {', '.join(names)}"] = None
            lines.append(f"x {len(names)} {what.split(' of ')[0]}" if len(names) > 1 else f"and ~{names[0]}")
    counts: Counter[str] = Counter()
    for one in group:
        counts.update(one.counts)
    members = tuple(one.variant for one in group)
    return Box(stage, tuple(filter(None, lines)), members, state_of(counts), words_of(counts))


def _nets(plan: Plan, place: Mapping[Key, int]) -> Iterable[Net]:
    """Join the edges of boxes: the targets of each role of a source, then the roles that go to the same targets."""
    targets: dict[tuple[int, str], set[int]] = {}
    for (reads_from, reader), handed in plan.edges.items():
        for role in handed:
            if place[reads_from] != place[reader]:
                targets.setdefault((place[reads_from], role), set()).add(place[reader])
    joined: dict[tuple[int, tuple[int, ...]], list[str]] = {}
    for (source, role), found in sorted(targets.items()):
        joined.setdefault((source, tuple(sorted(found))), []).append(role)
    for (source, goes_to), roles in joined.items():
        yield Net(source, tuple(roles), goes_to)
