"""Find the presets of `eeg2vid simulate` by what can be decoded, and write stages/simulation/presets.toml.

`demo`: the weakest signal (in steps of 0.05) with which the ideal observer names the concept, one of 40, in at least
60 % of single clips, for every one of 20 simulated people.

`seed-like`: the signal with which GLMNet on band features (the recipe `glmnet`: corrected differential entropy, seven
folds that leave one block out, validation on the block before, refit) names 4 % of 40 concepts, in the mean over
people. Bisection on the logarithm of the strength, the noise paired throughout; what the same decoder says about fast
and slow is measured at the strength that is found, and recorded.

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
from numpy.typing import NDArray

import eeg2vid.stages
from eeg2vid.schemas.networks import GlmnetSettings, LdaSettings, TrainingSettings
from eeg2vid.stages.datasets.protocol import CLIP_S, ELECTRODES, SFREQ
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.context import BuildContext, Sensor, TargetForm
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.signal.features import band_features
from eeg2vid.stages.simulation.brain import simulate_block
from eeg2vid.stages.simulation.films import feature_vector, optical_flow
from eeg2vid.stages.simulation.matched import match
from eeg2vid.stages.simulation.observers import observe
from eeg2vid.stages.simulation.plan import StudyPlan, motion_of, plan_study
from eeg2vid.stages.simulation.population import clip_population
from eeg2vid.stages.simulation.truth import make_person, person_seed
from eeg2vid.stages.simulation.worlds import World
from eeg2vid.stages.training.inputs import Inputs

GOAL_DEMO, GOAL_CONCEPT = 0.60, 0.04


class Study:
    """A full-size study whose EEG is made anew for every strength; only its band features are kept."""

    def __init__(self, plan: StudyPlan) -> None:
        self.plan = plan
        self.blocks = [(feature_vector(specs), motion_of(specs)) for specs in plan.clips]
        specs = [spec for clips in plan.clips for spec in clips]
        _, self.concept = np.unique([spec.concept for spec in specs], return_inverse=True)
        self.flow = np.asarray(optical_flow(specs))
        self.block = np.repeat(np.arange(len(plan.clips)), [len(clips) for clips in plan.clips])

    def features(self, label: str, snr: float) -> NDArray[np.float64]:
        """Return the differential entropy of one person's clips, `(clip, window, electrode, band)`."""
        person, found = make_person(label, World(snr)), []
        length = round(CLIP_S * SFREQ)
        for k, (phi, motion) in enumerate(self.blocks):
            eeg = simulate_block(
                phi, self.plan.onsets, n_samples=self.plan.n_samples, subject=person, snr=snr, motion=motion,
                rng=np.random.default_rng([0, 2, person_seed(label), k]), hints_samples=self.plan.hints,
            )  # fmt: skip
            clips = np.stack([eeg[:, onset : onset + length] for onset in self.plan.onsets]) * 1e6
            found.append(band_features(clips, SFREQ)[0])
        return np.concatenate(found)

    def labels(self, task: str, train: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return classes; fast is at or above the median of the training clips."""
        if task == "concept":
            return self.concept.astype(np.int64)
        return (self.flow >= np.median(self.flow[train])).astype(np.int64)

    def accuracy(self, values: NDArray[np.float64], task: str, decoder: str) -> float:
        """Return the accuracy of leave-one-block-out, as `train-encoder` decodes (corrected protocol)."""
        right = []
        count = len(self.blocks)
        for test in range(count):
            held, validated = self.block == test, self.block == (test - 1) % count
            train = ~held & ~validated
            labels = self.labels(task, train)
            classes = tuple(str(k) for k in range(labels.max() + 1))
            inputs = Inputs({"de": values})
            settings = GlmnetSettings() if decoder == "glmnet" else LdaSettings()
            targets = (TargetForm(task, "label", classes),)
            context = BuildContext(inputs.shapes(), targets, tuple(Sensor(name) for name in ELECTRODES))
            model = build(settings, context=context, training=TrainingSettings())
            parts = [
                Examples(inputs.take(part), {task: labels[part]}, self.block[part].astype(str))
                for part in (train, validated)
            ]
            model.fit(parts[0], parts[1], seed=test)
            right.append(model.predict(inputs.take(held))[task].argmax(axis=1) == labels[held])
        return float(np.mean(np.concatenate(right)))


def find_demo(people: Sequence[str]) -> tuple[float, str]:
    """Return the strength and what was measured."""
    population = clip_population(range(1, 41))
    persons = [match(make_person(label, World(0.0))) for label in people]

    def ideal(snr: float) -> NDArray[np.float64]:
        return np.array(
            [observe(one, population, "concept", snr=snr, rng=np.random.default_rng(0))[0].accuracy for one in persons]
        )

    low, high = 0.05, 3.0
    while high - low > 0.05:
        middle = (low + high) / 2
        low, high = (low, middle) if ideal(middle).min() >= GOAL_DEMO else (middle, high)
    snr = round(math.ceil(high / 0.05) * 0.05, 2)
    while (found := ideal(snr)).min() < GOAL_DEMO:
        snr = round(snr + 0.05, 2)
    return (
        snr,
        f"ideal observer, {len(people)} people: median {np.median(found):.3f}, {found.min():.3f} to {found.max():.3f}",
    )


def find_seed_like(people: Sequence[str], decoder: str, steps: int, between: tuple[float, float]) -> tuple[float, str]:
    """Return the strength and what was measured."""
    study = Study(plan_study(blocks=7, concepts=40, seed=0))

    def measure(snr: float, task: str) -> NDArray[np.float64]:
        started = time.perf_counter()
        found = np.array([study.accuracy(study.features(label, snr), task, decoder) for label in people])
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
    text = (
        f"{decoder} on band features, leave-one-block-out, {len(people)} full-size people: 40-way {concept.mean():.4f}"
        f" ({', '.join(f'{one:.4f}' for one in concept)}), fast/slow {fast.mean():.4f}"
        f" ({', '.join(f'{one:.4f}' for one in fast)}); without signal 40-way {none.mean():.4f}"
    )
    return snr, text


def main() -> None:
    """Search and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--find", nargs="+", choices=("demo", "seed-like"), default=["demo", "seed-like"])
    parser.add_argument("--decoder", choices=("glmnet", "lda"), default="glmnet")
    parser.add_argument("--people", type=int, default=3, help="for the decoder; the observer always sees 20")
    parser.add_argument("--steps", type=int, default=5, help="of the bisection")
    parser.add_argument("--between", type=float, nargs=2, default=(0.1, 1.6), help="where seed-like is sought")
    default = Path(str(eeg2vid.stages.__path__[0])) / "simulation" / "presets.toml"
    parser.add_argument("--out", type=Path, default=default, help="presets that are not sought are kept")
    args = parser.parse_args()
    rows = tomllib.loads(args.out.read_text(encoding="utf-8")) if args.out.exists() else {}
    for name in args.find:
        if name == "demo":
            definition = (
                "the ideal observer names at least 60 % of 40 concepts from single clips, for each of 20 people"
            )
            snr, outcome = find_demo([str(k + 1) for k in range(20)])
        else:
            definition = "40-way about 4 % and fast/slow about 55 % by GLMNet on band features, leave-one-block-out"
            if args.decoder == "lda":
                definition += "; found with LDA as a quick stand-in"
            people = [str(k + 1) for k in range(args.people)]
            snr, outcome = find_seed_like(people, args.decoder, args.steps, tuple(args.between))
        print(f"{name}: {snr}, {outcome}", flush=True)
        today = datetime.date.today().isoformat()
        rows[name] = {"snr": snr, "date": today, "definition": definition, "outcome": outcome}
    text = "# Written by examples/simulation/find_presets.py: strengths by what can be decoded with them.\n"
    for name, row in rows.items():
        text += f"\n[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in row.items())
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
