"""The noise schedule that a denoising network was trained with.

x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps (Ho et al., NeurIPS 2020).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.schemas.generators.sampling import Spacing

CONFIG = "scheduler_config.json"
_LAST = 2.0**-24  # abar of a last step that leaves no signal: as small as float32 can divide by
_PREDICTIONS = ("epsilon", "v_prediction")


@dataclass(frozen=True)
class Schedule:
    """How much noise each time step stands for.

    Attributes
    ----------
    betas
        float64 `(time,)`: the share of variance that each step of the forward process replaces by noise.
    prediction
        What the network predicts: the noise, or v = sqrt(abar) eps - sqrt(1 - abar) x_0 (Salimans and Ho, ICLR 2022).
    steps_offset
        Added to the times of spacing 'leading'.
    spacing
        What the network's configuration says; 'leading' where it says nothing, as Stable Diffusion 1.4 was sampled.
    """

    betas: NDArray[np.float64]
    prediction: Literal["epsilon", "v_prediction"]
    steps_offset: int = 0
    spacing: Spacing = "leading"

    @property
    def abar(self) -> NDArray[np.float64]:
        """Share of the signal's variance that is left at each time `(time,)`."""
        found: NDArray[np.float64] = np.cumprod(1 - self.betas, dtype=np.float64)
        return found


def load_schedule(folder: Path) -> Schedule:
    """Read a schedule from the `scheduler_config.json` of a folder, whichever class of diffusers wrote it.

    Raises
    ------
    MissingPackageError
        If there is none.
    BadDataError
        If it is damaged or describes something else.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise MissingPackageError(f"No noise schedule in {folder}: {CONFIG} is absent.", "Try: eeg2vid weights fetch")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return _schedule(config)
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise BadDataError(f"{path} describes no noise schedule: {error}.", "Fetch the model again.") from error


def _schedule(config: dict[str, Any]) -> Schedule:
    prediction = config.get("prediction_type", "epsilon")
    if prediction not in _PREDICTIONS:
        raise ValueError(f"prediction_type {prediction!r}, expected {' or '.join(_PREDICTIONS)}")
    return Schedule(
        betas=_betas(config),
        prediction=prediction,
        steps_offset=int(config.get("steps_offset", 0)),
        spacing=config.get("timestep_spacing") or "leading",
    )


def _betas(config: dict[str, Any]) -> NDArray[np.float64]:
    """Return the betas a configuration stands for, those of zero terminal signal included (Lin et al., WACV 2024)."""
    number, kind = int(config["num_train_timesteps"]), config.get("beta_schedule", "linear")
    betas: NDArray[np.float64]
    if config.get("trained_betas"):
        betas = np.array(config["trained_betas"], dtype=np.float64)
    elif kind == "linear":
        betas = np.linspace(config["beta_start"], config["beta_end"], number)
    elif kind == "scaled_linear":
        betas = np.linspace(config["beta_start"] ** 0.5, config["beta_end"] ** 0.5, number) ** 2
    else:
        raise ValueError(f"beta_schedule {kind!r}, expected linear or scaled_linear")
    if len(betas) < 2 or not ((betas > 0) & (betas < 1)).all():
        raise ValueError(f"{len(betas)} betas, expected at least 2, each between 0 and 1")
    if config.get("rescale_betas_zero_snr"):
        root = np.cumprod(1 - betas) ** 0.5
        root = (root - root[-1]) * root[0] / (root[0] - root[-1])
        abar = np.maximum(root**2, _LAST)
        betas = 1 - abar / np.concatenate([[1.0], abar[:-1]])
    return betas
