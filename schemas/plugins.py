"""Choices of other packages: a table of ours, and behind it what entry points bring, loaded when it is asked for.

An installed package says in its metadata which settings classes it has (`[project.entry-points."eeg2vid.networks"]`,
`lstm = "their_package.settings:LstmSettings"`). Nothing of it is imported before one of its names is looked up or all
names are listed; a fault of one package is kept as a sentence and concerns nobody else.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Generic, Literal, TypeVar

from eeg2vid.schemas.choice import Choice
from eeg2vid.schemas.errors import MissingPackageError
from eeg2vid.schemas.manifest import PluginRef
from eeg2vid.schemas.source_files import digest_of, root_of

C = TypeVar("C", bound=Choice)

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_BUILDS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Owner:
    """The installed package that brings a choice."""

    package: str
    version: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


@dataclass(frozen=True)
class Brought(Generic[C]):
    """What one entry point brings: a settings class, or why it cannot be used."""

    kind: str
    name: str
    owner: Owner
    choice: type[C] | None = None
    fault: str = ""


_OWNERS: dict[type[Choice], Owner] = {}
_CODE: dict[type[Choice], str] = {}


def owner_of(choice: type[Choice]) -> Owner | None:
    """Return the package that brings a choice, None for one of our own."""
    return _OWNERS.get(choice)


class ChoiceTable(MutableMapping[str, type[C]], Generic[C]):
    """A table of choices: our own by name, then those of other packages.

    A name of our own is looked up without looking at any package, another loads what brings that name. Iterating, as
    help and did-you-mean do, loads all. What has a fault is left out; `faults` says why.

    Parameters
    ----------
    kind
        What a choice is, in a word: 'network'.
    group
        Of the entry points: 'eeg2vid.networks'.
    base
        Of which every settings class is a subclass.
    own
        Our own, by name.
    says
        The class variable that says what it takes, which must not be empty: 'learns'.
    known
        What that may name; nothing: anything.
    """

    def __init__(
        self, kind: str, group: str, base: type[C], own: dict[str, type[C]], *, says: str, known: tuple[str, ...] = ()
    ) -> None:
        self.kind, self.group, self._base, self._own = kind, group, base, own
        self._says, self._known = says, known
        self._points: dict[str, list[metadata.EntryPoint]] | None = None
        self._loaded: dict[str, Brought[C]] = {}

    def __getitem__(self, name: str) -> type[C]:
        if name in self._own:
            return self._own[name]
        found = self._brought(name)
        if found is None or found.choice is None:
            raise KeyError(name)
        return found.choice

    def __setitem__(self, name: str, choice: type[C]) -> None:
        self._own[name] = choice

    def __delitem__(self, name: str) -> None:
        del self._own[name]

    def __iter__(self) -> Iterator[str]:
        yield from [*self._own, *(name for name in self._named() if name not in self._own and name in self)]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def brought(self) -> list[Brought[C]]:
        """Return all that packages bring, by name, with their faults."""
        return [one for name in self._named() if (one := self._brought(name)) is not None]

    def require_sound(self, name: object) -> None:
        """Refuse a name whose package has a fault; a name that nobody brings is not this function's affair.

        Raises
        ------
        MissingPackageError
            Naming the package and the reason.
        """
        found = self._brought(name) if isinstance(name, str) and name not in self._own else None
        if found is not None and found.fault:
            raise MissingPackageError(
                f"{self.kind.capitalize()} '{name}' of package {found.owner} cannot be used: {found.fault}",
                "Mend or update that package; `eeg2vid doctor` names all that are broken.",
            )

    def look_anew(self) -> None:
        """Forget what packages bring: one was installed while this process runs."""
        self._points, self._loaded = None, {}

    def _named(self) -> dict[str, list[metadata.EntryPoint]]:
        """Return the entry points by name, nothing loaded."""
        if self._points is None:
            found: dict[str, list[metadata.EntryPoint]] = {}
            for point in metadata.entry_points(group=self.group):
                found.setdefault(point.name, []).append(point)
            self._points = dict(sorted(found.items()))
        return self._points

    def _brought(self, name: str) -> Brought[C] | None:
        if name not in self._loaded and (points := self._named().get(name)):
            self._loaded[name] = self._one_of(name, points)
        return self._loaded.get(name)

    def _one_of(self, name: str, points: list[metadata.EntryPoint]) -> Brought[C]:
        owners = {str(_owner(point)): _owner(point) for point in points}
        owner = _owner(points[0])
        if name in self._own:
            fault = f"eeg2vid itself has a {self.kind} of this name, and uses it. {owner} must rename its own."
            return Brought(self.kind, name, owner, fault=fault)
        if len(owners) > 1:  # which comes first depends on a path alone
            both = f"{' and '.join(sorted(owners))} each bring a {self.kind} of this name. Uninstall one."
            return Brought(self.kind, name, owner, fault=both)
        where = points[0].value
        try:
            choice = points[0].load()
        except (Exception, SystemExit) as error:  # whatever their module does when it is imported, it is theirs alone
            said = (str(error).splitlines() or [""])[0]
            fault = f"{where} cannot be imported ({type(error).__name__}: {said})."
            return Brought(self.kind, name, owner, fault=fault)
        own = f"{where} is eeg2vid's own." if choice in self._own.values() else ""
        if fault := own or self.fault_of(name, where, choice):
            return Brought(self.kind, name, owner, fault=fault)
        _OWNERS[choice] = owner
        return Brought(self.kind, name, owner, choice)

    def fault_of(self, name: str, where: str, choice: Any) -> str:
        """Say in what a settings class breaks the contract that our own keep; empty: in nothing."""
        if not (isinstance(choice, type) and issubclass(choice, self._base)) or choice is self._base:
            base = f"{self._base.__module__}.{self._base.__name__}"
            return f"{where} is no {self.kind}: expected a subclass of {base}."
        field = choice.model_fields["name"]
        if typing.get_origin(field.annotation) is not Literal or field.default != name:
            return f'{where} needs `name: Literal["{name}"] = "{name}"`, as its entry point is called.'
        if not _NAME.fullmatch(name):
            return f"'{name}' is no name: expected small letters, digits and hyphens."
        if not _BUILDS.fullmatch(choice.builds):
            return f"{where}: `builds` is {choice.builds!r}, expected 'package.module:Class'."
        said, known = getattr(choice, self._says), self._known
        if not said:
            return f"{where}: `{self._says}` is empty; it says what the {self.kind} takes."
        if known and set(said) - set(known):
            wrong = sorted(set(said) - set(known))[0]
            return f"{where}: `{self._says}` names '{wrong}', expected {', '.join(known)}."
        if not isinstance(choice.version, int) or choice.version < 1:
            return f"{where}: `version` is {choice.version!r}, expected a whole number from 1."
        if not (choice.__doc__ or "").strip():
            return f"{where} has no docstring; its first sentence is shown by --help."
        required = [one for one, info in choice.model_fields.items() if info.is_required()]
        if required:
            return f"{where}: setting '{required[0]}' has no default; `--{self.kind} {name}` alone must do."
        silent = [one for one, info in choice.model_fields.items() if one != "name" and not info.description]
        if silent:
            return f"{where}: setting '{silent[0]}' has no description; --help shows it."
        return ""


def code_of(choice: type[Choice]) -> str:
    """Return the digest of all files of the package that brings a choice: of its settings and of what it builds.

    Read once per process, as our own: a process works with the code that it started with.
    """
    if choice not in _CODE:
        modules = (choice.__module__, choice.builds.partition(":")[0])
        roots = {root_of(module) for module in modules}
        _CODE[choice] = digest_of(sorted(roots - {"eeg2vid"}))
    return _CODE[choice]


def reference_of(value: Choice) -> PluginRef | None:
    """Return what a manifest says of a choice of another package, None for one of our own."""
    choice = type(value)
    owner = owner_of(choice)
    if owner is None:
        return None
    planned = {name: _plain(getattr(value, name)) for name in choice.planned}
    return PluginRef(package=owner.package, version=owner.version, sha256=code_of(choice), planned=planned)


def _plain(value: Any) -> Any:
    """Return an attribute, or what a method says, as JSON values."""
    value = value() if callable(value) else value
    return sorted(value) if isinstance(value, frozenset | set) else list(value) if isinstance(value, tuple) else value


def _owner(point: metadata.EntryPoint) -> Owner:
    dist = point.dist
    return Owner(str(dist.name or "?"), str(dist.version or "?")) if dist else Owner("?", "?")
