"""Predictions 1 -> 2: every target gets rows of its own: labels those of `events`, latents those of `decoded`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from eeg2vid.schemas.upgrades import Facts, Tables, Upgrade

_PROBABILITY = "probability_"


def _content(tables: Tables, attributes: Facts, arrays: Collection[str]) -> tuple[Tables, Facts]:
    targets: dict[str, Any] = {}
    rows: Tables = {}
    for task, classes in attributes["classes"].items():
        targets[task] = {"kind": "label", "classes": classes}
        rows[task] = tables["events"]
    if "fast" in targets:
        motion = {"motion": attributes["motion"], "motion_sha256": attributes["motion_sha256"]}
        targets["fast"] |= {
            "thresholds": attributes["fast_thresholds"],
            "attributes": motion if any(motion.values()) else {},
        }
    if "latents" in arrays:
        targets["latents"] = {"kind": "value", "attributes": attributes["latents"]}
        rows["latents"] = tables["decoded"]
    return rows, {"targets": targets}


def _array(name: str) -> str:
    return name.removeprefix(_PROBABILITY)


PREDICTIONS_1 = Upgrade(_content, _array)
