"""What would become of units, seen before any is made: what is lacking, for whom, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from eeg2vid.schemas.errors import BadDataError, Eeg2VidError, MissingInputError
from eeg2vid.schemas.manifest import Manifest
from eeg2vid.schemas.settings import Execution
from eeg2vid.schemas.words import counted, plural
from eeg2vid.stages.engine.commands import commands_before
from eeg2vid.stages.engine.context import UnitContext
from eeg2vid.stages.engine.device import resolve_device
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.others import behind_for_others
from eeg2vid.stages.engine.plan import Judge, Verdict
from eeg2vid.stages.services.room import too_small
from eeg2vid.stages.store.layout import Address, split_variant, unit_subject
from eeg2vid.stages.store.reader import check_sizes

_DONE = ("done", "imported")
_SHOWN = 12  # sentences


@dataclass
class Foresight:
    """What is known of some units before they are made.

    Attributes
    ----------
    verdicts
        Of each unit, as it is now; what is done but hangs on one that is to be made says so.
    to_make
        What is to be made, and can be as far as is known.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    to_make: list[Node] = field(default_factory=list)
    _problems: dict[str, tuple[Eeg2VidError, list[Node]]] = field(default_factory=dict)
    _lacking: dict[Node, list[Address]] = field(default_factory=dict)
    _reasons: dict[Address, str] = field(default_factory=dict)
    _commands: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return one line: how many units are to be made, how many are done, how many cannot be made."""
        to_make = set(self.to_make)
        kept = [verdict for verdict in self.verdicts if verdict.state in _DONE and verdict.node not in to_make]
        again = sum(bool(verdict.reasons) for verdict in kept)
        others = len(self.verdicts) - len(to_make) - len(kept)
        said = [f"{counted(len(to_make), 'unit')} to be made"]
        said += [f"{again} to be made again if what {plural(again, 'it reads', 'they read')} changes"] if again else []
        said += [f"{len(kept) - again} done", *([f"{others} cannot be made"] if others else [])]
        return f"{', '.join(said)}."

    def error(self) -> Eeg2VidError | None:
        """Return all that stands in the way, as one error of the first's kind; None: nothing does."""
        sentences: list[str] = []
        hints: list[str] = []
        errors: list[Eeg2VidError] = []
        if self._lacking:
            errors.append(MissingInputError(""))
            sentences += _missing_sentences(self._lacking, self._reasons)
            hints += ["Run first:\n  " + "\n  ".join(self._commands)] if self._commands else []
        for error, nodes in self._problems.values():
            errors.append(error)
            of = f"{_named(nodes)}: " if nodes and not any(str(node) in error.message for node in nodes) else ""
            sentences.append(f"{of}{error.message}")
            hints += [error.hint] if error.hint and error.hint not in hints else []
        if not errors:
            return None
        if len(sentences) > _SHOWN:
            sentences[_SHOWN:] = [f"({len(sentences) - _SHOWN} more)"]
        first = next((error for error in errors if not isinstance(error, MissingInputError)), errors[0])
        return type(first)("\n".join(sentences), "\n".join(hints) or None)


def foresee(study: Study, subjects: Sequence[str], nodes: Sequence[Node], execution: Execution) -> Foresight:
    """Look at units in the order in which they would be made; what an earlier one makes counts as there.

    Units that a run leaves alone (damaged ones, people whose files are gone) and what hangs on them are no hindrance.

    Raises
    ------
    Eeg2VidError
        If settings do not say what is read.
    """
    return _Looking(study, subjects, execution).at(nodes)


class _Looking:
    """One look at many units, with its own judge: what it reads may be old when units are made."""

    def __init__(self, study: Study, subjects: Sequence[str], execution: Execution) -> None:
        self.study, self.execution = study, execution
        self.judge = Judge(study, subjects)
        self.found = Foresight()
        self._promised: set[Address] = set()
        self._blocked: set[Node] = set()
        self._left: set[Node] = set()
        self._located: dict[str, Eeg2VidError | None] = {}
        self._whole: dict[Address, BadDataError | None] = {}
        self._no_device: Eeg2VidError | None = None

    def at(self, nodes: Sequence[Node]) -> Foresight:
        """Look at all of them."""
        for node in nodes:
            self.found.verdicts.append(self._look(node))
        self.found._commands = commands_before(self.judge, list(self.found._lacking), self._promised)
        if self._no_device is not None:
            self._note(self._no_device)
        if (error := too_small(self.study, self.found.to_make)) is not None:
            self._note(error)
        return self.found

    def _look(self, node: Node) -> Verdict:
        verdict = self.judge.judge(node)
        inputs = [address for group in self.judge.inputs(node).values() for address in group]
        made_anew = [address for address in inputs if address in self._promised]
        if verdict.state in _DONE and not self.execution.force:
            if verdict.state == "done" and made_anew:
                self._promise(node)
                return replace(verdict, reasons=(f"made again if {made_anew[0]} changes",))
            return verdict
        lacking = [address for address in verdict.missing if address not in self._promised]
        if self._is_left(node, verdict, lacking):
            self._left.add(node)
            return verdict
        absent = self._absent_models(node)
        if lacking:
            self._lack(node, lacking)
            return verdict
        if absent:
            self._blocked.add(node)
            return replace(verdict, reasons=(*verdict.reasons, *absent))
        if reason := self._broken(node, [address for address in inputs if address not in self._promised]):
            self._blocked.add(node)
            return replace(verdict, reasons=(*verdict.reasons, reason))
        if reason := self._hindrance(node, complete=not verdict.missing and not made_anew):
            self._blocked.add(node)
            return replace(verdict, reasons=(*verdict.reasons, reason))
        self.found.to_make.append(node)
        self._promise(node)
        return verdict

    def _promise(self, node: Node) -> None:
        self._promised.update(self.judge.outputs(node))

    def _is_left(self, node: Node, verdict: Verdict, lacking: Sequence[Address]) -> bool:
        """Tell whether a run leaves a unit alone: it is damaged, hangs on what is, or tells of others too."""
        if verdict.state == "damaged" and not self.execution.force:
            return True
        if any(_node(address) in self._left for address in lacking):
            return True
        if any(self.judge.damage_behind(address) for address in lacking):
            return True
        own = {unit_subject(address.unit) for address in lacking} & {None, *self.judge.subjects}
        return bool(lacking) and not own and behind_for_others(self.judge, node) is not None

    def _lack(self, node: Node, lacking: Sequence[Address]) -> None:
        """Note what is lacking itself, not what hangs on it."""
        self._blocked.add(node)
        roots = [address for address in lacking if _node(address) not in self._blocked]
        if roots:
            self.found._lacking[node] = roots
            self.found._reasons |= {address: str(self.judge.why_not_current(address)) for address in roots}

    def _hindrance(self, node: Node, *, complete: bool) -> str:
        """Note whatever else stands in a unit's way, and say it."""
        stage = self.study.stages[node.stage]
        if stage.uses_torch and self.execution.device not in ("cpu", "auto") and self._no_device is None:
            try:
                resolve_device(self.execution.device)
            except Eeg2VidError as absent:
                self._no_device = absent
        context = UnitContext(
            self.study, node, self.study.settings(node.stage, node.variant).settings, self.judge.inputs(node)
        )
        try:
            if not stage.sources_are_data:
                stage.sources(context)
            error = stage.foreseen(context) if complete else None
        except (BadDataError, OSError):  # of one unit: the run leaves it alone and goes on
            return ""
        except Eeg2VidError as found:
            return self._note(found, node)
        return "" if error is None else self._note(error, node)

    def _broken(self, node: Node, inputs: Sequence[Address]) -> str:
        """Note the inputs of which files are gone or cut short, and say the first."""
        said = ""
        for address in inputs:
            if address not in self._whole:
                self._whole[address] = _file_trouble(self.study.root, address, self.judge.manifest(address))
            if (error := self._whole[address]) is not None:
                said = said or self._note(error, node)
        return said

    def _absent_models(self, node: Node) -> list[str]:
        """Note the models that are not here, of units too that wait for others, and say them."""
        found = []
        for role in self.study.needs_of(node).roles:
            if role not in self._located:
                self._located[role] = self._missing_model(role)
            if (error := self._located[role]) is not None:
                found.append(self._note(error, node))
        return found

    def _missing_model(self, role: str) -> Eeg2VidError | None:
        try:
            self.study.models.locate(role)
        except Eeg2VidError as error:
            return error
        return None

    def _note(self, error: Eeg2VidError, node: Node | None = None) -> str:
        self.found._problems.setdefault(error.message, (error, []))[1].extend([] if node is None else [node])
        return error.message


def _file_trouble(root: Path, address: Address, manifest: Manifest | None) -> BadDataError | None:
    """Return what is wrong with an artifact's files by their sizes, None if nothing is."""
    try:
        if manifest is not None:
            check_sizes(address.folder(root), manifest)
    except BadDataError as error:
        return error
    return None


def _missing_sentences(lacking: dict[Node, list[Address]], reasons: dict[Address, str]) -> list[str]:
    """Say what is lacking, of all whom it lacks at once."""
    groups: dict[tuple[str, ...], list[tuple[Node, Address]]] = {}
    for node, addresses in lacking.items():
        for one in addresses:
            groups.setdefault((node.stage, one.stage, one.variant, one.role, reasons[one]), []).append((node, one))
    found = []
    for key, pairs in groups.items():
        there = list(dict.fromkeys(one for _, one in pairs))
        named = _named([node for node, _ in pairs])
        found.append(f"{named} cannot be made: {_of_units(there)} {plural(len(there), 'is')} {key[-1]}.")
    return found


def _named(nodes: Sequence[Node]) -> str:
    """Name units: one by its whole name, several of a stage by variants and units."""
    if len(set(nodes)) == 1:
        return str(nodes[0])
    bases = dict.fromkeys(f"{node.stage}/{split_variant(node.variant)[0]}" for node in nodes)
    units = dict.fromkeys(node.unit for node in nodes)
    return f"{', '.join(bases)} of {', '.join(units)}"


def _of_units(addresses: Sequence[Address]) -> str:
    first = addresses[0]
    if len(addresses) == 1:
        return str(first)
    return f"{first.stage}/{first.variant}/{first.role} of {', '.join(one.unit for one in addresses)}"


def _node(address: Address) -> Node:
    return Node(address.stage, address.variant, address.unit)
