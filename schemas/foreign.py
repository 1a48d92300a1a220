"""Files that systems leave beside others: nobody wrote them, they are never data and never damage."""

from __future__ import annotations

# macOS (a companion of every file on disks of other makers, Finder), NFS and FUSE (open when deleted)
_STARTS = ("._", ".DS_Store", ".nfs", ".fuse_hidden")
_NAMES = {"thumbs.db", "desktop.ini"}  # Windows


def is_foreign(name: str) -> bool:
    """Return whether a file of this name was left by a system: `._clip.mp4`, `.DS_Store`, `.nfs0001`, `Thumbs.db`."""
    return name.startswith(_STARTS) or name.casefold() in _NAMES
