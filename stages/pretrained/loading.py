"""Pretrained models of transformers and diffusers from a folder: offline, silent, complete or refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError

from eeg2vid.schemas.errors import BadDataError, MissingPackageError, UsageError
from eeg2vid.stages.pretrained.weights import FETCH, cannot_load, check_weights, require_files

Precision = Literal["float32", "float16", "bfloat16"]
DIFFUSION_WEIGHTS = "diffusion_pytorch_model.safetensors"
_FAILURES = (ValueError, OSError, RuntimeError, KeyError, TypeError, SafetensorError)


def load_pretrained(
    kind: Any, folder: Path, device: str = "cpu", passed_over: tuple[str, ...] = (), **given: Any
) -> Any:
    """Load a model of transformers from a folder, never from the network: complete and nothing besides, or refused.

    Parameters
    ----------
    kind
        A model class of transformers.
    folder
        Holds `config.json` and `model.safetensors` (or its shards).
    device
        Where it computes. Weights are kept in float32; see `computing` for less.
    passed_over
        Beginnings of the names of weights of other parts of a larger model: CLIP's image encoder is read from the
        whole CLIP.
    given
        Passed on to `from_pretrained`.

    Raises
    ------
    MissingPackageError
        If the folder holds no config or no weights.
    BadDataError
        If the files do not make such a model; see `check_weights`.
    """
    require_files(kind.__name__, folder, "model.safetensors")
    with quiet():
        try:
            model, found = kind.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True, dtype=torch.float32,
                ignore_mismatched_sizes=True, **given,
            )  # fmt: skip
        except _FAILURES as error:
            raise cannot_load(kind.__name__, folder, error) from error
    check_weights(model, found, folder, passed_over)
    model.requires_grad_(False)
    return model.to(device).eval()


def load_diffusion(kind: Any, folder: Path, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Any:
    """Load a model of diffusers from a folder, as `load_pretrained` does one of transformers.

    Parameters
    ----------
    kind
        A model class of diffusers.
    folder
        Holds `config.json` and `diffusion_pytorch_model.safetensors` (or its shards).
    device, dtype
        Where it computes and in what precision; weights stored as float16 are widened.

    Raises
    ------
    MissingPackageError
        If the folder holds no config or no weights.
    BadDataError
        If the files do not make such a model; see `check_weights`.
    """
    from diffusers.utils import logging

    require_files(kind.__name__, folder, DIFFUSION_WEIGHTS)
    level = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    try:
        # accelerate is optional here, and only it can load without a full copy in memory
        model, found = kind.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True, torch_dtype=dtype,
            low_cpu_mem_usage=False, ignore_mismatched_sizes=True,
        )  # fmt: skip
    except _FAILURES as error:
        raise cannot_load(kind.__name__, folder, error) from error
    finally:
        logging.set_verbosity(level)
    check_weights(model, found, folder)
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
            f"No tokenizer in {folder}: tokenizer.json, vocab.json and vocab.txt are absent.", FETCH
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
            raise UsageError(f"Device {device} cannot compute in {precision}.", "Use --precision float32.") from error
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
