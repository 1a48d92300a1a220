"""The device and the threads of a computation."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.words import counted


def resolve_device(wanted: str) -> str:
    """Turn 'auto' into what there is; refuse what there is not."""
    if wanted == "cpu":
        return "cpu"
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted.startswith("cuda"):
        index = int(wanted.partition(":")[2] or 0)
        if not torch.cuda.is_available() or index >= torch.cuda.device_count():
            raise UsageError(
                f"--device {wanted}: PyTorch sees {counted(torch.cuda.device_count(), 'CUDA device')}.",
                "Run `eeg2vid doctor`.",
            )
    elif wanted == "mps" and not torch.backends.mps.is_available():
        raise UsageError("--device mps: PyTorch sees no Metal device.", "Run `eeg2vid doctor`.")
    return wanted


@contextlib.contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """Hold every numerical library to a number of threads: sums are divided among them, so last digits depend on it."""
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    import threadpoolctl

    with threadpoolctl.threadpool_limits(threads):
        yield
