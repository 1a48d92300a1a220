"""Judging units: done, stale (and why), missing, or waiting for something upstream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from eeg2vid.schemas.errors import (
    BadDataError,
    MissingInputError,
    MissingPackageError,
    SourceError,
    UnreadableError,
)
from eeg2vid.schemas.manifest import InputRef, Manifest, ModelRef, SourceFile
from eeg2vid.stages.engine.context import UnitContext
from eeg2vid.stages.engine.fingerprint import differences, fingerprint, require_installed, still_holds
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.ingested import CLIP_INDEX
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.settings import Resolved
from eeg2vid.stages.engine.sources import identify_sources
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import load_manifest


@dataclass(frozen=True)
class Verdict:
    """What is to be done about a unit, and why."""

    node: Node
    state: Literal["done", "stale", "missing", "waiting", "imported", "damaged"]
    reasons: tuple[str, ...] = ()
    missing: tuple[Address, ...] = ()


@dataclass(frozen=True)
class Identity:
    """Everything that decides a unit's result."""

    resolved: Resolved
    inputs: tuple[InputRef, ...]
    models: tuple[ModelRef, ...]
    sources: tuple[SourceFile, ...]
    fingerprint: str

    def record(self) -> dict[str, Any]:
        """Return all of it as JSON values, as is noted beside unfinished work."""
        refs = {"inputs": self.inputs, "models": self.models, "sources": self.sources}
        found: dict[str, Any] = {name: [ref.model_dump(mode="json") for ref in some] for name, some in refs.items()}
        return found | {"settings": self.resolved.dump(), "fingerprint": self.fingerprint}


@dataclass
class Judge:
    """Answers for many units, reading each manifest once."""

    study: Study
    subjects: Sequence[str]
    _manifests: dict[Address, Manifest | None] = field(default_factory=dict)
    _current: dict[Address, str | None] = field(default_factory=dict)
    _unreadable: dict[Address, UnreadableError] = field(default_factory=dict)
    _inputs: dict[Node, dict[str, list[Address]]] = field(default_factory=dict)

    def forget(self, node: Node) -> None:
        """Drop what was known about a unit that has just been made, and about what hangs on it."""
        for role in self.study.stages[node.stage].writes:
            address = Address(node.stage, node.variant, node.unit, role)
            self._manifests.pop(address, None)
            self._unreadable.pop(address, None)
        self._current.clear()
        self._inputs.clear()  # what is there may decide what is read

    def inputs(self, node: Node) -> dict[str, list[Address]]:
        """Return the addresses that a unit reads, by role."""
        if node not in self._inputs:
            self._inputs[node] = self.study.inputs(node, self.subjects)
        return self._inputs[node]

    def manifest(self, address: Address) -> Manifest | None:
        """Return an artifact's manifest, None if there is no artifact, or none that can be read."""
        if address not in self._manifests:
            self._manifests[address] = None
            try:
                self._manifests[address] = load_manifest(address.folder(self.study.root))
            except MissingInputError:
                pass
            except UnreadableError as error:
                self._unreadable[address] = error
        return self._manifests[address]

    def unreadable(self, address: Address) -> UnreadableError | None:
        """Return what is wrong with an artifact whose manifest cannot be read."""
        self.manifest(address)
        return self._unreadable.get(address)

    def damage_behind(self, address: Address) -> UnreadableError | None:
        """Return what is unreadable among an artifact and what it was made of."""
        if error := self.unreadable(address):
            return error
        manifest = self.manifest(address)
        refs = manifest.inputs if manifest and manifest.provenance == "computed" else ()
        behind = (self.damage_behind(Address(ref.stage, ref.variant, ref.unit, ref.role)) for ref in refs)
        return next(filter(None, behind), None)

    def why_not_current(self, address: Address) -> str | None:
        """Say what an upstream artifact is that cannot be used, None if it can: judged by its own manifest alone.

        What is said stands after "is": 'missing', 'damaged', 'stale, for its input .. changed'.
        """
        if address not in self._current:
            self._current[address] = self._why_not_current(address)
        return self._current[address]

    def _why_not_current(self, address: Address) -> str | None:
        manifest = self.manifest(address)
        if manifest is None:
            unreadable = self.unreadable(address)
            return unreadable.found if unreadable else "missing"
        if manifest.provenance == "imported":
            return None
        for ref in manifest.inputs:
            upstream = Address(ref.stage, ref.variant, ref.unit, ref.role)
            found = self.manifest(upstream)
            if found is None:
                unreadable = self.unreadable(upstream)
                return f"stale, for its input {upstream} is {unreadable.found if unreadable else 'gone'}"
            if found.known_as != ref.digest:
                return f"stale, for its input {upstream} changed"
            deeper = self.why_not_current(upstream)
            if deeper is not None:
                return f"stale, for its input {upstream} is {deeper}"
        return None

    def unusable_inputs(self, node: Node) -> dict[Address, str]:
        """Return the inputs of a unit that are missing or stale, with the reason."""
        addresses = [address for group in self.inputs(node).values() for address in group]
        return {address: why for address in addresses if (why := self.why_not_current(address)) is not None}

    def identity(self, node: Node) -> Identity:
        """Gather what decides a unit's result; its inputs must exist.

        Raises
        ------
        MissingPackageError
            If it is made by a choice of a package that is not installed, or its weights are not on this machine.
        SourceError
            If files that it reads outside the workspace cannot be found or read.
        """
        study, stage = self.study, self.study.stages[node.stage]
        resolved = study.settings(node.stage, node.variant)
        require_installed(resolved.settings)
        addresses = self.inputs(node)
        inputs = []
        for role, group in addresses.items():
            for address in group:
                manifest = self.manifest(address)
                assert manifest is not None  # `unusable_inputs` was asked first
                inputs.append(
                    InputRef(
                        role=role,
                        stage=address.stage,
                        variant=address.variant,
                        unit=address.unit,
                        digest=manifest.known_as,
                    )
                )
        located = [study.models.locate(role) for role in study.needs_of(node).roles]
        models = tuple(ModelRef(role=m.role, name=m.name, identity=m.identity) for m in located)
        outputs = [self.manifest(address) for address in self.outputs(node)]
        computed = [manifest for manifest in outputs if manifest and manifest.provenance == "computed"]
        known = list(dict.fromkeys(file for manifest in computed for file in manifest.sources))
        if known and stage.sources_are_data and (study.source is None or not study.source.is_dir()):
            sources = known  # the data set is out of reach: what was read from it stands
        else:
            try:
                files = stage.sources(UnitContext(study, node, resolved.settings, addresses))
                sources = identify_sources(files, study.source if stage.sources_are_data else None, known)
            except UnreadableError:
                raise
            except BadDataError as error:
                hint = error.hint or "Put the files back, or ask for the others with --subject."
                raise SourceError(error.message, hint) from error
        digest = fingerprint(stage, resolved.settings, inputs, models, sources)
        return Identity(resolved, tuple(inputs), models, tuple(sources), digest)

    def outputs(self, node: Node) -> list[Address]:
        """Return the addresses that a unit writes."""
        return [Address(node.stage, node.variant, node.unit, role) for role in self.study.needs_of(node).writes]

    def newcomers(self, node: Node) -> list[str]:
        """Return whom a computed clip index lacks of the data set; who left it is told by their own unit."""
        manifest = self.manifest(CLIP_INDEX)
        if CLIP_INDEX not in self.outputs(node) or manifest is None or manifest.provenance == "imported":
            return []
        return [label for label in self.study.people_in_data() if label not in manifest.attributes.get("subjects", ())]

    def judge(self, node: Node) -> Verdict:
        """Compare a unit's artifacts with what today's settings and inputs would make."""
        manifests = [self.manifest(address) for address in self.outputs(node)]
        imported = [manifest for manifest in manifests if manifest and manifest.provenance == "imported"]
        if len(imported) == len(manifests):  # where only some roles are, the others are judged as ever
            return Verdict(node, "imported")
        unusable = self.unusable_inputs(node)
        broken = {address: error for address in self.outputs(node) if (error := self.unreadable(address))}
        if broken:
            reasons = tuple(f"{address.role} is {error.found}: {error.message}" for address, error in broken.items())
            return Verdict(node, "damaged", reasons, tuple(unusable))
        if unusable:
            state: Literal["waiting", "stale"] = "waiting" if None in manifests else "stale"
            reasons = tuple(f"{address} is {why}" for address, why in unusable.items())
            return Verdict(node, state, reasons, tuple(unusable))
        if None in manifests:
            return Verdict(node, "missing", ("not made yet",))
        try:
            identity = self.identity(node)
        except MissingPackageError as error:  # weights, plug-ins: to look at what is there, nobody needs them
            return Verdict(node, "stale", (f"cannot be compared: {error.message}",))
        except SourceError as error:  # this unit's alone: what was made of its files stands, and others go on
            return Verdict(node, "stale", (f"cannot be compared with the data set: {error.message}",))
        if newcomers := self.newcomers(node):
            return Verdict(node, "stale", tuple(f"subject {label} is new in the data set" for label in newcomers))
        stage = self.study.stages[node.stage]
        for manifest in manifests:
            if manifest and manifest.provenance == "computed" and manifest.fingerprint != identity.fingerprint:
                now = (stage, identity.resolved.settings, identity.inputs, identity.models, identity.sources)
                if still_holds(manifest, *now):
                    continue
                return Verdict(node, "stale", tuple(differences(manifest, *now)) or ("its fingerprint differs",))
        return Verdict(node, "imported" if imported else "done")
