"""Bases of settings. What changes a result is a Settings field; how it is run is an Execution field."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Result settings of a stage: frozen, fingerprinted, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Execution(BaseModel):
    """How a command runs. Never fingerprinted: no field here may change a result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$", description="auto, cpu, cuda[:n], mps")
    threads: int = Field(1, ge=1, le=256, description="1 to 256 CPU threads of the numerical libraries")
    force: bool = Field(False, description="recompute even if nothing changed")
    dry_run: bool = Field(False, description="print the plan with reasons, do nothing")


Protocol = Literal["published", "corrected"]
