"""Which part of phi drives which piece of cortex, how strongly, and when: evoked response and band power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import CLIP_S
from eeg2vid.stages.simulation.forward import PATCH_NAMES

Floats = NDArray[np.floating]

TAIL_S = 0.25  # responses fade out after the clip
SPAN_S = CLIP_S + TAIL_S

# strengths for phi = 1 at snr = 1
EVOKED_V = 1.2e-6  # rms over electrodes at the peak
ALPHA_LN, GAMMA_LN = 0.12, 0.12  # change of ln amplitude at the patch that responds most


@dataclass(frozen=True)
class Drive:
    """How one number of phi shows in the brain.

    Attributes
    ----------
    patches
        Names and weights of the cortex that responds; one that responds the other way round has a negative weight.
    latency, width, wave
        Of the brief response: s, s (standard deviation), Hz.
    sustained
        Plateau while the clip lasts, share of the brief response's peak.
    evoked, alpha, gamma
        Strengths relative to the constants of this module; alpha falls where gamma rises.
    """

    patches: dict[str, float]
    latency: float
    width: float
    wave: float
    sustained: float
    evoked: float = 1.0
    alpha: float = -1.0
    gamma: float = 1.0


_LAYOUT = ("luminance", "red-green", "blue-yellow")
_V1 = tuple(name for name in PATCH_NAMES if name.startswith("V1"))
_CODE_PATCHES = ("temporal-left", "frontal-left", "temporal-right", "fusiform-left", "frontal-right", "parietal-middle",
                 "frontal-middle", "body-left")  # fmt: skip
_SEEN = {
    "contrast": Drive(dict.fromkeys(_V1, 0.7), 0.095, 0.022, 7.0, 0.30, 1.2, -1.2, 1.4),
    # to the right drives the right half, to the left the left half
    "direction": Drive({"MT-right": 1.0, "MT-left": -1.0}, 0.180, 0.045, 3.5, 0.60, 1.0, -0.8, 0.6),
    "motion": Drive({"MT-left": 0.9, "MT-right": 1.0, "parietal-middle": 0.5}, 0.190, 0.045, 3.5, 0.60, 1.4, -1.2, 1.3),
    "human": Drive({"body-right": 1.0, "body-left": 0.7}, 0.215, 0.040, 3.5, 0.30, 0.5, -0.8, 0.8),
    "face": Drive({"fusiform-right": 1.0, "fusiform-left": 0.6}, 0.172, 0.028, 5.5, 0.20, 1.7, -0.8, 0.9),
    "number": Drive({"parietal-right": 1.0, "parietal-left": 0.9}, 0.260, 0.055, 2.5, 0.40, 0.9, -0.9, 0.6),
}


def drive_of(name: str) -> Drive:
    """Return what a feature of phi does; unknown names act on the occipital lobe as a whole."""
    kind = next((kind for kind in _LAYOUT if name.startswith(kind)), None)
    if kind is not None:
        row = "top" if "top" in name else "bottom"
        column = next((column for column in ("left", "middle", "right") if column in name), "middle")
        patches = {f"V1-{row}-{column}": 1.0}
        if kind == "luminance":
            return Drive(patches, 0.105, 0.024, 6.5, 0.35, 1.1, -1.0, 1.1)
        far = {"left": ("V4-right",), "right": ("V4-left",), "middle": ("V4-left", "V4-right")}[column]
        patches |= dict.fromkeys(far, 0.7)
        later = 0.012 if kind == "blue-yellow" else 0.0
        return Drive(patches, 0.138 + later, 0.030, 5.0, 0.40, 0.9, -0.7, 0.7)
    if name.startswith("concept"):
        k = int("".join(filter(str.isdigit, name)) or 1) - 1
        first, second = _CODE_PATCHES[k % len(_CODE_PATCHES)], _CODE_PATCHES[(k + 3) % len(_CODE_PATCHES)]
        return Drive({first: 1.0, second: 0.5}, 0.34 + 0.06 * (k % 5), 0.075, 2.0, 0.50, 0.9, -0.8, 0.6)
    known = next((kind for kind in _SEEN if name.startswith(kind)), "contrast")
    return _SEEN[known]


def weights_of(names: Sequence[str]) -> Floats:
    """Return how strongly each patch responds to each feature, `(feature, patch)`, -1 to 1."""
    weights = np.zeros((len(names), len(PATCH_NAMES)))
    for k, name in enumerate(names):
        for patch, weight in drive_of(name).patches.items():
            weights[k, PATCH_NAMES.index(patch)] = weight
    return weights


def ramp(times: Floats, start: float | Floats, stop: float, rise: float) -> Floats:
    """Return 0 before `start`, 1 until `stop`, 0 a tail later, with smooth flanks."""
    up, down = np.clip((times - start) / rise, 0, 1), np.clip((times - stop) / TAIL_S, 0, 1)
    held: Floats = (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 + 0.5 * np.cos(np.pi * down))
    return held


def burst(times: Floats, latency: Floats, width: Floats, wave: Floats) -> Floats:
    """Return brief oscillating responses, 1 at their latency; arguments broadcast."""
    since = times - latency
    bursts: Floats = np.exp(-0.5 * (since / width) ** 2) * np.cos(2 * np.pi * wave * since)
    return bursts


def band_envelope(times: Floats) -> Floats:
    """Return the time course of a change of band power, `(sample,)`, 1 while it is complete."""
    return ramp(times, 0.1, CLIP_S, 0.3)
