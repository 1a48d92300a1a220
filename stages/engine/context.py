"""What a stage's `run` gets: its settings, its inputs opened, writers for its outputs."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from eeg2vid.schemas.conditions import FULL, acting_at
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import FailedError
from eeg2vid.schemas.settings import Execution
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.inputs import Inputs
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.profile import LocatedModel
from eeg2vid.stages.engine.protocol import Reporter
from eeg2vid.stages.engine.seeding import derive_seed
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.store.layout import Address, split_variant, unit_subject
from eeg2vid.stages.store.part import WorkPart
from eeg2vid.stages.store.reader import Artifact
from eeg2vid.stages.store.work import Work
from eeg2vid.stages.store.writer import ArtifactWriter

T = TypeVar("T")
R = TypeVar("R", bound=Row)


class Silent:
    """A reporter that says nothing."""

    def start(self, what: str, total: int) -> None:
        """Begin nothing."""

    def advance(self, steps: int = 1) -> None:
        """Count nothing."""

    def within(self, what: str, done: int, total: int) -> None:
        """Show nothing."""

    def remark(self, text: str) -> None:
        """Say nothing."""


class UnitContext:
    """One unit at work."""

    def __init__(
        self,
        study: Study,
        node: Node,
        settings: Any,
        inputs: dict[str, list[Address]],
        *,
        device: str = "cpu",
        reporter: Reporter | None = None,
        execution: Execution | None = None,
    ) -> None:
        self.study = study
        self.node = node
        self.settings = settings
        self.device = device
        self._execution = execution or Execution()
        self.threads = self._execution.threads
        self.reporter: Reporter = reporter or Silent()
        self.stamps: set[str] = set()
        self.writers: dict[str, ArtifactWriter] = {}
        self.work: Work | None = None
        self._generators: list[Generator[tuple[WorkPart, Sequence[Any]], None, None]] = []
        self._addresses = inputs
        self.inputs = Inputs(study.root, node, study.models)

    @property
    def stage(self) -> Stage:
        """The stage's declaration."""
        return self.study.stages[self.node.stage]

    @property
    def subject(self) -> str | None:
        """The subject's label, None in the study unit."""
        return unit_subject(self.node.unit)

    @property
    def condition(self) -> str:
        """The condition that acts at this stage; 'full' also where one acted upstream."""
        condition = split_variant(self.node.variant)[1]
        return condition if condition in acting_at(self.stage.acts) else FULL

    @property
    def memory_gb(self) -> float:
        """Above this much, what is read goes to a scratch file."""
        return self._execution.memory_gb

    @property
    def save_every_s(self) -> float:
        """Seconds between saves inside a training; 0: after every step."""
        return self._execution.save_every

    @property
    def source(self) -> Path:
        """The data-set folder given on the command line or configured."""
        assert self.study.source is not None  # the command has checked it
        return self.study.source

    def model(self, role: str) -> LocatedModel:
        """Return where the profile's model for a role lies."""
        return self.study.models.locate(role)

    def read(self, role: str) -> Artifact:
        """Open the one artifact of a role.

        Raises
        ------
        FailedError
            If the unit reads several, or none: the stage must say which it means.
        """
        addresses = self._addresses.get(role, [])
        if len(addresses) != 1:
            found = ", ".join(map(str, addresses)) or "none"
            raise FailedError(f"{self.node}: one artifact of role '{role}' was asked for, found {found}.")
        return self._artifact(addresses[0])

    def read_each(self, role: str) -> dict[str, Artifact]:
        """Open the artifact of every subject, by subject, in the order planned.

        Raises
        ------
        FailedError
            If a subject has several.
        """
        found: dict[str, Artifact] = {}
        for address in self._addresses.get(role, []):
            subject = unit_subject(address.unit) or ""
            if subject in found:
                raise FailedError(f"{self.node}: two artifacts of role '{role}' are subject {subject}'s.")
            found[subject] = self._artifact(address)
        return found

    def read_optional(self, role: str) -> Artifact | None:
        """Open the artifact of an optional role, None if it is not read."""
        found = self.read_many(role)
        return found[0] if found else None

    def read_many(self, role: str) -> list[Artifact]:
        """Open every artifact of a role, in planned order; none where the unit does not read it."""
        return [self._artifact(address) for address in self._addresses.get(role, [])]

    def _artifact(self, address: Address) -> Artifact:
        return self.inputs.open(address)

    def ancestry(self, artifact: Artifact) -> list[Artifact]:
        """Return an artifact and everything behind it."""
        found: dict[Address, Artifact] = {}
        waiting = [artifact.address]
        while waiting:
            address = waiting.pop()
            if address not in found:
                found[address] = self._artifact(address)
                refs = found[address].manifest.inputs
                waiting += [Address(ref.stage, ref.variant, ref.unit, ref.role) for ref in refs]
        return list(found.values())

    def write(self, role: str) -> ArtifactWriter:
        """Return the writer of a role; the runner commits it after `run` returns."""
        if role not in self.writers:
            assert self.work is not None  # only the runner lets stages write
            target = Address(self.node.stage, self.node.variant, self.node.unit, role).folder(self.study.root)
            schema = self.stage.writes[role].schema
            self.writers[role] = ArtifactWriter(target, schema, self.work.commit_folder / role)
        return self.writers[role]

    def stamp(self, warning: str) -> None:
        """Mark this artifact and all its descendants."""
        self.stamps.add(warning)

    def seed(self, *parts: str | int) -> int:
        """Return a seed for a piece of work. It does not depend on the condition: noise is paired."""
        root = getattr(self.settings, "seed", 0)
        return derive_seed(root, self.node.stage, self.subject or "study", *parts)

    def track(self, what: str, items: Iterable[T], total: int) -> Iterator[T]:
        """Iterate with progress; stops when asked to (nothing of this loop is kept)."""
        self.reporter.start(f"{self.node}: {what}", total)
        for item in items:
            stopping.check(saved=False)
            yield item
            self.reporter.advance()

    def parts(self, what: str, items: Sequence[T], size: int = 1) -> Iterator[tuple[WorkPart, Sequence[T]]]:
        """Divide the work: yield each part that is still to be made here, with its items.

        A part is kept as soon as its `with` block ends, whatever happens later; parts made by an earlier
        call or by another process are not yielded. What a part holds must depend on nothing but its
        items.

        Parameters
        ----------
        what
            Name of the items, for the progress bar.
        items
            All of them, the same for every process.
        size
            Items per part; a constant of the stage, since batches never straddle parts.
        """
        generator = self._parts(what, items, size)
        self._generators.append(generator)
        return generator

    def _parts(self, what: str, items: Sequence[T], size: int) -> Generator[tuple[WorkPart, Sequence[T]], None, None]:
        assert self.work is not None
        pieces = [items[start : start + size] for start in range(0, len(items), size)]
        todo = self.work.todo(len(pieces))
        self.reporter.start(f"{self.node}: {what}", len(items))
        self.reporter.advance(sum(len(piece) for k, piece in enumerate(pieces) if self.work.is_done(k)))
        for part in todo:
            stopping.check(saved=True)
            with part:
                yield part, pieces[part.index]
                self.inputs.check()
            self.reporter.advance(len(pieces[part.index]))

    def gathered(self, role: str, table: str, row: type[R]) -> list[R] | None:
        """Return the rows that the parts hold of a table, in order; None while parts are left to other processes.

        What needs all parts (a comparison of two of them) is made by whoever finds them complete.
        """
        assert self.work is not None
        if self.work.missing() or self.work.is_committed():
            return None
        files = self.work.part_files(role, "tables").get(f"{table}.jsonl", [])
        lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
        return [row.model_validate_json(line) for line in lines]

    def gathered_media(self, role: str) -> dict[str, Path] | None:
        """Return the media files that the parts hold, by name; None while parts are left to other processes."""
        assert self.work is not None
        if self.work.missing() or self.work.is_committed():
            return None
        return {name: files[0] for name, files in self.work.part_files(role, "media").items()}

    def scratch(self, name: str) -> Path:
        """Return a file of this process for what does not fit into memory; gone when the unit is done."""
        assert self.work is not None
        path = self.work.commit_folder / "scratch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def close(self) -> None:
        """Give up parts that are open because the stage failed in the middle of one."""
        for generator in self._generators:
            generator.close()

    def should_stop(self) -> bool:
        """Tell whether the process was asked to stop: for loops inside a part, which save their state."""
        return stopping.attended()
