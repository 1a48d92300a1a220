"""Mixed precision, with gradients."""

from __future__ import annotations

from typing import Any

import torch

from eeg2vid.schemas.errors import UsageError


def computing(device: str, precision: str) -> Any:
    """Return a context in which matrix products and convolutions run in a lower precision (torch's autocast).

    Raises
    ------
    UsageError
        If the device has no such arithmetic.
    """
    kind = torch.device(device).type
    try:
        return torch.autocast(kind, dtype=getattr(torch, precision), enabled=precision != "float32")
    except RuntimeError as error:
        raise UsageError(f"Device {device} cannot compute in {precision}.", "Use `precision` float32.") from error
