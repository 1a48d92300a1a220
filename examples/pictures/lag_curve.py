"""Draw accuracy against delay from the scores of the recipe `lag-sweep`: one line per subject, chance dashed.

Usage: python examples/pictures/lag_curve.py WORKSPACE OUT.png [--target concept] [--metric balanced-accuracy]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt

from eeg2vid.schemas.scores import Score
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact


def main() -> None:
    """Read the score tables of all delays and write one PNG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--target", default="concept")
    parser.add_argument("--metric", default="balanced-accuracy")
    given = parser.parse_args()
    points: dict[str, list[tuple[float, Score]]] = {}
    stamps: set[str] = set()
    for folder in sorted((given.workspace / "artifacts" / "score").glob("lag-*/sub-*/scores")):
        variant, unit = folder.parts[-3:-1]
        tmin_s = open_artifact(given.workspace, Address("preprocess", variant, unit, "epochs")).attributes().tmin_s
        scores = open_artifact(given.workspace, Address("score", variant, unit, "scores"))
        stamps.update(scores.manifest.stamps)
        for row in scores.table("scores", Score):
            if row.measure == (given.target, given.metric, "", "") and row.condition == "full":
                points.setdefault(unit, []).append((tmin_s, row))
    if not points:
        parser.error(f"{given.workspace} holds no {given.metric} of '{given.target}' in the recipe lag-sweep.")
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for unit, rows in points.items():
        rows.sort(key=lambda row: row[0])
        lags, values = [lag for lag, _ in rows], [row.value for _, row in rows]
        (line,) = axes.plot(lags, values, marker="o", label=unit)
        bounds = [(row.low, row.high) for _, row in rows if row.low is not None and row.high is not None]
        if len(bounds) == len(rows):
            axes.fill_between(lags, *zip(*bounds, strict=True), color=line.get_color(), alpha=0.15, linewidth=0)
    axes.axhline(next(iter(points.values()))[0][1].chance, color="0.4", linestyle="--", label="chance")
    axes.set(xlabel="start of the epoch after clip onset (s)", ylabel=f"{given.target}, {given.metric}")
    if "simulated" in stamps:
        axes.set_title("simulated data", loc="left", fontsize="medium")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(given.out, dpi=150)


if __name__ == "__main__":
    main()
