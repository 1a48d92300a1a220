"""From settings to an unfitted decoder. The networks are listed in `eeg2vid.schemas.networks.table`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eeg2vid.schemas.networks import Network, TrainingSettings

if TYPE_CHECKING:
    from eeg2vid.stages.networks.context import BuildContext
    from eeg2vid.stages.networks.decoder import Decoder


def build(settings: Network, *, context: BuildContext, training: TrainingSettings | None = None) -> Decoder:
    """Return an unfitted decoder.

    Parameters
    ----------
    settings
        Of a network.
    context
        What it is built for.
    training
        How to train it; the defaults where None.

    Raises
    ------
    UsageError, BadDataError
        If the network cannot read these inputs or learn these targets.
    """
    decoder: Decoder = settings.built()(settings, context, training or TrainingSettings())
    return decoder
