"""A study of clips alone: films that were imported, true and decoded, without EEG; what is planned there.

An import of true clips into a folder without a data set makes its clip index: the files themselves. Nothing is recorded
there, divided, trained or predicted, so nothing reads that (`Read.eeg`). Each set of decoded clips is a system of its
own, held against a grey video and the mean of the true clips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import MissingInputError, UnreadableError
from eeg2vid.stages.engine.ingested import CLIP_INDEX
from eeg2vid.stages.engine.recipe import Recipe, RecipeHeader
from eeg2vid.stages.engine.stage import Needs, Stage
from eeg2vid.stages.engine.sweep import Tables
from eeg2vid.stages.store.layout import find_artifacts, join_eye, join_variant, split_eye, split_variant
from eeg2vid.stages.store.reader import load_manifest

FILES = "files"  # kind of a clip index that is made of imported files
CONTROLS = ("mean-video", "grey")
_HEADER = RecipeHeader(
    name="imported",
    title="Clips decoded elsewhere, imported and held against the true clips",
    about="No EEG is here, so nothing tells how the clips were decoded. Which clips were shown in one run is not known "
    "either: each counts as a run of its own. If they were shown in runs, the p-values are too small.",
    conditions=CONTROLS,
)


def holds_clips_alone(workspace: Path) -> bool:
    """Tell whether a workspace's clips were imported as files, without EEG."""
    folder = CLIP_INDEX.folder(workspace)
    return _is_imported(folder) and load_manifest(folder).attributes.get("kind") == FILES


def with_controls(workspace: Path, chosen: Sequence[tuple[str, str]], role: str) -> list[tuple[str, str]]:
    """Return stages and variants that were named for a role, and beside imported ones the controls made of them."""
    root = workspace / "artifacts"
    found = list(chosen)
    for stage, variant in chosen:
        base, condition = split_variant(variant)
        folders = root.glob(f"{stage}/{variant}/*/{role}") if condition == FULL else ()
        if any(_is_imported(folder) for folder in folders):
            beside = [(stage, join_variant(base, control)) for control in CONTROLS]
            found += [one for one in beside if one not in found and root.joinpath(*one).is_dir()]
    return found


def _is_imported(folder: Path) -> bool:
    try:
        return load_manifest(folder).provenance == "imported"
    except (MissingInputError, UnreadableError):
        return False


def decoded_alone(workspace: Path, stages: Mapping[str, Stage]) -> dict[str, set[str]]:
    """Return the units of which decoded clips were imported, by the name of their system."""
    found: dict[str, set[str]] = {}
    for address in find_artifacts(workspace):
        if stages[address.stage].acts == "generate":
            found.setdefault(split_variant(address.variant)[0], set()).add(address.unit)
    return found


def recipe_alone(workspace: Path, stages: Mapping[str, Stage]) -> Recipe:
    """Return what is planned: every imported set of decoded clips is scored, by all eyes that have looked at one."""
    systems = decoded_alone(workspace, stages)
    makers = [name for name, stage in stages.items() if stage.acts == "generate"]
    lookers = [name for name, stage in stages.items() if stage.named_after]
    looked = [address for address in find_artifacts(workspace) if address.stage in lookers]
    eyes = dict.fromkeys(split_eye(split_variant(address.variant)[0])[1] for address in looked)
    tables: Tables = {name: {system: {} for system in systems} for name in (*makers, "score")}
    tables |= {name: {join_eye(system, eye): {} for system in systems for eye in eyes} for name in lookers if eyes}
    return Recipe(_HEADER, tables)


def needs_alone(stage: Stage, needs: Needs) -> Needs:
    """Return the needs of a unit without what only a study with EEG has."""
    writes = needs.writes
    if stage.takes_source:  # of what a data set gives there is the clip index, and nothing will make more
        writes = {role: write for role, write in writes.items() if role == CLIP_INDEX.role}
    return replace(needs.without(*[role for role, read in needs.reads.items() if read.eeg]), writes=writes)
