"""Commands to be pasted: what makes a unit, and what must be run before some units can be made."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING

from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.subjects import parse_subjects
from eeg2vid.stages.engine.variants import is_known
from eeg2vid.stages.store.layout import Address, split_variant, unit_subject

if TYPE_CHECKING:
    from eeg2vid.stages.engine.graph import Study
    from eeg2vid.stages.engine.plan import Judge

# What the call said of workspace, recipe, models and protocol the command line adds: it alone knows how it was written.


def command_for(study: Study, stage: str, unit: str, variant: str | None = None, *, force: bool = False) -> str:
    """Return the command that makes a unit of a stage."""
    subject = unit_subject(unit)
    words = _naming(study, stage, variant) if variant else []
    return _command(study, stage, () if subject is None else (subject,), words, force=force)


def commands_before(judge: Judge, nodes: Sequence[Node], made: Container[Address] = ()) -> list[str]:
    """Return the commands that make everything some units lack, in the order to run them.

    Parameters
    ----------
    judge
        Of the study.
    nodes
        The units that lack something.
    made
        What the same command makes before it needs it.
    """
    study = judge.study
    lacking: dict[str, dict[str, dict[str, None]]] = {}  # stage, variant: the subjects
    visited: set[Node] = set()
    broken: set[tuple[str, str]] = set()

    def visit(wanted: Node) -> None:
        if wanted in visited:
            return
        visited.add(wanted)
        for address in judge.unusable_inputs(wanted):
            if address not in made:
                visit(Node(address.stage, address.variant, address.unit))
        if wanted not in nodes:
            subjects = lacking.setdefault(wanted.stage, {}).setdefault(wanted.variant, {})
            subjects.update(dict.fromkeys(filter(None, [unit_subject(wanted.unit)])))
            if any(judge.unreadable(address) for address in judge.outputs(wanted)):
                broken.add((wanted.stage, wanted.variant))

    for node in nodes:
        visit(node)
    found = []
    for stage in study.stages:
        for words, subjects, variants in _grouped(study, stage, lacking.get(stage, {})):
            force = any((stage, variant) in broken for variant in variants)
            found.append(_command(study, stage, subjects, words, force=force))
    return found


def _grouped(
    study: Study, stage: str, lacking: dict[str, dict[str, None]]
) -> list[tuple[list[str], tuple[str, ...], list[str]]]:
    """Put variants that one command makes together: option words, subjects, variants.

    All that the stage plans needs no name. A command that makes more than is lacking might lack something itself.
    """
    planned = study.plain().variants(stage)
    if not lacking:
        return []
    everybody = {tuple(subjects) for subjects in lacking.values()}
    if set(planned) <= set(lacking) and len({*map(tuple, (lacking[name] for name in planned))}) == 1:
        rest = {name: subjects for name, subjects in lacking.items() if name not in planned}
        return [([], tuple(lacking[planned[0]]), list(planned)), *_one_by_one(study, stage, rest)]
    conditions = {split_variant(name)[1] for name in lacking}
    if len(conditions) == len(everybody) == 1 and stage in _WITH_CONDITION and len(lacking) > 1:
        [condition], [subjects] = conditions, everybody
        if set(lacking) == {name for name in planned if split_variant(name)[1] == condition}:
            return [(["--condition", condition], subjects, list(lacking))]
    return _one_by_one(study, stage, lacking)


_WITH_CONDITION = ("predict", "generate", "perceive")


def _one_by_one(
    study: Study, stage: str, lacking: dict[str, dict[str, None]]
) -> list[tuple[list[str], tuple[str, ...], list[str]]]:
    return [(_naming(study, stage, name), tuple(subjects), [name]) for name, subjects in lacking.items()]


def _naming(study: Study, stage: str, variant: str) -> list[str]:
    """Return the options that name a variant: none for the only one there is, --new where nobody knows it yet."""
    plain = study.plain()
    if plain.variants(stage) == (variant,):
        return []
    known = is_known(study, stage, split_variant(variant)[0])
    return ["--variant", variant, *([] if known else ["--new"])]


def _command(study: Study, stage: str, subjects: Iterable[str], more: Sequence[str], *, force: bool = False) -> str:
    words = ["eeg2vid", stage]
    if study.stages[stage].takes_source and study.plain().source is None:
        words.append(str(study.choices.source) if study.choices.source else "PATH/TO/DATA")
    chosen = list(subjects)
    if chosen and set(chosen) != _everybody(study):
        words += ["--subject", ",".join(chosen)]
    return shlex.join([*words, *more, *(["--force"] if force else [])])


def _everybody(study: Study) -> set[str]:
    """Return whom a command is about that names nobody."""
    known = study.known_subjects()
    if known is None:
        return set()
    named = study.workspace.study.subjects
    with contextlib.suppress(Eeg2VidError):
        return set(parse_subjects(named, known)) if named else set(known)
    return set()
