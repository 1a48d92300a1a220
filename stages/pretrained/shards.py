"""Weights in several files: each file must hold what the index says, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from safetensors import SafetensorError, safe_open

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.words import counted, plural

_HINT = "Not all files are there, or they are damaged: fetch them anew, `eeg2vid weights fetch`."


def check_shards(name: str, folder: Path, *, index_first: bool) -> None:
    """Refuse shards that are not what their index says; nothing to do where the weights are one file.

    A library that believes the index takes a weight for loaded that no file holds, and leaves it random.

    Parameters
    ----------
    name
        Of the model, for messages.
    folder
        Of the model; each `*.safetensors.index.json` in it is checked.
    index_first
        Whether the library reads the shards even where the whole file stands beside the index, as diffusers does;
        transformers reads the whole file then, and its index is let be.

    Raises
    ------
    BadDataError
        It names the first weight that a file lacks, or that the index does not know.
    """
    for index in sorted(folder.glob("*.safetensors.index.json")):
        if is_foreign(index.name):
            continue
        if not index_first and (folder / index.name.removesuffix(".index.json")).is_file():
            continue
        try:
            places: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
            told = {(shard, weight) for weight, shard in places.items()}
            held = {(shard, weight) for shard in set(places.values()) for weight in _weights(folder / shard)}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise BadDataError(f"The {name} in {folder} cannot be loaded: {first}", _HINT) from error
        for fault, wrong in (("missing from their files", told - held), ("not in the index", held - told)):
            if wrong:
                first = min(weight for _, weight in wrong)
                count = f"{counted(len(wrong), 'weight')} of {name} {plural(len(wrong), 'is')}"
                raise BadDataError(f"{folder}: {count} {fault}, the first is {first}.", _HINT)


def _weights(shard: Path) -> Iterable[str]:
    with safe_open(shard, "pt") as file:
        return list(file.keys())
