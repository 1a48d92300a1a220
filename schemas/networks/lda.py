"""Settings of linear discriminant analysis."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from eeg2vid.schemas.networks.network import EpochBins, Network


class LdaSettings(Network):
    """Linear discriminant analysis with a Ledoit-Wolf covariance, in closed form."""

    builds: ClassVar[str] = "eeg2vid.stages.networks.lda:LdaDecoder"
    learns: ClassVar[frozenset[str]] = frozenset({"label"})
    cites: ClassVar[tuple[str, ...]] = ("ledoit2004wellconditioned",)

    name: Literal["lda"] = "lda"
    covariance: Literal["pooled", "per-class"] = Field(
        default="pooled",
        description="shrink the pooled within-class covariance, or each class's before pooling (as scikit-learn does)",
    )
    priors: Literal["empirical", "equal"] = Field(
        default="empirical", description="class priors: the training shares, or all equal"
    )
    epoch_bins: EpochBins = 10
