"""Scores 1 -> 2: glued names become columns; what a metric is, and what else must be known, stand apart.

============================  ========  =================  ============
version 1                     target    metric             variant
============================  ========  =================  ============
ssim, psnr, identification              as it is
identification within-run               identification     within-run
identification between-runs             identification     between-runs
identification top-1                    identification     top-1
concept accuracy              concept   accuracy
concept balanced accuracy     concept   balanced-accuracy
concept top-5                 concept   accuracy           top-5
anything else                           as it is
============================  ========  =================  ============

Scores 2 -> 3: the values of events stand in one row for each measure and condition; where an event was scored in
which run and fold, version 2 did not say.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from eeg2vid.schemas.upgrades import Facts, Tables, Upgrade

Facets = dict[str, Any]

_VIDEO: dict[str, tuple[str, str]] = {
    "identification": ("identification", ""),
    "identification within-run": ("identification", "within-run"),
    "identification between-runs": ("identification", "between-runs"),
    "identification top-1": ("identification", "top-1"),
}
_LABEL: dict[str, tuple[str, str]] = {  # the longer ones first: one ends like another
    "balanced accuracy": ("balanced-accuracy", ""),
    "accuracy": ("accuracy", ""),
    "top-5": ("accuracy", "top-5"),
}
_SHARE = {"direction": "higher", "low": 0.0, "high": 1.0}
_WANG = "Wang et al., IEEE TIP 2004"
_KAY = "Kay et al., Nature 2008"
_KNOWN: dict[tuple[str, str], Facets] = {
    ("identification", ""): {
        "form": "pair", **_SHARE, "title": "identification", "source": _KAY, "among": "the test clips",
    },
    ("identification", "top-1"): {
        "form": "pair", **_SHARE, "title": "identification top-1", "source": _KAY, "among": "the test clips",
    },
    ("identification", "within-run"): {
        "form": "pair", **_SHARE, "title": "identification within run", "source": _KAY,
        "among": "the clips of its run", "apart": True,
    },
    ("identification", "between-runs"): {
        "form": "pair", **_SHARE, "title": "identification between runs", "source": _KAY,
        "among": "the clips of other runs", "lead": False,
    },
    ("psnr", ""): {"form": "pair", "direction": "higher", "low": 0.0, "high": 100.0, "title": "PSNR"},
    ("ssim", ""): {
        "form": "pair", "direction": "higher", "low": -1.0, "high": 1.0, "title": "SSIM", "source": _WANG,
    },
    ("accuracy", ""): {"form": "event", **_SHARE, "title": "accuracy"},
    ("accuracy", "top-5"): {"form": "event", **_SHARE, "title": "top-5"},
    ("balanced-accuracy", ""): {"form": "set", **_SHARE, "title": "balanced accuracy"},
}  # fmt: skip
_NO_METRIC = ("fast", "position-vote")  # version 1 kept these sentences among the metrics


def _content(tables: Tables, attributes: Facts, _: Collection[str]) -> tuple[Tables, Facts]:
    """Return the tables of version 2."""
    told = tables["definitions"]
    return {
        "scores": [_named(row, row["kind"] == "classification") for row in tables["scores"]],
        "contrasts": [_named(row, label=False) | {"condition": "full"} for row in tables["contrasts"]],
        "events": [_named(row, label=False) for row in tables["events"]],
        "definitions": [_definition(row) for row in told if row["metric"] not in _NO_METRIC],
        "terms": [
            {"term": row["metric"], "sentence": row["definition"]} for row in told if row["metric"] in _NO_METRIC
        ],
    }, attributes


def _named(row: Facets, label: bool) -> Facets:
    target, metric, variant = _split(row["metric"]) if label else ("", *_VIDEO.get(row["metric"], (row["metric"], "")))
    return row | {"target": target, "metric": metric, "variant": variant, "subset": ""}


def _split(name: str) -> tuple[str, str, str]:
    """Return target, metric and variant of a label's score."""
    for ending, (metric, variant) in _LABEL.items():
        if name.endswith(f" {ending}"):
            return name.removesuffix(f" {ending}"), metric, variant
    return "", name, ""


def _definition(row: Facets) -> Facets:
    name = row["metric"]
    metric, variant = _VIDEO.get(name) or _LABEL.get(name) or (name, "")
    unknown = {"form": "event", "direction": "higher", "low": None, "high": None, "title": name}
    known = _KNOWN.get((metric, variant), unknown)
    return {"metric": metric, "variant": variant, "definition": row["definition"], **known}


SCORES_1 = Upgrade(_content)


def _gathered(tables: Tables, attributes: Facts, _: Collection[str]) -> tuple[Tables, Facts]:
    """Return the tables of version 3."""
    place: dict[str, int] = {}
    clips: list[str] = []
    rows: dict[tuple[str, ...], dict[int, float]] = {}
    for row in tables["events"]:
        index = place.setdefault(row["event"], len(place))
        if index == len(clips):
            clips.append(row["clip"])
        rows.setdefault(tuple(row[name] for name in _WHAT), {})[index] = row["value"]
    events = [{"event": event, "clip": clips[index], "run": "", "fold": ""} for event, index in place.items()]
    values = [
        {
            **dict(zip(_WHAT, what, strict=True)),
            "values": [found.get(index) for index in range(len(place))],
            "wrong": [],
        }
        for what, found in rows.items()
    ]
    return tables | {"events": events, "values": values, "looks": []}, attributes


_WHAT = ("target", "metric", "variant", "subset", "condition")

SCORES_2 = Upgrade(_gathered)
