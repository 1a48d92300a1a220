"""Choices: settings told apart by a literal `name` that carry their own behaviour (networks, generators, eyes).

A table maps names to settings classes. One more line in it is one more choice, also at run time; `plugins.py` adds
those of other packages.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, GetCoreSchemaHandler, SerializationInfo, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from eeg2vid.schemas.settings import Settings


class Choice(Settings):
    """Settings of one choice of a table; a subclass gives `name` a literal type and its default.

    Attributes
    ----------
    version
        Raised when a fix changes results: only artifacts of this choice become stale.
    builds
        What is made from the settings, as 'package.module:Class', or a function that chooses a class; imported when
        used.
    cites
        Keys of the works to cite.
    roles
        Model roles of the profile that it needs.
    bibtex
        BibTeX entries of keys in `cites` that eeg2vid does not have: of choices of other packages.
    planned
        What of it decides a plan beside its settings, attributes and methods by name.
    stands_in
        Message and hint of the error where it only stands for a choice whose package is not installed.
    """

    version: ClassVar[int] = 1
    builds: ClassVar[str] = ""
    cites: ClassVar[tuple[str, ...]] = ()
    roles: ClassVar[tuple[str, ...]] = ()
    bibtex: ClassVar[str] = ""
    planned: ClassVar[tuple[str, ...]] = ("roles",)
    stands_in: ClassVar[tuple[str, str] | None] = None

    name: str

    def methods(self) -> str:
        """Return what a paper's methods say of it: a noun phrase with the settings that matter, units given."""
        return f"{self.name} ({(type(self).__doc__ or self.name).strip().splitlines()[0].rstrip('.:')})"

    @classmethod
    def built(cls) -> Any:
        """Return what `builds` names."""
        module, _, name = cls.builds.partition(":")
        return getattr(import_module(module), name)


@runtime_checkable
class GuardedTable(Protocol):
    """A table that knows of choices which cannot be used."""

    def require_sound(self, name: object) -> None:
        """Refuse a name whose package has a fault."""


@dataclass(frozen=True, eq=False)
class ChoiceOf:
    """Annotation of a settings field that holds one choice of a table: `Annotated[Network, ChoiceOf(NETWORKS)]`.

    The table is looked up when a value is validated, never before.

    Attributes
    ----------
    table
        Name to settings class.
    fits
        Which of them the field takes; None: all.
    """

    table: Mapping[str, type[Choice]]
    fits: Callable[[type[Choice]], bool] | None = None

    def members(self) -> dict[str, type[Choice]]:
        """Return the choices that the field takes, by name."""
        return {name: choice for name, choice in self.table.items() if self.fits is None or self.fits(choice)}

    def find(self, name: object) -> type[Choice] | None:
        """Return one of the choices that the field takes; of other packages only that one's is looked at.

        Raises
        ------
        MissingPackageError
            If a package brings it and it cannot be used.
        """
        choice = self.table.get(name) if isinstance(name, str) else None
        if choice is None and isinstance(self.table, GuardedTable):
            self.table.require_sound(name)
        return choice if choice is not None and (self.fits is None or self.fits(choice)) else None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by the table, serialise as the class that was chosen."""
        dump = core_schema.plain_serializer_function_ser_schema(_dump, info_arg=True)
        return core_schema.no_info_plain_validator_function(self._validate, serialization=dump)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        """Describe the choices of this moment."""
        return {"anyOf": [choice.model_json_schema() for choice in self.members().values()]}

    def _validate(self, value: Any) -> Choice:
        if isinstance(value, Choice):
            value = value if value.stands_in or type(value) is self.find(value.name) else value.model_dump()
        if isinstance(value, Choice):
            return value
        if not isinstance(value, Mapping) or "name" not in value:
            known = ", ".join(self.members())
            says = "expected a table with a name, one of {known}"
            raise PydanticCustomError("choice_unnamed", says, {"known": known})
        name = value["name"]
        choice = self.find(name)
        if choice is None:
            members = self.members()
            near = difflib.get_close_matches(str(name), members, n=1, cutoff=0.6)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(members)}."
            raise PydanticCustomError("choice_unknown", "there is no '{name}'. {hint}", {"name": name, "hint": hint})
        try:
            return choice.model_validate(value)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                error.title, [_under(name, one) for one in error.errors()]
            ) from None


def _dump(value: Choice, info: SerializationInfo) -> dict[str, Any]:
    return value.model_dump(
        mode=info.mode,
        exclude_defaults=info.exclude_defaults,
        exclude_unset=info.exclude_unset,
        exclude_none=info.exclude_none,
    )


def _under(name: str, problem: Any) -> InitErrorDetails:
    """Return a problem with the choice's name in its place, as pydantic's own unions have it."""
    details = InitErrorDetails(type=problem["type"], loc=(name, *problem["loc"]), input=problem["input"])
    if "ctx" in problem:
        details["ctx"] = problem["ctx"]
    return details


def choices_of(info: FieldInfo) -> dict[str, type[Choice]]:
    """Return the choices that a settings field takes, by name; nothing for any other field."""
    found = [one for one in info.metadata if isinstance(one, ChoiceOf)]
    return found[0].members() if found else {}


def is_brought(info: FieldInfo, name: str) -> bool:
    """Tell whether a choice of this name is here, though the field may not take it."""
    return any(name in one.table for one in info.metadata if isinstance(one, ChoiceOf))


def choices_in(settings: BaseModel) -> dict[str, Choice]:
    """Return every choice in some settings by its place: 'network glmnet'."""
    found: dict[str, Choice] = {}
    for field, value in settings:
        if isinstance(value, Choice):
            found[f"{field} {value.name}"] = value
        if isinstance(value, BaseModel):
            found |= choices_in(value)
    return found
