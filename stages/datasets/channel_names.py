"""What a channel's name says about it: electrodes of the 10-05 system, and what amplifiers call that is no brain.

Most formats have no channel types, so that eyes, triggers and photodiodes come out of a file as EEG; they know what was
shown without any brain.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Literal

import numpy as np

from eeg2vid.stages.datasets.montage import electrode_positions

# where an electrode sits: HEOGL, VEOGup, HEOGli, EOGhorizontal
_AT = (
    "(?:l|r|h|v|u|o|d|s|i|p|n|a|b|re|ri|li|lo|up|ul|ur|ll|lr|ob|un|la|ra|abs|ref|pos|neg|left|right|upper|lower|top|"
    "bottom|sup|inf|above|below|hor|ver|hori|vert|horiz|horizontal|vertical|links|rechts|oben|unten|diff|bip)"
)
# Kind -> words, without digits, that say it alone. By source: SEED and Neuroscan caps (HEO, VEO, TRIGGER, EKG), Brain
# Products and EASYCAP manuals (HEOGli, VEOGo, LO1, IO1, SO1, x_dir, GSR_MR_100, Photo Sensor, BIP2AUX), BioSemi (EXG1,
# GSR1, Erg1, Resp, Plet, Temp, Ana1, CMS, DRL, Status), AASM manual 2.6 and EDF's list of standard texts (LOC, ROC,
# Chin, LAT, RAT, Airflow, Thor, Abd, SaO2, Pleth, Snore), TUH EEG (LUC, RLC, EKG1, PHOTIC, DC1, RESP1), Nihon Kohden
# (DC01, OSAT, Mark1), Natus (TRIG, DIF1, Pulse), EGI (DIN1, COM), ANT (BIP1), Emotiv (COUNTER, GYROX, RAW_CQ, MARKER),
# MNE (STI 014, EDF Annotations), BIDS (channel types).
_WORDS = {
    "eog": f"{_AT}{{0,2}}eogs?{_AT}{{0,2}} [hv]eo{_AT}? loc roc [lr]eye eye(?:s|l|r|left|right)? blinks? auge "
    "[lr][ul]c ocular canthus electrooculogram",
    "emg": f"{_AT}?emgs?{_AT}? (?:sub)?chin (?:sub)?mental(?:is)? [lr]at [lr]?legs? [lr]?arms? tib(?:ialis)? "
    "zyg(?:omaticus)? corr(?:ugator)? masseter",
    "ecg": f"{_AT}?(?:ecg|ekg)s?{_AT}?",
    "stim": "sti stims? stim(?:ulus|uli|ulation|code|trak) trigs? trig(?:ger)?(?:s|in|out|code)? status markers? "
    "marks? mrk mkr events? evt dins? ttl digital annotations? sync lpt button keys? response codes? udio",
    "photodiode": "phot[a-z]* [a-z]*diode pd light[a-z]* lux lum(?:inance)? opto flash strobe screen",
    "resp": "resp(?:i|ir|iration|iratory|iratoire)? breath(?:ing)? atmung thor(?:ax|acic|a)? abd(?:o|omen|ominal|om)? "
    "air flow airflow nasal oronasal therm(?:o|istor)? cannula effort chest belt snor(?:e|ing) ribcage cpap "
    "ptaf npress",
    "gsr": "gsr eda scr scl galvanic skin",
    "motion": "acc[xyz]? accel(?:s|erom(?:eter)?|eration)?[xyz]? gyr(?:o|oscope)?[xyz]? magnetometer imu "
    "quat(?:ernion)? motion tilt [xyz]dir jerk posture actigraphy",
    "temperature": "temp temperature tmp celsius",
    "bio": "s[ap]o osat oxi[a-z]* puls(?:e[a-z]*)? ppg pleth?[a-z]* bvp hr ihr rr pr heart(?:rate)? etco capno bp",
    "audio": "audio[a-z]* mics? microphone sound speech voice wav",
    "misc": "batt?(?:ery)? count(?:er)? cnt sample(?:s|number|counter)? packet timestamps? time clock interpolated cq "
    "rawcq quality impedance aux(?:iliary)? exg ext? bip(?:olar)? ana(?:log)? adc dc cms drl gaze pupil[a-z]* misc "
    "unused empty gnd ground com ibi bursts suppr dif ergo? force joystick mouse",
}
# ... and whole names that say it: lateral, infra- and supraorbital electrodes of EASYCAP and BESA, TUH's PG; axes; gas
_WHOLE = {
    "eog": "[lis]o[12] pg[12]",
    "motion": "[xyz] [xyz][_.-]?(?:dir|axis) mag[_.-]?[xyz]",
    "bio": "(?:et|tcp?|p)?co2 s[ap]o2",
}
# polysomnography's eyes; beside an E3 they are numbers of an EGI or BioSemi net
_AASM_EYE, _OTHER_NUMBER = re.compile(r"E[12]", re.IGNORECASE), re.compile(r"E(?:[3-9]|[1-9]\d+)", re.IGNORECASE)
# prefixed, postfixed and primed names between those of 10-20 (pF5, C3a, C3'); electrodes that standard_1005 lacks:
# anterior temporal, EASYCAP's lower occipital, those on and above the nasion
_OLDER = re.compile(r"[aip]?([a-z]+?(?:\d+h?|z))(?:[ap]|'{1,2})?", re.IGNORECASE)
_UNPLACED = re.compile(r"t[12]|o9|o10|n(?:fp)?(?:[12]h?|z)", re.IGNORECASE)
# numbers of a device's electrodes: BioSemi, EGI, EASYCAP, MGH, OpenBCI; fewer than that are no cap
_NUMBERED = re.compile(r"(EEG|E|CH|CHAN|CHANNEL|[A-I]|)[ _-]*\d+", re.IGNORECASE)
_FEWEST = 4
_AMBIGUOUS = ("a1", "a2", "m1", "m2", "i1", "i2")  # numbers of inputs and models just as well
_WRAPPED = re.compile(r"^(?:EEG|POL|BIP)[ _-]+(?=\S)", re.IGNORECASE)
_PART = re.compile(r"[-/]+")
_RUN = re.compile(r"[a-z]+", re.IGNORECASE)
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def says_other(name: str, beside: Collection[str] = (), placed: bool = False) -> str | None:
    """Return what a name says that is no brain: `eog`, `stim`, `photodiode`, ...; None if it may be an electrode.

    Parameters
    ----------
    name
        Without makers' decorations.
    beside
        The names of all channels, without them too: among numbered electrodes `E1` is one of them.
    placed
        Whether the recording says where on the head it is: it decides where names alone could mean either.
    """
    name = _plain(name)
    if is_electrode(name):
        return None
    first, *rest = [part.strip() for part in _PART.split(name)]
    # an eye electrode against an ear, or against its fellow
    alone = first if all(is_electrode(part) or _AASM_EYE.fullmatch(part) for part in rest) else name
    if not placed:
        if _AASM_EYE.fullmatch(alone) and not any(_OTHER_NUMBER.fullmatch(_plain(other)) for other in beside):
            return "eog"
        whole = next((kind for kind, fits in _table("whole") if fits(alone.casefold())), None)
        if whole is not None:
            return whole
    runs = [run.casefold() for run in _RUN.findall(name)]
    # PhotoSensor, leftEOG; short pieces say nothing
    pieces = [piece.casefold() for piece in _CAMEL.findall(name) if len(piece) > 2]
    squeezed = "".join(runs)
    return next(
        (kind for kind, fits in _table("words") if any(fits(word) for word in (squeezed, *runs, *pieces))), None
    )


def is_electrode(name: str) -> bool:
    """Return whether a name is an electrode of the 10-05 system, or the difference of two: `Cz`, `C3-A2`."""
    parts = _PART.split(name)
    return len(parts) < 3 and bool(np.isfinite([electrode_positions([part]) for part in parts]).all())


def on_the_head(names: Sequence[str]) -> list[bool]:
    """Return which names say where on the head a channel is, or belong to a numbered cap.

    They hold an electrode of the 10-05 system (`Cz`, `C3-A1A2`, `Fp1 raw`) or of the older systems that MNE knows, or
    are a device's numbers (`A1` to `D32`, `E1` to `E256`, `EEG 001`, `Ch 1`) where these are most of the channels: the
    few numbers beside a cap of names may be anything.
    """
    plain = [_plain(name) for name in names]
    bauer = any(re.fullmatch("[bdeh]z", name.casefold()) for name in plain)
    series: dict[str, int] = defaultdict(int)
    found = [_NUMBERED.fullmatch(name) for name in plain]
    for match in found:
        if match:
            series[match[1].casefold()] += 1
    counted = [match is not None and series[match[1].casefold()] >= _FEWEST for match in found]
    named = [_holds_electrode(name, bauer) for name in plain]
    most = sum(counted) > sum(known and not number for known, number in zip(named, counted, strict=True))
    return [known or (number and most) for known, number in zip(named, counted, strict=True)]


def _holds_electrode(name: str, bauer: bool) -> bool:
    first = _PART.split(name)[0].strip()
    if bauer and re.fullmatch("[bdeh](z|[1-9])", first.casefold()):
        return True
    older = _OLDER.fullmatch(first)
    if is_electrode(first) or (older and (_UNPLACED.fullmatch(older[1]) or is_electrode(older[1]))):
        return True
    words = [word.casefold() for word in re.split(r"[\W_]+", name)]
    return len(words) > 1 and any(is_electrode(word) for word in words if word not in _AMBIGUOUS)


def _plain(name: str) -> str:
    return _WRAPPED.sub("", name.strip())


@cache
def _table(which: Literal["words", "whole"]) -> tuple[tuple[str, Callable[[str], object]], ...]:
    table = _WORDS if which == "words" else _WHOLE
    return tuple((kind, re.compile(words.replace(" ", "|")).fullmatch) for kind, words in table.items())
