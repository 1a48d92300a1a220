"""Simulated people: the same cortex, but gains, orientations, latencies, cap and reference of their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from eeg2vid.stages.datasets.protocol import ELECTRODES
from eeg2vid.stages.simulation.films import FEATURE_NAMES
from eeg2vid.stages.simulation.forward import PATCH_NAMES, PATCHES, REFERENCES, Forward, forward_model
from eeg2vid.stages.simulation.noise import Artefacts, artefact_patterns
from eeg2vid.stages.simulation.sources import ALPHA_LN, EVOKED_V, GAMMA_LN, drive_of, weights_of

Floats = NDArray[np.floating]

_SHARED_SEED = 19_290_427  # of what all brains have in common
_FEATURE_SPREAD, _OWN_SPREAD = 0.6, 0.45  # of current directions within a patch: a feature's own, a person's own
_RHYTHM_REACH_M = 0.025  # how far a change of band power spreads
_BACKGROUND_V = 9e-6  # rms
_LOCAL_SHARE, _PATCH_SHARE = 0.20, 0.35  # of its power: seen by no other electrode, ongoing activity of the patches
_SENSOR_V, _LINE_V = 0.5e-6, 0.5e-6  # rms
# rms at the electrode that sees the patch best, V
_ALPHA_V = {"occipital": 3.2e-6, "parietal": 2.4e-6, "temporal": 1.4e-6, "frontal": 1.0e-6}
_GAMMA_V = {"occipital": 1.0e-6, "parietal": 0.8e-6, "temporal": 0.8e-6, "frontal": 0.7e-6}
_Component = tuple[dict[str, float], float, float, float, float]
# Weights of patches, V rms against the average of all electrodes, latency s, width s, wave Hz. Any clip: P1 over the
# occiput, N1 negative over its sides (V4 and MT point outward, the fusiform gyrus inward), a late parietal positivity.
_COMMON: tuple[_Component, ...] = (
    ({"V1": 1.0, "V4": 0.8}, 2.8e-6, 0.105, 0.024, 6.0),
    ({"V4": -0.8, "MT": -0.8, "fusiform": 0.5}, 4.0e-6, 0.170, 0.034, 4.5),
    ({"parietal": 1.0}, 2.2e-6, 0.360, 0.090, 1.5),
)
_HINT: tuple[_Component, ...] = (
    ({"V1": 1.0}, 2.5e-6, 0.160, 0.050, 3.0),
    ({"temporal-left": 1.0}, 2.2e-6, 0.400, 0.120, 1.0),
)
_SESSION_GAIN, _SESSION_LATE_S = 0.12, 0.003  # how far ln gains and delays differ from one session to the next


@dataclass(frozen=True)
class SubjectBrain:
    """One simulated person.

    Attributes
    ----------
    seed, outlier, session
        What it was made from.
    reference
        "average", "vertex" or "mastoids".
    leadfield
        Of each patch's mean current, re-referenced, `(electrode, patch)` V/(A m).
    evoked
        Scalp patterns `(feature, electrode)`, V per unit feature.
    alpha, gamma
        Change of ln amplitude of each patch's rhythm, `(feature, patch)` per unit feature.
    latency, width, wave, sustained
        Time course of each feature's response `(feature,)`: s, s, Hz, share.
    common, hint
        Response to any clip and to a hint, `(component, electrode)` V.
    common_course, hint_course
        `(component, 3)`: latency s, width s, wave Hz.
    common_alpha, common_gamma
        Change of ln amplitude that any clip makes, `(patch,)`.
    background
        Factor of the background's covariance, `(electrode, electrode)` V.
    alpha_moment, gamma_moment
        Rms of the ongoing rhythms, `(patch,)` A m.
    alpha_peak
        Hz.
    line
        Rms of the mains, `(electrode,)` V.
    sensor
        Rms of each sensor's own noise, V.
    latency_jitter, gain_jitter
        Standard deviations from trial to trial: s, share.
    artefacts
        What is not brain.
    """

    seed: int
    outlier: bool
    session: int
    reference: str
    leadfield: Floats
    evoked: Floats
    alpha: Floats
    gamma: Floats
    latency: Floats
    width: Floats
    wave: Floats
    sustained: Floats
    common: Floats
    common_course: Floats
    common_alpha: Floats
    common_gamma: Floats
    hint: Floats
    hint_course: Floats
    background: Floats
    alpha_moment: Floats
    gamma_moment: Floats
    alpha_peak: float
    line: Floats
    sensor: float
    latency_jitter: float
    gain_jitter: float
    artefacts: Artefacts


@dataclass(frozen=True)
class _Shared:
    """What a feature is in every brain: moments `(feature, patch, dipole, 3)` in A m, and change of ln amplitude."""

    moments: Floats
    alpha: Floats
    gamma: Floats


def _chosen(weights: dict[str, float]) -> Floats:
    """Return the weight of every patch, from weights of how names begin."""
    return np.array([sum(w for begin, w in weights.items() if name.startswith(begin)) for name in PATCH_NAMES])


@lru_cache(maxsize=1)
def _shared() -> _Shared:
    rng, forward = np.random.default_rng(_SHARED_SEED), forward_model()
    drives, weights = [drive_of(name) for name in FEATURE_NAMES], weights_of(FEATURE_NAMES)
    moments = forward.moments + _FEATURE_SPREAD * rng.standard_normal((len(weights), *forward.moments.shape))
    moments *= weights[:, :, None, None]
    field = forward.fields[0, : len(ELECTRODES)]
    size = np.sqrt(np.square(np.einsum("epdx,fpdx->fe", field, moments)).mean(axis=1))
    strength = np.array([drive.evoked for drive in drives]) * EVOKED_V / size
    # rhythms change over a wider area than the evoked response, each feature in a mixture of its own
    middle = forward.dipoles.mean(axis=1)
    apart = np.linalg.norm(middle[:, None] - middle, axis=-1)
    wide = weights @ np.exp(-0.5 * (apart / _RHYTHM_REACH_M) ** 2)
    wide /= np.abs(wide).max(axis=1, keepdims=True)
    mixed = wide * (1 + 0.5 * rng.standard_normal((2, *weights.shape)))
    alpha, gamma = (np.array([getattr(drive, band) for drive in drives]) for band in ("alpha", "gamma"))
    return _Shared(
        moments * strength[:, None, None, None],
        ALPHA_LN * alpha[:, None] * mixed[0],
        GAMMA_LN * gamma[:, None] * mixed[1],
    )


def _re_reference(kind: str) -> Floats:
    """Return the matrix `(electrode, site)` that turns potentials at all sites into recorded ones."""
    count = len(ELECTRODES)
    weights = np.zeros(count + len(REFERENCES))
    if kind == "average":
        weights[:count] = 1 / count
    elif kind == "vertex":
        weights[count] = 1.0
    else:
        weights[count + 1 :] = 0.5
    return np.eye(count, len(weights)) - weights


def _moment_for(leadfield: Floats, volts: dict[str, float], factor: float) -> Floats:
    target = np.array([volts[patch.region] for patch in PATCHES])
    return factor * target / np.abs(leadfield).max(axis=0)


def _background(forward: Forward, recorded: Floats, patches: Floats, factor: float) -> Floats:
    """Return the Cholesky factor of the background's covariance: cortex everywhere, the patches' own, local noise."""
    covariance = _LOCAL_SHARE * np.eye(len(recorded))
    fields = (recorded @ forward.background, patches.reshape(len(recorded), -1))
    for field, share in zip(fields, (1 - _LOCAL_SHARE - _PATCH_SHARE, _PATCH_SHARE), strict=True):
        covariance += share * (field @ field.T) / np.mean(np.square(field).sum(axis=1))
    cholesky: Floats = np.linalg.cholesky(covariance) * _BACKGROUND_V * factor
    return cholesky


def _session(seed: int, session: int, cap: Floats, patches: int) -> tuple[Floats, Floats, Floats, float]:
    """Return a session's cap (m), gains of responses and of alpha and gamma `(patch,)`, and delay (s)."""
    if session == 1:
        return cap, np.ones(patches), np.ones(patches), 0.0
    rng = np.random.default_rng([_SHARED_SEED, seed, session])
    cap = _cap(rng, len(cap))
    gains = np.exp(rng.normal(0, _SESSION_GAIN, (2, patches)) + rng.normal(0, _SESSION_GAIN, (2, 1)))
    return cap, gains[0], gains[1], float(rng.normal(0, _SESSION_LATE_S))


def _cap(rng: np.random.Generator, sites: int) -> Floats:
    """Draw where a cap sits, `(site, 2)` m along the sphere: it slips as a whole, and every electrode for itself."""
    moved: Floats = rng.normal(0, 0.003, 2) + rng.normal(0, 0.003, (sites, 2))
    return moved


def make_subject(seed: int, *, outlier: bool = False, session: int = 1) -> SubjectBrain:
    """Make a person: the same seed, the same person.

    Parameters
    ----------
    seed
        A whole number of at least 0.
    outlier
        Somebody whose data hardly help: a fifth of the clip-dependent response, currents turned by some 60 degrees,
        60 ms late, twice the background, twice as many blinks, and four times as many muscle bursts and pops.
    session
        1-based. A later one has the same brain and amplifier, but the cap sits anew, and gains and delays have drifted.
    """
    own, forward, shared = np.random.default_rng([_SHARED_SEED, seed]), forward_model(), _shared()
    electrodes, patches, features = len(ELECTRODES), len(PATCHES), len(FEATURE_NAMES)
    reference = ("average", "vertex", "mastoids")[int(own.integers(3))]
    recorded = _re_reference(reference)
    cap, drifted, rhythmic, later = _session(seed, session, _cap(own, len(forward.sites)), patches)
    field = np.einsum("es,spdx->epdx", recorded, forward.leadfield(cap))
    angle = np.radians(60.0 if outlier else 20.0) / np.sqrt(3)
    turns = Rotation.from_rotvec(own.normal(0, angle, (patches, 3))).as_matrix()
    field = np.einsum("epdx,pxy->epdy", field, turns)
    mean_field = np.einsum("epdx,pdx->ep", field, forward.moments) / forward.moments.shape[1]
    gains = np.exp(own.normal(0, 0.25, patches)) * drifted * (0.2 if outlier else 1.0)
    scale = np.abs(shared.moments).mean(axis=(2, 3), keepdims=True)
    moments = shared.moments + _OWN_SPREAD * scale * own.standard_normal(shared.moments.shape)
    evoked = np.einsum("epdx,fpdx,p->fe", field, moments, gains)

    def any_clip(rows: tuple[_Component, ...]) -> tuple[Floats, Floats]:
        patterns = np.stack(
            [mean_field @ (_chosen(weights) * np.exp(own.normal(0, 0.2, patches)) * drifted) for weights, *_ in rows]
        )
        volts = np.array([row[1] for row in rows]) / patterns.std(axis=1)
        course = np.array([row[2:] for row in rows])
        course[:, 0] += late + own.normal(0, 0.006, len(rows))
        return patterns * volts[:, None], course

    late = own.normal(0, 0.010) + later + (0.060 if outlier else 0.0)
    drives = [drive_of(name) for name in FEATURE_NAMES]
    common, common_course = any_clip(_COMMON)
    hint, hint_course = any_clip(_HINT)
    visual = np.array([{"occipital": 1.0, "parietal": 0.5, "temporal": 0.4}.get(p.region, 0.1) for p in PATCHES])
    seen = own.normal(1, 0.25, (2, features, patches)) * gains
    return SubjectBrain(
        seed=seed,
        outlier=outlier,
        session=session,
        reference=reference,
        leadfield=mean_field,
        evoked=evoked,
        alpha=shared.alpha * seen[0],
        gamma=shared.gamma * seen[1],
        latency=np.array([drive.latency for drive in drives]) + late + own.normal(0, 0.008, features),
        width=np.array([drive.width for drive in drives]) * np.exp(own.normal(0, 0.1, features)),
        wave=np.array([drive.wave for drive in drives]) * np.exp(own.normal(0, 0.08, features)),
        sustained=np.array([drive.sustained for drive in drives]),
        common=common,
        common_course=common_course,
        common_alpha=-0.40 * visual * own.uniform(0.6, 1.3),
        common_gamma=0.15 * visual * own.uniform(0.6, 1.3),
        hint=hint,
        hint_course=hint_course,
        background=_background(forward, recorded, field, float(own.uniform(0.85, 1.2)) * (2.0 if outlier else 1.0)),
        alpha_moment=_moment_for(mean_field, _ALPHA_V, float(own.uniform(0.6, 1.4))) * rhythmic,
        gamma_moment=_moment_for(mean_field, _GAMMA_V, float(own.uniform(0.8, 1.25))) * rhythmic,
        alpha_peak=float(own.uniform(9.0, 11.3)),
        line=_LINE_V * own.uniform(0.3, 1.7, electrodes),
        sensor=_SENSOR_V,
        latency_jitter=float(own.uniform(0.020, 0.050)),
        gain_jitter=float(own.uniform(0.15, 0.30)),
        artefacts=artefact_patterns(own, recorded, forward.sites, busy=4.0 if outlier else 1.0),
    )
