"""Cleaning settings that cannot be done on these recordings, each refused with a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from eeg2vid.schemas.cleaning import CleaningSettings
from eeg2vid.schemas.electrodes import electrode_key, places_of
from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.words import counted

AVERAGE = "average"
NOTCH_EDGE_HZ = 0.5  # MNE's notch falls over half of its transition of 1 Hz on either side
_NEAR_THE_EYES = ("FP1", "FPZ", "FP2", "AF7", "AF8")


def is_average(settings: CleaningSettings) -> bool:
    """Tell whether the average of all electrodes is the reference."""
    return [name.casefold() for name in settings.reference] == [AVERAGE]


def eog_places(settings: CleaningSettings, electrodes: Sequence[Electrode]) -> list[int]:
    """Return the places of the electrodes that show the eyes, those named or those recorded as EOG."""
    if settings.eog == "none":
        return []
    if settings.eog_electrodes:
        return places_of(settings.eog_electrodes, [row.electrode for row in electrodes])[0]
    return [place for place, row in enumerate(electrodes) if row.kind == "eog"]


def check_settings(settings: CleaningSettings, electrodes: Sequence[Electrode], sfreq: float) -> None:
    """Refuse what cannot be done with these electrodes at this sampling rate.

    Raises
    ------
    UsageError
        Saying which setting, what it found and what would do.
    """
    _check_frequencies(settings, sfreq)
    for option, names in (
        ("`bad_electrodes`", settings.bad_electrodes),
        ("`eog_electrodes`", settings.eog_electrodes),
        ("`reference`", () if is_average(settings) else settings.reference),
    ):
        _check_names(option, names, electrodes, eog_allowed=option == "`eog_electrodes`")
    if settings.eog != "none" and not eog_places(settings, electrodes):
        near = [row.electrode for row in electrodes if row.electrode.upper() in _NEAR_THE_EYES]
        named = near[:2] or ["NAME"]
        raise UsageError(
            f"`eog` {settings.eog}: none of the {counted(len(electrodes), 'electrode')} was recorded as EOG.",
            f"Name electrodes near the eyes: {' '.join(f'`eog_electrodes` {name}' for name in named)}",
        )
    if is_average(settings) and sum(row.kind == "eeg" for row in electrodes) < 2:
        raise UsageError("`reference` average: there is one electrode only, its average is itself.")
    refuse_bad_reference(settings, settings.bad_electrodes)


def refuse_bad_reference(settings: CleaningSettings, bad: Sequence[str]) -> None:
    """Refuse to refer everything to an electrode that is bad itself."""
    if is_average(settings):
        return
    keys = {electrode_key(name) for name in bad}
    for name in settings.reference:
        if electrode_key(name) in keys:
            raise UsageError(
                f"`reference` {name}: this electrode is bad, and its noise would be subtracted from all others.",
                "Choose another, e.g. `reference` average",
            )


def _check_length(n_samples: int, filter_samples: int, sfreq: float, option: str) -> None:
    """Refuse a filter that is longer than the recording.

    Raises
    ------
    UsageError
        With both lengths.
    """
    if filter_samples > n_samples:
        raise UsageError(
            f"{option} needs a filter of {filter_samples / sfreq:.3g} s, longer than a recording of"
            f" {n_samples / sfreq:.3g} s ({filter_samples} against {counted(n_samples, 'sample')}).",
            "Leave that step out, choose a higher `high_pass`, or leave the recording out of the data.",
        )


def is_too_short(n_samples: int, sfreq: float, settings: CleaningSettings) -> bool:
    """Return whether a filter that is asked for is longer than some samples."""
    try:
        check_lengths(n_samples, sfreq, settings)
    except UsageError:
        return True
    return False


def check_lengths(n_samples: int, sfreq: float, settings: CleaningSettings) -> None:
    """Refuse filters that are longer than some samples.

    Raises
    ------
    UsageError
        With both lengths.
    """
    if settings.high_pass or settings.low_pass:
        import mne

        with mne.utils.use_log_level("ERROR"):
            taps = mne.filter.create_filter(None, sfreq, settings.high_pass, settings.low_pass)
        option = "`low_pass`" if settings.high_pass is None else "`high_pass`"
        _check_length(n_samples, len(taps), sfreq, option)
    if settings.notch:
        # MNE: half of a transition of 1 Hz on either side, 3.3 / 0.5 Hz long
        _check_length(n_samples, round(6.6 * sfreq), sfreq, "`notch`")


def _check_frequencies(settings: CleaningSettings, sfreq: float) -> None:
    nyquist = sfreq / 2
    wanted = [("`high_pass`", settings.high_pass, 0.0), ("`low_pass`", settings.low_pass, 0.0)]
    wanted += [("`notch`", hz, NOTCH_EDGE_HZ + hz / 400) for hz in settings.notch]  # MNE's notch is hz / 200 wide
    for option, hz, reach in wanted:
        if hz is None:
            continue
        if hz <= reach:
            raise UsageError(f"{option} {hz:g} Hz: expected a frequency above {reach:.3g} Hz.")
        if hz + reach >= nyquist:
            raise UsageError(
                f"{option} {hz:g} Hz reaches {hz + reach:g} Hz, but at a sampling rate of {sfreq:g} Hz only what lies"
                f" below {nyquist:g} Hz is recorded.",
                f"Leave it out, or choose a frequency below {nyquist - reach:.4g} Hz.",
            )
    apart = sorted(settings.notch)
    for low, high in pairwise(apart):
        if high - low < 2 * NOTCH_EDGE_HZ + (low + high) / 400:
            raise UsageError(f"`notch` {low:g} and {high:g} Hz: these overlap; one notch is wide enough for both.")


def _check_names(option: str, names: Sequence[str], electrodes: Sequence[Electrode], *, eog_allowed: bool) -> None:
    recorded = [row.electrode for row in electrodes]
    places, missing = places_of(names, recorded)
    if missing:
        also = ""
        if AVERAGE in (name.casefold() for name in missing):
            also = " 'average' stands alone."
        raise UsageError(
            f"{option} {missing[0]}: there is no such electrode among the {len(recorded)} recorded.{also}",
            f"Recorded: {', '.join(recorded)}.",
        )
    eog = [recorded[place] for place in places if electrodes[place].kind == "eog"]
    if eog and not eog_allowed:
        raise UsageError(
            f"{option} {eog[0]}: this electrode was recorded as EOG; it is no part of the EEG that is cleaned.",
            f"Choose among {', '.join(row.electrode for row in electrodes if row.kind == 'eeg')}.",
        )
