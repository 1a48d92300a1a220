"""The rate of an EDF, BDF or GDF file's samples as MNE delivers them."""

from __future__ import annotations

from typing import Any


def true_rate(raw: Any) -> float:
    """Return the rate of a recording's samples, Hz, and correct what MNE says of it.

    MNE brings all channels to the rate of the fastest, and says it is that of the fastest that is no trigger: EEG of
    200 Hz beside a Status channel of 400 Hz comes as 400 samples per second that are said to be 200.

    Parameters
    ----------
    raw
        MNE's `Raw`, of any format.
    """
    told = float(raw.info["sfreq"])
    extras = raw._raw_extras[0] if raw._raw_extras else None
    if not isinstance(extras, dict) or not {"max_samp", "record_length"} <= extras.keys():
        return told
    numerator, denominator = (float(number) for number in extras["record_length"])
    rate = float(extras["max_samp"]) * denominator / numerator if numerator > 0 else told
    if abs(rate - told) > 1e-6 * told:
        with raw.info._unlock():
            raw.info["sfreq"] = rate
        return rate
    return told
