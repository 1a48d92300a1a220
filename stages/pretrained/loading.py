"""Pretrained models of transformers and diffusers from a folder: offline, silent, complete or refused."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError

from eeg2vid.schemas.errors import BadDataError, MissingPackageError, UsageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.words import counted, plural
from eeg2vid.stages.pretrained.shards import check_shards

Precision = Literal["float32", "float16", "bfloat16"]
FETCH = "Try: eeg2vid weights fetch"


_OLD_BUFFERS = ("position_ids",)  # counted in files of older transformers, made anew since


def load_pretrained(
    kind: Any,
    folder: Path,
    device: str = "cpu",
    *,
    passing: Sequence[str] = (),
    dtype: Any = torch.float32,
    **given: Any,
) -> Any:
    """Load a model from a folder, never from the network, with every weight and no other, or not at all.

    Parameters
    ----------
    kind
        A model class of transformers or diffusers.
    folder
        Holds `config.json` and a `.safetensors` file (or its shards).
    device
        Where it computes. Weights are kept in `dtype`; see `computing` for less.
    passing
        Beginnings of the names of weights that belong to other parts of a larger model and are passed over: CLIP's
        image encoder is read from the whole CLIP.
    dtype
        Of the weights; files in another one are converted.
    given
        Passed on to `from_pretrained`.

    Raises
    ------
    MissingPackageError
        If the folder holds no config or no weights.
    BadDataError
        If the files do not make such a model: weights are missing, foreign, of another shape or not finite. The
        first is named.
    """
    if not (folder / "config.json").is_file():
        raise MissingPackageError(f"No {kind.__name__} in {folder}: config.json is absent.", FETCH)
    if all(is_foreign(path.name) for path in folder.glob("*.safetensors")):
        raise MissingPackageError(f"No {kind.__name__} in {folder}: there is no .safetensors file.", FETCH)
    check_shards(kind.__name__, folder, index_first=_is_of_diffusers(kind))
    with quiet():
        try:
            model, found = kind.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True,
                ignore_mismatched_sizes=True, **{_dtype_word(kind): dtype}, **given,
            )  # fmt: skip
        except (ValueError, OSError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise BadDataError(f"The {kind.__name__} in {folder} cannot be loaded: {first}") from error
    refuse_other_weights(kind.__name__, folder, model, found, passing)
    model.requires_grad_(False)
    return model.to(device).eval()


def _dtype_word(kind: Any) -> str:
    """Return what `from_pretrained` calls the type of the weights."""
    return "torch_dtype" if _is_of_diffusers(kind) else "dtype"


def _is_of_diffusers(kind: Any) -> bool:
    return bool(kind.__module__.startswith("diffusers"))


def refuse_other_weights(name: str, folder: Path, model: Any, found: Mapping[str, Any], passing: Sequence[str]) -> None:
    """Refuse a file that holds other weights than the model has; where none is loaded, chance would stand.

    Parameters
    ----------
    name, folder
        Of the model, and where its weights are.
    model
        As loaded.
    found
        Names under `unexpected_keys`, `missing_keys` and `mismatched_keys`, as transformers tells them.
    passing
        Beginnings of names that are passed over.

    Raises
    ------
    BadDataError
        It names the first such weight.
    """
    foreign = [
        key for key in found["unexpected_keys"] if not key.startswith(tuple(passing)) and not key.endswith(_OLD_BUFFERS)
    ]
    shapes = [key if isinstance(key, str) else key[0] for key in found["mismatched_keys"]]
    odd = [key for key, value in model.state_dict().items() if not bool(torch.isfinite(value).all())]
    for verbs, what, keys in (
        (("is", "are"), "missing", set(found["missing_keys"]) - set(shapes)),
        (("has", "have"), "another shape", shapes),
        (("is", "are"), "of no such model", foreign),
        (("holds", "hold"), "values that are not finite", odd),
    ):
        if first := min(keys, default=None):
            fault = f"{counted(len(keys), 'weight')} of {name} {plural(len(keys), *verbs)} {what}"
            raise BadDataError(
                f"{folder}: {fault}, the first is {first}.",
                "These are weights of another model, or not all of them: fetch it anew, `eeg2vid weights fetch`.",
            )


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
            raise UsageError(f"Device {device} cannot compute in {precision}.", "Use `precision` float32.") from error
        with mixed:
            yield


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries from drawing bars and warning of weights that are passed over on purpose."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    diffusers = sys.modules.get("diffusers")  # whoever loads a model of it has imported it
    other = diffusers.utils.logging.get_verbosity() if diffusers else 0
    other_bars = bool(diffusers and diffusers.utils.logging.is_progress_bar_enabled())
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    if diffusers:
        diffusers.utils.logging.set_verbosity_error()
        diffusers.utils.logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
        if diffusers:
            diffusers.utils.logging.set_verbosity(other)
            if other_bars:
                diffusers.utils.logging.enable_progress_bar()
