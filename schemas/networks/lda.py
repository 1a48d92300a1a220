"""Settings of linear discriminant analysis."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from eeg2vid.schemas.networks.network import EpochBins, Network


class LdaSettings(Network):
    """Linear discriminant analysis with a Ledoit-Wolf covariance, in closed form."""

    builds: ClassVar[str] = "eeg2vid.stages.networks.lda:LdaDecoder"
    learns: ClassVar[frozenset[str]] = frozenset({"label"})
    refits: ClassVar[bool] = True
    cites: ClassVar[tuple[str, ...]] = ("ledoit2004wellconditioned",)

    version: ClassVar[int] = 2  # chooses its covariance
    name: Literal["lda"] = "lda"
    covariance: Literal["chosen", "pooled", "per-class"] = Field(
        default="chosen",
        description="shrink the pooled within-class covariance, or each class's before pooling (as scikit-learn does), "
        "or whichever decodes the validation events better; pooled where there are none",
    )
    priors: Literal["empirical", "equal"] = Field(
        default="empirical", description="class priors: the training shares, or all equal"
    )
    epoch_bins: EpochBins = 10

    def methods(self) -> str:
        """Return covariance and priors."""
        covariance = {
            "chosen": "pooled or per class, whichever decoded the validation events better",
            "pooled": "pooled within classes",
            "per-class": "of each class before pooling",
        }[self.covariance]
        return (
            f"linear discriminant analysis in closed form, its covariance shrunk after Ledoit and Wolf ({covariance}), "
            f"with {self.priors} priors; epochs, where read, averaged into {self.epoch_bins} bins"
        )
