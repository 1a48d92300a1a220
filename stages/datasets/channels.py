"""Channels become electrodes by name: makers' decorations go, spellings meet, order and number no longer matter."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from eeg2vid.schemas.electrodes import electrode_key
from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.channel_names import is_electrode, on_the_head, says_other
from eeg2vid.stages.datasets.protocol import ELECTRODES
from eeg2vid.stages.datasets.tables import to_label

Kind = Literal["eeg", "eog"]
_NOWHERE = "of unknown place"  # what is left out though the file calls it EEG
_SHOWN = 12  # names that a row lists before it only counts
# "EEG Fp1-Ref", "EEG FP1-LE" (EDF), "Fc5." (PhysioNet): signal type before, reference behind, dots to fill the field
_PREFIX = re.compile(r"^EEG[ _-]+(?=\D)", re.IGNORECASE)
_REFERENCE = re.compile(r"[ _]*-[ _]*(ref|le|ar|avg|car)$", re.IGNORECASE)


class ElectrodeWishes(BaseModel):
    """What a study says about its channels (`[electrodes]` of study.toml)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rename: Mapping[str, str] = Field({}, description="name in the file = name of the electrode")
    drop: tuple[str, ...] = Field((), description="channels to leave out")
    eog: tuple[str, ...] = Field((), description="channels beside the eyes")
    eeg: tuple[str, ...] = Field(
        (), description="channels that are electrodes, whatever their names, types, units or signals say"
    )
    unit: Literal["V", "mV", "uV", "nV"] | None = Field(None, description="of channels whose file gives no unit")

    @field_validator("rename")
    @classmethod
    def _labels(cls, names: Mapping[str, str]) -> Mapping[str, str]:
        for old, new in names.items():
            if to_label(new) != new:
                raise ValueError(f"{old!r} cannot be called {new!r}: names are letters, digits and . _ + -")
        return names

    @model_validator(mode="after")
    def _one_kind(self) -> ElectrodeWishes:
        both = [name for name in self.eeg if name in (*self.eog, *self.drop)]
        if both:
            raise ValueError(f"eeg names {both[0]!r}, and so does {'eog' if both[0] in self.eog else 'drop'}")
        return self


@dataclass(frozen=True)
class Channel:
    """One channel that is kept.

    Attributes
    ----------
    row
        Its place in the file, from 0.
    name
        As the file has it.
    electrode
        As it is called from here on.
    kind
        `eeg`, or `eog` beside the eyes.
    asked
        Who says that it is one, whatever its signal looks like: `study.toml`, `channels.tsv` or nobody.
    """

    row: int
    name: str
    electrode: str
    kind: Kind
    asked: Literal["study.toml", "channels.tsv", ""] = ""

    @property
    def key(self) -> tuple[Kind, str]:
        """Return what two recordings' channels of one electrode share."""
        return self.kind, electrode_key(self.electrode)


@dataclass(frozen=True)
class Selection:
    """The channels of one file: those kept, EEG before EOG in the file's order, and those left out by type.

    `told` are those that the file calls EEG, but whose names say that they are not; `nowhere` those that it calls EEG,
    but of which nothing says where on the head they are; `unlike` those whose units are no voltages.
    """

    channels: tuple[Channel, ...]
    left_out: Mapping[str, tuple[str, ...]]
    unmet: tuple[str, ...]
    told: tuple[str, ...] = ()
    nowhere: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()

    def rows(self) -> dict[str, str]:
        """Return what is worth telling: title of a check row -> text."""
        renamed = [f"{c.name} -> {c.electrode}" for c in self.channels if c.name != c.electrode]
        out = [f"{len(names)} {kind} ({listed_names(names)})" for kind, names in self.left_out.items()]
        told = {
            "channels renamed": listed_names(renamed),
            "channels left out": "; ".join(out),
            "channels called EEG that are none by name": listed_names(self.told),
        }
        return {title: text for title, text in told.items() if text}


def plain_name(name: str) -> str:
    """Remove what makers put around an electrode's name: `EEG Fp1-Ref`, `EEG FP1-LE`, `Fc5.`.

    `EEG 001` stays: a number alone would say less.
    """
    plain = _PREFIX.sub("", _REFERENCE.sub("", name.strip().rstrip(".")))
    return plain or name


def select_channels(
    names: Sequence[str],
    types: Sequence[str],
    wishes: ElectrodeWishes,
    where: str,
    placed: Sequence[bool] = (),
    listed: bool = False,
    twins: Mapping[int, str] | None = None,
    units: Sequence[str | None] = (),
) -> Selection:
    """Choose and name the channels of one file.

    Parameters
    ----------
    names, types
        Of every channel; types as MNE calls them.
    wishes
        What the study says; it is matched with the file's name first, then with the plain name in any spelling.
    where
        The file, for the message.
    placed
        Whether the file says where on the head a channel is; by default it says so of none.
    listed
        Whether a person listed the electrodes, so that no place on the head is needed to believe in them.
    twins
        Place of each channel whose name its reader numbered, because another has it too, and the name it had.
    units
        Words for a unit that no electrode has, such as `in degC`; None for what may be one, as all are by default.

    Raises
    ------
    BadDataError
        If no EEG channel is left, or two channels are one electrode.
    """
    rename = _Lookup(wishes.rename)
    drop, eog, eeg = (_Lookup(dict.fromkeys(wish, "")) for wish in (wishes.drop, wishes.eog, wishes.eeg))
    had = [(twins or {}).get(row, name) for row, name in enumerate(names)]
    plain = [plain_name(name) for name in had]
    kept: list[Channel] = []
    told: list[str] = []
    nowhere: list[str] = []
    unlike: list[str] = []
    known = _known(plain, types)
    left_out: dict[str, list[str]] = defaultdict(list)
    given = zip(names, types, placed or [False] * len(names), units or [None] * len(names), strict=True)
    for row, (name, declared, at, unit) in enumerate(given):
        wanted = rename.find(name)
        asked = "eog" if eog.find(name, wanted) is not None else "eeg" if eeg.find(name, wanted) is not None else None
        kind = asked or declared
        if asked is None and (other := _told_kind(had[row], declared, wanted, plain, at)) is not None:
            kind = other
            if declared == "eeg":
                told.append(f"{name} ({kind})")
        elif asked is None and unit is not None and kind in ("eeg", "eog") and wanted is None:
            kind = unit
            unlike.append(f"{name} ({unit})")
        elif asked is None and kind == "eeg" and wanted is None and not (listed or at or known[row]):
            kind = _NOWHERE
        if drop.find(name, wanted) is not None:
            left_out["dropped"].append(name)
        elif kind == "eeg" or kind == "eog":
            called = wanted or to_label(plain[row])
            kept.append(
                Channel(row, name, called, "eeg" if kind == "eeg" else "eog", "study.toml" if asked is not None else "")
            )
        else:
            left_out[str(kind)].append(name)
            if kind == _NOWHERE:
                nowhere.append(name)
    if not any(channel.kind == "eeg" for channel in kept):
        counted: dict[str, int] = defaultdict(int)
        for kind in types:
            counted[kind] += 1
        found = ", ".join(f"{n} {kind}" for kind, n in counted.items()) or "no channel"
        said = [f"; by name {listed_names(told)}"] if told else []
        said += [f"; nowhere on the head {listed_names(nowhere)}"] if nowhere else []
        said += [f"; by unit {listed_names(unlike)}"] if unlike else []
        raise BadDataError(
            f"{where} has no EEG channel; found {found}{''.join(said)}.",
            "Set the channel types, or name the electrodes in study.toml, [electrodes] eeg.",
        )
    refuse_twins(kept, where)
    channels = tuple(sorted(kept, key=lambda channel: (channel.kind == "eog", channel.row)))
    unmet = (*rename.unmet("rename"), *drop.unmet("drop"), *eog.unmet("eog"), *eeg.unmet("eeg"))
    by_kind = {kind: tuple(names) for kind, names in left_out.items()}
    return Selection(channels, by_kind, unmet, tuple(told), tuple(nowhere), tuple(unlike))


def _known(plain: Sequence[str], types: Sequence[str]) -> list[bool]:
    """Return which channels their names place on the head, among those that the file calls EEG."""
    eeg = [row for row, kind in enumerate(types) if kind == "eeg"]
    found = dict(zip(eeg, on_the_head([plain[row] for row in eeg]), strict=True))
    return [found.get(row, True) for row in range(len(types))]


def _told_kind(name: str, declared: str, wanted: str | None, beside: Sequence[str], placed: bool) -> str | None:
    """Return what a channel's name, in the file or as the study renames it, says against the file's type."""
    if declared not in ("eeg", "misc") or (wanted is not None and is_electrode(wanted)):
        return None
    found = (says_other(plain_name(called), beside, placed) for called in (name, wanted) if called is not None)
    told = next((kind for kind in found if kind is not None), None)
    # an eye tracker is rightly misc
    believed = told in ("eog", "ecg", "emg") and "eye" not in name.casefold()
    return told if declared == "eeg" or believed else None


def refuse_twins(channels: Sequence[Channel], where: str) -> None:
    """Check that no two channels are one electrode.

    Raises
    ------
    BadDataError
        If two are; the message names both.
    """
    seen: dict[str, Channel] = {}
    for channel in channels:
        other = seen.setdefault(electrode_key(channel.electrode), channel)
        if other is not channel:
            a, b = (f"{c.name!r} (channel {c.row + 1})" for c in (other, channel))
            raise BadDataError(
                f"{where}: {a} and {b} are both electrode {channel.electrode}.",
                "Rename or drop one of them in study.toml, [electrodes].",
            )


def common_order(channels: Sequence[Sequence[Channel]], files: Sequence[str]) -> tuple[list[list[int]], list[Check]]:
    """Find the electrodes that all recordings of a subject share, in the first recording's order.

    Parameters
    ----------
    channels
        Those of each recording.
    files
        Their names, for the messages.

    Returns
    -------
    For each recording, the places of the shared electrodes among its channels; rows that say which recordings have
    another order, and which electrodes of which recordings are left out.

    Raises
    ------
    BadDataError
        If the recordings share no EEG electrode.
    """
    places = [{channel.key: place for place, channel in enumerate(one)} for one in channels]
    shared = [key for key in places[0] if all(key in other for other in places)]
    for file, other in zip(files, places, strict=True):
        if not any(kind == "eeg" for kind, _ in places[0].keys() & other.keys()):
            there, here = (listed_names([c.electrode for c in channels[at]]) for at in (0, files.index(file)))
            raise BadDataError(
                f"{file} shares no electrode with {files[0]}: {there} there, {here} here.",
                "Are the channels named alike? study.toml, [electrodes] rename, gives them other names.",
            )
    if not any(kind == "eeg" for kind, _ in shared):
        raise BadDataError(f"The recordings {', '.join(files)} have no electrode that all of them share.")
    checks = []
    orders = [[place[key] for key in shared] for place in places]
    moved = [file for file, order in zip(files, orders, strict=True) if order != sorted(order)]
    if moved:
        found = f"another order than {files[0]}; put in that order by name"
        checks.append(Check(item=f"electrode order, {listed_names(moved)}", found=found, expected="any", verdict="ok"))
    for file, one in zip(files, channels, strict=True):
        extra = [channel.electrode for channel in one if channel.key not in shared]
        if extra:
            checks.append(
                Check(
                    item=f"electrodes left out, {file}",
                    found=f"{len(extra)} that not all of the subject's recordings have: {listed_names(extra)}",
                    expected="the same electrodes in all",
                    verdict="warning",
                )
            )
    return orders, checks


def cap_check(electrodes: Sequence[str], where: str) -> list[Check]:
    """Return a warning if most electrodes of SEED-DV's 62-electrode cap are there, but not all."""
    found = {electrode_key(name) for name in electrodes}
    missing = [name for name in ELECTRODES if electrode_key(name) not in found]
    if not missing or len(missing) > len(ELECTRODES) // 2:
        return []
    return [
        Check(
            item=f"electrodes of the SEED cap, {where}",
            found=f"{len(missing)} of {len(ELECTRODES)} missing: {listed_names(missing)}",
            expected="all, where a network or region asks for them",
            verdict="warning",
        )
    ]


def nowhere_check(selection: Selection, where: str) -> list[Check]:
    """Return a warning that names the channels left out because nothing says where on the head they are."""
    if not selection.nowhere:
        return []
    named = ", ".join(repr(name) for name in selection.nowhere[:_SHOWN])
    return [
        Check(
            item=f"channels of unknown place left out, {where}",
            found=f"{listed_names(selection.nowhere)}; if they are electrodes, study.toml, electrodes: eeg = [{named}]",
            expected="a 10-05 name or a position",
            verdict="warning",
        )
    ]


class _Lookup:
    """Names that a study gives, found by a file's name as it is, or by the plain name in any spelling."""

    def __init__(self, wishes: Mapping[str, str]) -> None:
        self._wishes = wishes
        self._plain = {electrode_key(plain_name(name)): name for name in wishes}
        self._met: set[str] = set()

    def find(self, name: str, renamed: str | None = None) -> str | None:
        keys = [self._plain.get(electrode_key(plain_name(n))) for n in (name, renamed) if n]
        wish = name if name in self._wishes else next((key for key in keys if key is not None), None)
        if wish is None:
            return None
        self._met.add(wish)
        return self._wishes[wish]

    def unmet(self, title: str) -> list[str]:
        return [f"{title} {name!r}" for name in self._wishes if name not in self._met]


def listed_names(names: Sequence[str]) -> str:
    """Return names in a row, the first dozen of many."""
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
