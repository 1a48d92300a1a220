"""Running units: lock, compute, validate, commit; whole artifacts or nothing."""

from __future__ import annotations

import contextlib
import datetime
import json
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from eeg2vid.schemas.errors import (
    Eeg2VidError,
    FailedError,
    LockedError,
    MissingInputError,
    StoppedError,
    UnreadableError,
)
from eeg2vid.schemas.manifest import Manifest
from eeg2vid.schemas.settings import Execution
from eeg2vid.schemas.words import counted
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.commands import command_for, commands_before
from eeg2vid.stages.engine.context import UnitContext
from eeg2vid.stages.engine.device import limited_threads, resolve_device
from eeg2vid.stages.engine.fingerprint import choice_versions, plugins_of
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.others import behind_for_others, may_be_waited_for
from eeg2vid.stages.engine.plan import Identity, Judge, Verdict
from eeg2vid.stages.engine.protocol import Reporter
from eeg2vid.stages.engine.settings import protocol_of
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.store.code import package_digest
from eeg2vid.stages.store.disk import disk_failure, room_left
from eeg2vid.stages.store.files import is_interrupted, restore
from eeg2vid.stages.store.layout import split_variant, unit_subject
from eeg2vid.stages.store.locks import alive
from eeg2vid.stages.store.work import DamagedPartError, Work

_LOOK_SECONDS = 0.5  # between looks at whether another process is still at work
_SOFTWARE = ("eeg2vid", "torch", "numpy", "scipy", "mne", "diffusers", "zarr")


@dataclass(frozen=True)
class Outcome:
    """What happened to a unit; `left`: why it was left as it is though it could be made anew."""

    verdict: Verdict
    ran: bool
    seconds: float = 0.0
    missing_parts: int = 0
    left: str = ""


class Runner:
    """Makes units, one at a time, in the order given."""

    def __init__(self, study: Study, subjects: Sequence[str], execution: Execution, reporter: Reporter) -> None:
        self.study = study
        self.execution = execution
        self.reporter = reporter
        self.judge = Judge(study, subjects)
        self._shared: Path | None = None  # work that others may be at under the same identity

    def make(self, node: Node) -> Outcome:
        """Make one unit unless it is already done.

        One that was not asked for by name, but by `run` or by those that need it, may be another process's work: it
        is waited for.

        Raises
        ------
        MissingInputError
            If an input is missing or stale; the hint holds the commands that make it.
        UnreadableError
            If an input cannot be read, or what is there: only --force replaces it.
        LockedError
            If another process is making a unit that its stage's own command asked for and there is nothing to share,
            or makes it otherwise.
        StoppedError
            If a signal asked to stop.
        """
        while True:
            self._shared = None
            try:
                return self._make(node)
            except LockedError:
                if self._shared is None or not may_be_waited_for(self.judge, node):
                    raise
                self._wait_for(node, self._shared)

    def _wait_for(self, node: Node, folder: Path) -> None:
        """Wait until nobody is at work in a work folder: it is committed then, or its process failed or died."""
        holders = alive(folder)
        if holders:
            self.reporter.remark(f"{node} is being made by {holders[0]}: waiting for it.")
        while alive(folder):
            stopping.check(saved=True)
            time.sleep(_LOOK_SECONDS)

    def _make(self, node: Node) -> Outcome:
        folders = [address.folder(self.study.root) for address in self.judge.outputs(node)]
        if any(is_interrupted(folder) for folder in folders):
            with self._work_of(node).unit_lock():
                for folder in folders:
                    restore(folder)
        verdict = self.judge.judge(node)
        done = verdict.state in ("done", "imported") and not self.execution.force
        behind = None if done else behind_for_others(self.judge, node)
        own = {unit_subject(address.unit) for address in verdict.missing} & {None, *self.judge.subjects}
        if behind and verdict.missing and not own:
            return Outcome(verdict, ran=False, left=behind)
        if verdict.missing:
            raise _cannot(self.judge, node, verdict)
        if verdict.state == "damaged" and not self.execution.force:
            raise _unreadable(self.judge, node)
        if done:
            self._work_of(node).tidy()
            return Outcome(verdict, ran=False)
        if behind:
            self.reporter.remark(f"{node} tells of others too, and {behind}; without --subject all is made anew.")
        started = time.perf_counter()
        try:
            missing = self._work(node, self.judge.identity(node))
        except Eeg2VidError:
            raise
        except Exception as error:
            if isinstance(error, OSError) or disk_failure(error):
                raise failure(node, error, self.study.root) from error
            raise
        self.judge.forget(node)
        seconds = time.perf_counter() - started
        self._log(node, seconds)
        return Outcome(verdict, ran=True, seconds=seconds, missing_parts=missing)

    def _work_of(self, node: Node, fingerprint: str = "") -> Work:
        """Return a unit's work; waiting for another process ends when this one is asked to stop."""
        return Work(
            self.study.root / "artifacts" / node.stage / node.variant / node.unit,
            fingerprint,
            shard=self.execution.shard_of,
            look=lambda: stopping.check(saved=True),
            tell=self.reporter.remark,
        )

    def _work(self, node: Node, identity: Identity) -> int:
        """Make the parts that are left, then commit if none is missing; return how many are."""
        stage = self.study.stages[node.stage]
        work = self._work_of(node, identity.fingerprint)
        with work.present() as remarks:
            for remark in remarks:
                self.reporter.remark(remark)
            self._shared = work.folder
            work.describe(identity.record() | {"begun": _now()})
            with contextlib.nullcontext(True) if stage.divided else work.alone() as here:
                if not here:
                    return 1
                if self._made_meanwhile(node, identity):
                    return 0
                try:
                    return self._make_parts(node, identity, work)
                except DamagedPartError as error:  # the others are whole, and are kept
                    self.reporter.remark(error.message)
                    return self._make_parts(node, identity, work)

    def _make_parts(self, node: Node, identity: Identity, work: Work) -> int:
        stage = self.study.stages[node.stage]
        ctx = UnitContext(
            self.study,
            node,
            identity.resolved.settings,
            self.study.inputs(node, self.judge.subjects),
            device=resolve_device(self.execution.device) if stage.uses_torch else "cpu",
            reporter=self.reporter,
            execution=self.execution,
        )
        ctx.work = work
        ctx.inputs.expect(identity.inputs, identity.sources, identity.models)
        with limited_threads(self.execution.threads):
            started = time.perf_counter()
            try:
                stage.run(ctx)
            except StoppedError as error:
                raise _stopped(node, stage, work, error) from error
            except KeyboardInterrupt as error:
                error.add_note(_kept(stage, work, saved=work.has_states()))
                raise
            finally:
                ctx.close()
            seconds = time.perf_counter() - started
        if missing := work.missing():
            if work.shard[1] > 1:
                return len(missing)
            raise LockedError(
                f"{node}: other processes are making what is left, {counted(len(missing), 'part')}.",
                "Wait for them; whoever finishes last commits.",
            )
        self._commit(ctx, identity, seconds)
        return 0

    def _commit(self, ctx: UnitContext, identity: Identity, seconds: float) -> None:
        """Assemble and commit every role, unless another process has just done so."""
        assert ctx.work is not None
        self._shared = None
        with ctx.work.unit_lock():
            if self._made_meanwhile(ctx.node, identity):
                return
            ctx.inputs.check()
            facts = self._facts(ctx, identity, seconds)
            for address in self.judge.outputs(ctx.node):
                if self._is_kept(self.judge.manifest(address)):
                    continue
                writer = ctx.write(address.role)
                writer.take_parts(ctx.work, address.role)
                writer.commit({**facts, "role": address.role}, self.execution.container)
            ctx.work.finish()

    def _made_meanwhile(self, node: Node, identity: Identity) -> bool:
        """Tell whether another process has just committed the same."""
        self.judge.forget(node)
        manifests = [self.judge.manifest(address) for address in self.judge.outputs(node)]
        same = all(m and (self._is_kept(m) or m.fingerprint == identity.fingerprint) for m in manifests)
        return same and not self.execution.force and not self.judge.newcomers(node)

    def _is_kept(self, manifest: Manifest | None) -> bool:
        """Tell whether an artifact was imported: only --force replaces it."""
        return bool(manifest and manifest.provenance == "imported" and not self.execution.force)

    def _facts(self, ctx: UnitContext, identity: Identity, seconds: float) -> dict[str, Any]:
        node = ctx.node
        inputs = [
            self.judge.manifest(address)
            for group in self.study.inputs(node, self.judge.subjects).values()
            for address in group
        ]
        table = self.study.recipe.published_table(node.stage, split_variant(node.variant)[0])
        own = protocol_of(table, identity.resolved.settings)
        return {
            "stage": node.stage,
            "stage_version": ctx.stage.version,
            "variant": node.variant,
            "unit": node.unit,
            "protocol": _protocol(own, [m.protocol for m in inputs if m]),
            "stamps": tuple(sorted(ctx.stamps.union(*(m.stamps for m in inputs if m)))),
            "settings": identity.resolved.dump(),
            "origins": identity.resolved.origins_of_values(),
            "choices": choice_versions(identity.resolved.settings),
            "plugins": plugins_of(identity.resolved.settings),
            "inputs": identity.inputs,
            "sources": identity.sources,
            "source_root": str(self.study.source) if ctx.stage.takes_source else None,
            "models": identity.models,
            "fingerprint": identity.fingerprint,
            "created": _now(),
            "seconds": round(seconds, 3),
            "software": {"python": platform.python_version(), "code": package_digest()}
            | {name: _version(name) for name in _SOFTWARE},
            "execution": {"device": ctx.device, "threads": self.execution.threads},
        }

    def _log(self, node: Node, seconds: float) -> None:
        folder = self.study.root / "logs"
        line = {"at": _now(), "unit": str(node), "seconds": round(seconds, 3)}
        try:
            folder.mkdir(exist_ok=True)
            with (folder / "units.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:  # the artifact is committed: a lost line is no failure
            why = disk_failure(error, folder) or str(error)
            self.reporter.remark(f"{node}: not noted in {folder / 'units.jsonl'}: {why}")


def _cannot(judge: Judge, node: Node, verdict: Verdict) -> Eeg2VidError:
    """Return the error for a unit whose inputs cannot be used; it names what is behind it that cannot be read."""
    first, more = verdict.reasons[0], len(verdict.reasons) - 1
    also = f" (and {more} more)" if more else ""
    commands = commands_before(judge, [node])
    hint = "Run first:\n  " + "\n  ".join(commands) if commands else None
    if broken := next(filter(None, map(judge.damage_behind, verdict.missing)), None):
        return UnreadableError(f"{node} cannot be made: {broken.message}", hint, found=broken.found)
    return MissingInputError(f"{node} cannot be made: {first}{also}.", hint)


def _stopped(node: Node, stage: Stage, work: Work, error: StoppedError) -> StoppedError:
    """Return the error for a unit that was asked to stop: where it was, and what is kept of it."""
    place = ", ".join(filter(None, (str(node), error.place)))
    inside = bool(error.saved and error.place)
    said = "Its state is saved, and it goes on there. " if inside else ""
    return stopping.stopped(said + _kept(stage, work, saved=inside), place=place, saved=error.saved)


def _kept(stage: Stage, work: Work, *, saved: bool) -> str:
    """Say what is left of a unit that ends before its time; `saved`: the state of a training in the part at work."""
    on = "the part at work goes on from its last save" if saved else "the part at work begins again"
    if work.count < 2:
        return f"Finished artifacts are kept; {on}."
    what = f" ({stage.divided} each)" if stage.divided else ""
    return f"Kept of this unit: {work.count - len(work.missing())} of {work.count} parts{what}; {on}."


def _unreadable(judge: Judge, node: Node) -> UnreadableError:
    error = next(filter(None, map(judge.unreadable, judge.outputs(node))))
    command = command_for(judge.study, node.stage, node.unit, node.variant, force=True)
    hint = f"It is left alone. {error.hint}\n  {command}"
    return UnreadableError(f"{node}: {error.message}", hint, found=error.found)


def failure(node: Node, error: Exception, folder: Path | None = None) -> FailedError:
    """Return the error for a unit that the disk or the system stopped while it was made in a folder."""
    what = disk_failure(error, folder) or str(error)
    room = room_left(error, folder) if folder else ""
    return FailedError(
        f"{node} failed: {what}. Nothing half-written was kept; earlier artifacts are intact.",
        room + "Finished parts are kept: mend that and run the same command again.",
    )


def _protocol(own: str | None, inherited: list[str | None]) -> str | None:
    kinds = {kind for kind in [own, *inherited] if kind is not None}
    return next(iter(kinds), None) if len(kinds) < 2 else "mixed"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
