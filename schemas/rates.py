"""Sampling rates as files give them: in single precision, or by an interval that was rounded."""

from __future__ import annotations

import math

TOLERANCE = 1e-5  # relative; FIF keeps 500.001 to 6e-8, BrainVision rounds intervals


def rates_agree(one: float, other: float) -> bool:
    """Return whether two rates, Hz, are one up to how exactly files keep them."""
    return math.isclose(one, other, rel_tol=TOLERANCE)


def whole_rate(sfreq: float) -> int | None:
    """Return a rate, Hz, as the whole number that it is up to how exactly files keep it, None if it is none."""
    nearest = round(sfreq)
    return nearest if rates_agree(sfreq, nearest) else None


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Return two rates with as many digits as show that they differ, 6 at least."""
    for digits in range(6, 18):
        texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def rate_after(sfreq: float, resample: float | None) -> float:
    """Return the rate of what was resampled where that is asked for, Hz: it is left alone where it has that rate."""
    return sfreq if resample is None or rates_agree(sfreq, resample) else resample
