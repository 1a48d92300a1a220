"""Worlds for audits: traps in which a careless evaluation finds what is not in the clips' responses.

- `free` drift: every run of every block gets a level of its own (slow potential, alpha, gamma), drawn anew in each
  block. The five clips of a run share it, so a random split over clips soars; no other block does, so
  leave-one-block-out stays at chance.
- `locked` drift: the same levels at the same time of every block. Whoever reads the EEG reads the clock; where the
  order of concepts is the same in every block (`order="same"`, this world's default) the clock gives the concept away.
- hint-only: no response to what a clip shows; a concept-constant expectation runs through hint and clips. The concept
  decodes, clips of one run cannot be told apart.
- gaze: the eyes follow the clip's motion to the right and left (`gaze`). Who decodes speed or direction then may have
  read the eyes, at F7 and F8 and all around them, and no brain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.simulation.films import FEATURE_NAMES
from eeg2vid.stages.simulation.forward import PATCHES

Floats = NDArray[np.floating]
Drift = Literal["none", "free", "locked"]
Order = Literal["published", "random", "same"]
DRIFTS: tuple[str, ...] = ("none", "free", "locked")
ORDERS: tuple[str, ...] = ("published", "random", "same")

DRIFT_MOMENT = 10e-9  # A m, rms of a patch's slow current
DRIFT_LN = 0.65  # rms of its ln amplitudes
MOST_SESSIONS = 9
_MEMORY = 0.5  # correlation of levels from one run to the next


@dataclass(frozen=True)
class World:
    """What a simulated study is besides its size.

    Attributes
    ----------
    snr
        Factor on the clip-dependent part.
    drift, hint_only
        See the module.
    order
        Of the concepts: "published" (if all 40 are shown, else "random"), "random" in each block, or the "same" in all.
    outlier
        Label of the subject who is an outlier, or None.
    gaze
        Whether the eyes follow the motion.
    sessions
        How often each person watches everything.
    """

    snr: float
    drift: Drift = "none"
    hint_only: bool = False
    order: Order = "published"
    outlier: str | None = None
    gaze: bool = False
    sessions: int = 1

    def __post_init__(self) -> None:
        if not (np.isfinite(self.snr) and self.snr >= 0):
            raise UsageError(f"snr: expected 0 or more, found {self.snr}.")
        if not 1 <= self.sessions <= MOST_SESSIONS:
            raise UsageError(f"sessions: expected 1 to {MOST_SESSIONS}, found {self.sessions}.")
        for name, value, known in (("drift", self.drift, DRIFTS), ("order", self.order, ORDERS)):
            if value not in known:
                raise UsageError(f"{name}: expected {', '.join(known[:-1])} or {known[-1]}, found {value!r}.")


@dataclass(frozen=True)
class BlockDrift:
    """Levels of every run, `(run, 3, patch)`: slow current (A m), ln amplitude of alpha, of gamma."""

    levels: Floats

    def course(self, kind: int, hints: NDArray[np.intp], n_samples: int, hint_samples: int) -> NDArray[np.float32]:
        """Return one kind over time, `(patch, sample)`: constant while clips run, changing while a hint is shown."""
        if not len(hints):
            return np.zeros((self.levels.shape[2], n_samples), np.float32)
        knots = (hints[:, None] + np.array([0, hint_samples])).ravel()
        values = np.repeat(self.levels[:, kind], 2, axis=0)
        values[2::2] = values[1:-1:2]  # at a hint's start the level is still that of the run before
        time = np.arange(n_samples)
        return np.stack([np.interp(time, knots, column) for column in values.T]).astype(np.float32)


def block_drift(kind: Drift, runs: int, seed: list[int], block: int) -> BlockDrift | None:
    """Draw the drift of one block of one person, who is given by `seed`; None where there is none."""
    if kind == "none":
        return None
    rng = np.random.default_rng([*seed, block] if kind == "free" else seed)
    fresh = rng.standard_normal((runs, 3, len(PATCHES)))
    levels = fresh.copy()
    for run in range(1, runs):  # a stationary walk, so that its size does not grow
        levels[run] = _MEMORY * levels[run - 1] + np.sqrt(1 - _MEMORY**2) * fresh[run]
    return BlockDrift(levels * np.array([DRIFT_MOMENT, DRIFT_LN, DRIFT_LN])[:, None])


def expectation(phi: Floats) -> Floats:
    """Return what the concept alone makes one expect: phi with nothing left but the concept's own numbers."""
    constant = np.array([name.startswith("concept") for name in FEATURE_NAMES])
    return np.where(constant, phi, 0.0)
