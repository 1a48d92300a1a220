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

from eeg2vid.schemas.errors import BadDataError, Eeg2VidError
from eeg2vid.schemas.networks import TrainingSettings
from eeg2vid.stages.networks.decoder import Context, Decoder
from eeg2vid.stages.networks.table import NETWORKS, build

FORMAT = 1
_AGAIN = "Train the model anew, or restore the folder."


def save_decoder(folder: Path, decoder: Decoder) -> None:
    """Write a fitted decoder into a folder, which is made if needed; the same decoder gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    config = json.dumps({"format": FORMAT, **decoder.config()}, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "config.json").write_text(config + "\n", encoding="utf-8")
    for name, state in (("model", decoder.state()), ("scaler", decoder.scaler_state())):
        arrays = {key: np.array(values, order="C") for key, values in sorted(state.items())}
        save_file(arrays, folder / f"{name}.safetensors")


def load_decoder(folder: Path) -> Decoder:
    """Read a decoder, ready to predict.

    Raises
    ------
    BadDataError
        If a file is missing or damaged, or the arrays do not fit the configuration.
    """
    config = _config(folder / "config.json")
    try:
        settings_type = NETWORKS[config["network"]["name"]][0]
        context = Context(
            inputs={name: tuple(shape) for name, shape in config["inputs"].items()},
            classes=tuple(config["classes"]),
            target=tuple(config["target"]),
            electrodes=tuple(config["electrodes"]),
        )
        settings = settings_type.model_validate(config["network"])
        decoder = build(settings, context=context, training=TrainingSettings.model_validate(config["training"]))
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        what = f"{error.error_count()} settings do not fit" if isinstance(error, ValidationError) else repr(error)
        raise BadDataError(f"{folder / 'config.json'} does not describe a decoder: {what}.", _AGAIN) from error
    state, scaler = _arrays(folder / "model.safetensors"), _arrays(folder / "scaler.safetensors")
    try:
        decoder.load(state, scaler)
    except Eeg2VidError as error:
        raise BadDataError(f"{folder}: {error.message}", error.hint) from error
    return decoder


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadDataError(f"{path} cannot be read: {error}.", _AGAIN) from error
    found = config.get("format") if isinstance(config, dict) else None
    if found != FORMAT:
        raise BadDataError(f"{path} has format {found!r}, expected {FORMAT}.", _AGAIN)
    return dict(config)


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        arrays: dict[str, NDArray[np.generic]] = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise BadDataError(f"{path} cannot be read: {error}.", _AGAIN) from error
    return arrays
