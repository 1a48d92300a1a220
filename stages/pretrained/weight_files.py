"""Weights of networks that are written out here: from a .safetensors file, or all such files of a folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.pretrained.loading import refuse_other_weights

Tensors = dict[str, torch.Tensor]
Names = Sequence[tuple[str, str | None]]  # pattern of a name in a file, what it is called here; None: passed over


def read_weights(path: Path, what: str) -> Tensors:
    """Return the tensors of a file, or of all files of a folder together, by name.

    Parameters
    ----------
    path
        A `.safetensors` file, or a folder that holds some. Pickled weights are never loaded.
    what
        Name of the network, for errors.

    Raises
    ------
    MissingPackageError
        If there is no such file.
    BadDataError
        If a file cannot be read, or two of them hold a tensor of one name.
    """
    files = [path] if path.is_file() else sorted(one for one in path.glob("*.safetensors") if not is_foreign(one.name))
    if not files:
        raise MissingPackageError(
            f"No {what} in {path}: there is no .safetensors file.",
            "Name the file or its folder in a profile of your own: [roles.<role>] file = '...'",
        )
    found: Tensors = {}
    for file in files:
        try:
            held = load_file(file)
        except (OSError, SafetensorError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise BadDataError(f"The {what} in {file} cannot be loaded: {first}") from error
        if twice := sorted(found.keys() & held.keys()):
            raise BadDataError(f"{file}: weight {twice[0]} of {what} is in another file of this folder, too.")
        found |= held
    return found


def renamed(tensors: Mapping[str, torch.Tensor], names: Names) -> Tensors:
    """Return tensors under the names that they have here, in PyTorch's order of axes.

    Kernels of Flax and TensorFlow, `(..., in, out)`, become `(out, in, ...)`. What no pattern fits keeps its name, so
    that it is refused as foreign.
    """
    found: Tensors = {}
    for name, values in tensors.items():
        fits = ((here, match) for pattern, here in names if (match := re.fullmatch(pattern, name)))
        here, match = next(fits, (name, None))
        if here is None:
            continue
        if name.endswith("kernel"):
            values = values.permute(-1, -2, *range(values.ndim - 2))
        found[match.expand(here) if match else name] = values.float()
    return found


def put_weights(model: torch.nn.Module, tensors: Tensors, what: str, path: Path) -> None:
    """Give a network its weights, every one and no other.

    Raises
    ------
    BadDataError
        If weights are missing, foreign, of another shape or not finite. The first is named.
    """
    own = model.state_dict()
    shapes = [name for name in tensors.keys() & own.keys() if tensors[name].shape != own[name].shape]
    fitting = {name: values for name, values in tensors.items() if name not in shapes}
    keys = model.load_state_dict(fitting, strict=False)
    told = {"unexpected_keys": keys.unexpected_keys, "mismatched_keys": shapes, "missing_keys": keys.missing_keys}
    refuse_other_weights(what, path, model, told, ())
    model.requires_grad_(False)
    model.eval()
