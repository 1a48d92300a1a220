"""Distances that an eye measured between decoded and true clips, as a metric reads them."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.metrics.metric import Given, Measured


def measured_by(eye: str, given: Given) -> dict[str, Measured]:
    """Return the table of an eye that compares, `(decoded event, true event)`: NaN where it did not, stored below 0."""
    found = given.percepts[eye]["distance"].decoded.astype(np.float64)
    return {"": Measured(np.where(found < 0, np.nan, found))}
