"""How the forty concepts look and are spoken of: one row each."""

from __future__ import annotations

from typing import NamedTuple

RGB = tuple[float, float, float]


class Look(NamedTuple):
    """The fixed part of a concept.

    Attributes
    ----------
    singular, plural
        Its names.
    size
        Median size of a single one, heights (of its unit of drawing).
    stands
        On the ground (else it floats around its centre).
    travels
        Moves across the scene while the camera follows.
    scenes
        Where it is found; repeated entries are likelier.
    colors
        Its natural colours.
    color_rate, color
        How often its clip has one main colour (SEED-DV's codes 1..6), and which one most of the time.
    verbs
        What it does slowly, as usual, fast.
    """

    singular: str
    plural: str
    size: float
    stands: bool
    travels: bool
    scenes: tuple[str, ...]
    colors: tuple[RGB, ...]
    color_rate: float
    color: int
    verbs: tuple[str, str, str]


_FUR: tuple[RGB, ...] = (
    (0.86, 0.54, 0.22),
    (0.55, 0.55, 0.58),
    (0.30, 0.24, 0.22),
    (0.93, 0.90, 0.85),
    (0.62, 0.42, 0.26),
)
_COATS: tuple[RGB, ...] = (
    (0.52, 0.28, 0.13),
    (0.32, 0.18, 0.10),
    (0.90, 0.86, 0.80),
    (0.22, 0.18, 0.18),
    (0.72, 0.48, 0.26),
)
_GREY: tuple[RGB, ...] = ((0.50, 0.50, 0.54), (0.60, 0.56, 0.54), (0.42, 0.42, 0.48))
_WHITES: tuple[RGB, ...] = ((0.95, 0.94, 0.92), (0.90, 0.88, 0.84))
_BRIGHT: tuple[RGB, ...] = (
    (0.88, 0.20, 0.18), (0.20, 0.42, 0.85), (0.96, 0.72, 0.14), (0.22, 0.62, 0.34), (0.66, 0.28, 0.66),
         (0.95, 0.46, 0.16),
)  # fmt: skip
_PETALS: tuple[RGB, ...] = (
    (0.92, 0.30, 0.45),
    (0.96, 0.80, 0.20),
    (0.96, 0.94, 0.92),
    (0.62, 0.36, 0.80),
    (0.92, 0.22, 0.16),
)
_GREENS: tuple[RGB, ...] = ((0.20, 0.48, 0.16), (0.32, 0.56, 0.18), (0.82, 0.48, 0.14), (0.92, 0.62, 0.72))
_WOOD: tuple[RGB, ...] = ((0.80, 0.50, 0.22), (0.58, 0.28, 0.12), (0.88, 0.68, 0.38), (0.20, 0.14, 0.12))
_CREATURES: tuple[RGB, ...] = (
    (0.95, 0.50, 0.12),
    (0.98, 0.80, 0.18),
    (0.28, 0.52, 0.90),
    (0.85, 0.28, 0.28),
    (0.40, 0.72, 0.60),
)
_GLOWS: tuple[RGB, ...] = ((0.90, 0.55, 0.80), (0.60, 0.66, 0.95), (0.95, 0.72, 0.50), (0.66, 0.90, 0.92))
_ROCKS: tuple[RGB, ...] = ((0.46, 0.43, 0.44), (0.40, 0.44, 0.52), (0.52, 0.42, 0.34), (0.36, 0.46, 0.34))
_WALLS: tuple[RGB, ...] = (
    (0.72, 0.70, 0.66),
    (0.68, 0.42, 0.32),
    (0.56, 0.64, 0.72),
    (0.86, 0.80, 0.66),
    (0.48, 0.50, 0.54),
)

_ROAM = ("walking slowly", "walking", "running fast")
_SWIM = ("floating slowly", "swimming", "swimming fast")
_REST = ("standing still", "standing", "seen from a moving camera")
_LIE = ("lying", "shown", "turning quickly")
_RIDE = ("driving slowly", "driving", "driving fast")
_PLAY = ("played slowly", "played", "played fast")

# index = SEED-DV concept id - 1
LOOKS: tuple[Look, ...] = (
    Look("cat", "cats", 0.62, True, True, ("room", "room", "meadow", "street"), _FUR, 0.05, 5, _ROAM),
    Look("dog", "dogs", 0.62, True, True, ("meadow", "meadow", "beach", "room", "street"), _FUR, 0.05, 4, _ROAM),
    Look("elephant", "elephants", 0.72, True, True, ("savanna", "savanna", "forest", "meadow"), _GREY, 0.52, 6,
         _ROAM),
    Look("horse", "horses", 0.72, True, True, ("meadow", "meadow", "savanna", "beach"), _COATS, 0.05, 5,
         ("walking slowly", "trotting", "galloping fast")),
    Look("panda", "pandas", 0.72, True, False, ("forest", "forest", "meadow"), _WHITES, 0.05, 5,
         ("sitting", "eating bamboo", "eating bamboo quickly")),
    Look("rabbit", "rabbits", 0.58, True, True, ("meadow", "meadow", "forest", "slope", "room"), (*_FUR, *_WHITES),
         0.16, 5, ("sitting", "hopping", "jumping fast")),
    Look("bird", "birds", 0.62, False, True, ("sky", "sky", "forest", "sea"), _BRIGHT, 0.16, 3,
         ("gliding slowly", "flying", "flying fast")),
    Look("fish", "fish", 0.66, False, True, ("underwater",), _CREATURES, 0.40, 3, _SWIM),
    Look("jellyfish", "jellyfish", 0.78, False, False, ("underwater",), _GLOWS, 0.55, 3, _SWIM),
    Look("shark", "sharks", 0.95, False, True, ("underwater",), _GREY, 0.93, 3, _SWIM),
    Look("turtle", "turtles", 0.76, False, True, ("underwater", "underwater", "beach"),
         ((0.36, 0.52, 0.26), (0.46, 0.44, 0.24)), 0.24, 2, _SWIM),
    Look("flower", "flowers", 0.80, True, False, ("meadow", "meadow", "forest", "room"), _PETALS, 0.78, 4,
         ("standing still", "swaying", "swaying fast in the wind")),
    Look("mushroom", "mushrooms", 0.66, True, False, ("forest", "forest", "meadow"),
         ((0.78, 0.14, 0.10), (0.62, 0.42, 0.24), (0.86, 0.74, 0.52)), 0.20, 1,
         ("growing", "growing", "growing quickly")),
    Look("tree", "trees", 0.84, True, False, ("meadow", "meadow", "slope", "beach", "savanna"), _GREENS, 0.91, 2,
         ("standing still", "swaying", "bending fast in the wind")),
    Look("boxer", "boxers", 0.80, True, False, ("gym",),
         ((0.86, 0.12, 0.12), (0.15, 0.30, 0.80), (0.95, 0.85, 0.2)), 0.07, 1,
         ("boxing slowly", "boxing", "punching fast")),
    Look("dancer", "dancers", 0.80, True, False, ("stage", "stage", "room", "street"), _BRIGHT, 0.05, 1,
         ("dancing slowly", "dancing", "dancing fast")),
    Look("runner", "runners", 0.76, True, True, ("street", "meadow", "beach", "gym"), _BRIGHT, 0.03, 3,
         ("jogging slowly", "running", "running fast")),
    Look("skier", "skiers", 0.70, True, True, ("slope",), _BRIGHT, 0.93, 5,
         ("skiing slowly", "skiing", "skiing fast downhill")),
    Look("face", "faces", 0.36, False, False, ("room", "street", "meadow", "stage"), _BRIGHT, 0.03, 5,
         ("looking at the camera", "talking to the camera", "talking quickly to the camera")),
    Look("couple", "couples", 0.78, True, False, ("beach", "meadow", "street", "room"), _BRIGHT, 0.03, 5,
         ("standing together", "holding hands", "waving quickly")),
    Look("crowd", "crowds", 0.44, True, False, ("street", "stage", "meadow"), _BRIGHT, 0.02, 6,
         ("standing", "waving", "cheering fast")),
    Look("beach umbrella", "beach umbrellas", 0.62, True, False, ("beach",), _BRIGHT, 0.28, 3,
         ("by calm water", "by the waves", "by fast waves")),
    Look("building", "buildings", 0.84, True, False, ("street", "street", "night", "sky"), _WALLS, 0.07, 6, _REST),
    Look("mountain", "mountains", 0.85, True, False, ("meadow", "slope", "savanna", "sea"), _ROCKS, 0.20, 5, _REST),
    Look("road", "roads", 0.58, True, False, ("meadow", "savanna", "slope"),
         ((0.30, 0.30, 0.32), (0.42, 0.38, 0.36), (0.52, 0.42, 0.30)), 0.07, 6,
         ("seen slowly", "ahead", "rushing by fast")),
    Look("waterfall", "waterfalls", 0.86, True, False, ("forest", "forest", "meadow"),
         ((0.72, 0.86, 0.94), (0.62, 0.80, 0.86)), 0.16, 5, ("flowing slowly", "falling", "falling fast")),
    Look("firework", "fireworks", 1.0, False, False, ("night",), _BRIGHT, 0.04, 4,
         ("opening slowly", "exploding", "exploding quickly")),
    Look("banana", "bananas", 0.74, True, False, ("table", "table", "room"),
         ((0.97, 0.84, 0.18), (0.82, 0.84, 0.22)), 0.93, 4, _LIE),
    Look("cake", "cakes", 0.74, True, False, ("table",),
         ((0.94, 0.60, 0.68), (0.44, 0.25, 0.14), (0.92, 0.84, 0.62), (0.62, 0.80, 0.72)), 0.05, 5, _LIE),
    Look("drink", "drinks", 0.72, True, False, ("table", "table", "beach"),
         ((0.96, 0.52, 0.12), (0.85, 0.16, 0.22), (0.55, 0.78, 0.25), (0.30, 0.16, 0.10)), 0.20, 1,
                  ("standing still", "shown", "shaken quickly")),
    Look("pizza", "pizzas", 0.90, True, False, ("table",), ((0.97, 0.80, 0.36), (0.95, 0.86, 0.55)), 0.18, 4, _LIE),
    Look("watermelon", "watermelons", 0.76, True, False, ("table", "table", "meadow"),
         ((0.24, 0.54, 0.20), (0.36, 0.62, 0.26)), 0.59, 2, _LIE),
    Look("drum", "drums", 0.70, True, False, ("stage", "stage", "room"), _BRIGHT, 0.05, 1, _PLAY),
    Look("guitar", "guitars", 0.76, True, False, ("stage", "room", "meadow"), _WOOD, 0.05, 1, _PLAY),
    Look("piano", "pianos", 0.70, True, False, ("stage", "room", "room"),
         ((0.10, 0.10, 0.11), (0.12, 0.10, 0.10), (0.38, 0.20, 0.12), (0.92, 0.91, 0.89)), 0.05, 5, _PLAY),
    Look("bike", "bikes", 0.82, True, True, ("street", "street", "savanna", "meadow"), _BRIGHT, 0.04, 1,
         ("riding slowly", "riding", "racing fast")),
    Look("car", "cars", 1.00, True, True, ("street", "street", "meadow", "savanna"), (*_BRIGHT, *_GREY, *_WHITES),
         0.24, 1, _RIDE),
    Look("hot-air balloon", "hot-air balloons", 0.74, False, False, ("sky", "sky", "meadow"), _BRIGHT, 0.05, 1,
         ("floating slowly", "floating", "rising fast")),
    Look("airplane", "airplanes", 0.92, False, True, ("sky",), ((0.94, 0.95, 0.96), (0.86, 0.88, 0.90)), 0.24, 3,
         ("gliding slowly", "flying", "flying fast")),
    Look("ship", "ships", 0.90, True, True, ("sea",),
         ((0.15, 0.22, 0.38), (0.72, 0.18, 0.14), (0.20, 0.20, 0.22), (0.92, 0.92, 0.90)), 0.28, 3,
         ("drifting slowly", "sailing", "sailing fast")),
)  # fmt: skip
