"""Cleaning of continuous EEG, recording by recording, through MNE.

Every step is linear; two of them first learn from data (which electrodes are bad, how the eyes reach each electrode),
and what they learn comes from nothing but the samples they are given leave to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.cleaning import CleaningSettings
from eeg2vid.schemas.electrodes import places_of
from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.rates import rate_after
from eeg2vid.schemas.words import counted
from eeg2vid.stages.signal.bad_electrodes import WindowNumbers, find_bad, window_numbers
from eeg2vid.stages.signal.cleaning_checks import (
    check_lengths,
    check_settings,
    eog_places,
    is_average,
    refuse_bad_reference,
)
from eeg2vid.stages.signal.interpolation import interpolation_weights

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """What cleaning needs to know of one subject's electrodes.

    Attributes
    ----------
    found
        Electrodes found bad, with the reason of each.
    rebuilt
        Places of all bad electrodes, found or named, among the EEG electrodes.
    interpolation
        `(rebuilt, EEG electrode)` weights.
    eyes
        Places of the electrodes that show the eyes, among all electrodes.
    eye_weights
        `(EEG electrode, eyes)`: how much of each reaches the electrode; 0 for those that show the eyes themselves.
    learned_s
        Length of the EEG that was learned from, s.
    """

    found: Mapping[str, str]
    rebuilt: tuple[int, ...]
    interpolation: Floats
    eyes: tuple[int, ...]
    eye_weights: Floats
    learned_s: float


def fit_cleaning(
    stretches: Iterable[tuple[NDArray[np.floating], NDArray[np.bool_]]],
    electrodes: Sequence[Electrode],
    sfreq: float,
    settings: CleaningSettings,
) -> Fitted:
    """Learn what `clean` needs, in one pass.

    Nothing outside the samples to learn from is read: where eye weights are learned from filtered EEG, the gaps between
    those samples are bridged by straight lines before filtering.

    Parameters
    ----------
    stretches
        Recordings `(electrode, sample)` in µV, each with the samples to learn from, `(sample,)`; recordings with
        none are skipped. Not looked at if no step learns.
    electrodes
        Along the electrode axis.
    sfreq
        Hz.
    settings
        What to do.

    Raises
    ------
    UsageError
        If the settings do not suit the electrodes or the sampling rate.
    BadDataError
        If there is nothing to learn from, too few electrodes are good, or the electrodes that show the eyes do not.
    """
    check_settings(settings, electrodes, sfreq)
    scalp = [place for place, row in enumerate(electrodes) if row.kind == "eeg"]
    names = [electrodes[place].electrode for place in scalp]
    named = places_of(settings.bad_electrodes, names)[0]
    judged = [place for place in range(len(scalp)) if place not in named]
    eyes = eog_places(settings, electrodes)
    numbers: list[WindowNumbers] = []
    covariance, learned = np.zeros((len(electrodes), len(electrodes))), 0
    for eeg, chosen in stretches if settings.learns else ():
        if not chosen.any():
            continue
        learned += int(chosen.sum())
        if settings.detect_bad:
            numbers.append(window_numbers(eeg[[scalp[place] for place in judged]], chosen, sfreq))
        if eyes:
            covariance += _covariance(eeg, chosen, sfreq, settings)
    found = _find(numbers, [names[place] for place in judged], settings) if settings.detect_bad else {}
    rebuilt = sorted({*named, *(names.index(name) for name in found)})
    refuse_bad_reference(settings, [names[place] for place in rebuilt])
    rows = [electrodes[place] for place in scalp]
    weights = interpolation_weights(rows, rebuilt) if rebuilt else np.zeros((0, len(scalp)))
    eye_weights = np.zeros((len(scalp), len(eyes)))
    if eyes:
        if not learned:
            raise _nothing(settings)
        whole = np.eye(len(electrodes))
        whole[np.ix_([scalp[place] for place in rebuilt], scalp)] = weights
        eye_weights = _eye_weights(whole @ covariance @ whole.T, scalp, eyes, electrodes)
    return Fitted(found, tuple(rebuilt), weights, tuple(eyes), eye_weights, learned / sfreq)


def clean(
    stretch: NDArray[np.floating],
    electrodes: Sequence[Electrode],
    sfreq: float,
    settings: CleaningSettings,
    fitted: Fitted,
    usable: NDArray[np.bool_] | None = None,
) -> Floats:
    """Return one recording cleaned: the settings' steps in their order.

    Filters are MNE's zero-phase FIR filters with their default lengths and transitions, mirrored at both ends;
    high-pass and low-pass are one band-pass. Sample `n` of the input lies at `round(n * new / old rate)` of the output.

    Parameters
    ----------
    stretch
        One unbroken recording `(electrode, sample)`, µV; left as it is.
    electrodes, sfreq, settings
        As for `fit_cleaning`.
    fitted
        What it returned.
    usable
        Samples `(sample,)` that the eyes' mean is taken over; none given: all.

    Returns
    -------
    `(EEG electrode, new sample)`, µV: electrodes recorded as EOG are used and dropped.

    Raises
    ------
    UsageError
        If a filter is longer than the recording.
    """
    eeg = np.array(stretch, dtype=np.float64)
    scalp = [place for place, row in enumerate(electrodes) if row.kind == "eeg"]
    if fitted.rebuilt:
        eeg[[scalp[place] for place in fitted.rebuilt]] = fitted.interpolation @ eeg[scalp]
    if not fitted.eyes and len(scalp) < len(electrodes):
        eeg = eeg[scalp]  # nothing needs the others: they are not filtered
        scalp = list(range(len(scalp)))
    eeg = _filtered(eeg, sfreq, settings)
    if fitted.eyes:
        shown = eeg[list(fitted.eyes)]
        shown -= (shown if usable is None else shown[:, usable]).mean(axis=1, keepdims=True)
        eeg = eeg if len(scalp) == len(eeg) else eeg[scalp]
        eeg -= fitted.eye_weights @ shown
    if is_average(settings):
        eeg -= eeg.mean(axis=0)
    elif settings.reference:
        places = places_of(settings.reference, [row.electrode for row in electrodes if row.kind == "eeg"])[0]
        eeg -= eeg[places].mean(axis=0)
    return _resampled(eeg, sfreq, settings.resample)


def describe(settings: CleaningSettings, fitted: Fitted) -> tuple[str, ...]:
    """Return what was done, one line per step."""
    by, fold = f"MNE {metadata.version('mne')}", settings.fold
    source = f"{fitted.learned_s:.0f} s of training events of fold {fold}"
    lines = []
    if settings.detect_bad:
        found = "; ".join(f"{name} ({reason})" for name, reason in fitted.found.items()) or "none"
        lines.append(f"bad electrodes found on {source}: {found}")
    if settings.bad_electrodes:
        lines.append(f"bad electrodes named: {', '.join(settings.bad_electrodes)}")
    if fitted.rebuilt:
        lines.append(f"{len(fitted.rebuilt)} bad electrodes interpolated by spherical splines ({by})")
    passes = [
        f"{word} {hz:g} Hz" for word, hz in (("high-pass", settings.high_pass), ("low-pass", settings.low_pass)) if hz
    ]
    if passes:
        lines.append(f"{', '.join(passes)}, zero-phase FIR ({by})")
    if settings.notch:
        lines.append(f"notch {', '.join(f'{hz:g}' for hz in settings.notch)} Hz, zero-phase FIR ({by})")
    if fitted.eyes:
        lines.append(_describe_eyes(settings, source))
    if is_average(settings):
        lines.append("average reference")
    elif settings.reference:
        zero = ", which is zero from here on: `exclude` it" if len(settings.reference) == 1 else ""
        lines.append(f"reference {', '.join(settings.reference)}{zero}")
    if settings.resample:
        lines.append(f"resampled to {settings.resample:g} Hz by FFT ({by})")
    return tuple(lines)


def _describe_eyes(settings: CleaningSettings, source: str) -> str:
    shown = ", ".join(settings.eog_electrodes) or "the electrodes recorded as EOG"
    kept = "; those of them that are EEG electrodes stay as they are" if settings.eog_electrodes else ""
    return f"eye movements as shown by {shown} regressed out with weights from {source}{kept}"


def rejected(epochs: NDArray[np.floating], limit_uv: float) -> NDArray[np.bool_]:
    """Tell which epochs `(event, electrode, sample)`, µV, have a larger peak-to-peak amplitude on any electrode."""
    larger: NDArray[np.bool_] = (np.ptp(epochs, axis=2) > limit_uv).any(axis=1)
    return larger


def _nothing(settings: CleaningSettings) -> BadDataError:
    return BadDataError(
        f"The training events of fold '{settings.fold}' leave no EEG to learn from"
        f"{' (pieces of at least 0.25 s are needed)' if settings.detect_bad else ''}.",
        "Choose another `fold`.",
    )


def _find(numbers: Sequence[WindowNumbers], names: Sequence[str], settings: CleaningSettings) -> dict[str, str]:
    if not any(len(one.dead) for one in numbers):
        raise _nothing(settings)
    found = find_bad(numbers, names)
    if len(found) > len(names) / 2:
        first = "; ".join(f"{name}: {reason}" for name, reason in list(found.items())[:3])
        raise BadDataError(
            f"{len(found)} of {counted(len(names), 'electrode')} look bad ({first}; ...): rebuilt from "
            "the few others they would be an invention.",
            "Look at the recordings: eeg2vid quality",
        )
    return found


def _covariance(
    eeg: NDArray[np.floating], chosen: NDArray[np.bool_], sfreq: float, settings: CleaningSettings
) -> Floats:
    """Return the products `(electrode, electrode)` of the filtered samples to learn from, about their means.

    Interpolation mixes electrodes and filters mix samples, so the former can follow on the products.
    """
    bridged = np.array(eeg, dtype=np.float64)
    if not chosen.all():
        there, gone = np.flatnonzero(chosen), np.flatnonzero(~chosen)
        for row in bridged:
            row[gone] = np.interp(gone, there, row[there])
    kept = _filtered(bridged, sfreq, settings)[:, chosen]
    kept -= kept.mean(axis=1, keepdims=True)
    product: Floats = kept @ kept.T
    return product


def _eye_weights(
    covariance: Floats, scalp: Sequence[int], eyes: Sequence[int], electrodes: Sequence[Electrode]
) -> Floats:
    """Solve the normal equations of the regression on the electrodes that show the eyes (Croft & Barry 2000)."""
    among = covariance[np.ix_(eyes, eyes)]
    sizes = np.sqrt(np.diag(among))
    names = ", ".join(electrodes[place].electrode for place in eyes)
    scaled = among / np.outer(sizes, sizes) if (sizes > 0).all() else np.zeros_like(among)
    if np.linalg.matrix_rank(scaled, tol=1e-8, hermitian=True) < len(eyes):
        raise BadDataError(
            f"The electrodes that show the eyes ({names}) are flat or copies of each other: no weights can be learned.",
            "Choose others: `eog_electrodes` NAME",
        )
    weights = np.asarray(np.linalg.solve(among, covariance[np.ix_(eyes, scalp)]).T, dtype=np.float64)
    weights[[place in eyes for place in scalp]] = 0  # an electrode regressed on itself would be nothing
    return weights


def _filtered(eeg: Floats, sfreq: float, settings: CleaningSettings) -> Floats:
    """Filter in place."""
    if not (settings.high_pass or settings.low_pass or settings.notch):
        return eeg
    import mne

    check_lengths(eeg.shape[1], sfreq, settings)
    with mne.utils.use_log_level("ERROR"):
        if settings.high_pass or settings.low_pass:
            eeg = mne.filter.filter_data(eeg, sfreq, settings.high_pass, settings.low_pass, copy=False)
        if settings.notch:
            eeg = mne.filter.notch_filter(eeg, sfreq, np.array(settings.notch), copy=False)
    return eeg


def _resampled(eeg: Floats, sfreq: float, rate: float | None) -> Floats:
    if rate is None or rate_after(sfreq, rate) == sfreq:
        return eeg
    import mne

    with mne.utils.use_log_level("ERROR"):
        found: Floats = mne.filter.resample(eeg, up=rate, down=sfreq, npad="auto", axis=1)
    return found
