"""What makes weights acceptable: all of them, none besides, each of its shape, every value finite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from eeg2vid.schemas.errors import BadDataError, MissingPackageError

FETCH = "Try: eeg2vid weights fetch"
_HINT = "These are weights of another model, or not all of them, or a damaged copy: fetch or copy them again."
_COMPUTED = "position_ids"  # a buffer that older files carry and today's models make for themselves


def require_files(name: str, folder: Path, weights: str) -> None:
    """Refuse a folder without config or weights, and shards that are not what their index says.

    Parameters
    ----------
    name
        Of the model, for messages.
    weights
        Name of the file of weights; `<weights>.index.json` stands for one in shards.

    Raises
    ------
    MissingPackageError
        If there are none.
    BadDataError
        If a shard lacks a tensor that the index says is there, or holds one of which it says nothing.
    """
    index = folder / f"{weights}.index.json"
    if not (folder / "config.json").is_file():
        raise MissingPackageError(f"No {name} in {folder}: config.json is absent.", FETCH)
    if (folder / weights).is_file():
        return
    if not index.is_file():
        raise MissingPackageError(f"No {name} in {folder}: {weights} is absent.", FETCH)
    try:
        places: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        told = {(shard, tensor) for tensor, shard in places.items()}
        held = {(shard, tensor) for shard in set(places.values()) for tensor in _tensors(folder / shard)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise BadDataError(f"The {name} in {folder} cannot be loaded: {_first_line(error)}", _HINT) from error
    _refuse(name, folder, "missing from their shards", [tensor for _, tensor in told - held])
    _refuse(name, folder, "in a shard but not in its index", [tensor for _, tensor in held - told])


def _tensors(shard: Path) -> Iterable[str]:
    with safe_open(shard, "pt") as file:
        return list(file.keys())


def check_weights(model: Any, found: Mapping[str, Any], folder: Path, passed_over: tuple[str, ...] = ()) -> None:
    """Refuse a loaded model that is not wholly and only what its file holds.

    The library's own account is taken, not the names in the file: it knows which names of older files it renames and
    which weights are tied.

    Parameters
    ----------
    model
        A torch module, loaded with `ignore_mismatched_sizes=True`.
    found
        What `from_pretrained` returns for `output_loading_info=True`.
    folder
        Where the weights come from, for messages.
    passed_over
        Beginnings of the names of weights that belong to other parts of a larger model.

    Raises
    ------
    BadDataError
        It names the first weight, by name, that is missing, foreign, of another shape, or not finite.
    """
    name = type(model).__name__
    buffers = [buffer for buffer, _ in model.named_buffers() if buffer.endswith(_COMPUTED)]
    foreign = [
        key
        for key in found["unexpected_keys"]
        if not key.startswith(passed_over) and not any(f".{key}".endswith(f".{buffer}") for buffer in buffers)
    ]
    reshaped = {str(key): (tuple(stored), tuple(wanted)) for key, stored, wanted in found["mismatched_keys"]}
    _refuse(name, folder, "missing", set(found["missing_keys"]) - reshaped.keys(), foreign)
    _refuse(name, folder, "foreign to it", foreign)
    if reshaped:
        key, (stored, wanted) = min(reshaped.items())
        raise BadDataError(
            f"{folder}: {_counted(len(reshaped), name)} of another shape, first {key}: expected {wanted},"
            f" found {stored}.",
            _HINT,
        )
    if problems := [str(text) for text in found.get("error_msgs", ())]:
        raise BadDataError(f"The {name} in {folder} cannot be loaded: {problems[0].strip()}", _HINT)
    state = model.state_dict()
    _refuse(name, folder, "not finite", [key for key, value in state.items() if not bool(value.isfinite().all())])


def cannot_load(name: str, folder: Path, error: Exception) -> BadDataError:
    """Return the error for files that a library could not make a model of."""
    return BadDataError(f"The {name} in {folder} cannot be loaded: {_first_line(error)}", _HINT)


def _refuse(name: str, folder: Path, fault: str, keys: Iterable[str], foreign: Iterable[str] = ()) -> None:
    wrong, others = sorted(keys), sorted(foreign)
    if wrong:
        also = f" {_counted(len(others), '')} foreign to it, first {others[0]}." if others else ""
        raise BadDataError(f"{folder}: {_counted(len(wrong), name)} {fault}, first {wrong[0]}.{also}", _HINT)


def _counted(count: int, name: str) -> str:
    of = f" of {name}" if name else ""
    return f"1 weight{of} is" if count == 1 else f"{count} weights{of} are"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
