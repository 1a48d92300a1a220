"""Settings of the generator `inflated`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.generators.generator import Generator
from eeg2vid.schemas.generators.sampling import SamplingSettings


class InflatedGenerator(Generator):
    """EEG2Video's: a text-to-image diffusion model inflated to clips, from decoded text, latents and motion.

    Decoded latents are noised (more of the noise shared between frames where motion was decoded slow), and denoised as
    the decoded text says.
    """

    builds = "eeg2vid.stages.generators.inflated:Inflated"
    cites = ("liu2024eeg2video", "wu2023tuneavideo", "rombach2022ldm", "ho2022cfg", "lu2022dpmpp")
    roles = ("vae", "unet", "scheduler", "text_encoder", "tokenizer")
    targets = ("text", "latents", "fast")
    without = ("text", "latents", "fast")

    name: Literal["inflated"] = "inflated"
    model: Literal["tuned", "picture"] = Field(
        "tuned", description="what `finetune-video` made of the fold, or the profile's picture model, frame by frame"
    )
    frames: Literal["each", "one"] = Field(
        "each", description="generate every frame, or one picture that is shown all the time: the frozen baseline"
    )
    sampling: SamplingSettings = Field(
        SamplingSettings(),  # type: ignore[call-arg]
        description="how noise becomes latents: solver (dpm++, unipc, ddim, euler, pndm), steps, spacing, guidance, "
        "guidance_from, guidance_until",
    )
    negative: Literal["empty", "mean"] = Field(
        "empty", description="what guidance leads away from: no caption, or the mean of the fold's decoded text"
    )
    start: Literal["fixed", "paper", "released", "raw", "noise"] = Field(
        "fixed",
        description="fixed: decoded latents with the noise of one time, by the decoder's error; paper: of the first "
        "time; released: of a random time on another schedule, taken for the first; raw: no noise; noise: no latents",
    )
    start_share: float = Field(
        0.02,
        gt=0,
        le=10,
        description="of start 'fixed': the decoder's error as a share of the noise, where text guides",
    )
    start_share_alone: float = Field(0.1, gt=0, le=10, description="the same where no text does")
    start_time: int | None = Field(
        None, ge=0, le=100_000, description="of start 'fixed': this time instead, the next of the solver's above it"
    )
    beta_slow: float = Field(0.3, ge=0, le=1, description="part of the noise that the frames of a slow clip share")
    beta_fast: float = Field(0.2, ge=0, le=1, description="the same of a fast clip; fast where decoded p >= .5")
    samples: int = Field(
        1, ge=1, le=100, description="videos of each clip, with other noise; the first one is scored, the others kept"
    )
    clips: int = Field(
        20, ge=1, le=1000, description="clips at a time; last bits depend on it, never on where a run was interrupted"
    )
    precision: Literal["float32", "float16", "bfloat16"] = Field("float32", description="what the networks compute in")
    memory: Literal["ample", "low"] = Field(
        "ample",
        description="low: one clip and one side of guidance at a time, frames decoded one by one: for a card of 8 GB",
    )

    def reads_targets(self) -> tuple[str, ...]:
        """Return text; latents unless it starts from noise; motion where it decides something."""
        latents = () if self.start == "noise" else ("latents",)
        fast = () if self.beta_slow == self.beta_fast else ("fast",)
        return ("text", *latents, *fast)

    def also_reads(self) -> tuple[str, ...]:
        """Return the tuned models, where they are used."""
        return ("video_models",) if self.model == "tuned" else ()

    def draws(self) -> int:
        """Return how many videos are made of each clip."""
        return self.samples

    def together(self) -> int:
        """Return how many clips are computed together."""
        return self.clips

    def methods(self) -> str:
        """Return the network, where it starts, the shared noise, solver, steps and guidance."""
        model = "as tuned in each fold" if self.model == "tuned" else "as it is, frame by frame"
        frames = "" if self.frames == "each" else ", of one picture shown all the time"
        at = f"time {self.start_time}"
        if self.start_time is None:
            alone = f"{self.start_share_alone:g} where no text guides"
            at = f"the time by the decoder's error (share {self.start_share:g}, {alone})"
        start = {
            "fixed": f"decoded latents with the noise of {at}",
            "paper": "decoded latents with the noise of the first time",
            "released": "decoded latents with the noise of a random time on another schedule, taken for the first",
            "raw": "decoded latents without noise",
            "noise": "noise alone",
        }[self.start]
        away = {"empty": "no caption", "mean": "the mean decoded text of the fold"}[self.negative]
        draws = f"; {self.samples} videos of each clip, the first scored" if self.samples > 1 else ""
        shared = f", of which the frames of a slow clip shared {self.beta_slow:g}, of a fast one {self.beta_fast:g}"
        return (
            f"the text-to-image diffusion network inflated to clips, {model}{frames}, guided by decoded text and "
            f"started from {start}{'' if self.start == 'raw' else shared}; {self.sampling.methods()}, away from "
            f"{away}{draws}; computed in {self.precision}"
        )
