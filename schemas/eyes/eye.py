"""What the settings of every eye have in common."""

from __future__ import annotations

from typing import ClassVar

from eeg2vid.schemas.choice import Choice


class Eye(Choice):
    """Settings of an eye: a judge network that looks at clips, true and decoded ones alike.

    They say what is seen; how it is computed (batch, precision) is a setting of the stage.

    Attributes
    ----------
    compares
        It says how far apart a decoded and a true clip are, and nothing of one alone: it never looks at true clips by
        themselves.
    """

    compares: ClassVar[bool] = False
