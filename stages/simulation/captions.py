"""Captions of simulated clips: a small grammar in the manner of automatic captions of real films."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.simulation.drawing.backdrops import SCENES
from eeg2vid.stages.simulation.looks import LOOKS
from eeg2vid.stages.simulation.palette import COLOR_WORDS
from eeg2vid.stages.simulation.specs import COUPLE, CROWD, FACE, ClipSpec

SLOW, FAST = 1.1, 2.8  # px per frame at 512 px and 24 frames per second: the outer quarters of SEED-DV's clips
_BIKE = 36

# index = SEED-DV concept id - 1; of each its three kinds: words before and after the concept's name, or other names
VARIANTS: tuple[tuple[str, str, str], ...] = (
    ("striped *", "*", "spotted *"),
    ("*", "* with pointed ears", "spotted *"),
    ("* with tusks", "*", "* with a red blanket"),
    ("*", "* with a saddle", "spotted *"),
    ("*", "* with a ball", "waving *"),
    ("*", "* with hanging ears", "* with a carrot"),
    ("*", "* with a crest", "* with a long tail"),
    ("striped *", "*", "spotted *"),
    ("*", "flat *", "spotted *"),
    ("*", "whale|whales", "striped *"),
    ("*", "spotted *", "* with rings"),
    ("*", "tulip *", "sunflower|sunflowers"),
    ("* with white dots", "*", "thin *"),
    ("*", "fir *", "palm *"),
    ("*", "* in a shirt", "* with headgear"),
    ("* in a dress", "ballet *", "* with a hat"),
    ("*", "* with a cap", "* with a number"),
    ("*", "snowboarder|snowboarders", "* with a scarf"),
    ("*", "* with glasses", "* with a hat"),
    ("*", "* with an umbrella", "* with a child"),
    ("*", "* with flags", "* with balloons"),
    ("umbrella|umbrellas", "palm tree|palm trees", "sandcastle|sandcastles"),
    ("*", "* with a spire", "tower|towers"),
    ("* with snow", "volcano|volcanoes", "green *"),
    ("*", "dirt *", "railway *"),
    ("*", "broad *", "* with a rock"),
    ("*", "falling *", "* like stars"),
    ("bunch of bananas|bunches of bananas", "*", "peeled *"),
    ("birthday *", "slice of cake|slices of cake", "cupcake|cupcakes"),
    ("glass of juice|glasses of juice", "mug of beer|mugs of beer", "cup of coffee|cups of coffee"),
    ("* with salami", "* with olives", "* with basil"),
    ("*", "half *", "slice of watermelon|slices of watermelon"),
    ("*", "* kit", "hand *"),
    ("*", "electric *", "jazz *"),
    ("grand *", "*", "electric *"),
    ("bicycle|bicycles", "motorcycle|motorcycles", "scooter|scooters"),
    ("*", "van|vans", "truck|trucks"),
    ("striped *", "*", "* with a star"),
    ("*", "propeller *", "jet *"),
    ("*", "sailing boat|sailing boats", "cargo *"),
)
_LIGHTS = {"dusk": "at sunset", "night": "at night", "overcast": "under grey clouds"}


def _noun(spec: ClipSpec) -> str:
    look, pattern = LOOKS[spec.concept - 1], VARIANTS[spec.concept - 1][spec.variant]
    plural = spec.number > 1 and spec.concept not in (COUPLE, CROWD)
    if "|" in pattern:
        return pattern.split("|")[plural]
    name = look.plural if plural else look.singular
    if pattern == "* kit" and plural:
        return "drum kits"
    return pattern.replace("*", "drum" if pattern == "* kit" else name)


def caption(spec: ClipSpec, flow: float) -> str:
    """Describe a clip in one lower-case sentence of 3 to 19 words, like "two red birds flying fast in the sky".

    Parameters
    ----------
    spec
        The clip.
    flow
        Its mean optical flow, px per frame at 512 px and 24 frames per second; decides on slow and fast.
    """
    rng = np.random.default_rng([spec.seed, 7])
    look, scene = LOOKS[spec.concept - 1], SCENES[spec.scene]
    noun = " ".join(word for word in (COLOR_WORDS[spec.color], _noun(spec)) if word)
    one = spec.number == 1 or spec.concept in (COUPLE, CROWD)
    many = ("many", "many", "a group of")[int(rng.integers(3))]
    count = ("an" if noun[0] in "aeiou" else "a") if one else "two" if spec.number == 2 else many
    words = [count, noun]
    closeup = spec.face and not spec.has_companion and spec.concept != FACE and rng.random() < 0.5
    if closeup:
        words.insert(0, "a close up of")
    words.append(look.verbs[0 if flow < SLOW else 2 if flow > FAST else 1])
    words.append(scene.place[int(rng.integers(len(scene.place)))])
    if (
        spec.light in _LIGHTS
        and "night" not in words[-1]
        and spec.scene not in ("stage", "gym", "room", "table")
        and rng.random() < 0.4
    ):
        words.append(_LIGHTS[spec.light])
    if spec.has_companion:
        words.append("with a person")
    if spec.face and not closeup and spec.concept != FACE:
        words.append("facing the camera")
    return " ".join(words)
