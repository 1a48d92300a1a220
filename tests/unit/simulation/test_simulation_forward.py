from __future__ import annotations

import numpy as np
import pytest

from eeg2vid.stages.datasets.protocol import ELECTRODES
from eeg2vid.stages.simulation.forward import PATCH_NAMES, PATCHES, forward_model, head_sphere, site_positions, solve


@pytest.fixture(scope="module")
def forward():
    return forward_model()


def homogeneous(sites, dipole, moment, centre, radius, conductivity=0.33):
    """Return the surface potential of a dipole in a homogeneous sphere, V (Yao, IEEE Trans Biomed Eng 47, 2000)."""
    r, q = sites - centre, dipole - centre
    gap = r - q
    distance = np.linalg.norm(gap, axis=1)
    far = radius**2 - r @ q + radius * distance  # R^2 - r.q + R |r - q|
    gradient = 2 * gap / distance[:, None] ** 3 + (r + radius * gap / distance[:, None]) / (radius * far[:, None])
    return gradient @ moment / (4 * np.pi * conductivity)


def numerical(sites, dipole, moment, centre, radius, order=60, conductivity=0.33):
    """The same by Legendre series: sum (2n+1)/n (f^(n-1)/R^2) [n P_n q_r + P_n^1 q_t] / (4 pi s)."""
    from scipy.special import lpmv

    r, q = sites - centre, dipole - centre
    f = np.linalg.norm(q) / radius
    outward = q / np.linalg.norm(q)
    cosine = r @ outward / np.linalg.norm(r, axis=1)
    radial = moment @ outward
    across = moment - radial * outward
    sideways = r - np.outer(r @ outward, outward)
    sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
    total = np.zeros(len(r))
    for n in range(1, order):
        legendre, associated = lpmv(0, n, cosine), -lpmv(1, n, cosine)
        total += (2 * n + 1) / n * f ** (n - 1) * (n * legendre * radial + associated * (sideways @ across))
    return total / (4 * np.pi * conductivity * radius**2)


def test_two_oracles_agree(forward):
    rng = np.random.default_rng(0)
    centre, radius = head_sphere(forward.sites[:62])
    unit = (forward.sites - centre) / np.linalg.norm(forward.sites - centre, axis=1, keepdims=True)
    dipole, moment = centre + 0.4 * radius * np.array([0.3, -0.5, 0.6]), rng.standard_normal(3)
    first = homogeneous(centre + radius * unit, dipole, moment, centre, radius)
    second = numerical(centre + radius * unit, dipole, moment, centre, radius)
    assert np.allclose(first, second, rtol=1e-8, atol=1e-6 * np.abs(second).max())


def test_a_deep_dipole_has_the_pattern_of_the_analytic_sphere(forward):
    """Layers change the size and blur; the pattern of a dipole near the centre is dominated by the dipole term."""
    centre, radius = head_sphere(forward.sites[:62])
    unit = (forward.sites - centre) / np.linalg.norm(forward.sites - centre, axis=1, keepdims=True)
    dipole = centre + np.array([2e-4, 1e-4, 3e-4])
    field = solve(forward.sites, dipole[None], centre, radius)[:, 0]
    for axis in np.eye(3):
        expected = homogeneous(centre + radius * unit, dipole, axis, centre, radius)
        assert np.corrcoef(field @ axis, expected)[0, 1] > 0.999
        assert 0.2 < np.linalg.norm(field @ axis) / np.linalg.norm(expected) < 1.0  # the skull attenuates


def test_moving_electrodes_is_a_first_order_step(forward):
    """Against a forward solution at the moved electrodes."""
    rng = np.random.default_rng(1)
    moved = rng.normal(0, 0.003, (len(forward.sites), 2))
    centre, radius = head_sphere(forward.sites[:62])
    outward = (forward.sites - centre) / np.linalg.norm(forward.sites - centre, axis=1, keepdims=True)
    up = np.array([0.0, 0.0, 1.0]) - outward * outward[:, 2:]
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    steep = np.abs(outward[:, 2]) > 0.99  # on top of the head "up" is another direction
    sites = centre + radius * outward + moved[:, :1] * up + moved[:, 1:] * np.cross(up, outward)
    exact = solve(sites, forward.dipoles.reshape(-1, 3), centre, radius).reshape(forward.fields.shape[1:])
    stepped, still = forward.leadfield(moved), forward.leadfield(0 * moved)
    error = np.linalg.norm((stepped - exact)[~steep]) / np.linalg.norm(exact[~steep])
    change = np.linalg.norm((still - exact)[~steep]) / np.linalg.norm(exact[~steep])
    assert error < 0.03
    assert change > 3 * error


def test_patches_lie_where_they_are_said_to(forward):
    centre, radius = head_sphere(forward.sites[:62])
    sites = dict(zip(ELECTRODES, forward.sites, strict=False))
    for patch, dipoles in zip(PATCHES, forward.dipoles, strict=True):
        depth = np.linalg.norm(dipoles - centre, axis=1) / radius
        assert np.allclose(depth, patch.depth)
        below = np.mean([sites[name] for name in patch.below], axis=0) - centre
        place = dipoles.mean(axis=0) - centre
        assert below @ place / np.linalg.norm(below) / np.linalg.norm(place) > 0.99
        if patch.name.endswith("-left") and not patch.name.startswith("V1"):
            assert place[0] < -0.01
    assert np.allclose(np.linalg.norm(forward.moments, axis=-1), 1)


def test_sizes_are_those_of_cortex(forward):
    """10 nA m, a few square millimetres of cortex, make about a microvolt (Hamalainen et al., 1993)."""
    field = np.einsum("spdx,pdx->sp", forward.leadfield(np.zeros((65, 2))), forward.moments)[:62] / 8
    peak = 10e-9 * np.abs(field).max(axis=0) * 1e6
    assert (peak > 0.3).all() and (peak < 10).all()
    strongest = {PATCH_NAMES[k]: ELECTRODES[int(np.abs(field[:, k]).argmax())] for k in range(len(PATCHES))}
    assert strongest["parietal-middle"] in ("PZ", "CPZ")
    assert strongest["frontal-middle"] in ("FZ", "FCZ")


def test_visual_cortex_is_crossed_and_turns_over(forward):
    field = np.einsum("spdx,pdx->sp", forward.leadfield(np.zeros((65, 2))), forward.moments)[:62]
    column = {name: field[:, k] for k, name in enumerate(PATCH_NAMES)}
    right = [ELECTRODES.index(name) for name in ("O2", "PO4", "PO6", "PO8", "P6")]
    left = [ELECTRODES.index(name) for name in ("O1", "PO3", "PO5", "PO7", "P5") if name in ELECTRODES]
    bottom_left = np.abs(column["V1-bottom-left"])
    assert bottom_left[right].mean() > bottom_left[left].mean()
    upward = np.array([ELECTRODES.index(name) for name in ("PZ", "CPZ", "CZ")])
    assert np.sign(column["V1-top-middle"][upward].mean()) == -np.sign(column["V1-bottom-middle"][upward].mean())


def test_sites_are_the_cap_and_three_references():
    sites = site_positions()
    assert sites.shape == (65, 3)
    assert np.isfinite(sites).all()
    assert sites[63, 0] < 0 < sites[64, 0]  # left and right mastoid
