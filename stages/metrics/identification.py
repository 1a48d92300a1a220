"""Identification in every space: pixels, what eyes see, and what is predicted itself.

One question, one set of variants; a space says how alike every decoded clip is to every true one of its fold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.hubness import hubness
from eeg2vid.stages.metrics.identify import Foils, identify, identify_top
from eeg2vid.stages.metrics.metric import FRAMES, VALUE, Given, Keys, Measured, Metric, Sides, Variant
from eeg2vid.stages.metrics.similarity import area_means, correlation

TOPS = {"top-1": 1, "top-5": 5}


def _row(name: str, need: str, by: str, alike: str, function: str) -> Metric:
    """Return the row of identification in one space: `by` stands in titles, `alike` says what likeness is.

    Pixels lead with more than the others: of one question asked in five spaces, most answers only repeat the first.
    """
    pixels = need == FRAMES
    what = f"identification{by}"
    return Metric(
        name=name,
        form="pair",
        needs=(need,),
        direction="higher",
        bounds=(0.0, 1.0),
        variants={
            "": Variant(
                what,
                "Share of the other test clips of the fold that are less like the decoded clip than its own "
                f"stimulus is ({alike}); ties count half. It is the normalised rank, and the area under the curve "
                "of retrieval: .5 by chance, however many clips there are.",
                "analytic",
                among="the test clips",
            ),
            "top-1": Variant(
                f"{what} top-1",
                "Share of decoded clips that are most like their own stimulus among the fold's.",
                "analytic",
                among="the test clips",
                hits=True,
                lead=pixels,
            ),
            "top-5": Variant(
                f"{what} top-5",
                "Share of decoded clips whose own stimulus is among the five of the fold's that are most like them.",
                "analytic",
                among="the test clips",
                hits=True,
                lead=False,
            ),
            "within-run": Variant(
                f"{what} within run",
                "The same among clips of the same run only: what is decoded beyond concept and time.",
                "analytic",
                among="the clips of its run",
                apart=True,
                lead=need != VALUE,
            ),
            "between-runs": Variant(
                f"{what} between runs",
                "The same against clips of other runs: concept, and whatever a run shares.",
                "analytic",
                among="the clips of other runs",
                lead=False,
            ),
            "within-concept": Variant(
                f"{what} within concept",
                "The same among clips of the same concept only, of whatever run. Where each concept has one run in a "
                "fold it is identification within run, and is not asked twice.",
                "analytic",
                among="the clips of its concept",
                lead=False,
            ),
            "between-concepts": Variant(
                f"{what} between concepts",
                "The same against clips of other concepts only. Where each concept has one run in a fold it is "
                "identification between runs, and is not asked twice.",
                "analytic",
                among="the clips of other concepts",
                lead=False,
            ),
        },
        builds=f"eeg2vid.stages.metrics.identification:{function}",
        source="Kay et al., Nature 2008",
    )


IDENTIFICATION = _row("identification", FRAMES, "", "correlation of 16x9 area means over all frames", "measure_frames")
IDENTIFICATION_CLIP = _row(
    "identification-clip", "percepts:image-encoder", " by CLIP", "correlation of CLIP's embeddings", "measure_clip"
)
IDENTIFICATION_VIDEO = _row(
    "identification-video", "percepts:video-classifier", " by the video classifier",
    "correlation of its pooled features", "measure_video",
)  # fmt: skip
IDENTIFICATION_I3D = _row(
    "identification-i3d", "percepts:i3d", " by I3D", "correlation of I3D's pooled features", "measure_i3d"
)
IDENTIFICATION_TARGET = _row(
    "identification-target", VALUE, "", "correlation of decoded with true values", "measure_target"
)


def measure_frames(given: Given) -> dict[str, Measured]:
    """Measure in pixels."""
    assert given.frames is not None
    return _measure(given, Sides(area_means(given.frames.decoded), area_means(given.frames.true)))


def measure_clip(given: Given) -> dict[str, Measured]:
    """Measure by what CLIP sees: in all frames, where it looked at each."""
    seen = given.percepts["image-encoder"]
    return _measure(given, seen.get("frames", seen.get("image")))


def measure_video(given: Given) -> dict[str, Measured]:
    """Measure by what a video classifier sees."""
    return _measure(given, given.percepts["video-classifier"].get("features"))


def measure_i3d(given: Given) -> dict[str, Measured]:
    """Measure by what I3D sees."""
    return _measure(given, given.percepts["i3d"].get("features"))


def measure_target(given: Given) -> dict[str, Measured]:
    """Measure decoded values themselves: no generator is between."""
    return _measure(given, given.values)


def _measure(given: Given, sides: Sides | None) -> dict[str, Measured]:
    """Measure among the foils of each kind, where there are any."""
    if sides is None:
        return {}
    keys, similarity = given.keys, _alike(sides, given.keys.folds)
    detail = hubness(similarity, keys.folds)
    found: dict[str, Measured] = {}
    for name, groups, foils in _galleries(given):
        matrices = identify(similarity, groups, keys.folds, foils)
        if not (matrices.foils > 0).any():
            continue
        found[name] = Measured(matrices.two_way, 0.5, detail=detail if foils == "all" else "")
        if foils == "all":
            for top, k in TOPS.items():
                hits, chance = identify_top(similarity, keys.folds, k)
                if chance < 1.0:
                    found[top] = Measured(hits, chance, detail=detail)
    return found


def _alike(sides: Sides, folds: NDArray) -> FloatArray:
    """Return the correlation of every decoded with every true clip of its fold, NaN across folds.

    Fold by fold, for values may be large: a fold of 280 clips by 60 000 numbers is 270 MB of float64.
    """
    found = np.full((len(folds),) * 2, np.nan)
    for fold in np.unique(folds):
        here = np.flatnonzero(folds == fold)
        found[np.ix_(here, here)] = correlation(sides.decoded[here], sides.true[here])
    return found


def _galleries(given: Given) -> list[tuple[str, NDArray, Foils]]:
    """Return variant, group of each event, and which foils."""
    keys = given.keys
    found: list[tuple[str, NDArray, Foils]] = [("", keys.runs, "all")]
    if given.apart:
        found.append(("within-run", keys.runs, "within-run"))
    found.append(("between-runs", keys.runs, "between-runs"))
    concepts = _concepts_in_folds(keys)
    if concepts is not None and not _same_groups(concepts, keys.runs):
        found += [("within-concept", concepts, "within-run"), ("between-concepts", concepts, "between-runs")]
    return found


def _concepts_in_folds(keys: Keys) -> NDArray | None:
    """Return a name of each event's concept in its fold; None where concepts are unknown."""
    if keys.concepts is None or (keys.concepts < 0).any():
        return None
    return np.array([f"{concept} in {fold}" for concept, fold in zip(keys.concepts, keys.folds, strict=True)])


def _same_groups(one: NDArray, other: NDArray) -> bool:
    """Tell whether two labels of the events part them alike."""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))
