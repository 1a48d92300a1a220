"""Decoders on disk: a folder with config.json, model.safetensors and scaler.safetensors. Never pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from eeg2vid.schemas.absent import absent
from eeg2vid.schemas.errors import BadDataError, Eeg2VidError, MissingInputError
from eeg2vid.schemas.manifest import PluginRef
from eeg2vid.schemas.networks import NETWORKS, TrainingSettings
from eeg2vid.schemas.plugins import code_of, owner_of
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.context import BuildContext
from eeg2vid.stages.networks.decoder import Decoder

FORMAT = 2
_AGAIN = "Train the model anew, or restore the folder."


def save_decoder(folder: Path, decoder: Decoder) -> None:
    """Write a fitted decoder into a folder, which is made if needed; the same decoder gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    config = json.dumps({"format": FORMAT, **decoder.config()}, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "config.json").write_text(config + "\n", encoding="utf-8")
    for name, state in (("model", decoder.state()), ("scaler", decoder.scaler_state())):
        arrays = {key: np.array(values, order="C") for key, values in sorted(state.items())}
        save_file(arrays, folder / f"{name}.safetensors")


def load_decoder(folder: Path, target: str = "") -> Decoder:
    """Read a decoder, ready to predict.

    Parameters
    ----------
    folder
        What `save_decoder` wrote, today or in format 1.
    target
        Name of the target in a folder of format 1, which does not tell; the folder's name if not given.

    Raises
    ------
    BadDataError
        If a file is missing or damaged, or the arrays do not fit the configuration.
    MissingPackageError
        If its network is of a package that is not installed.
    MissingInputError
        If that package's code is no longer what trained it.
    """
    config = _config(folder / "config.json", target or folder.name)
    _require_its_code(folder, config)
    try:
        context = BuildContext.from_json(config["context"])
        settings = NETWORKS[config["network"]["name"]].model_validate(config["network"])
        decoder = build(settings, context=context, training=TrainingSettings.model_validate(config["training"]))
        decoder.people = tuple(config["people"])
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        what = f"{error.error_count()} settings do not fit" if isinstance(error, ValidationError) else repr(error)
        raise BadDataError(f"{folder / 'config.json'} does not describe a decoder: {what}.", _AGAIN) from error
    state, scaler = _arrays(folder / "model.safetensors"), _arrays(folder / "scaler.safetensors")
    try:
        decoder.load(state, scaler)
    except Eeg2VidError as error:
        raise BadDataError(f"{folder}: {error.message}", error.hint) from error
    return decoder


def _require_its_code(folder: Path, config: dict[str, Any]) -> None:
    """Refuse a decoder of another package's network unless that code is here which trained it."""
    if "plugin" not in config:
        return
    made_by, name = PluginRef.model_validate(config["plugin"]), config["network"]["name"]
    choice = NETWORKS.get(name)
    if choice is None:
        NETWORKS.require_sound(name)
        raise absent("network", name, made_by)
    owner = owner_of(choice)
    if owner is None or (str(owner), code_of(choice)) != (str(made_by), made_by.sha256):
        raise MissingInputError(
            f"{folder} was trained by network '{name}' of package {made_by}; here it is of {owner or 'eeg2vid itself'}"
            f"{', with other code' if str(owner) == str(made_by) else ''}.",
            f"Train it anew, or go back: pip install {made_by.package}=={made_by.version}",
        )


def _config(path: Path, target: str) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadDataError(f"{path} cannot be read: {error}.", _AGAIN) from error
    found = config.get("format") if isinstance(config, dict) else None
    if found not in (1, FORMAT):
        raise BadDataError(f"{path} has format {found!r}, expected {FORMAT} or 1.", _AGAIN)
    try:
        return _from_format_1(config, target) if found == 1 else dict(config)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadDataError(f"{path} does not describe a decoder: {error!r}.", _AGAIN) from error


def _from_format_1(config: dict[str, Any], target: str) -> dict[str, Any]:
    """Return a configuration of format 1, which knew one target without a name and one person, as today's."""
    kind = "label" if config["classes"] else "value"
    one = {"name": target, "kind": kind, "classes": config["classes"], "shape": config["target"]}
    context = {
        "inputs": config["inputs"],
        "targets": [one],
        "electrodes": [[name] for name in config["electrodes"]],
        "sfreq_hz": None,
        "units": {},
        "subjects": [],
    }
    training = {key: value for key, value in config["training"].items() if key != "seed"}  # nothing read it
    return {"network": config["network"], "training": training, "context": context, "people": []}


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        arrays: dict[str, NDArray[np.generic]] = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise BadDataError(f"{path} cannot be read: {error}.", _AGAIN) from error
    return arrays
