"""What the workspace knows about the rows of foreign files: clips, events, electrodes, folds, geometry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Clip, Electrode, Event, EventKey, Fold
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.manifest import InputRef, Manifest
from eeg2vid.schemas.splits import Part
from eeg2vid.schemas.videos import VideoAttributes
from eeg2vid.stages.engine.commands import command_for
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.services.adoption import manifest_at
from eeg2vid.stages.store.layout import STUDY, Address, split_variant, unit_subject
from eeg2vid.stages.store.reader import Artifact, open_artifact

if TYPE_CHECKING:
    from eeg2vid.stages.exchange.items import Known


@dataclass(frozen=True)
class Target:
    """Where an import goes."""

    node: Node
    role: str
    schema: Schema


class Join:
    """What the workspace knows about the rows of an import; remembers which artifacts said so."""

    def __init__(self, study: Study, target: Target) -> None:
        self.study = study
        self.target = target
        self.inputs: list[InputRef] = []
        self.stamps: set[str] = set()
        self.events: list[Event] = []
        self.clips: list[Clip] = []

    def known(self) -> Known:
        """Return clips, events, electrodes and folds, as far as the schema is about them."""
        from eeg2vid.stages.exchange.forms import FORMS
        from eeg2vid.stages.exchange.items import Known

        name, subject = self.target.schema.name, unit_subject(self.target.node.unit)
        form = FORMS.get(name)
        alone = self.study.alone
        clips = self._open("clips") if name != "clips" else None
        events = self._open("events") if subject is not None and name != "events" and not alone else None
        recordings = self._open("recordings") if form and "electrodes" in (form.others or {}) else None
        folds = self._open("folds") if subject is not None and form and form.tested and not alone else None
        stimuli = self._open("stimuli", needed=False)
        self.events = events.table("events", Event) if events else []
        self.clips = clips.table("clips", Clip) if clips else []
        return Known(
            clips=self.clips,
            events=self.events if events else None,
            electrodes=recordings.table("electrodes", Electrode) if recordings else (),
            folds=_testing(folds) if folds else {},
            reference={} if alone and subject is None else self._reference(stimuli),
            video_shape=stimuli.manifest.arrays["frames"].shape if stimuli else None,
            subject=subject,
            picture=(_height_and_width(stimuli) if stimuli else None),
            alone=alone,
        )

    def replaced(self) -> Manifest | None:
        """Return the manifest of what is at the target now."""
        node = self.target.node
        return manifest_at(self.study, Address(node.stage, node.variant, node.unit, self.target.role))

    def _reference(self, stimuli: Artifact | None) -> dict[str, Any]:
        """Return geometry and definitions that hold here: of the stimuli, the latents, and what is replaced."""
        latents = self._open("latents", needed=False)
        found = [artifact.manifest.attributes for artifact in (stimuli, latents) if artifact]
        replaced = self.replaced()
        if replaced is not None and replaced.schema_version == self.target.schema.version:
            found.append(replaced.attributes)
        return {name: value for attributes in found for name, value in attributes.items()}

    def _open(self, role: str, *, needed: bool = True) -> Artifact | None:
        """Open the artifact of a role that belongs to the same unit or to the study."""
        stage = self.study.producers(role)[0]
        base, _ = split_variant(self.target.node.variant)
        bases = self.study.bases(stage)
        per = self.study.stages[stage].writes[role].per
        unit = STUDY if per == "study" else self.target.node.unit
        address = Address(stage, base if base in bases else bases[0], unit, role)
        node = self.target.node
        if not needed and (address.stage, address.variant, address.unit) == (node.stage, node.variant, node.unit):
            return None
        try:
            artifact = open_artifact(self.study.root, address)
        except MissingInputError:
            if not needed:
                return None
            command = command_for(self.study, stage, unit, address.variant)
            raise MissingInputError(
                f"Rows cannot be joined: {address} is not made yet.", f"Run first:\n  {command}"
            ) from None
        if needed:
            ref = InputRef(
                role=role, stage=stage, variant=address.variant, unit=address.unit, digest=artifact.manifest.known_as
            )
            self.inputs.append(ref)
            self.stamps.update(artifact.manifest.stamps)
        return artifact


def _height_and_width(stimuli: Artifact) -> tuple[int, int]:
    geometry: VideoAttributes = stimuli.attributes()
    return geometry.height, geometry.width


def _testing(folds: Artifact) -> dict[str, str]:
    """Return the fold that tests each event."""
    names = [row.fold for row in folds.table("folds", Fold)]
    events = [row.event for row in folds.table("events", EventKey)]
    assignment = folds.read("assignment")
    pairs = zip(*(assignment == Part.TEST).nonzero(), strict=True)
    return {events[event]: names[fold] for fold, event in pairs}
