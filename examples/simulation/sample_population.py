"""Measure clips of all 40 concepts for the observers and write stages/simulation/population.npz (some minutes).

Run it again whenever the films or phi change; a test says when.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import eeg2vid.stages
from eeg2vid.stages.simulation.population import PER_CONCEPT, STORED, measure_clips


def main() -> None:
    """Render, measure, write."""
    out = Path(str(eeg2vid.stages.__path__[0])) / "simulation" / STORED
    np.savez_compressed(out, allow_pickle=False, **measure_clips(range(1, 41), PER_CONCEPT))
    print(f"{out}: {out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
