"""What is asked of every network and generator, for the tests of packages that bring some.

    from eeg2vid.stages.services.plugin_checks import check_network
    check_network(MySettings(), TrainingSettings(epochs=30))

Each raises AssertionError with a sentence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.choice import Choice
from eeg2vid.schemas.generators import GENERATORS, Generator
from eeg2vid.schemas.networks import NETWORKS, Network, TrainingSettings
from eeg2vid.schemas.plugins import ChoiceTable
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.generators.generator import Build, Model
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.checkpoint import load_decoder, save_decoder
from eeg2vid.stages.networks.context import BuildContext, Sensor, TargetForm
from eeg2vid.stages.networks.decoder import Decoder
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.loop import TrainingStopped
from eeg2vid.stages.training.state import FolderKeeper

_CLASSES = ("cat", "dog", "fish")
_BLOCKS, _RUNS, _CLIPS = 8, 6, 5  # blocks of runs of clips; the last two test, the one before validates
_SHAPES = {"epochs": (4, 100), "de": (2, 4, 5), "psd": (2, 4, 5)}
_FORMS = {"label": TargetForm("concept", "label", _CLASSES), "value": TargetForm("latents", "value", (), (2, 3))}
_LATENTS = (2, 4, 2, 3)  # of one clip: frame, channel, row, column; the tiny profile's VAE makes 16 x 24 px of it
_VIDEO = (2, 16, 24, 3)


def check_network(
    settings: Network, training: TrainingSettings | None = None, *, shapes: Mapping[str, tuple[int, ...]] = _SHAPES
) -> None:
    """Ask of a network what eeg2vid asks of its own, for every kind of target that it learns.

    It finds a planted signal in held-out blocks and nothing where there is none; the same seed gives the same bytes,
    also when the training was stopped in the middle; stored and loaded it decodes the same.

    Parameters
    ----------
    settings
        Small ones: this trains five times for each kind of target.
    training
        How to train it; the defaults where None.
    shapes
        Of one event of each input that it may read.

    Raises
    ------
    AssertionError
        Naming what does not hold.
    """
    _check_contract(NETWORKS, settings)
    package = type(settings).__module__.partition(".")[0]
    assert NETWORKS.get(settings.name) is type(settings), (
        f"no entry point of an installed package gives network '{settings.name}' as {type(settings).__name__} of "
        f"{package}: pip install -e . where its pyproject.toml is"
    )
    training = training or TrainingSettings()
    kinds = sorted(settings.learns)
    for forms in [kinds] if settings.joint else [[kind] for kind in kinds]:
        what = f"network '{settings.name}' ({' and '.join(forms)})"
        planted, nothing = (_examples(settings, forms, shapes, planted=yes) for yes in (True, False))
        decoder = _fitted(settings, training, planted)
        for kind in forms:
            found, least = _skill(decoder, planted, kind), _least(kind)
            assert found > least, f"{what} finds {found:.2f} of a planted signal of 1, at least {least:.2f} is expected"
            by_chance = _skill(_fitted(settings, training, nothing), nothing, kind)
            assert by_chance < least, f"{what} finds {by_chance:.2f} where there is no signal: does it see test events?"
        _check_bytes(settings, training, planted, decoder, what)


def check_generator(
    settings: Generator, values: Mapping[str, NDArray[np.float32]] | None = None, *, models: str = "tiny"
) -> None:
    """Ask of a generator what eeg2vid asks of its own.

    Videos are uint8 and of the clips' shape; the same seed gives the same bytes; a clip's video depends on no other
    clip; what was decoded is seen in it; what it says it can do without may be missing.

    Parameters
    ----------
    settings
        Those of the generator.
    values
        Decoded values of at least three clips by target; needed unless it reads latents and motion alone.
    models
        The model profile that its roles are of.

    Raises
    ------
    AssertionError
        Naming what does not hold.
    """
    _check_contract(GENERATORS, settings)
    what = f"generator '{settings.name}'"
    rng = np.random.default_rng(0)
    known = {"latents": rng.normal(size=(3, *_LATENTS)), "fast": np.array([[1, 0], [0, 1], [0.4, 0.6]])}
    wanted = settings.reads_targets()
    given = {
        name: np.asarray((values or known)[name], dtype=np.float32) for name in wanted if name in (values or known)
    }
    assert set(given) == set(wanted), f"{what} reads {', '.join(wanted)}: give values of all of them"
    clips = [f"clip-{k}" for k in range(len(given[wanted[0]]))]
    made = _videos(settings, models, clips, given)
    assert made.dtype == np.uint8 and made.shape == (len(clips), *_VIDEO), (
        f"{what} makes {made.dtype} {made.shape}, expected uint8 {(len(clips), *_VIDEO)}"
    )
    assert np.array_equal(made, _videos(settings, models, clips, given)), f"{what}: the same seed gives other bytes"
    back = _videos(settings, models, clips[::-1], {name: one[::-1] for name, one in given.items()})
    assert np.array_equal(made, back[::-1]), f"{what}: a clip's video depends on the place of the clip"
    assert len({video.tobytes() for video in made}) > 1, f"{what} makes the same video of all that was decoded"
    for name in settings.without:
        _videos(settings, models, clips, {other: one for other, one in given.items() if other != name})


def _check_contract(table: ChoiceTable[Any], settings: Choice) -> None:
    fault = table.fault_of(settings.name, type(settings).__name__, type(settings))
    assert not fault, fault


def _examples(
    settings: Network, kinds: Sequence[str], shapes: Mapping[str, tuple[int, ...]], *, planted: bool
) -> Examples:
    """Return events in blocks of runs; what is shown is in the EEG, or nothing is."""
    rng = np.random.default_rng(5)
    number = _BLOCKS * _RUNS * _CLIPS
    runs = np.arange(number) // _CLIPS
    classes = np.tile(np.repeat(np.arange(_RUNS) % len(_CLASSES), _CLIPS), _BLOCKS)
    if not planted:  # of whole runs, as classes are: a network that learns runs by heart gains nothing in other blocks
        classes = rng.integers(len(_CLASSES), size=_BLOCKS * _RUNS)[runs]
    shown = rng.normal(size=(len(_CLASSES), *_FORMS["value"].shape)).astype(np.float32)
    values = shown[classes] + rng.normal(0, 0.1, size=(number, *_FORMS["value"].shape)).astype(np.float32)
    arrays = {}
    for name in settings.inputs:
        assert name in shapes, f"network '{settings.name}' reads {name}: say its shape in `shapes`"
        pattern = rng.normal(size=(len(_CLASSES), *shapes[name])) * planted
        if name == "epochs" and planted:  # slow, as responses are: white patterns vanish where time is averaged
            pattern = np.broadcast_to(pattern.mean(axis=-1, keepdims=True) * 10, pattern.shape)
        arrays[name] = (pattern[classes] + rng.normal(size=(number, *shapes[name]))).astype(np.float32)
    targets: dict[str, NDArray[Any]] = {"concept": classes, "latents": values}
    kept = {_FORMS[kind].name: targets[_FORMS[kind].name] for kind in kinds}
    known = {"concept": classes}
    return Examples(Inputs(arrays), kept, runs // _RUNS, runs, known)


def _parts(examples: Examples) -> tuple[Examples, Examples, Examples]:
    blocks = np.asarray(examples.groups)
    return (
        examples.take(blocks < _BLOCKS - 3),
        examples.take(blocks == _BLOCKS - 3),
        examples.take(blocks > _BLOCKS - 3),
    )


def _built(settings: Network, training: TrainingSettings, examples: Examples) -> Decoder:
    forms = tuple(form for form in _FORMS.values() if form.name in examples.targets)
    sensors = tuple(Sensor(name) for name in ("FZ", "CZ", "O1", "O2"))
    context = BuildContext(examples.inputs.shapes(), forms, sensors, 100.0, {}, examples.inputs.subjects)
    return build(settings, context=context, training=training)


def _fitted(settings: Network, training: TrainingSettings, examples: Examples, seed: int = 0, **how: Any) -> Decoder:
    decoder = _built(settings, training, examples)
    train, validation, _ = _parts(examples)
    decoder.fit(train, validation, seed=seed, **how)
    return decoder


def _skill(decoder: Decoder, examples: Examples, kind: str) -> float:
    """Return accuracy over test events, or the share of their variance that is explained."""
    train, _, test = _parts(examples)
    name = _FORMS[kind].name
    found, wanted = decoder.predict(test.inputs)[name], test.targets[name]
    if kind == "label":
        return float((found.argmax(axis=1) == wanted).mean())
    error = np.square(found - wanted).sum(dtype=np.float64)
    return 1 - float(error / np.square(wanted - train.targets[name].mean(axis=0)).sum(dtype=np.float64))


def _least(kind: str) -> float:
    """Return what chance hardly reaches over the 12 runs of the test: 9 of 12 of three classes, p = .004."""
    return 0.7 if kind == "label" else 0.3


def _check_bytes(
    settings: Network, training: TrainingSettings, examples: Examples, decoder: Decoder, what: str
) -> None:
    again = _fitted(settings, training, examples)
    assert _same(decoder, again), f"{what}: the same seed gives other bytes"
    with tempfile.TemporaryDirectory() as folder:
        save_decoder(Path(folder) / "model", decoder)
        loaded, test = load_decoder(Path(folder) / "model"), _parts(examples)[2]
        for name, values in decoder.predict(test.inputs).items():
            same = np.array_equal(values, loaded.predict(test.inputs)[name])
            assert same, f"{what}: stored and loaded, it decodes otherwise"
        steps: list[int] = []
        keeper = FolderKeeper(Path(folder) / "state", every_s=1e9)  # saved when it is stopped, no sooner

        def sixth() -> bool:
            steps.append(0)
            return len(steps) > 5

        try:
            _fitted(settings, training, examples, keeper=keeper, should_stop=sixth)
        except TrainingStopped:
            resumed = _fitted(settings, training, examples, keeper=keeper)
            assert _same(decoder, resumed), f"{what}: stopped and resumed, it gives other bytes"


def _same(one: Decoder, other: Decoder) -> bool:
    states = (one.state(), other.state()), (one.scaler_state(), other.scaler_state())
    return all(
        a.keys() == b.keys() and all(np.asarray(a[k]).tobytes() == np.asarray(b[k]).tobytes() for k in a)
        for a, b in states
    )


def _videos(
    settings: Generator, profile: str, clips: Sequence[str], values: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.uint8]:
    located = [Models(profile).locate(role) for role in type(settings).roles]
    attributes = {"vae": next((one.identity for one in located if one.role == "vae"), None)}
    generator = settings.built()(
        settings,
        Build(
            models={one.role: Model(one.name, one.identity, one.folder) for one in located},
            facts={name: TargetFacts(kind="value", attributes=attributes) for name in values},
            shape=_VIDEO,
            device="cpu",
            seed=_seed,
            where="a check",
            mean=lambda target, fold: values[target].mean(axis=0),
        ),
    )
    made: NDArray[np.uint8] = generator.make(clips, values)
    return made


def _seed(*words: object) -> int:
    """Return a number of its own for each clip, the same in every process."""
    return sum(ord(sign) * 31**k for k, sign in enumerate(repr(words))) % 2**31
