"""Attribute heads beside a classifier: `attributes.json` says what they are, `attributes.safetensors` holds them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from eeg2vid.schemas.errors import BadDataError

FLOW = "ln(flow)"  # the one thing that is estimated and no class


@dataclass(frozen=True)
class Head:
    """One linear layer on the classifier's features.

    Attributes
    ----------
    labels
        Names of its classes; empty: it estimates the natural logarithm of the clip's flow.
    weight, bias
        ``(output, feature)`` and ``(output,)``.
    mean, spread
        Of what it estimates: the logarithm is `output * spread + mean`.
    """

    labels: tuple[str, ...]
    weight: torch.Tensor
    bias: torch.Tensor
    mean: float = 0.0
    spread: float = 1.0

    def read(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits ``(n, class)``; or the flow ``(n,)``, px of a picture 512 wide per picture at 24 a second."""
        out = torch.nn.functional.linear(features, self.weight, self.bias)
        return out if self.labels else (out[:, 0].float() * self.spread + self.mean).exp()


@dataclass(frozen=True)
class Heads:
    """The heads by name, and which concept each of the classifier's classes belongs to."""

    by_name: dict[str, Head]
    concept_of_class: tuple[int, ...]


def load_heads(folder: Path, features: str, classes: int, width: int, device: str = "cpu") -> Heads:
    """Load the heads beside a classifier; none where its folder has no `attributes.json`.

    Parameters
    ----------
    folder
        Of the classifier.
    features
        What the heads must have been trained on, as their file says it.
    classes, width
        Of the classifier, and of its features.
    device
        Where they compute.

    Raises
    ------
    BadDataError
        If the files are not those of such heads: incomplete, foreign, of another shape or not finite.
    """
    told, held = folder / "attributes.json", folder / "attributes.safetensors"
    if not told.is_file() and not held.is_file():
        return Heads({}, ())
    try:
        facts = json.loads(told.read_text(encoding="utf-8"))
        weights = {name: value.float() for name, value in load_file(held).items()}
        heads = {str(one["name"]): _head(one, weights, width, device) for one in facts["heads"]}
        if facts["features"] != features:
            raise ValueError(f"the heads read {facts['features']}, expected {features}")
        concepts = tuple(int(concept) for concept in facts["concept_of_class"])
        if len(concepts) != classes:
            raise ValueError(f"`concept_of_class` has {len(concepts)} numbers, the classifier {classes} classes")
        if weights:
            raise ValueError(f"{min(weights)} belongs to no head")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise BadDataError(
            f"{folder}: attributes.json and attributes.safetensors do not make heads: {error}.",
            "Fetch them anew, or remove both: the classifier then tells classes alone.",
        ) from error
    return Heads(heads, concepts)


def _head(facts: dict[str, Any], weights: dict[str, torch.Tensor], width: int, device: str) -> Head:
    """Take a head's weights out of those of the file."""
    name, labels = str(facts["name"]), tuple(str(label) for label in facts.get("labels", ()))
    if not labels and facts.get("of") != FLOW:
        raise ValueError(f"head '{name}' has no labels and is not of {FLOW}")
    weight, bias = weights.pop(f"{name}.weight"), weights.pop(f"{name}.bias")
    outputs = len(labels) or 1
    if weight.shape != (outputs, width) or bias.shape != (outputs,):
        raise ValueError(f"head '{name}' has the shape {tuple(weight.shape)}, expected {(outputs, width)}")
    if not (weight.isfinite().all() and bias.isfinite().all()):
        raise ValueError(f"head '{name}' holds values that are not finite")
    scale = (0.0, 1.0) if labels else (float(facts["mean"]), float(facts["spread"]))
    return Head(labels, weight.to(device), bias.to(device), *scale)
