"""Decode simulated studies of known strength and state each decoder against the observers, as a table.

The features, folds and networks are those of the recipes (corrected differential entropy, seven folds that leave one
block out, validation on the block before, refit). The observers know the brain: the ideal one all of it, the n-limited
one learns its class means from as many clips as the decoder. Efficiency is the decoder's d' as a share of the n-limited
observer's.

    python examples/simulation/efficiency.py --people 3 --presets demo seed-like none
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from find_presets import Study

from eeg2vid.stages.simulation.matched import match
from eeg2vid.stages.simulation.observers import efficiency, observe
from eeg2vid.stages.simulation.plan import plan_study
from eeg2vid.stages.simulation.population import clip_population
from eeg2vid.stages.simulation.presets import find_preset
from eeg2vid.stages.simulation.truth import make_person, training_clips
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
    parser.add_argument("--decoders", nargs="+", choices=("lda", "glmnet"), default=["lda", "glmnet"])
    parser.add_argument("--tasks", nargs="+", choices=tuple(CLASSES), default=list(CLASSES))
    parser.add_argument("--people", type=int, default=3)
    args = parser.parse_args()
    plan = plan_study(blocks=7, concepts=40, seed=0)
    study, population = Study(plan), clip_population(range(1, 41))
    labels = [str(k + 1) for k in range(args.people)]
    print("| preset | task | ideal | n-limited | decoder | accuracy | efficiency |\n|---|---|---|---|---|---|---|")
    for name in args.presets:
        snr = find_preset(name).snr
        features = [study.features(label, snr) for label in labels]
        for task in args.tasks:
            found = [
                observe(
                    match(make_person(label, World(snr))), population, task, snr=snr, rng=np.random.default_rng(0),
                    train_clips=(None, training_clips(plan)),
                )
                for label in labels
            ] if snr else []  # fmt: skip
            seen = [spread([pair[k].accuracy for pair in found]) if found else "chance" for k in (0, 1)]
            for decoder in args.decoders:
                scores = [study.accuracy(values, task, decoder) for values in features]
                shares = [
                    efficiency(score, pair[1].accuracy, CLASSES[task])
                    for score, pair in zip(scores, found, strict=bool(found))
                ]
                share = spread(shares) if shares else ""
                print(f"| {name} | {task} | {' | '.join(seen)} | {decoder} | {spread(scores)} | {share} |", flush=True)


if __name__ == "__main__":
    main()
