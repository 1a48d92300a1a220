from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import EvokedRhythmsSettings, TrainingSettings
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.checkpoint import load_decoder, save_decoder
from eeg2vid.stages.networks.context import BuildContext, Sensor, Shared, TargetForm
from eeg2vid.stages.networks.discriminant import confidence
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.training.discriminant import NEVER, Discriminant
from eeg2vid.stages.training.inputs import Inputs

CONCEPTS, BLOCKS, EACH = 6, 5, 8


class World:
    """Epochs in spatially mixed noise; a concept evokes a course of its own, or changes the power of a source."""

    def __init__(self, seed=0, *, evoked=0.0, rhythm=0.0, electrodes=12, sfreq=100.0, seconds=1.5, people=1):
        rng = np.random.default_rng(seed)
        n, samples = BLOCKS * CONCEPTS * EACH, round(seconds * sfreq)
        self.sfreq, self.electrodes = sfreq, electrodes
        self.block = np.repeat(np.arange(BLOCKS), CONCEPTS * EACH)
        self.concept = np.tile(np.repeat(np.arange(CONCEPTS), EACH), BLOCKS)
        self.clips = rng.standard_normal((n, 4)) + 0.5 * rng.standard_normal((CONCEPTS, 4))[self.concept]
        time = np.arange(samples) / sfreq
        courses = np.stack([np.sin(2 * np.pi * (2 + k) * time) for k in range(3)])
        weights = rng.standard_normal((CONCEPTS, 3))
        gains = rng.standard_normal((CONCEPTS, 2))
        parts = []
        for _ in range(people):
            mixing = rng.standard_normal((electrodes, electrodes)) / 3
            noise = mixing @ rng.standard_normal((n, electrodes, samples))
            places = rng.standard_normal((3, electrodes))
            noise += evoked * np.einsum("nk,ke,kt->net", weights[self.concept], places, courses)
            for source in range(2):
                phase = rng.uniform(0, 2 * np.pi, (n, 1))
                wave = np.sin(2 * np.pi * 10.5 * time + phase) * np.exp(rhythm * gains[self.concept, source])[:, None]
                noise += 0.7 * wave[:, None] * rng.standard_normal(electrodes)[:, None]
            parts.append(noise)
        self.epochs = np.concatenate(parts).astype(np.float32)
        self.people = np.repeat(np.arange(people), n)
        for name in ("block", "concept", "clips"):
            setattr(self, name, np.concatenate([getattr(self, name)] * people))
        self.inputs = Inputs({"epochs": self.epochs}, person=self.people, subjects=tuple(map(str, range(people))))

    def rows(self, *blocks, person=None):
        mine = np.isin(self.block, blocks)
        return np.flatnonzero(mine if person is None else mine & (self.people == person))

    def examples(self, rows, target="concept", values=None):
        values = self.concept if values is None else values
        known = {"concept": self.concept[rows], "clips": self.clips[rows]}
        return Examples(self.inputs.take(rows), {target: values[rows]}, self.block[rows].astype(str), None, known)

    def decoder(self, form=None, training=None, shared=None, **settings):
        form = form or TargetForm("concept", "label", tuple("abcdef"))
        sensors = tuple(Sensor(str(k)) for k in range(self.electrodes))
        context = BuildContext(
            self.inputs.shapes(), (form,), sensors, self.sfreq, subjects=self.inputs.subjects, shared=shared or Shared()
        )
        return build(EvokedRhythmsSettings(**settings), context=context, training=training)

    def accuracy(self, **settings):
        decoder = self.decoder(**settings)
        decoder.fit(self.examples(self.rows(0, 1, 2)), self.examples(self.rows(3)))
        rows = self.rows(4)
        found = decoder.predict(self.inputs.take(rows))["concept"]
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
        return float(np.mean(found.argmax(axis=1) == self.concept[rows]))


@pytest.mark.parametrize("design", ["chosen", "concepts", "clips", "both"])
def test_evoked_responses_are_found(design):
    assert World(1, evoked=0.35).accuracy(design=design) > 0.5  # chance 1/6


@pytest.mark.parametrize("world", [{"rhythm": 0.8}, {"rhythm": 0.8, "sfreq": 250.0, "seconds": 1.0}])
def test_rhythms_are_found(world):
    assert World(2, **world).accuracy() > 0.3  # chance 1/6


def test_without_a_signal_it_stays_at_chance():
    found = [World(seed).accuracy() for seed in range(10)]
    assert abs(np.mean(found) - 1 / CONCEPTS) < 4 * np.sqrt(5 / 36 / (10 * CONCEPTS * EACH))


@pytest.mark.parametrize(
    "world", [{"electrodes": 3}, {"sfreq": 50.0}, {"sfreq": 333.25, "seconds": 0.7}, {"seconds": 3.0, "electrodes": 20}]
)
def test_any_cap_rate_and_length(world):
    assert World(3, evoked=0.6, **world).accuracy() > 0.4


def test_an_average_reference_and_dead_electrodes_are_survived():
    world = World(1, evoked=0.35)
    world.epochs -= world.epochs.mean(axis=1, keepdims=True)
    world.epochs[:, 3] = 0.0
    assert world.accuracy() > 0.5


def test_blinks_do_not_drown_the_rest():
    world = World(1, evoked=0.35)
    rng = np.random.default_rng(0)
    place = rng.standard_normal(12)[:, None]
    for event in rng.choice(len(world.epochs), 60, replace=False):
        world.epochs[event] += 60 * place * np.hanning(world.epochs.shape[-1])
    assert world.accuracy() > 0.4


def test_values_are_found_and_without_a_signal_nothing_is():
    rng = np.random.default_rng(0)
    means = rng.standard_normal((CONCEPTS, 5, 3))
    form = TargetForm("latents", "value", shape=(5, 3))
    shares = []
    for strength in (0.5, 0.0):
        world = World(1, evoked=strength)
        values = means[world.concept] + 0.1 * rng.standard_normal((len(world.concept), 5, 3))
        decoder = world.decoder(form)
        train, held = (world.examples(world.rows(*b), "latents", values) for b in ((0, 1, 2), (3,)))
        report = decoder.fit(train, held)
        rows = world.rows(4)
        found = decoder.predict(world.inputs.take(rows))["latents"]
        assert found.shape == (len(rows), 5, 3) and "penalty" in report.detail
        shares.append(1 - np.square(found - values[rows]).sum() / np.square(values[rows].mean(0) - values[rows]).sum())
    assert shares[0] > 0.4 and shares[1] < 0.1


def test_what_is_stored_decodes_the_same(tmp_path):
    world = World(1, evoked=0.35, rhythm=0.5)
    decoder = world.decoder()
    decoder.fit(world.examples(world.rows(0, 1, 2)), world.examples(world.rows(3)))
    save_decoder(tmp_path / "a", decoder)
    other = load_decoder(tmp_path / "a")
    test = world.inputs.take(world.rows(4))
    np.testing.assert_array_equal(decoder.predict(test)["concept"], other.predict(test)["concept"])
    np.testing.assert_array_equal(decoder.embed(test), other.embed(test))
    save_decoder(tmp_path / "b", other)
    for name in ("config.json", "model.safetensors", "scaler.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_models_share_changes_nothing():
    world, shared = World(1, evoked=0.35), Shared(most=3)
    states = []
    for memo in (shared, shared, None):
        decoder = world.decoder(shared=memo)
        decoder.fit(world.examples(world.rows(0, 1, 2)), world.examples(world.rows(3)))
        states.append({**decoder.state(), **decoder.scaler_state()})
    for other in states[1:]:
        for name, values in states[0].items():
            np.testing.assert_array_equal(values, other[name])


def test_test_events_never_enter():
    first, second = World(1, evoked=0.35), World(1, evoked=0.35)
    rows = second.rows(4)
    second.epochs[rows] = np.random.default_rng(9).standard_normal(second.epochs[rows].shape) * 50
    second.clips[rows] *= 7
    states = []
    for world in (first, second):
        decoder = world.decoder()
        decoder.fit(world.examples(world.rows(0, 1, 2)), world.examples(world.rows(3)))
        states.append({**decoder.state(), **decoder.scaler_state()})
    for name, values in states[0].items():
        np.testing.assert_array_equal(values, states[1][name])


def test_one_model_of_several_people_and_a_person_it_never_met():
    world = World(4, evoked=0.5, people=3)
    learned = np.concatenate([world.rows(0, 1, 2, 3, person=k) for k in (0, 1)])
    held = np.concatenate([world.rows(3, person=k) for k in (0, 1)])
    decoder = world.decoder()
    decoder.fit(world.examples(np.setdiff1d(learned, held)), world.examples(held))
    assert decoder.people == ("0", "1")
    rows = np.concatenate([world.rows(4, person=k) for k in (0, 1)])
    found = decoder.predict(world.inputs.take(rows))["concept"]
    assert np.mean(found.argmax(axis=1) == world.concept[rows]) > 0.25
    stranger = world.inputs.take(world.rows(4, person=2))
    pooled = decoder.predict(stranger)["concept"]
    own = decoder.predict(stranger, unseen="own", own=world.inputs.take(world.rows(0, 1, person=2)))["concept"]
    assert np.abs(pooled - own).max() > 1e-3
    with pytest.raises(UsageError, match="Nobody of label '2'"):
        decoder.predict(stranger, unseen="own")


def test_without_validation_events_a_training_group_chooses():
    world = World(1, evoked=0.35)
    decoder = world.decoder()
    report = decoder.fit(world.examples(world.rows(0, 1, 2, 3)))
    assert report.score is None and "evoked responses by" in report.detail
    one = world.decoder()
    assert "nothing to choose by" in one.fit(world.examples(world.rows(0))).detail
    mapper = world.decoder(TargetForm("latents", "value", shape=(4,)))
    with pytest.raises(BadDataError, match="penalty is chosen"):
        mapper.fit(world.examples(world.rows(0), "latents", world.clips))


def test_what_is_not_known_cannot_be_sought_by():
    world = World(1)
    train = world.examples(world.rows(0, 1))
    bare = Examples(train.inputs, train.targets, train.groups)
    with pytest.raises(BadDataError, match="of these clips is known: nothing"):
        world.decoder().fit(bare)
    with pytest.raises(BadDataError, match="sought by clips"):
        world.decoder(design="clips").fit(
            Examples(train.inputs, train.targets, train.groups, None, {"concept": train.known["concept"]})
        )


def test_it_reads_epochs_of_a_known_rate():
    form = TargetForm("concept", "label", ("a", "b"))
    with pytest.raises(UsageError, match="reads epochs"):
        build(EvokedRhythmsSettings(), context=BuildContext({"de": (2, 3, 5)}, (form,)), training=TrainingSettings())


def test_epochs_too_short_for_the_frequencies_are_refused():
    world = World(1, seconds=0.1)
    with pytest.raises(UsageError, match="have no frequency"):
        world.decoder(evoked_hz=(0.5, 5.0)).fit(world.examples(world.rows(0, 1)))


def test_the_discriminant_is_ldas_where_means_are_certain():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 4000)
    mixing = np.eye(6) + 0.2 * rng.standard_normal((6, 6))
    values = 2 * rng.standard_normal((4, 6))[labels] + rng.standard_normal((4000, 6)) @ mixing
    fitted = Discriminant.fit(values[:3000], labels[:3000], 5)
    reference = LinearDiscriminantAnalysis(priors=np.full(4, 0.25)).fit(values[:3000], labels[:3000])
    scores = fitted.scores(values[3000:])
    assert (scores[:, 4] < NEVER / 2).all()
    np.testing.assert_allclose(softmax(scores[:, :4], axis=1), reference.predict_proba(values[3000:]), atol=0.02)


def test_means_that_are_noise_are_drawn_together():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(40), 30)
    scores = Discriminant.fit(rng.standard_normal((1200, 20)), labels, 40).scores(rng.standard_normal((500, 20)))
    spread = scores.std(axis=1).mean()
    plain = LinearDiscriminantAnalysis().fit(rng.standard_normal((1200, 20)), labels)
    assert spread < 0.4 * plain.decision_function(rng.standard_normal((500, 20))).std(axis=1).mean()


def test_confidence_finds_the_temperature():
    rng = np.random.default_rng(2)
    true = rng.standard_normal((4000, 5)) * 1.5
    labels = np.array([rng.choice(5, p=row) for row in softmax(true, axis=1)])
    useless = rng.standard_normal((4000, 5))
    trust, good = confidence(np.stack([true * 4, useless]), np.log(np.full(5, 0.2)), labels)
    assert trust[0] == pytest.approx(0.25, abs=0.03) and trust[1] < 0.08
    assert good > -np.log(5)
    assert confidence(np.zeros((2, 0, 3)), np.zeros(3), np.zeros(0, int)) == ([1.0, 1.0], 0.0)
