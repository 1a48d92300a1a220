"""Checkpoints 1 -> 2: a task or target becomes a tuple of targets; what was known of them goes to `TargetFacts`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from eeg2vid.schemas.upgrades import Facts, Tables, Upgrade


def _content(tables: Tables, attributes: Facts, _: Collection[str]) -> tuple[Tables, Facts]:
    models = [_model(row) for row in tables["models"]]
    thresholds = {row["fold"]: row["threshold"] for row in tables["models"] if row["threshold"] is not None}
    targets: dict[str, Any] = {
        task: {"kind": "label", "classes": classes} for task, classes in attributes["classes"].items()
    }
    if "fast" in targets:
        motion = {"motion": attributes["motion"], "motion_sha256": attributes["motion_sha256"]}
        targets["fast"] |= {"thresholds": thresholds, "attributes": motion if any(motion.values()) else {}}
    if attributes["target"]:
        targets[attributes["target"]] = {"kind": "value", "attributes": attributes["target_attributes"]}
    return {"models": models, "history": []}, {"inputs": attributes["inputs"], "targets": targets}


def _model(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in ("task", "threshold", "validation_score")}
    score = row["validation_score"]
    return kept | {"targets": [row["task"]], "validation_scores": {} if score is None else {row["task"]: score}}


CHECKPOINTS_1 = Upgrade(_content)
