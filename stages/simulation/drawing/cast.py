"""Which figures play a concept, how many, where: from a concept's name to drawn groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eeg2vid.stages.simulation.drawing import (
    animals,
    food,
    heads,
    instruments,
    people,
    places,
    plants,
    swimmers,
    vehicles,
)
from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Pen


@dataclass(frozen=True)
class Role:
    """What a figure is told.

    Attributes
    ----------
    pen
        Stands at the figure's origin, y up, 1 unit = the concept's size.
    rgb, accent
        Its colours.
    phase
        Of its movement, rad `(time,)`.
    run
        Distance it has covered, in its own units `(time,)`.
    rng
        Of its details.
    face, ridden
        Whether it shows a face, carries a person.
    variant
        Which of the concept's three kinds it is, 0..2.
    light
        Of the scene.
    """

    pen: Pen
    rgb: RGB
    accent: RGB
    phase: Floats
    run: Floats
    rng: np.random.Generator
    face: bool
    ridden: bool
    variant: int
    light: str


def _beast(kind: str, side: Callable[[Pen, RGB, Floats, int], None]) -> Callable[[Role], None]:
    def draw(role: Role) -> None:
        if role.face:
            heads.front(role.pen, kind, role.rgb, role.phase, role.variant)
        else:
            side(role.pen, role.rgb, role.phase, role.variant)

    return draw


def _plain(draw: Callable[[Pen, RGB, Floats, int], None]) -> Callable[[Role], None]:
    return lambda role: draw(role.pen, role.rgb, role.phase, role.variant)


def _two_colors(draw: Callable[[Pen, RGB, Floats, RGB, int], None]) -> Callable[[Role], None]:
    return lambda role: draw(role.pen, role.rgb, role.phase, role.accent, role.variant)


def _person(draw: Callable[..., None]) -> Callable[[Role], None]:
    def act(role: Role) -> None:
        woman = False if draw is people.box else True if draw is people.dance and role.variant == 1 else None
        draw(role.pen, people.dress(role.rng, role.rgb, woman=woman), role.phase, role.variant, face=role.face)

    return act


def _shark(role: Role) -> None:
    if role.variant == 1:
        swimmers.whale(role.pen, role.rgb, role.phase)
    else:
        swimmers.shark(role.pen, role.rgb, role.phase, striped=role.variant == 2)


def _portrait(role: Role) -> None:
    turned = role.pen.at(0.0, 0.0, 1.0, people.nodding(role.phase))
    people.portrait(turned, people.dress(role.rng, role.rgb), role.phase, role.variant)


def _building(role: Role) -> None:
    places.building(role.pen, role.rgb, role.rng, role.variant, night=role.light == "night")


def _bike(role: Role) -> None:
    rider = people.dress(role.rng, role.accent) if role.ridden else None
    if role.variant == 0:
        vehicles.bicycle(role.pen, role.rgb, -role.run / 0.22, rider, face=role.face)
    elif role.variant == 1:
        vehicles.motorcycle(role.pen, role.rgb, role.phase, -role.run / 0.19, rider, face=role.face)
    else:
        vehicles.scooter(role.pen, role.rgb, role.phase, -role.run / 0.12, rider, face=role.face)


def _balloon(role: Role) -> None:
    vehicles.balloon(role.pen.at(0.0, -0.55), role.rgb, role.phase, role.accent, role.variant)


def _firework(role: Role) -> None:
    places.firework(role.pen, role.rgb, 0.09 * role.phase + role.rng.random(), role.accent, role.variant)


# index = SEED-DV concept id - 1; couple, crowd and road are staged by themselves
PLAYERS: tuple[Callable[[Role], None] | None, ...] = (
    _beast("cat", animals.cat),
    _beast("dog", animals.dog),
    _beast("elephant", animals.elephant),
    _beast("horse", animals.horse),
    _beast("panda", animals.panda),
    _beast("rabbit", animals.rabbit),
    lambda role: animals.bird(role.pen, role.rgb, role.phase, role.variant, sitting=role.face),
    _two_colors(swimmers.fish),
    _plain(swimmers.jellyfish),
    _shark,
    _plain(swimmers.turtle),
    _plain(plants.flower),
    _plain(plants.mushroom),
    _plain(plants.tree),
    _person(people.box),
    _person(people.dance),
    _person(people.run),
    _person(people.ski),
    _portrait,
    None,
    None,
    _plain(places.beach),
    _building,
    lambda role: places.mountain(role.pen, role.rgb, role.phase, role.rng, role.variant),
    None,
    lambda role: places.waterfall(role.pen, role.rgb, 0.12 * role.phase, role.rng, role.variant),
    _firework,
    _plain(food.bananas),
    _plain(food.cake),
    _plain(food.drink),
    _plain(food.pizza),
    _plain(food.watermelon),
    _plain(instruments.drum),
    _plain(instruments.guitar),
    _plain(instruments.piano),
    _bike,
    lambda role: vehicles.car(role.pen, role.rgb, role.phase, -role.run / 0.095, role.variant),
    _balloon,
    _two_colors(vehicles.airplane),
    _two_colors(vehicles.ship),
)
