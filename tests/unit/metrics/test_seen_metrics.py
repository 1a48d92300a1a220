"""CLIP similarity, CLIP consistency, end-point error: what an eye saw, worked by hand."""

import numpy as np
import pytest

from eeg2vid.stages.metrics import clip_consistency, clip_similarity, flow_error
from eeg2vid.stages.metrics.metric import Given, Keys, Sides
from eeg2vid.stages.metrics.scoring import Effort, score

KEYS = Keys("1", list("abc"), list("abc"), np.arange(3), np.zeros(3), np.array([0, 0, 1]))
RNG = np.random.default_rng(0)


def given(eye, **arrays):
    return Given(KEYS, "full", percepts={eye: {name: Sides(*sides) for name, sides in arrays.items()}})


def test_clip_similarity_is_the_mean_cosine_of_frames():
    decoded, true = RNG.normal(size=(2, 3, 4, 5)).astype(np.float16)
    (found,) = clip_similarity.measure(given("image-encoder", frames=(decoded, true))).values()
    a, b = decoded.astype(float), true.astype(float)
    for i in range(2):
        for j in range(2):
            pairs = zip(a[i], b[j], strict=True)
            expected = np.mean([x @ y / np.linalg.norm(x) / np.linalg.norm(y) for x, y in pairs])
            assert found.table[i, j] == pytest.approx(expected, abs=1e-11)
    assert np.isnan(found.table[2, :2]).all() and np.isnan(found.table[:2, 2]).all() and found.chance is None
    key = decoded[:, 0], true[:, 0]
    (alone,) = clip_similarity.measure(given("image-encoder", image=key)).values()
    cosine = a[1, 0] @ b[0, 0] / np.linalg.norm(a[1, 0]) / np.linalg.norm(b[0, 0])
    assert alone.table[1, 0] == pytest.approx(cosine, abs=1e-11) and "key frame" in alone.detail


def test_a_frozen_picture_is_perfectly_consistent():
    """So consistency stands beside what true clips have, and is a look."""
    x, y = np.array([1.0, 0.0]), np.array([3.0, 4.0])
    true = np.array([[x, y], [x, x], [y, y]])  # cosines .6, 1, 1
    frozen = np.array([[y, y], [x, x], [y, y]])
    (found,) = clip_consistency.measure(given("image-encoder", frames=(frozen, true))).values()
    assert float(found.table) == pytest.approx(1.0) and "true clips 0.867; frozen first frame 1" in found.detail
    assert clip_consistency.CLIP_CONSISTENCY.variants[""].look
    assert clip_consistency.measure(given("image-encoder", image=(x[None].repeat(3, 0), x[None].repeat(3, 0)))) == {}


def test_end_point_error_is_a_length_of_vectors():
    decoded, true = np.zeros((2, 3, 5, 2, 36, 64), np.float16)
    true[0, :, 0], true[0, :, 1] = 3, 4  # five pixels
    decoded[1, :, 0] = 1
    true[1, :, 0] = -1
    one = given("motion", flow=(decoded, true))
    (found,) = flow_error.measure(Given(**{**vars(one), "asked": (np.array([[1, 0, 2]]),)})).values()
    assert np.diag(found.table).tolist() == [5.0, 2.0, 0.0]
    assert found.table[0, 1] == 1.0 and found.table[1, 0] == pytest.approx(np.hypot(2, 4))
    assert np.isnan(found.table[0, 2]) and found.detail == "still pictures 2.000"


def test_all_of_them_become_rows_and_looks():
    keys = Keys("1", list("abcdefgh"), list("abcdefgh"), np.arange(8) // 2, np.arange(8) % 2, np.zeros(8))
    frames = Sides(*RNG.integers(0, 256, (2, 8, 4, 9, 16, 3), dtype=np.uint8))

    def sides(*shape):
        return Sides(*RNG.normal(size=(2, 8, *shape)).astype(np.float32))

    percepts = {
        "image-encoder": {"image": sides(6), "frames": sides(4, 6)},
        "motion": {"flow": sides(3, 2, 4, 5)},
        "i3d": {"features": sides(10), "logits": sides(7)},
        "video-classifier": {"features": sides(10), "logits": sides(7)},
        "image-classifier": {"logits": sides(4, 7)},
    }
    scores, looks = score(Given(keys, "full", frames=frames, percepts=percepts), Effort(99, 0))
    named = {(one.row.metric, one.row.variant) for one in scores}
    assert named >= {("hue", ""), ("mse", ""), ("clip-similarity", ""), ("flow-error", "")}
    assert named >= {("temporal-order", name) for name in ("", "shuffled", "flow")}
    assert all(one.row.p is not None for one in scores)
    assert {(look.metric, look.variant) for look in looks} >= {
        ("clip-consistency", ""), ("fvd", "i3d"), ("fvd", "video-classifier"), ("kernel-video-distance", "i3d"),
        ("inception-score", "image-classifier"), ("collapse", "video-classifier"),
    }  # fmt: skip
    assert all(look.detail for look in looks if look.metric in ("fvd", "kernel-video-distance", "collapse"))
