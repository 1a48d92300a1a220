"""Events as evoked responses and rhythms under every design, and the choice between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.networks.responses import EvokedSpace, Noise, Quiet, RhythmSpace, TangentSpace

Floats = NDArray[np.floating]
Designs = Mapping[str, Floats]
Space = EvokedSpace | RhythmSpace | TangentSpace


def designs_of(examples: Examples, wanted: str) -> dict[str, Floats]:
    """Return what responses may be sought for, by name: `(event, column)` each.

    Parameters
    ----------
    examples
        Training events with what is `known` of their clips.
    wanted
        'concepts', 'clips', 'both', or 'chosen' for all of them.

    Raises
    ------
    BadDataError
        If it is not known of these clips.
    """
    parts: dict[str, Floats] = {}
    concept = examples.known.get("concept")
    if concept is not None and (concept >= 0).any():
        parts["concepts"] = (concept[:, None] == np.unique(concept[concept >= 0])).astype(np.float64)
    if "clips" in examples.known:
        parts["clips"] = _standardised(examples.known["clips"])
    if len(parts) == 2:
        parts = {"both": np.concatenate([parts["concepts"], parts["clips"]], axis=1), **parts}
    found = parts if wanted == "chosen" else {wanted: parts[wanted]} if wanted in parts else {}
    if not found:
        raise BadDataError(
            f"Responses are sought by {wanted if wanted != 'chosen' else 'concepts or clips'}, "
            f"but of these clips is known: {', '.join(parts) or 'nothing'}.",
            "Set network.design to what is known.",
        )
    return found


def _standardised(values: Floats) -> Floats:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 1e-12, spread, 1.0)


def evoked_spaces(designs: Designs, quiet: Quiet) -> dict[str, tuple[str, bool]]:
    """Return the design of each space of evoked responses by its name, and whether the epochs' means are in it."""
    found = {name: (name, False) for name in designs}
    if quiet.white.shape[1] % 2:
        found |= {f"{name} with means": (name, True) for name in designs}
    return found


@dataclass(frozen=True)
class View:
    """Training and held-out events in a space, `(event, dimension)`; the former have mean 0 and a variance of 1 in all.

    Dimensions are not standardised one by one: in units of their noise, larger ones tell more.

    Attributes
    ----------
    space
        From events in units of their noise to vectors.
    center, scale
        Of the training events' vectors, `(dimension,)` and a number.
    """

    space: Space
    center: Floats
    scale: float
    train: Floats
    held: Floats

    @classmethod
    def of(cls, space: Space, train: Quiet, held: Quiet) -> View:
        """See events through a space."""
        vectors, others = space.apply(train).astype(np.float64), space.apply(held).astype(np.float64)
        center, scale = vectors.mean(axis=0), float(np.sqrt(vectors.var(axis=0).sum())) or 1.0
        return cls(space, center, scale, (vectors - center) / scale, (others - center) / scale)


@dataclass(frozen=True)
class Views:
    """Two sets of events as they are seen by what is learned from the first.

    Attributes
    ----------
    noise
        Of the training events.
    evoked, rhythms
        By design; evoked responses also with the epochs' means.
    tangents
        All of the rhythms, whatever the design.
    """

    noise: Noise
    evoked: Mapping[str, View]
    rhythms: Mapping[str, View]
    tangents: View

    @classmethod
    def of(
        cls,
        noise: Noise,
        train: Quiet,
        held: Quiet,
        designs: Designs,
        wanted: tuple[str, str] | None,
        ranks: int,
    ) -> Views:
        """See events by the spaces wanted of evoked responses and of rhythms; None: by all."""
        return cls(
            noise,
            {
                name: View.of(EvokedSpace.fit(train, designs[key], ranks, means=means), train, held)
                for name, (key, means) in evoked_spaces(designs, train).items()
                if wanted is None or name == wanted[0]
            },
            {
                k: View.of(RhythmSpace.fit(train, designs[k]), train, held)
                for k in designs
                if wanted is None or k == wanted[1]
            },
            View.of(TangentSpace(), train, held),
        )


@dataclass(frozen=True)
class Pick:
    """What was chosen by held-out events.

    Attributes
    ----------
    evoked, rhythms
        Designs.
    trust
        Factors on the log likelihoods of evoked responses and of rhythms.
    penalty
        Of a mapper, relative to the mean eigenvalue of its kernel.
    score
        How well that decodes the held-out events.
    detail
        All of it in words.
    """

    evoked: str
    rhythms: str
    trust: Sequence[float] = (1.0, 1.0)
    penalty: float = 0.0
    score: float | None = None
    detail: str = ""


def best(views: Views, judge: Callable[[View, View], tuple[float, Pick]]) -> Pick:
    """Return the pick of the pair of designs that is judged best; the first of equals.

    Parameters
    ----------
    views
        By design.
    judge
        From an evoked and a rhythms view to how good they are (more is better) and the pick without its designs.
    """
    found: tuple[float, Pick] | None = None
    for evoked, rhythms in itertools.product(views.evoked, views.rhythms):
        good, pick = judge(views.evoked[evoked], views.rhythms[rhythms])
        if found is None or good > found[0]:
            named = f"evoked responses by {evoked}, rhythms by {rhythms}"
            detail = f"{named}; {pick.detail}" if pick.detail else named
            found = good, replace(pick, evoked=evoked, rhythms=rhythms, detail=detail)
    assert found is not None  # designs_of never returns nothing
    return found[1]
