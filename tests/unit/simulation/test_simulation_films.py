from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.simulation import films
from eeg2vid.stages.simulation.captions import FAST, SLOW
from eeg2vid.stages.simulation.looks import LOOKS
from eeg2vid.stages.simulation.palette import COLOR_WORDS, from_opponent
from eeg2vid.stages.stimuli.measures import opponent

concepts = st.integers(1, 40)
seeds = st.integers(films.STUDY_SEEDS.start, films.STUDY_SEEDS.stop - 1)


@pytest.fixture(scope="module")
def study():
    ids = np.repeat(np.arange(1, 41), 35).tolist()
    return films.sample_specs(ids, np.random.default_rng(3))


@pytest.fixture(scope="module")
def phi(study):
    return films.feature_vector(study[::4])


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
    assert 0.05 < films.optical_flow([spec])[0] < 20


def test_frames_show_times_not_indices():
    spec = films.make_spec(8, 5)
    fast, slow = (films.render_clip(spec, width=64, height=36, fps=fps) for fps in (24.0, 3.0))
    assert np.array_equal(fast[::8], slow)


def test_a_clip_looks_the_same_at_any_size():
    for concept in range(1, 41, 3):
        spec = films.make_spec(concept, 77)
        small = films.render_clip(spec, width=64, height=36, fps=1.0).astype(float)
        large = films.render_clip(spec, width=256, height=144, fps=1.0).astype(float)
        pooled = large.reshape(2, 36, 4, 64, 4, 3).mean(axis=(2, 4))
        assert np.abs(pooled - small).mean() < 3.5


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
    flow = films.optical_flow(study[::4])
    low, median, high = np.percentile(flow, [25, 50, 75])
    assert abs(low - 1.07) < 0.25
    assert abs(median - 1.80) < 0.25
    assert abs(high - 2.84) < 0.4
    assert flow.min() > 0.05
    assert np.percentile(flow, 99) < 12


def test_layout_scatters_within_concepts_as_between(study, phi):
    labels = np.array([spec.concept for spec in study[::4]])
    grouped = np.stack([phi[labels == concept][:8, :18] for concept in range(1, 41)])
    within = grouped.var(axis=1, ddof=1).mean(axis=0)
    between = grouped.mean(axis=1).var(axis=0, ddof=1) - within / 8
    assert 0.3 < (between / within).mean() < 1.1


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


def test_layout_is_the_mean_over_cells():
    frames = np.random.default_rng(0).integers(0, 256, (2, 4, 12, 18, 3), dtype=np.uint8)
    grid = films.layout(frames)
    cell = frames[1, :, 6:12, 12:18].reshape(-1, 3).mean(axis=0) / 255
    expected = [cell.mean(), cell[0] - cell[1], cell[2] - (cell[0] + cell[1]) / 2]
    assert np.allclose(grid[1, 1, 2], expected)


def test_features_are_standardised_and_named(study, phi):
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


def test_captions_name_what_is_there(study):
    vocabulary = set()
    for spec in study[::4]:
        text = films.caption(spec)
        words = text.split()
        vocabulary |= set(words)
        assert 3 <= len(words) <= 19
        assert text == text.lower()
        if spec.color:
            assert COLOR_WORDS[spec.color] in words
        if spec.number == 3 and spec.concept != 21:
            assert "many" in words or "group" in words
        if spec.number == 2 and spec.concept != 20:
            assert "two" in words
        assert ("with a person" in text) == spec.has_companion
        flow = films.optical_flow([spec])[0]
        verbs = LOOKS[spec.concept - 1].verbs
        assert verbs[0 if flow < SLOW else 2 if flow > FAST else 1] in text
    assert len({films.caption(spec) for spec in study[::4]}) > 300
    assert len(vocabulary) < 400


def test_variants_and_attributes_show_in_the_picture():
    for concept in (1, 12, 22, 29, 33, 36, 40):
        spec = dataclasses.replace(films.make_spec(concept, 8), number=1, human=0, face=0, speed=0.02)
        pictures = [
            films.render_clip(dataclasses.replace(spec, **change), width=96, height=54, fps=0.5).astype(float)
            for change in (
                {"variant": 0},
                {"variant": 1},
                {"variant": 2},
                {"variant": 0, "number": 3},
                {"variant": 0, "human": 1},
            )
        ]
        for one, two in itertools.combinations(pictures, 2):
            assert (np.abs(one - two).max(axis=-1) > 30).mean() > 0.005


def test_a_main_colour_is_the_main_colour(study):
    """The mean picture of clips with a main colour lies on that colour's side of those without."""
    plain = np.mean(
        [films.layout(films.render_clip(s, width=24, height=14, fps=0.5)) for s in study[:1400:28]], axis=(0, 1, 2)
    )
    for color, axis, sign in ((1, 1, 1), (2, 1, -1), (3, 2, 1), (4, 2, -1)):
        own = [s for s in study if s.color == color][:12]
        mean = np.mean([films.layout(films.render_clip(s, width=24, height=14, fps=0.5)) for s in own], axis=(0, 1, 2))
        assert sign * (mean[axis] - plain[axis]) > 0.02


def test_unknown_concept():
    with pytest.raises(ValueError, match=r"expected 1\.\.40"):
        films.make_spec(41, 0)
