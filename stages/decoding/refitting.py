"""What a decoder scores when it is fitted anew to labels that changed places: the null that shares nothing unseen.

Within each block the labels of runs change places, training and test alike, and the same labeling holds in every fold.
What folds share in their trainings they share under every labeling, too, so nothing need be allowed for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.cohort.people import Cohort, run_of
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.seeding import derive_seed

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.networks.decoder import Decoder
    from eeg2vid.stages.targets.target import OfFold
    from eeg2vid.stages.training.inputs import Inputs

TOPS = {"top1": 1, "top5": 5}


@dataclass(frozen=True)
class Split:
    """The events that a model learned from, and those that it is tested on; places in the cohort."""

    learned: np.ndarray
    tested: np.ndarray


def require_refits(settings: object) -> None:
    """Refuse to refit networks that are not solved at once.

    Raises
    ------
    UsageError
        If `permutations` is set with such a network.
    """
    network = settings.network  # type: ignore[attr-defined]
    if getattr(settings, "permutations", 0) and not type(network).refits:
        raise UsageError(
            f"--permutations: network '{network.name}' cannot be fitted anew for each labeling.",
            "Use lda, or leave it out: `score` then widens the null of the fitted predictions.",
        )


def relabelings(ctx: Context, cohort: Cohort, target: str, asked: np.ndarray) -> np.ndarray:
    """Return which event's label each event gets `(labeling, event)`: the same in all folds, and for all people."""
    import numpy as np

    from eeg2vid.stages.statistics.permutation import plan_exchange

    events = [cohort.events[k] for k in asked]
    runs = np.array([f"{one.subject}/{run_of(one)}" for one in events])
    blocks = np.array([f"{one.subject}/{one.session}/{one.block}" for one in events])
    plan = plan_exchange(runs, np.array([one.position for one in events]), blocks)
    rng = np.random.default_rng(derive_seed(ctx.settings.seed, "relabel", target))
    found = np.tile(np.arange(len(cohort.events)), (ctx.settings.permutations, 1))
    found[:, asked] = asked[plan.draw(ctx.settings.permutations, rng)]
    return found


def refitted(
    ctx: Context, decoder: Decoder, inputs: Inputs, cohort: Cohort, target: tuple[str, OfFold], split: Split
) -> Mapping[str, np.ndarray]:
    """Return how many test events have each class under each labeling, and their hits, `(1, labeling, class)`."""
    import numpy as np

    from eeg2vid.stages.networks.lda import LdaDecoder
    from eeg2vid.stages.networks.relabeled import RelabeledLda, hits

    assert isinstance(decoder, LdaDecoder)

    name, of_fold = target
    if ctx.condition != FULL:
        return {}
    everything = np.arange(len(cohort.events))
    labels = np.full(len(everything), -1)
    asked = everything[of_fold.asked]
    labels[asked] = of_fold.values.take(asked)
    learned, tested = (part[of_fold.asked[part]] for part in (split.learned, split.tested))
    moved = relabelings(ctx, cohort, name, asked)
    train, test = (decoder.vectors_of(inputs.take(part)) for part in (learned, tested))
    kind = "per-class" if decoder.chosen.startswith("per-class") else "pooled"
    lda = RelabeledLda(train, test, len(of_fold.classes), covariance=kind, priors=decoder.settings.priors)
    shape = (1, len(moved), len(of_fold.classes))
    found = {key: np.zeros(shape, np.float32) for key in ("events", *TOPS)}
    for k, places in enumerate(moved):
        if not k % 50:
            ctx.reporter.within(f"{name} relabeled", k, len(moved))
        own = labels[places[tested]]
        scores = lda.scores(labels[places[learned]])
        np.add.at(found["events"][0, k], own, 1)
        for key, top in TOPS.items():
            np.add.at(found[key][0, k], own, hits(scores, own, top))
    return found
