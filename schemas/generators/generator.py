"""What the settings of every generator have in common."""

from __future__ import annotations

from typing import ClassVar

from eeg2vid.schemas.choice import Choice

CLIPS_TOGETHER = 20


class Generator(Choice):
    """Settings of a generator: what turns predictions into videos.

    Attributes
    ----------
    targets
        Targets that it may make videos from.
    without
        Those that it can do without: under a condition that takes them away it is not given them.
    """

    targets: ClassVar[tuple[str, ...]] = ()
    without: ClassVar[tuple[str, ...]] = ()
    planned: ClassVar[tuple[str, ...]] = (
        "roles", "targets", "without", "reads_targets", "also_reads", "draws", "together",
    )  # fmt: skip

    def reads_targets(self) -> tuple[str, ...]:
        """Return the targets that it makes videos from under these settings; all of them must have been decoded."""
        return self.targets

    def also_reads(self) -> tuple[str, ...]:
        """Return the roles it reads besides: 'video_models'."""
        return ()

    def draws(self) -> int:
        """Return how many videos are made of each clip."""
        return 1

    def together(self) -> int:
        """Return how many clips it is given at a time."""
        return CLIPS_TOGETHER
