import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.ceiling import noise_ceiling


def test_two_sessions_worked_by_hand():
    """Clips 1, 2, 3 in two sessions, the second 10 higher: session means off, (-1 0 1) and (-1 1 0)."""
    found = noise_ceiling([1.0, 2, 3, 11, 13, 12], [0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 1])
    between = 2 * (1.0 + 0.25 + 0.25) / 2  # means -1, .5, .5
    within = (0 + 0.5 + 0.5) / 3
    assert found.reliability == pytest.approx((between - within) / (between + within))
    assert found.ceiling == pytest.approx(np.sqrt(found.reliability))
    assert (found.n_clips, found.n_presentations, found.reason) == (3, 6, "")


def test_finds_the_planted_share():
    rng = np.random.default_rng(0)
    clips = np.tile(np.arange(400), 3)
    signal, noise = rng.normal(0, 1, (400, 5)), rng.normal(0, np.sqrt(3), (1200, 5))
    sessions = np.repeat([0, 1, 2], 400)
    found = noise_ceiling(signal[clips] + noise + sessions[:, None], clips, sessions)
    assert found.reliability == pytest.approx(0.25, abs=0.02)
    model = signal[clips]  # the best there is: what it reaches with single presentations is the ceiling
    reached = np.mean([np.corrcoef(model[:, k], (model + noise)[:, k])[0, 1] for k in range(5)])
    assert found.ceiling == pytest.approx(reached, abs=0.02)
    kept = rng.random(1200) < 0.8  # uneven, some clips once
    uneven = noise_ceiling((signal[clips] + noise)[kept], clips[kept], sessions[kept])
    assert uneven.reliability == pytest.approx(0.25, abs=0.03)


def test_none_where_nothing_repeats():
    found = noise_ceiling([1.0, 2.0, 3.0], [0, 1, 2], [0, 0, 1])
    assert found.ceiling is None and found.reliability is None
    assert found.reason == "none can be had: no clip was shown more than once"
    assert "only one clip" in noise_ceiling([1.0, 2.0, 3.0], [0, 0, 2], [0, 1, 1]).reason
    assert "do not differ" in noise_ceiling(np.ones(4), [0, 1, 0, 1], [0, 0, 1, 1]).reason
    noise = np.random.default_rng(1).normal(size=(8, 2))
    assert noise_ceiling(noise, [0, 1, 2, 3] * 2, [0] * 4 + [1] * 4).reliability >= 0.0
    with pytest.raises(BadDataError, match="fit"):
        noise_ceiling([1.0, 2.0], [0], [0, 0])
    with pytest.raises(BadDataError, match="number 1"):
        noise_ceiling([1.0, np.nan], [0, 0], [0, 0])
