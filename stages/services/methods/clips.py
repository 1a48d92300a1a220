"""Sentences about the clips: how they were cut, captioned, encoded and looked at."""

from __future__ import annotations

from typing import Any, cast

from eeg2vid.schemas.eyes import LookSettings
from eeg2vid.stages.services.methods.made import Made, counted


def cut(made: Made) -> list[str]:
    """Say what clips are: frames, rate, size."""
    found = []
    for one in made.of("stimuli"):
        count, frames, _, _, _ = one.manifest.arrays["frames"].shape
        facts = one.attributes()
        found.append(
            f"Films were cut into {counted([count], 'clip', 'clips')} of {counted([frames], 'frame', 'frames')} at "
            f"{facts.fps:g} frames per second, {facts.width} x {facts.height} px."
        )
        if facts.motion:
            found.append("How much moves in each clip was measured by dense optical flow.")
    return found


def captioned(made: Made) -> list[str]:
    """Say who described the clips."""
    settings: Any = made.settings
    frame = {"first": "the first frame", "middle": "the middle frame", "all": "every frame"}[settings.frame]
    return [
        f"Each clip was described in a sentence by {made.models or 'the captioner'} from {frame} ({settings.beams} "
        f"beams, {settings.max_tokens} tokens at most)."
    ]


def encoded_text(made: Made) -> list[str]:
    """Say what became of captions."""
    return [f"Captions were encoded by {made.models or 'the text encoder'}."]


def encoded_latents(made: Made) -> list[str]:
    """Say what became of frames."""
    settings: Any = made.settings
    shapes = {one.manifest.arrays["latents"].shape[2:] for one in made.of("latents")}
    size = "; ".join(" x ".join(map(str, shape)) for shape in sorted(shapes))
    factor = ", ".join(f"{value:g}" for value in sorted({one.attributes().scaling_factor for one in made.artifacts}))
    return [
        f"Every frame was encoded by {made.models or 'the VAE'} into latents of {size}: its posterior's "
        f"{settings.posterior}, times {factor}."
    ]


def looked_at_true(made: Made) -> list[str]:
    """Say which eye looked at the true clips."""
    return [_looked(made, "True clips were")]


def looked_at_decoded(made: Made) -> list[str]:
    """Say which eye looked at decoded clips."""
    return [_looked(made, "Decoded clips were")]


def _looked(made: Made, whose: str) -> str:
    eye = cast(LookSettings, made.settings).eye
    how = "compared with the true clips of their fold by" if eye.compares and "Decoded" in whose else "judged by"
    weights = f" (weights: {made.models})" if made.models else ""
    return f"{whose} {how} {eye.methods()}{weights}."
