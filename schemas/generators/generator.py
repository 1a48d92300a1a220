"""What the settings of every generator have in common."""

from __future__ import annotations

from typing import ClassVar

from eeg2vid.schemas.choice import Choice


class Generator(Choice):
    """Settings of a generator: what turns predictions into videos.

    Attributes
    ----------
    targets
        Targets with values that it makes videos from; all of them must have been decoded.
    without
        Those that it can do without: under a condition that takes them away it is not given them.
    """

    targets: ClassVar[tuple[str, ...]] = ()
    without: ClassVar[tuple[str, ...]] = ()
