"""What other packages ask of their own: ours pass it, and what breaks a promise is named."""

import itertools
from typing import ClassVar, Literal

import numpy as np
import pytest

from eeg2vid.schemas.generators import GENERATORS, DecodeGenerator
from eeg2vid.schemas.networks import NETWORKS, LdaSettings, RidgeSettings
from eeg2vid.stages.generators.decode import Decode
from eeg2vid.stages.networks.lda import LdaDecoder
from eeg2vid.stages.services.plugin_checks import check_generator, check_network


def test_ours_pass():
    check_network(LdaSettings())
    check_network(RidgeSettings())
    check_generator(DecodeGenerator())


COUNT = (np.uint8(k) for k in itertools.count(1))


class Careless(LdaDecoder):
    """Breaks one promise at a time."""

    def fit(self, train, validation=None, **how):
        report = super().fit(train, validation, **how)
        if self.settings.breaks == "seed":
            self.arrays = {name: one + np.random.default_rng().random() * 1e-6 for name, one in self.arrays.items()}
        return report

    def predict(self, inputs, **how):
        found = super().predict(inputs, **how)
        if self.settings.breaks == "signal":
            found = {name: np.full_like(values, 1 / 3) for name, values in found.items()}
        if self.settings.breaks == "storage" and getattr(self, "given", None) is not None:
            found = {name: values[::-1] for name, values in found.items()}
        return found

    def load(self, state, scaler):
        super().load(state, scaler)
        self.given = state


class CarelessSettings(LdaSettings):
    """An LDA that breaks a promise."""

    builds: ClassVar[str] = f"{__name__}:Careless"
    name: Literal["careless"] = "careless"
    breaks: str = "seed"

    @classmethod
    def built(cls):
        return Careless


CarelessSettings.model_fields["breaks"].description = "which one"


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        ("seed", "the same seed gives other bytes"),
        ("signal", r"finds 0\.\d\d of a planted signal"),
        ("storage", "stored and loaded, it decodes otherwise"),
    ],
)
def test_a_careless_network_is_named(breaks, says, monkeypatch):
    monkeypatch.setitem(NETWORKS, "careless", CarelessSettings)
    with pytest.raises(AssertionError, match=rf"network 'careless' \(label\).*{says}"):
        check_network(CarelessSettings(breaks=breaks))


def test_a_network_that_no_entry_point_names():
    with pytest.raises(AssertionError, match="no entry point of an installed package gives network 'careless'"):
        check_network(CarelessSettings())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda frames, clips: frames[:, :1], "expected uint8"),
        (lambda frames, clips: frames + next(COUNT), "the same seed gives other bytes"),
        (lambda frames, clips: frames + np.arange(len(clips), dtype=np.uint8)[:, None, None, None, None], "the place"),
        (lambda frames, clips: frames * 0, "the same video of all"),
    ],
)
def test_a_careless_generator_is_named(make, says, monkeypatch):
    whole = Decode.make
    monkeypatch.setattr(Decode, "make", lambda self, clips, values, **how: make(whole(self, clips, values), clips))
    with pytest.raises(AssertionError, match=f"generator 'decode'.*{says}"):
        check_generator(GENERATORS["decode"]())
