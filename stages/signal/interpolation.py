"""Bad electrodes rebuilt from the others by spherical splines, as one matrix."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.words import counted

FEWEST_GOOD = 4  # a sphere has four unknowns


def interpolation_weights(electrodes: Sequence[Electrode], bad: Sequence[int]) -> NDArray[np.float64]:
    """Return the weights that rebuild bad electrodes from good ones (Perrin et al. 1989), by MNE.

    MNE interpolates an identity matrix: what comes out are its weights. They depend on positions only, so they are
    computed once, and applying them is one product per recording.

    Parameters
    ----------
    electrodes
        EEG electrodes along the axis. Good ones without a position are not used.
    bad
        Their indices to rebuild.

    Returns
    -------
    `(bad, electrode)`, zero for bad electrodes.

    Raises
    ------
    UsageError
        If a bad electrode has no position.
    BadDataError
        If fewer than 4 good electrodes have one, or positions do not lie around a head.
    """
    import mne

    placed = [index for index, row in enumerate(electrodes) if None not in (row.x, row.y, row.z)]
    lost = [electrodes[index].electrode for index in bad if index not in placed]
    if lost:
        raise UsageError(
            f"Electrode {lost[0]} cannot be interpolated: its position is not known"
            f" ({len(lost)} such among {len(bad)} bad electrodes).",
            "Give positions with the data, or do without: neither `detect_bad` nor `bad_electrodes`, and `exclude` it.",
        )
    good = len(placed) - len(bad)
    if good < FEWEST_GOOD:
        raise BadDataError(
            f"Only {counted(good, 'good electrode')} with a position, {len(bad)} of {len(electrodes)} bad:"
            f" interpolation needs at least {FEWEST_GOOD}.",
            "Look at the recordings: eeg2vid quality",
        )
    names = [electrodes[index].electrode for index in placed]
    places = {row.electrode: (row.x, row.y, row.z) for row in (electrodes[index] for index in placed)}
    with mne.utils.use_log_level("ERROR"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a head larger or smaller than most
        info = mne.create_info(names, 1000.0, "eeg")
        raw = mne.io.RawArray(np.eye(len(placed)), info)
        raw.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))
        raw.info["bads"] = [electrodes[index].electrode for index in bad]
        try:
            raw.interpolate_bads(reset_bads=False)
        except (ValueError, RuntimeError, np.linalg.LinAlgError) as error:
            raise BadDataError(
                f"The positions of {counted(len(placed), 'electrode')} do not lie around a head ({error}),"
                " so none can be interpolated.",
                "Check the positions that came with the data: metres, head coordinates.",
            ) from error
    weights = np.zeros((len(bad), len(electrodes)))
    weights[:, placed] = raw.get_data()[[placed.index(index) for index in bad]]
    return weights
