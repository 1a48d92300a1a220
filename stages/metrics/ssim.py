"""SSIM of decoded clips: structural similarity of each frame with the true frame, mean over frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.metrics.frames import FloatArray, Frames
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant
from eeg2vid.stages.metrics.pairing import asked_pairs
from eeg2vid.stages.metrics.ssim_pairs import PairedSsim
from eeg2vid.stages.metrics.ssim_windows import GAUSSIAN, UNIFORM, WIN3, Window, gaussian_taps

_BLUR = Window(gaussian_taps(3.0, 12), 1.0)  # scipy's gaussian_filter of sigma 3: four sigmas are looked at

SSIM = Metric(
    name="ssim",
    form="pair",
    needs=(FRAMES,),
    direction="higher",
    bounds=(-1.0, 1.0),
    variants={
        "": Variant(
            "SSIM",
            "Structural similarity of each frame with the true frame, 7x7 windows, mean over frames "
            "(scikit-image's defaults, as the published systems). A flat picture can score high.",
            "pairing",
        ),
        "gaussian": Variant(
            "SSIM with Gaussian windows",
            "The same with windows of Gaussian weights, sigma 1.5 pixels, and population variances, as Wang et al. "
            "computed it (scikit-image: gaussian_weights=True, use_sample_covariance=False).",
            "pairing",
            extra=True,
        ),
        "win3": Variant(
            "SSIM with win_size=3 and Gaussian weights",
            "As DynaMind's code calls scikit-image: win_size=3 leaves the Gaussian window as it is, makes variances "
            "9/8 as large and takes windows across the border, where the frame is mirrored.",
            "pairing",
            extra=True,
        ),
        "best-of-6-blurred-truth": Variant(
            "SSIM of the best frame with the blurred truth",
            "As DynaMind's code scores: the true frames are blurred (sigma 3 pixels), windows as in win3, and the best "
            "of a clip's frames counts. Both raise the value of whatever is smooth, of wrong pairings too.",
            "pairing",
            extra=True,
        ),
    },
    builds="eeg2vid.stages.metrics.ssim:measure",
    source="Wang et al., IEEE TIP 2004",
)
_WINDOWS = {"": UNIFORM, "gaussian": GAUSSIAN, "win3": WIN3, "best-of-6-blurred-truth": WIN3}


def measure(given: Given) -> dict[str, Measured]:
    """Measure the pairs that are looked at; NaN elsewhere.

    SSIM is dear, so a pair is computed once, however many pairings it is in: at most runs x events pairs of a fold.
    Of the variants, each of which takes two to three times as long as the metric itself, only those that are named.
    """
    return {name: Measured(_table(given, name)) for name in SSIM.variants if given.asks(SSIM, name)}


def _table(given: Given, variant: str) -> FloatArray:
    assert given.frames is not None
    decoded, true = asked_pairs(given.asked, given.frames.true.shape[0])
    best = variant == "best-of-6-blurred-truth"
    pairs = PairedSsim(
        given.frames.decoded, given.frames.true, given.threads, _WINDOWS[variant], blurred if best else None
    )
    table = np.full((given.frames.true.shape[0],) * 2, np.nan)
    table[decoded, true] = pairs.frames(decoded, true).max(axis=1) if best else pairs(decoded, true)
    return table


def blurred(clip: Frames) -> NDArray[np.float32]:
    """Return a clip ``(frame, height, width, channel)`` blurred by 3 pixels, mirrored at its borders."""
    reach = _BLUR.size // 2
    around = np.pad(clip, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="symmetric").astype(np.float32)
    found = np.empty(clip.shape, np.float32)
    for frame, picture in enumerate(around):
        columns, channels = picture.shape[1:]
        spare, down, across = np.empty((3, picture.size), np.float32)
        flat = _BLUR.slide(_BLUR.slide(picture.ravel(), columns * channels, spare, down), channels, spare, across)
        whole = np.append(flat, np.zeros(picture.size - len(flat), np.float32)).reshape(picture.shape)
        found[frame] = whole[: clip.shape[1], : clip.shape[2]]
    return found
