"""Decode simulated studies of known strength and state each decoder against the observers, as a table.

Inputs, folds and networks are those of the recipes (`full_study.py`). The ideal observer knows all of the brain and
sees clips alone; the attainable one has the true filters and learns from the other blocks, in the protocol.
Efficiency is the decoder's d' as a share of the attainable one's.

    python examples/simulation/efficiency.py --people 4 --presets demo seed-like none
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from full_study import DECODERS, Study

from eeg2vid.stages.simulation.decodable import training_clips
from eeg2vid.stages.simulation.matched import match
from eeg2vid.stages.simulation.observers import efficiency, observe
from eeg2vid.stages.simulation.plan import plan_study
from eeg2vid.stages.simulation.population import clip_population
from eeg2vid.stages.simulation.presets import find_preset
from eeg2vid.stages.simulation.truth import make_person
from eeg2vid.stages.simulation.worlds import World

CLASSES = {"concept": 40, "fast": 2}


def spread(values: Sequence[float]) -> str:
    """Return the mean, and each value."""
    each = ", ".join(f"{value:.3f}" for value in values)
    return f"{np.mean(values):.3f} ({each})"


def main() -> None:
    """Measure preset by preset; print a row as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", nargs="+", default=["demo", "seed-like", "none"])
    parser.add_argument("--decoders", nargs="+", choices=tuple(DECODERS), default=["lda", "glmnet", "evoked-rhythms"])
    parser.add_argument("--tasks", nargs="+", choices=tuple(CLASSES), default=list(CLASSES))
    parser.add_argument("--people", type=int, default=4)
    args = parser.parse_args()
    plan = plan_study(blocks=7, concepts=40, seed=0)
    study, population = Study(plan), clip_population(range(1, 41))
    labels = [str(k + 1) for k in range(args.people)]
    print("| preset | task | ideal | attainable | decoder | accuracy | efficiency |\n|---|---|---|---|---|---|---|")
    for name in args.presets:
        snr = find_preset(name).snr
        recorded = [study.record(label, snr) for label in labels]
        for task in args.tasks:
            ideal = [
                observe(
                    match(make_person(label, World(snr))), population, task, snr=snr, rng=np.random.default_rng(0),
                    train_clips=(None, training_clips(plan)),
                )[0].accuracy
                for label in labels
            ] if snr else [1 / CLASSES[task]]  # fmt: skip
            seen = [study.attainable(eeg, label, (task,))[0] for eeg, label in zip(recorded, labels, strict=True)]
            for decoder in args.decoders:
                scores = [study.accuracy(study.inputs(eeg, decoder), task, decoder) for eeg in recorded]
                shares = [efficiency(a, b, CLASSES[task]) for a, b in zip(scores, seen, strict=True)] if snr else []
                share = spread(shares) if shares else ""
                print(
                    f"| {name} | {task} | {spread(ideal)} | {spread(seen)} | {decoder} | {spread(scores)} | {share} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
