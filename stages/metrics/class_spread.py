"""How sure and how varied a classifier finds clips as a set: no truth is asked, so both metrics are looks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant

_EYES = {"image-classifier": "the image classifier", "video-classifier": "the video classifier", "i3d": "I3D"}

INCEPTION_SCORE = Metric(
    name="inception-score",
    form="set",
    needs=(FRAMES,),
    direction="higher",
    bounds=(1.0, None),
    variants={
        eye: Variant(
            f"inception score of {name}",
            f"How sure of one class {name} is in each picture and how many classes there are in all: exp of the mean "
            "divergence of a picture's probabilities from their mean. It asks for no truth; not comparable between "
            "classifiers, nor between different numbers of clips.",
            "pairing",
            look=True,
        )
        for eye, name in _EYES.items()
    },
    builds="eeg2vid.stages.metrics.class_spread:measure_score",
    source="Salimans et al., NeurIPS 2016",
)

COLLAPSE = Metric(
    name="collapse",
    form="set",
    needs=(FRAMES,),
    direction="lower",
    bounds=(0.0, 1.0),
    variants={
        eye: Variant(
            f"collapse seen by {name}",
            f"Share of the decoded clips that {name} takes for one and the same class, the commonest; near 1, one clip "
            "is shown whatever was seen.",
            "pairing",
            look=True,
        )
        for eye, name in _EYES.items()
    },
    builds="eeg2vid.stages.metrics.class_spread:measure_collapse",
)


def measure_score(given: Given) -> dict[str, Measured]:
    """Measure the decoded clips, beside the true ones, with each classifier that looked."""
    found = {}
    for eye, (decoded, true) in _logits(given).items():
        shown, real = (side.reshape(-1, side.shape[-1]) for side in (decoded, true))
        detail = f"true clips {inception_score(real):.3g}; {len(shown)} pictures or clips"
        found[eye] = Measured(np.array(inception_score(shown)), detail=detail)
    return found


def measure_collapse(given: Given) -> dict[str, Measured]:
    """Measure the decoded clips, beside the true ones, with each classifier that looked."""
    found = {}
    for eye, (decoded, true) in _logits(given).items():
        share, classes = commonest(decoded)
        true_share, true_classes = commonest(true)
        detail = f"{classes} classes in {len(decoded)} clips; true clips {true_share:.3f}, {true_classes} classes"
        found[eye] = Measured(np.array(share), detail=detail)
    return found


def inception_score(logits: FloatArray) -> float:
    """Return exp of the mean divergence of probabilities from their mean, over logits ``(picture, class)``.

    1 where all pictures have the same probabilities; the number of classes where each is sure and all are as common.
    """
    logs = log_softmax(logits, axis=1)
    each = np.exp(logs)
    mean = each.mean(axis=0)
    surprise = np.where(each > 0, each * (logs - np.log(np.where(mean > 0, mean, 1.0))), 0.0)
    return float(np.exp(surprise.sum(axis=1).mean()))


def commonest(logits: FloatArray) -> tuple[float, int]:
    """Return the share of the commonest class, and the number of classes, over logits ``(clip, picture, class)``."""
    _, counts = np.unique(softmax(logits, axis=2).mean(axis=1).argmax(axis=1), return_counts=True)
    return float(counts.max() / len(logits)), len(counts)


def _logits(given: Given) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return decoded and true logits ``(clip, picture, class)`` by eye."""

    def shaped(values: NDArray[np.floating]) -> FloatArray:
        found = values.astype(np.float64)
        return found[:, None] if found.ndim == 2 else found

    return {
        eye: (shaped(sides.decoded), shaped(sides.true))
        for eye in _EYES
        if (sides := given.percepts.get(eye, {}).get("logits")) is not None and len(sides.true)
    }
