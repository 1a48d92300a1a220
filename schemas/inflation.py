"""Settings of an inflated UNet: what makes a network of pictures one of clips, and what of it is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.settings import Settings


class InflationSettings(Settings):
    """How a UNet of pictures looks from frame to frame (Wu et al., Tune-A-Video, ICCV 2023), and what is trained.

    The published system has `self_attention` sparse-causal, `group_norm` clip, `positions` off, `trained` published.
    """

    self_attention: Literal["sparse-causal", "frame"] = Field(
        "sparse-causal", description="sparse-causal: a frame looks at the first and the one before; frame: at itself"
    )
    group_norm: Literal["frame", "clip"] = Field(
        "frame", description="what group norms average over: frame, as the picture network does; clip, as published"
    )
    positions: bool = Field(True, description="whether attention over time is told which frame is which")
    trained: Literal["published", "temporal", "lora"] = Field(
        "published",
        description="published: queries of self- and cross-attention, attention over time; temporal: the latter alone;"
        " lora: it, and low-rank additions to the attentions",
    )
    lora_rank: int = Field(8, ge=1, le=1024, description="rank of the low-rank additions")
    lora_alpha: float = Field(8.0, gt=0, le=65_536, description="the additions count alpha / rank times")
