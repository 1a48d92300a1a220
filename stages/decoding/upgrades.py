"""Settings of trainings as version 1 stored them, in today's form."""

from __future__ import annotations

from typing import Any

from eeg2vid.stages.engine.stage import Stage

_DROPPED = ("tasks", "target")


def training_settings(
    settings: dict[str, Any], version: int, stage: Stage, renamed: dict[str, Any]
) -> dict[str, Any] | None:
    """Return version-1 settings in version 2's form: what is new since then is as it was without it.

    `training.seed` was never read.
    """
    if version != 1:
        return settings if version == stage.version else None
    kept = {name: value for name, value in settings.items() if name not in _DROPPED}
    kept["training"] = {name: value for name, value in kept.get("training", {}).items() if name != "seed"}
    return {**stage.Settings().model_dump(mode="json"), **kept, **renamed}
