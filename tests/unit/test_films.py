from __future__ import annotations

import colorsys
import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.simulation import films
from eeg2vid.stages.simulation.palette import from_hsv, from_opponent, opponent
from eeg2vid.stages.simulation.render import displacement
from eeg2vid.stages.simulation.shapes import shape_area
from eeg2vid.stages.simulation.specs import PAN, TRAVEL, covered

concepts = st.integers(1, 40)
seeds = st.integers(films.STUDY_SEEDS.start, films.STUDY_SEEDS.stop - 1)


@pytest.fixture(scope="module")
def study():
    ids = np.repeat(np.arange(1, 41), 35).tolist()
    return films.sample_specs(ids, np.random.default_rng(3))


@settings(derandomize=True, deadline=None, max_examples=50)
@given(concepts, seeds, st.sampled_from([(64, 36), (32, 18), (90, 50)]))
def test_any_clip_renders_and_has_a_caption(concept, seed, size):
    spec = films.make_spec(concept, seed)
    assert spec == films.make_spec(concept, seed)
    frames = films.render_clip(spec, width=size[0], height=size[1], fps=3.0)
    assert frames.shape == (6, size[1], size[0], 3)
    assert frames.dtype == np.uint8
    assert frames.std() > 2
    assert np.array_equal(frames, films.render_clip(spec, width=size[0], height=size[1], fps=3.0))
    caption = films.caption(spec)
    assert 3 <= len(caption.split()) <= 19
    assert caption == caption.lower()
    assert 0.1 < films.optical_flow([spec])[0] < 10


def test_frames_show_times_not_indices():
    spec = films.make_spec(8, 5)
    fast, slow = (films.render_clip(spec, width=64, height=36, fps=fps) for fps in (24.0, 3.0))
    assert np.array_equal(fast[::8], slow)


def test_a_clip_looks_the_same_at_any_size():
    for concept in (1, 12, 23, 37):
        spec = films.make_spec(concept, 77)
        small = films.render_clip(spec, width=64, height=36, fps=1.0).astype(float)
        large = films.render_clip(spec, width=256, height=144, fps=1.0).astype(float)
        pooled = large.reshape(2, 36, 4, 64, 4, 3).mean(axis=(2, 4))
        assert np.abs(pooled - small).mean() < 2.5


def test_base_rates_follow_seed_dv(study):
    counts = np.bincount([spec.color for spec in study], minlength=7)
    assert 980 <= counts[0] <= 1120  # 1053
    assert (counts[1:] >= 15).all()
    assert 350 <= sum(spec.human for spec in study) <= 450  # 400
    assert 200 <= sum(spec.face for spec in study) <= 300  # 250
    one, two, many = (sum(spec.number == k for spec in study) for k in (1, 2, 3))
    assert abs(one - 919) < 70
    assert abs(two - 114) < 40
    assert abs(many - 367) < 60
    assert all(spec.human for spec in study if 15 <= spec.concept <= 21)
    assert {spec.number for spec in study if spec.concept == 19} == {1}
    assert {spec.number for spec in study if spec.concept == 20} == {2}


def test_optical_flow_spreads_like_the_published_scores(study):
    flow = films.optical_flow(study)
    low, median, high = np.percentile(flow, [25, 50, 75])
    assert abs(low - 1.07) < 0.25
    assert abs(median - 1.80) < 0.25
    assert abs(high - 2.84) < 0.4
    assert flow.min() > 0.1
    assert flow.max() < 10


def test_layout_scatters_within_concepts_as_between(study):
    grid = films.feature_vector(study[::2])[:, :18]
    labels = np.array([spec.concept for spec in study[::2]])
    grouped = np.stack([grid[labels == concept][:17] for concept in range(1, 41)])
    ratio = grouped.mean(axis=1).var(axis=0) / grouped.var(axis=1).mean(axis=0)
    assert 0.4 < ratio.mean() < 1.2


def test_study_training_and_judging_seeds_are_disjoint():
    ranges = (films.STUDY_SEEDS, films.TRAINING_SEEDS, films.JUDGING_SEEDS)
    for one, two in itertools.pairwise(ranges):
        assert one.stop <= two.start
    rng = np.random.default_rng(0)
    for wanted in ranges:
        specs = films.sample_specs([5] * 300, rng, seeds=wanted)
        films.check_seeds(specs, wanted)
        assert len({spec.seed for spec in specs}) == 300
        for other in ranges:
            if other is not wanted:
                with pytest.raises(UsageError, match="lies outside"):
                    films.check_seeds(specs, other)


def test_distinct_seeds_even_where_they_are_scarce():
    specs = films.sample_specs([1] * 50, np.random.default_rng(0), seeds=range(10, 60))
    assert sorted(spec.seed for spec in specs) == list(range(10, 60))


@settings(derandomize=True, deadline=None, max_examples=50)
@given(concepts, seeds)
def test_objects_move_at_their_speed_around_their_centre(concept, seed):
    spec = films.make_spec(concept, seed)
    times = np.arange(0, 2, 1e-3)
    path = displacement(spec, times)
    assert np.abs(path).max() <= TRAVEL + 1e-9
    steps = np.abs(np.diff(path)) / 1e-3
    assert np.median(steps) == pytest.approx(spec.speed, rel=1e-6)
    assert steps.max() <= spec.speed * (1 + 1e-6)
    if spec.speed * 2 <= 2 * TRAVEL:
        assert abs(path.mean()) < 1e-3


def test_the_rendered_object_is_where_its_motion_says():
    spec = dataclasses.replace(
        films.make_spec(23, 9),  # a square on a plain backdrop
        number=1, human=0, face=0, tilt=0.0, speed=0.2, direction=0.03, center=(0.5, 0.5), size=0.2,
        object_rgb=(0.9, 0.2, 0.2), background_rgb=((0.5, 0.5, 0.5),) * 6,
    )  # fmt: skip
    frames = films.render_clip(spec, width=320, height=180)
    inside = np.abs(frames[..., 0].astype(float) - frames[..., 1]) > 10
    columns = (inside * (np.arange(320) + 0.5)).sum(axis=(1, 2)) / inside.sum(axis=(1, 2)) / 320
    rows = (inside * (np.arange(180) + 0.5)[:, None]).sum(axis=(1, 2)) / inside.sum(axis=(1, 2)) / 180
    swing = displacement(spec, np.arange(48) / 24)
    angle = 2 * np.pi * spec.direction
    assert np.allclose(columns, 0.5 + np.cos(angle) * swing, atol=0.004)
    assert np.allclose(rows, 0.5 + np.sin(angle) * swing * 320 / 180, atol=0.008)
    assert inside.mean() == pytest.approx(covered(spec), rel=0.05)


def test_the_backdrop_drifts_at_its_share_of_the_speed():
    spec = dataclasses.replace(films.make_spec(1, 4), speed=0.25, direction=0.0, center=(0.5, 5.0))  # object outside
    spec = dataclasses.replace(spec, background_rgb=((0.5, 0.5, 0.5),) * 6, human=0)
    frames = films.render_clip(spec, width=256, height=144, fps=16.0).astype(float).mean(axis=-1)
    shift = round(PAN * 0.25 * 256 / 16 * 4)  # px in four frames, a whole number
    assert shift == 8
    moved, still = frames[4], frames[0]
    here = min((np.abs(moved[:, :-s] - still[:, s:]).mean(), s) for s in range(1, 30))
    assert here[1] == shift
    assert here[0] < 1.0


def test_flow_by_hand():
    spec = films.make_spec(37, 2)
    share = covered(spec)
    assert films.optical_flow([spec])[0] == pytest.approx(
        share * spec.speed * 512 / 24 + (1 - share) * 0.5 * spec.speed * 512 / 24
    )


@pytest.mark.parametrize(
    ("shape", "area"),
    [("disc", np.pi * 0.81), ("square", 4 * 0.85**2), ("ellipse", np.pi * 1.15 * 0.7), ("ring", np.pi * (1 - 0.44**2))],
)
def test_areas_of_shapes_by_geometry(shape, area):
    assert shape_area(shape) == pytest.approx(area, rel=0.01)


def test_layout_is_the_mean_over_cells():
    frames = np.random.default_rng(0).integers(0, 256, (2, 4, 12, 18, 3), dtype=np.uint8)
    grid = films.layout(frames)
    cell = frames[1, :, 6:12, 12:18].reshape(-1, 3).mean(axis=0) / 255
    expected = [cell.mean(), cell[0] - cell[1], cell[2] - (cell[0] + cell[1]) / 2]
    assert np.allclose(grid[1, 1, 2], expected)
    with pytest.raises(BadDataError, match="64x36"):
        films.layout(np.zeros((1, 36, 64, 3), np.uint8))


def test_features_are_standardised_and_named(study):
    phi = films.feature_vector(study[::4])
    assert phi.shape == (350, len(films.FEATURE_NAMES))
    assert np.isfinite(phi).all()
    assert np.abs(phi.mean(axis=0)).max() < 0.4  # the constants are the same for all cells
    assert np.abs(phi.std(axis=0) - 1).max() < 0.3
    same = [spec.concept for spec in study[::4]].index(7)
    assert np.array_equal(phi[same, -films.CODE_FEATURES :], films.concept_code()[6])


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_colour_spaces_invert(rgb):
    assert np.allclose(from_opponent(opponent(np.array(rgb))), rgb)
    assert np.allclose(from_hsv(*rgb), colorsys.hsv_to_rgb(*rgb))


def test_captions_name_what_is_there():
    specs = films.sample_specs(np.tile(np.arange(1, 41), 20).tolist(), np.random.default_rng(1))
    for spec in specs:
        words = films.caption(spec).split()
        if spec.color == 1:
            assert "red" in words
        if spec.number == 3 and spec.concept != 21:
            assert words[0] == "many"
        assert ("person" in words) == spec.has_companion
    assert len({films.caption(spec) for spec in specs}) > 300


def test_unknown_concept():
    with pytest.raises(ValueError, match=r"expected 1\.\.40"):
        films.make_spec(41, 0)
