"""Variants that nobody reads: a table or an artifact that changes no score, and how to have it read."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.store.layout import Address, find_artifacts, split_variant

_PURPOSES = ("scores", "report", "quality")  # roles that are made to be looked at

Variant = tuple[str, str]
"""A stage and the name of a variant without condition."""


class Unread(NamedTuple):
    """A variant that nothing reads, and what to type so that something does."""

    stage: str
    variant: str
    way: str

    def __str__(self) -> str:
        return f"Nothing reads {self.stage}/{self.variant}: {self.way}"


def unread_variants(judge: Judge, nodes: Sequence[Node]) -> list[Unread]:
    """Return each variant that nothing reads, neither planned nor on disk.

    Parameters
    ----------
    judge
        Of the study.
    nodes
        All units that are planned.
    """
    study = judge.study
    planned = dict.fromkeys((node.stage, split_variant(node.variant)[0]) for node in nodes)
    there = _one_of_each(find_artifacts(study.root))
    made = dict.fromkeys(variant for variant, one in there if _is_computed(judge, one))
    read = _read_by_plan(judge, nodes) | _read_on_disk(judge, [one for _, one in there])
    found = []
    for stage, base in [*planned, *(variant for variant in made if variant not in planned)]:
        if stage not in study.stages or (stage, base) in read or set(study.stages[stage].writes) & set(_PURPOSES):
            continue
        if way := _way(study, stage, base, is_planned=(stage, base) in planned):
            found.append(Unread(stage, base, way))
    return found


def _one_of_each(addresses: Sequence[Address]) -> list[tuple[Variant, Address]]:
    """Return one artifact of each variant, condition and role: others of its kind read and are read alike."""
    first: dict[tuple[str, str, str], Address] = {}
    for one in addresses:
        first.setdefault((one.stage, one.variant, one.role), one)
    return [((one.stage, split_variant(one.variant)[0]), one) for one in first.values()]


def _is_computed(judge: Judge, address: Address) -> bool:
    manifest = judge.manifest(address)
    return manifest is not None and manifest.provenance == "computed"


def _read_by_plan(judge: Judge, nodes: Sequence[Node]) -> set[Variant]:
    """Return what planned units read; one of each variant and kind of unit tells of all."""
    first: dict[tuple[str, str, bool], Node] = {}
    for node in nodes:
        first.setdefault((node.stage, node.variant, node.unit == "study"), node)
    found: set[Variant] = set()
    for node in first.values():
        with contextlib.suppress(Eeg2VidError):  # who is asked to make it says why
            found |= {(a.stage, split_variant(a.variant)[0]) for group in judge.inputs(node).values() for a in group}
    return found


def _read_on_disk(judge: Judge, addresses: Sequence[Address]) -> set[Variant]:
    """Return what artifacts were made of, but for what they were made of in their own stage and variant."""
    found: set[Variant] = set()
    for address in addresses:
        manifest = judge.manifest(address)
        found |= {(ref.stage, split_variant(ref.variant)[0]) for ref in (manifest.inputs if manifest else ())}
    return found


def _way(study: Study, stage: str, base: str, *, is_planned: bool) -> str:
    """Return the command that has a variant read, and the table; empty where no planned stage reads its roles."""
    for reader in study.planned_stages():
        for unit in ("study", "subject"):
            needs = study.needs(reader, study.bases(reader)[0], unit)
            roles = [role for role in study.stages[stage].writes if needs.writes and role in needs.reads]
            if not roles:
                continue
            named = dict.fromkeys(roles, f"{stage}/{base}")
            options = [word for role, source in named.items() for word in ("--from", f"{role}={source}")]
            command = shlex.join(["eeg2vid", reader, "--variant", base, "--new", *options])
            inside = ", ".join(f'{role} = "{source}"' for role, source in named.items())
            table = f"a table [{reader}.{base}]" + ("" if is_planned else f" with from = {{ {inside} }}")
            return f"{command}, or {table} in eeg2vid.toml"
    return ""
