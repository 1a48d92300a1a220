"""From cortex to scalp: patches of dipoles in a spherical head, and the potential each makes at the electrodes.

The head is MNE's sphere model (brain, cerebrospinal fluid, skull, scalp; Berg and Scherg, 1994) fitted to the cap; the
leadfield is `mne.make_forward_solution`'s. It is solved three times per process: at the electrodes, and with every
electrode moved along two directions on the sphere, so that a person's electrode jitter is a first-order step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.montage import electrode_positions
from eeg2vid.stages.datasets.protocol import ELECTRODES

Floats = NDArray[np.floating]

REFERENCES = ("vertex", "M1", "M2")  # sites behind the 62 electrodes; vertex: between CZ and CPZ
DIPOLES = 8  # per patch
_SPREAD_M = 0.006  # of a patch's dipoles
_STEP_M = 0.002  # of the electrodes, for the derivative
_BACKGROUND_DIPOLES = 300
_SEED = 19_290_427


@dataclass(frozen=True)
class Patch:
    """A piece of cortex: below the mean of some electrodes, at a share of the head's radius.

    `orientation` is (outward, up, right) of its mean current; visual areas fold inward and are partly tangential.
    """

    name: str
    region: str
    below: tuple[str, ...]
    depth: float
    orientation: tuple[float, float, float]


# Visual field and cortex are crossed: what is on the left drives the right half, what is above the lower bank of
# the calcarine sulcus, whose current points the other way (Jeffreys and Axford, 1972).
PATCHES: tuple[Patch, ...] = (
    Patch("V1-top-left", "occipital", ("O2", "OZ", "CB2"), 0.78, (0.6, -0.8, 0.1)),
    Patch("V1-top-middle", "occipital", ("OZ", "OZ", "CB1", "CB2"), 0.76, (0.5, -0.9, 0.0)),
    Patch("V1-top-right", "occipital", ("O1", "OZ", "CB1"), 0.78, (0.6, -0.8, -0.1)),
    Patch("V1-bottom-left", "occipital", ("O2", "POZ", "PO6"), 0.78, (0.7, 0.7, 0.1)),
    Patch("V1-bottom-middle", "occipital", ("OZ", "POZ"), 0.76, (0.6, 0.8, 0.0)),
    Patch("V1-bottom-right", "occipital", ("O1", "POZ", "PO5"), 0.78, (0.7, 0.7, -0.1)),
    Patch("V4-left", "occipital", ("PO7", "CB1"), 0.76, (0.8, -0.5, -0.3)),
    Patch("V4-right", "occipital", ("PO8", "CB2"), 0.76, (0.8, -0.5, 0.3)),
    Patch("MT-left", "temporal", ("PO7", "P7", "P5"), 0.80, (0.9, 0.3, 0.2)),
    Patch("MT-right", "temporal", ("PO8", "P8", "P6"), 0.80, (0.9, 0.3, -0.2)),
    Patch("fusiform-left", "temporal", ("P7", "TP7", "CB1"), 0.68, (-0.8, 0.6, 0.0)),
    Patch("fusiform-right", "temporal", ("P8", "TP8", "CB2"), 0.68, (-0.8, 0.6, 0.0)),
    Patch("body-left", "temporal", ("P7", "TP7", "CP5"), 0.80, (-0.9, 0.2, 0.3)),
    Patch("body-right", "temporal", ("P8", "TP8", "CP6"), 0.80, (-0.9, 0.2, -0.3)),
    Patch("parietal-left", "parietal", ("P3", "CP3", "P1"), 0.80, (0.9, 0.0, 0.4)),
    Patch("parietal-middle", "parietal", ("PZ", "CPZ"), 0.78, (1.0, 0.0, 0.0)),
    Patch("parietal-right", "parietal", ("P4", "CP4", "P2"), 0.80, (0.9, 0.0, -0.4)),
    Patch("central-left", "parietal", ("C3", "C1"), 0.82, (0.6, 0.0, 0.8)),
    Patch("central-right", "parietal", ("C4", "C2"), 0.82, (0.6, 0.0, -0.8)),
    Patch("temporal-left", "temporal", ("T7", "FT7"), 0.76, (0.7, 0.6, 0.0)),
    Patch("temporal-right", "temporal", ("T8", "FT8"), 0.76, (0.7, 0.6, 0.0)),
    Patch("frontal-left", "frontal", ("F5", "FC5", "F3"), 0.80, (0.8, 0.4, 0.2)),
    Patch("frontal-middle", "frontal", ("FZ", "FCZ"), 0.74, (0.9, 0.0, 0.0)),
    Patch("frontal-right", "frontal", ("F6", "FC6", "F4"), 0.80, (0.8, 0.4, -0.2)),
)
PATCH_NAMES: tuple[str, ...] = tuple(patch.name for patch in PATCHES)


@dataclass(frozen=True)
class Forward:
    """The head all people share.

    Attributes
    ----------
    sites
        Electrodes, then `REFERENCES`: positions `(site, 3)`, m, head coordinates.
    dipoles, moments
        Positions `(patch, dipole, 3)`, m, and mean current directions of the same shape, unit vectors.
    fields
        V/(A m) `(3, site, patch, dipole, 3)`: the leadfield, and its derivatives (per m) along two directions in which
        each site can move on the sphere.
    background
        V/(A m) `(site, source)` of dipoles all over the cortex in three directions.
    """

    sites: Floats
    dipoles: Floats
    moments: Floats
    fields: Floats
    background: Floats

    def leadfield(self, moved: Floats) -> Floats:
        """Return `(site, patch, dipole, 3)` for sites moved by `(site, 2)` m along their two directions."""
        steps = np.concatenate([np.ones((len(moved), 1)), moved], axis=1)
        field: Floats = np.einsum("sk,ks...->s...", steps, self.fields)
        return field


def site_positions() -> Floats:
    """Return the positions of the electrodes and of the reference sites, `(site, 3)` m."""
    cap = electrode_positions(ELECTRODES)
    vertex = cap[[ELECTRODES.index("CZ"), ELECTRODES.index("CPZ")]].mean(axis=0)
    return np.concatenate([cap, vertex[None], electrode_positions(REFERENCES[1:])])


def head_sphere(points: Floats) -> tuple[Floats, float]:
    """Return centre (m) and radius (m) of the sphere that fits points `(point, 3)` best."""
    design = np.column_stack([2 * points, np.ones(len(points))])
    *centre, rest = np.linalg.lstsq(design, (points**2).sum(axis=1), rcond=None)[0]
    return np.array(centre), float(np.sqrt(rest + np.square(centre).sum()))


def solve(sites: Floats, dipoles: Floats, centre: Floats, radius: float) -> Floats:
    """Return the leadfield `(site, dipole, 3)`, V/(A m), of dipoles `(dipole, 3)` in the sphere, by MNE.

    Sites are moved onto the sphere along its radius.
    """
    import mne

    sites = centre + radius * (sites - centre) / np.linalg.norm(sites - centre, axis=1, keepdims=True)
    with mne.utils.use_log_level("ERROR"):
        sphere = mne.make_sphere_model(r0=centre, head_radius=radius)
        outward = (dipoles - centre) / np.linalg.norm(dipoles - centre, axis=1, keepdims=True)
        sources = mne.setup_volume_source_space(pos={"rr": dipoles, "nn": outward}, sphere_units="m")
        names = [f"S{k}" for k in range(len(sites))]
        info = mne.create_info(names, 200.0, "eeg")
        montage = mne.channels.make_dig_montage(dict(zip(names, sites, strict=True)), coord_frame="head")
        info.set_montage(montage)
        found = mne.make_forward_solution(info, None, sources, sphere, meg=False, eeg=True, mindist=0.0)
    if found["src"][0]["nuse"] != len(dipoles) or found["sol"]["row_names"] != names:
        raise RuntimeError("MNE left out dipoles or electrodes: a patch lies outside the brain.")
    field: Floats = found["sol"]["data"].reshape(len(sites), len(dipoles), 3)
    return field


def _axes(outward: Floats) -> tuple[Floats, Floats]:
    """Return the unit tangents that point up and to the right, of points given by unit vectors `(point, 3)`."""
    up = np.array([0.0, 0.0, 1.0]) - outward * outward[:, 2:]
    flat = np.linalg.norm(up, axis=1, keepdims=True) < 0.05  # right on top of the head
    up = np.where(flat, np.array([0.0, -1.0, 0.0]), up)
    up -= outward * (outward * up).sum(axis=1, keepdims=True)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    return up, np.cross(up, outward)


@lru_cache(maxsize=1)
def forward_model() -> Forward:
    """Return the forward model, solved on the first call (about a second)."""
    sites = site_positions()
    centre, radius = head_sphere(sites[: len(ELECTRODES)])
    rng = np.random.default_rng(_SEED)
    names = [*ELECTRODES]
    units = (sites - centre) / np.linalg.norm(sites - centre, axis=1, keepdims=True)
    places, moments = [], []
    for patch in PATCHES:
        middle = units[[names.index(name) for name in patch.below]].mean(axis=0)
        middle = centre + middle / np.linalg.norm(middle) * patch.depth * radius
        outward = middle + rng.normal(0, _SPREAD_M, (DIPOLES, 3)) - centre
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        place = centre + outward * patch.depth * radius
        up, right = _axes(outward)
        moment = np.stack([outward, up, right], axis=-1) @ np.array(patch.orientation)
        places.append(place)
        moments.append(moment / np.linalg.norm(moment, axis=1, keepdims=True))
    spread = rng.standard_normal((4 * _BACKGROUND_DIPOLES, 3))
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    spread = spread[spread[:, 2] > -0.45][:_BACKGROUND_DIPOLES] * 0.8 * radius + centre
    dipoles = np.concatenate([*places, spread])
    up, right = _axes(units)
    at = solve(sites, dipoles, centre, radius)
    on = centre + radius * units
    moved = [(solve(on + _STEP_M * way, dipoles, centre, radius) - at) / _STEP_M for way in (up, right)]
    count = len(PATCHES) * DIPOLES
    fields = np.stack([at, *moved])[:, :, :count].reshape(3, len(sites), len(PATCHES), DIPOLES, 3)
    return Forward(sites, np.array(places), np.array(moments), fields, at[:, count:].reshape(len(sites), -1))
