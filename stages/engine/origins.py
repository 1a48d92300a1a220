"""Where each value of a stage's settings comes from, down to the nested ones: `network.width` of `network`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DEFAULT = "default"
_NAME = "name of the choice"  # beside what was said of it; no setting is called so


def origins_of(values: Any, defaults: Mapping[str, Any], layers: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the layer that decided each value.

    Parameters
    ----------
    values
        The settings as they came out: a table, nested.
    defaults
        The settings where no layer says anything: a choice that a layer names anew keeps nothing of what lower layers
        said of another.
    layers
        Layer name to the settings it states, later ones winning.

    Returns
    -------
    Layer by dotted key, 'default' where none stated it. A list is one value.
    """
    said: dict[str, Any] = {}
    for layer, stated in layers.items():
        for key, value in stated.items():
            said[key] = _lay(said.get(key), defaults.get(key), value, layer)
    return {path: _found(said, path) for path in _paths(values)}


def _lay(below: Any, default: Any, above: Any, layer: str) -> Any:
    """Return who said what after one more layer: a table of names, or a name for all of it."""
    if not isinstance(above, Mapping):
        return layer
    known = below if isinstance(below, dict) else {}
    before = known.get(_NAME) or (default.get("name") if isinstance(default, Mapping) else None)
    if "name" in above and above["name"] != before:
        known = {}
    inner = default if isinstance(default, Mapping) else {}
    laid = {**known, **{key: _lay(known.get(key), inner.get(key), value, layer) for key, value in above.items()}}
    return {**laid, _NAME: above["name"]} if "name" in above else laid


def _found(said: Mapping[str, Any], path: str) -> str:
    here: Any = said
    for key in path.split("."):
        if not isinstance(here, Mapping):
            break
        here = here.get(key, DEFAULT)
    return here if isinstance(here, str) else DEFAULT


def _paths(values: Any, prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _paths(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
