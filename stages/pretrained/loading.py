"""Pretrained models of the transformers library from a folder: offline, silent, complete or refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError

from eeg2vid.schemas.errors import BadDataError, MissingPackageError, UsageError

Precision = Literal["float32", "float16", "bfloat16"]
_FETCH = "Try: eeg2vid weights fetch"


def load_pretrained(kind: Any, folder: Path, device: str = "cpu", **given: Any) -> Any:
    """Load a model from a folder, never from the network, with every weight or not at all.

    Parameters
    ----------
    kind
        A model class of transformers.
    folder
        Holds `config.json` and `model.safetensors` (or its shards). Weights of other parts of a larger model are
        passed over: CLIP's image encoder is read from the whole CLIP.
    device
        Where it computes. Weights are kept in float32; see `computing` for less.
    given
        Passed on to `from_pretrained`.

    Raises
    ------
    MissingPackageError
        If the folder holds no config or no weights.
    BadDataError
        If the files do not make such a model, or lack some of its weights.
    """
    if not (folder / "config.json").is_file():
        raise MissingPackageError(f"No {kind.__name__} in {folder}: config.json is absent.", _FETCH)
    if not any(folder.glob("*.safetensors")):
        raise MissingPackageError(f"No {kind.__name__} in {folder}: there is no .safetensors file.", _FETCH)
    with quiet():
        try:
            model, found = kind.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True, dtype=torch.float32,
                **given,
            )  # fmt: skip
        except (ValueError, OSError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise BadDataError(f"The {kind.__name__} in {folder} cannot be loaded: {first}") from error
    if missing := sorted(found["missing_keys"]):
        raise BadDataError(
            f"{folder}: {len(missing)} weights of {kind.__name__} are missing, the first is {missing[0]}.",
            "These are weights of another model, or not all of them.",
        )
    model.requires_grad_(False)
    return model.to(device).eval()


def load_tokenizer(folder: Path, kind: Any = None) -> Any:
    """Load a tokenizer from a folder, never from the network.

    Parameters
    ----------
    folder
        Holds its vocabulary and `tokenizer_config.json`.
    kind
        A tokenizer class of transformers; None: the one that the folder's configs name.

    Raises
    ------
    MissingPackageError
        If there is no tokenizer.
    BadDataError
        If its files cannot be read.
    """
    from transformers import AutoTokenizer

    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json", "vocab.txt")):
        raise MissingPackageError(
            f"No tokenizer in {folder}: tokenizer.json, vocab.json and vocab.txt are absent.", _FETCH
        )
    with quiet():
        try:
            return (kind or AutoTokenizer).from_pretrained(folder, local_files_only=True)
        except Exception as error:  # the Rust library behind it raises a plain Exception
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise BadDataError(f"The tokenizer in {folder} cannot be loaded: {first}") from error


@contextlib.contextmanager
def computing(device: str, precision: Precision) -> Iterator[None]:
    """Compute without gradients; in mixed precision unless it is float32.

    Weights stay float32, matrix products and convolutions run in the lower precision, sums and norms do not
    (torch's autocast).

    Raises
    ------
    UsageError
        If the device has no such arithmetic.
    """
    with torch.inference_mode():
        if precision == "float32":
            yield
            return
        try:
            mixed = torch.autocast(torch.device(device).type, dtype=getattr(torch, precision))
        except RuntimeError as error:
            raise UsageError(f"Device {device} cannot compute in {precision}.", "Use `precision` float32.") from error
        with mixed:
            yield


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from drawing bars and warning of weights that are passed over on purpose."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
