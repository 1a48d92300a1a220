"""Stand-ins for choices whose package is not installed: enough to plan and to look, never to make anything."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from eeg2vid.schemas.choice import Choice
from eeg2vid.schemas.errors import MissingPackageError
from eeg2vid.schemas.manifest import PluginRef


def stand_in(base: type[Choice], kind: str, name: str, of: PluginRef) -> type[Choice]:
    """Return a settings class that takes any settings and says of a plan what the absent choice said.

    Parameters
    ----------
    base
        What the field takes: `Network`, `Generator`.
    kind
        The field, in a word: 'network'.
    name
        Of the choice.
    of
        What a manifest says of it.
    """
    error = absent(kind, name, of)
    body: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": f"Stands for what is absent: {error.message}",
        "model_config": ConfigDict(extra="allow"),
    }
    found: type[Choice] = type(f"Absent{base.__name__}", (base,), body)
    found.stands_in = (error.message, error.hint or "")
    for key, said in of.planned.items():
        if hasattr(base, key):
            setattr(found, key, _as_said(getattr(base, key), said))
    return found


def absent(kind: str, name: str, of: PluginRef) -> MissingPackageError:
    """Return the error of a choice whose package is not installed."""
    return MissingPackageError(
        f"{kind.capitalize()} '{name}' of package {of} is not installed.", f"pip install {of.package}=={of.version}"
    )


def _as_said(of_base: Any, said: Any) -> Any:
    """Return what was said, as the base class has it: a method, a set or a tuple."""
    if isinstance(of_base, frozenset):
        return frozenset(said)
    value = tuple(said) if isinstance(said, list) else said
    return (lambda self: value) if callable(of_base) else value
