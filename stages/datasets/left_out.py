"""Channels that their unit or their signal shows to be no electrodes: which stay out, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.channels import Channel, Selection, listed_names
from eeg2vid.stages.datasets.code_lines import Line

_TITLE = "electrodes whose signal is no brain's"


def unlike_check(selection: Selection, where: str) -> list[Check]:
    """Return a warning that names the channels left out because their unit is no voltage."""
    if not selection.unlike:
        return []
    return [
        Check(
            item=f"channels that are none by unit left out, {where}",
            found=f"{listed_names(selection.unlike)}; if they are electrodes, name them in study.toml, electrodes: eeg",
            expected="V, mV, uV or nV",
            verdict="warning",
        )
    ]


def line_checks(lines: Sequence[Line], channels: Sequence[Channel], where: str) -> list[Check]:
    """Return a warning for what a recording's signals show to be no electrodes; what is asked for is only told."""
    words: dict[str, list[str]] = {"": [], "channels.tsv": [], "study.toml": []}
    names = []
    for line in lines:
        channel = channels[line.electrode]
        words[channel.asked].append(f"{channel.name} ({line.words})")
        names += [] if channel.asked else [repr(channel.name)]
    told = {
        "": f"left out; if they are electrodes, study.toml, electrodes: eeg = [{', '.join(names)}]",
        "channels.tsv": "kept, for channels.tsv calls them EEG; study.toml, electrodes: drop, leaves them out",
        "study.toml": "kept, as study.toml says",
    }
    return [
        Check(
            item=f"{_TITLE}, {where}",
            found=f"{listed_names(found)}; {told[by]}",
            expected="EEG",
            verdict="ok" if by == "study.toml" else "warning",
        )
        for by, found in words.items()
        if found
    ]


def seed_line_check(lines: Sequence[tuple[int, Line]], electrodes: Sequence[str], where: str) -> list[Check]:
    """Return a warning for what is no brain's among electrodes that the layout fixes; `lines` are of blocks."""
    if not lines:
        return []
    found = [f"{electrodes[line.electrode]}, block {block} ({line.words})" for block, line in lines]
    return [Check(item=f"{_TITLE}, {where}", found=listed_names(found), expected="EEG", verdict="warning")]


def electrodes_left(lines: Sequence[Sequence[Line]], channels: Sequence[Sequence[Channel]], whose: str) -> list[int]:
    """Return the places of the electrodes that stay: those that no recording shows to be none, and those asked for.

    Parameters
    ----------
    lines, channels
        Of each of a person's recordings, whose electrodes stand in one order.
    whose
        Words for the message.

    Raises
    ------
    BadDataError
        If no EEG electrode stays.
    """
    out = {
        line.electrode
        for found, known in zip(lines, channels, strict=True)
        for line in found
        if not known[line.electrode].asked
    }
    left = [place for place in range(len(channels[0])) if place not in out]
    if not any(channels[0][place].kind == "eeg" for place in left):
        names = [channels[0][place].name for place in sorted(out)]
        raise BadDataError(
            f"{whose}: no electrode is left; the signals of {listed_names(names)} are codes or steps.",
            "If they are electrodes, name them in study.toml, [electrodes] eeg.",
        )
    return left
