"""Settings of sampling from a diffusion model: the same for every generator that does."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from eeg2vid.schemas.settings import Settings

SolverName = Literal["dpm++", "unipc", "ddim", "euler", "pndm"]
Spacing = Literal["trailing", "leading", "linspace"]


class SamplingSettings(Settings):
    """How noise becomes latents."""

    solver: SolverName = Field(
        "dpm++", description="DPM-Solver++ (2M), UniPC, DDIM, Euler, or PNDM, Stable Diffusion 1.4's own"
    )
    steps: int = Field(12, ge=1, le=1000, description="of the solver, over the whole schedule")
    spacing: Literal["base", "trailing", "leading", "linspace"] = Field(
        "trailing", description="of its times; base: as the model's scheduler says"
    )
    guidance: float = Field(
        3.0, ge=1, le=50, description="how far to go from the negative's towards the text's prediction; 1: text alone"
    )
    guidance_from: float = Field(0.0, ge=0, le=1, description="share of the steps before guidance begins")
    guidance_until: float = Field(
        1.0, ge=0, le=1, description="share of the steps after which it ends: later ones cost half"
    )

    @model_validator(mode="after")
    def _interval(self) -> SamplingSettings:
        if self.guidance_from >= self.guidance_until:
            raise ValueError(
                f"guidance_from ({self.guidance_from:g}) must be below guidance_until ({self.guidance_until:g})"
            )
        return self

    def methods(self) -> str:
        """Return solver, steps and guidance in words."""
        names = {"dpm++": "DPM-Solver++ (2M)", "unipc": "UniPC", "ddim": "DDIM", "euler": "Euler", "pndm": "PNDM"}
        text = f"{names[self.solver]}, {self.steps} steps ({self.spacing} spacing), guidance {self.guidance:g}"
        if (self.guidance_from, self.guidance_until) != (0.0, 1.0):
            text += f" from {self.guidance_from:g} to {self.guidance_until:g} of the steps"
        return text
