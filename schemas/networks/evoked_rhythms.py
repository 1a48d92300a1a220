"""Settings of the linear decoder of evoked responses and rhythms."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from eeg2vid.schemas.networks.network import Network


class EvokedRhythmsSettings(Network):
    """Evoked responses of low rank and band covariances in the tangent space, to LDA or ridge, in closed form."""

    builds: ClassVar[str] = "eeg2vid.stages.networks.evoked_rhythms:EvokedRhythmsDecoder"
    inputs: ClassVar[tuple[str, ...]] = ("epochs",)
    learns: ClassVar[frozenset[str]] = frozenset({"label", "value"})
    cites: ClassVar[tuple[str, ...]] = (
        "delathauwer2000multilinear",
        "nikulin2011ssd",
        "barachant2012multiclass",
        "ledoit2004wellconditioned",
    )

    name: Literal["evoked-rhythms"] = "evoked-rhythms"
    design: Literal["chosen", "concepts", "clips", "both"] = Field(
        default="chosen",
        description="what responses are sought for: concepts, what is measured on the training clips (colours, "
        "contrast, motion), both, or whichever decodes the validation events best",
    )
    evoked_hz: tuple[float, float] = Field(
        default=(0.0, 10.0),
        description="frequencies of evoked responses, Hz; from 0 on, each epoch's mean is one of them",
    )
    bands: tuple[tuple[float, float], ...] = Field(
        default=((8.0, 13.0), (36.0, 79.0)),
        description="bands whose power is decoded, Hz; one that the sampling rate does not reach is left out",
    )
    components: int = Field(default=24, ge=1, le=512, description="spatio-spectral components of each band, at most")
    ranks: int = Field(
        default=40, ge=2, le=1000, description="dimensions of evoked responses in time and space, at most"
    )
    damp: float = Field(
        default=3.0, gt=0, le=100, description="an event's noise at a frequency is at most this many times the usual"
    )
    priors: Literal["empirical", "equal"] = Field(
        default="empirical", description="class priors: the training shares, or all equal"
    )
    log10_low: float = Field(default=-3, ge=-12, le=12, description="log10 of a mapper's smallest relative penalty")
    log10_high: float = Field(default=4, ge=-12, le=12, description="log10 of a mapper's largest relative penalty")
    penalties: int = Field(default=29, ge=1, le=1000, description="penalties of a mapper's grid, even in log10")
    fitted_share: float = Field(
        default=0.9999, gt=0, le=1, description="share of a mapper's fitted variance that is stored; 1: all"
    )

    def also_reads(self) -> tuple[str, ...]:
        """Return the clip index for concepts, the stimuli for what is measured on them."""
        return ("clips",) if self.design == "concepts" else ("clips", "stimuli")

    @model_validator(mode="after")
    def _bands_ordered(self) -> EvokedRhythmsSettings:
        for low, high in (self.evoked_hz, *self.bands):
            if not 0 <= low < high:
                raise ValueError(f"a band needs 0 <= low < high, not {low:g} to {high:g} Hz")
        if self.log10_low > self.log10_high:
            raise ValueError(f"log10_low ({self.log10_low:g}) must not exceed log10_high ({self.log10_high:g})")
        return self

    def methods(self) -> str:
        """Return bands, ranks and the grid of penalties."""
        bands = " and ".join(f"{low:g} to {high:g} Hz" for low, high in self.bands)
        sought = {
            "chosen": "for concepts, measures of the clips or both, whichever decoded the validation events best",
            "concepts": "for concepts",
            "clips": "for measures of the clips",
            "both": "for concepts and for measures of the clips",
        }[self.design]
        evoked = f"{self.evoked_hz[0]:g} to {self.evoked_hz[1]:g} Hz, at most {self.ranks} dimensions, sought {sought}"
        grid = f"{self.penalties} relative penalties from 10^{self.log10_low:g} to 10^{self.log10_high:g}"
        return (
            f"a linear decoder of evoked responses ({evoked}) and of band covariances in the tangent space ({bands}, "
            f"as far as the sampling rate reaches, at most {self.components} components each), an event's noise at a "
            f"frequency taken for at most {self.damp:g} times the usual; labels by linear discriminant analysis with "
            f"{self.priors} priors, values by ridge regression with one of {grid}"
        )
