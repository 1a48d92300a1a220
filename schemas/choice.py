"""Choices that carry themselves: a network, a generator, an eye is its settings, told apart by a literal `name`."""

from __future__ import annotations

from typing import ClassVar

from eeg2vid.schemas.settings import Settings


class Choice(Settings):
    """Settings of one choice, and what the rest of the program must know of it.

    Attributes
    ----------
    version
        Raised when a fix changes results: only what was made with this choice is then made again.
    builds
        "package.module:Class", imported when it is used.
    cites
        Keys of citations.
    roles
        Models of the profile that it uses.
    """

    name: str
    version: ClassVar[int] = 1
    builds: ClassVar[str] = ""
    cites: ClassVar[tuple[str, ...]] = ()
    roles: ClassVar[tuple[str, ...]] = ()
