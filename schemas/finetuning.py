"""Settings of tuning a video model, the same whatever the model is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.settings import Settings


class TuningSettings(Settings):
    """How a video model learns from clips and their captions."""

    steps: int = Field(4000, ge=1, le=10_000_000, description="changes of the weights")
    batch_size: int = Field(10, ge=2, le=4096, description="clips per step, as far as there are so many")
    pieces: int = Field(
        1, ge=1, le=4096, description="parts that a batch is computed in, one after another: less memory, the same step"
    )
    learning_rate: float = Field(3e-5, gt=0, le=1, description="of AdamW, constant")
    weight_decay: float = Field(1e-2, ge=0, le=10, description="of AdamW")
    clip_norm: float | None = Field(1.0, gt=0, le=1e6, description="longest gradient; none: as long as it is")
    noise: Literal["iid", "mixed"] = Field(
        "mixed",
        description="what is added to the clips: each frame its own noise (the published code), or a part of it shared "
        "by the frames, as clips are made from",
    )
    beta: float | None = Field(
        None, ge=0, le=1, description="shared part of mixed noise in all clips; none: by beta_slow and beta_fast"
    )
    beta_slow: float = Field(0.3, ge=0, le=1, description="shared part of mixed noise in slow clips")
    beta_fast: float = Field(0.2, ge=0, le=1, description="shared part of mixed noise in fast clips")
    caption_dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of captions left out, so that the model knows clips without one; published: 0",
    )
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32",
        description="what the model computes in; below float32 in mixed precision, float16 with a scaled loss",
    )
    gradient_checkpointing: bool = Field(
        True, description="compute twice what is needed twice instead of keeping it: less memory, a third more time"
    )
    validation_clips: int = Field(
        40, ge=0, le=100_000, description="validation clips that the loss is also told of after each pass; 0: none"
    )

    def by_motion(self) -> bool:
        """Tell whether a clip's noise depends on how much moves in it."""
        return self.noise == "mixed" and self.beta is None and self.beta_slow != self.beta_fast
