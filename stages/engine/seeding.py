"""Seeds: a hash of (root, stage, subject, fold, ...), so an array of jobs gives the same bytes as one."""

from __future__ import annotations

import hashlib


def derive_seed(root: int, *parts: str | int) -> int:
    """Return a 63-bit seed that depends on every part and on nothing else."""
    text = "\x1f".join([str(root), *(str(part) for part in parts)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
