"""Find the presets of `eeg2vid simulate` by what can be decoded, and write stages/simulation/presets.toml.

`demo`: the signal with which a linear decoder that has the true filters (observer `attainable`, in the protocol) names
29 % of 40 concepts in single clips, in the mean over four people; bisection in steps of 0.05.

`seed-like`: the signal with which GLMNet on band features (recipe `glmnet`) names 4 % of 40 concepts, in the mean over
people. Bisection on the logarithm of the strength, the noise paired throughout; what the same decoder says about fast
and slow, and what is attainable, is measured at the strength that is found, and recorded.

    python examples/simulation/find_presets.py --people 3 --steps 5
    python examples/simulation/find_presets.py --decoder lda    # a quick stand-in, said so in the file
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from full_study import Study
from numpy.typing import NDArray

import eeg2vid.stages
from eeg2vid.stages.simulation.plan import plan_study

GOAL_DEMO, GOAL_CONCEPT = 0.29, 0.04
STEP = 0.05


def attained(study: Study, people: Sequence[str], snr: float) -> NDArray[np.float64]:
    """Return what is attainable of concept and fast, `(person, 2)`."""
    started = time.perf_counter()
    found = np.array([study.attainable(study.record(one, snr), one, ("concept", "fast")) for one in people])
    print(
        f"attainable at snr {snr:.4f}: {found.round(3).tolist()} in {time.perf_counter() - started:.0f} s", flush=True
    )
    return found


def told(found: NDArray[np.float64]) -> str:
    """Return mean and each value."""
    return f"{found.mean():.3f} ({', '.join(f'{one:.3f}' for one in found)})"


def find_demo(study: Study, people: Sequence[str], between: tuple[float, float] = (0.5, 1.7)) -> tuple[float, str]:
    """Return the strength and what was measured."""
    low, high = (round(bound / STEP) for bound in between)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if attained(study, people, middle * STEP)[:, 0].mean() >= GOAL_DEMO else (middle, high)
        )
    snr = round(high * STEP, 2)
    concept, fast = attained(study, people, snr).T
    return snr, f"attainable in the protocol, {len(people)} people: 40-way {told(concept)}, fast/slow {told(fast)}"


def find_seed_like(
    study: Study, people: Sequence[str], decoder: str, steps: int, between: tuple[float, float]
) -> tuple[float, str]:
    """Return the strength and what was measured."""

    def measure(snr: float, task: str) -> NDArray[np.float64]:
        started = time.perf_counter()
        inputs = (study.inputs(study.record(label, snr), decoder) for label in people)
        found = np.array([study.accuracy(arrays, task, decoder) for arrays in inputs])
        print(
            f"{task} at snr {snr:.4f}: {found.round(4).tolist()} in {time.perf_counter() - started:.0f} s", flush=True
        )
        return found

    low, high = (math.log(bound) for bound in between)
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if measure(math.exp(middle), "concept").mean() >= GOAL_CONCEPT else (middle, high)
    snr = round(math.exp((low + high) / 2), 3)
    concept, fast, none = measure(snr, "concept"), measure(snr, "fast"), measure(0.0, "concept")
    seen = attained(study, people, snr)
    text = (
        f"{decoder}, leave-one-block-out, {len(people)} full-size people: 40-way {told(concept)}, fast/slow"
        f" {told(fast)}; without signal 40-way {none.mean():.3f}; attainable 40-way {told(seen[:, 0])},"
        f" fast/slow {told(seen[:, 1])}"
    )
    return snr, text


def main() -> None:
    """Search and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--find", nargs="+", choices=("demo", "seed-like"), default=["demo", "seed-like"])
    parser.add_argument("--decoder", choices=("glmnet", "lda"), default="glmnet")
    parser.add_argument("--people", type=int, default=3, help="for the decoder; demo always sees 4")
    parser.add_argument("--steps", type=int, default=5, help="of the bisection")
    parser.add_argument("--between", type=float, nargs=2, default=(0.1, 1.6), help="where seed-like is sought")
    default = Path(str(eeg2vid.stages.__path__[0])) / "simulation" / "presets.toml"
    parser.add_argument("--out", type=Path, default=default, help="presets that are not sought are kept")
    args = parser.parse_args()
    rows = tomllib.loads(args.out.read_text(encoding="utf-8")) if args.out.exists() else {}
    study = Study(plan_study(blocks=7, concepts=40, seed=0))
    for name in args.find:
        if name == "demo":
            definition = "a linear decoder with the true filters names 26 to 32 % of 40 concepts, in the protocol"
            snr, outcome = find_demo(study, [str(k + 1) for k in range(4)])
        else:
            definition = "40-way about 4 % by GLMNet on band features, leave-one-block-out"
            if args.decoder == "lda":
                definition += "; found with LDA as a quick stand-in"
            people = [str(k + 1) for k in range(args.people)]
            snr, outcome = find_seed_like(study, people, args.decoder, args.steps, tuple(args.between))
        print(f"{name}: {snr}, {outcome}", flush=True)
        today = datetime.date.today().isoformat()
        rows[name] = {"snr": snr, "date": today, "definition": definition, "outcome": outcome}
    text = "# Written by examples/simulation/find_presets.py: strengths by what can be decoded with them.\n"
    for name, row in rows.items():
        text += f"\n[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in row.items())
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
