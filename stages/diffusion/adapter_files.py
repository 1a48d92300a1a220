"""What an inflated UNet keeps on disk: its settings, and the values of its adapter."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from eeg2vid.schemas.errors import BadDataError, MissingInputError
from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.schemas.words import counted, plural

CONFIG = "config.json"
WEIGHTS = "adapter.safetensors"
_HINT = "These are values for another UNet, or not all of them: tune it anew, `eeg2vid finetune-video`."


def save_adapter(adapter: nn.Module, folder: Path) -> None:
    """Write the values of an adapter, in float32 whatever it computes in."""
    values = {name: value.detach().float().cpu().contiguous() for name, value in adapter.state_dict().items()}
    save_file(values, folder / WEIGHTS, metadata={"format": "pt"})


def read_config(folder: Path, base: str) -> InflationSettings:
    """Return how a network was inflated.

    Raises
    ------
    MissingInputError
        If there is no config.
    BadDataError
        If it cannot be read, or tells of another picture network than `base`.
    """
    path = _present(folder, CONFIG)
    try:
        told = json.loads(path.read_text())
        of = told.pop("base")
        settings = InflationSettings(**{name: value for name, value in told.items() if not name.startswith("_")})
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise BadDataError(f"{path} is not the config of an inflated UNet: {str(error).splitlines()[0]}.") from error
    if of != base:
        raise BadDataError(
            f"{folder} was tuned on the UNet {of or 'without identity'}, expected {base or 'one without identity'}.",
            "Choose the model profile that it was tuned with.",
        )
    return settings


def load_adapter(adapter: nn.Module, folder: Path) -> None:
    """Give an adapter the values that were saved, all of them and no others.

    Raises
    ------
    MissingInputError
        If there is no file.
    BadDataError
        If values are missing, foreign, of another shape or not finite. The first is named.
    """
    path = _present(folder, WEIGHTS)
    try:
        found = load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadDataError(f"{path} cannot be read: {error}.") from error
    wanted = adapter.state_dict()
    for verbs, what, names in (
        (("is", "are"), "missing", wanted.keys() - found.keys()),
        (("is", "are"), "of no such network", found.keys() - wanted.keys()),
        (
            ("has", "have"),
            "another shape",
            {name for name in wanted.keys() & found.keys() if wanted[name].shape != found[name].shape},
        ),
        (("is", "are"), "not finite", {name for name, value in found.items() if not bool(torch.isfinite(value).all())}),
    ):
        if first := min(names, default=None):
            fault = f"{counted(len(names), 'tensor')} {plural(len(names), *verbs)} {what}"
            raise BadDataError(f"{path}: {fault}, the first is {first}.", _HINT)
    adapter.load_state_dict(found)


def _present(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise MissingInputError(f"No inflated UNet in {folder}: {name} is absent.", "Run: eeg2vid finetune-video")
    return folder / name
