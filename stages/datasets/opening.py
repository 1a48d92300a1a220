"""The choice of reader for a data folder."""

from __future__ import annotations

from pathlib import Path

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.source import Dataset
from eeg2vid.stages.datasets.tables import find_table


def open_dataset(root: Path) -> Dataset:
    """Open a data folder: SEED-DV's own layout, a BIDS-EEG folder, or recordings with a table or a study.toml.

    Raises
    ------
    BadDataError
        If the folder is missing, is none of these, or its tables or labels are malformed.
    """
    root = Path(root)
    if not root.is_dir():
        raise BadDataError(f"The data folder {root} does not exist.")
    if (root / "EEG").is_dir() and (root / "Video").is_dir():
        from eeg2vid.stages.datasets.seed_dv import SeedDV

        return SeedDV(root)
    said = (root / "study.toml").is_file()
    if find_table(root, "events") or said or any(root.glob("sub-*/eeg")) or any(root.glob("sub-*/ses-*/eeg")):
        from eeg2vid.stages.datasets.own_recordings import OwnRecordings  # brings all readers

        return OwnRecordings(root)
    found = ", ".join(sorted(path.name for path in root.iterdir())[:8]) or "nothing"
    raise BadDataError(
        f"{root} is no data set that can be read: looked for the folders EEG/ and Video/ (SEED-DV), for "
        f"sub-*/eeg/ (BIDS), and for events.tsv, events.csv or study.toml (own recordings); found {found}.",
        "examples/own_recordings/README.md shows how to lay out your own recordings.",
    )
