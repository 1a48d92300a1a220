"""A study of full size whose EEG is made anew for every person and strength, and decoded as the recipes do.

Shared by `find_presets.py` and `efficiency.py`: inputs, folds and networks are those of the recipes (epochs of the
clip's two seconds as recorded, corrected differential entropy, seven folds that leave one block out, validation on the
block before, refit).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.networks import EvokedRhythmsSettings, GlmnetSettings, LdaSettings, TrainingSettings
from eeg2vid.stages.datasets.protocol import CLIP_S, ELECTRODES, SFREQ
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.context import BuildContext, Sensor, TargetForm
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.signal.features import band_features
from eeg2vid.stages.simulation.attainable import attain, outputs_of
from eeg2vid.stages.simulation.films import optical_flow, render_clip
from eeg2vid.stages.simulation.plan import StudyPlan
from eeg2vid.stages.simulation.recording import drivers, record_block
from eeg2vid.stages.simulation.truth import make_person
from eeg2vid.stages.simulation.worlds import World
from eeg2vid.stages.stimuli.measures import measure
from eeg2vid.stages.training.inputs import Inputs

DECODERS = {"lda": LdaSettings, "glmnet": GlmnetSettings, "evoked-rhythms": EvokedRhythmsSettings}
Arrays = dict[str, NDArray[np.floating]]


class Study:
    """Clips, labels, and the EEG of whoever is asked for."""

    def __init__(self, plan: StudyPlan) -> None:
        self.plan, self.driven = plan, drivers(plan, World(0.0))
        self.specs = [spec for clips in plan.clips for spec in clips]
        _, self.concept = np.unique([spec.concept for spec in self.specs], return_inverse=True)
        self.flow = np.asarray(optical_flow(self.specs))
        self.block = np.repeat(np.arange(len(plan.clips)), [len(clips) for clips in plan.clips])
        self._measured: NDArray[np.float64] | None = None

    def record(self, label: str, snr: float) -> list[NDArray[np.float32]]:
        """Return one person's EEG, block by block, V: as `eeg2vid simulate --seed 0` writes it."""
        world = World(snr)
        person = make_person(label, world)
        return [record_block(self.plan, driven, person, world, 0, k) for k, driven in enumerate(self.driven)]

    def inputs(self, eeg: list[NDArray[np.float32]], decoder: str) -> Arrays:
        """Return what a decoder's recipe gives it: epochs (uV), band features, or both."""
        wanted, length = DECODERS[decoder].inputs, round(CLIP_S * SFREQ)
        clips = [np.stack([block[:, on : on + length] for on in self.plan.onsets]) * 1e6 for block in eeg]
        arrays: Arrays = {"epochs": np.concatenate(clips).astype(np.float32)} if "epochs" in wanted else {}
        if "de" in wanted:
            arrays["de"] = np.concatenate([band_features(one, SFREQ)[0] for one in clips])
        return arrays

    def measured(self) -> NDArray[np.float64]:
        """Return what is measured on every clip, rendered for it on the first call."""
        if self._measured is None:
            frames = (render_clip(spec, width=96, height=54, fps=3.0) for spec in self.specs)
            self._measured = np.concatenate([measure(one[None]) for one in frames])
        return self._measured

    def labels(self, task: str, train: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return classes; fast is at or above the median of the training clips."""
        if task == "concept":
            return self.concept.astype(np.int64)
        return (self.flow >= np.median(self.flow[train])).astype(np.int64)

    def accuracy(self, arrays: Arrays, task: str, decoder: str) -> float:
        """Return the accuracy of leave-one-block-out, as `train-encoder` decodes (corrected protocol)."""
        known = {"concept": self.concept.astype(np.int64)}
        if decoder == "evoked-rhythms":
            known["clips"] = self.measured()
        right, inputs, count = [], Inputs(arrays), len(self.driven)
        for test in range(count):
            held, validated = self.block == test, self.block == (test - 1) % count
            train = ~held & ~validated
            labels = self.labels(task, train)
            targets = (TargetForm(task, "label", tuple(str(k) for k in range(labels.max() + 1))),)
            sensors = tuple(Sensor(name) for name in ELECTRODES)
            context = BuildContext(inputs.shapes(), targets, sensors, sfreq_hz=SFREQ)
            model = build(DECODERS[decoder](), context=context, training=TrainingSettings())
            examples = Examples(inputs, {task: labels}, self.block.astype(str), known=known)
            model.fit(examples.take(train), examples.take(validated), seed=test)
            right.append(model.predict(inputs.take(held))[task].argmax(axis=1) == labels[held])
        return float(np.mean(np.concatenate(right)))

    def attainable(self, eeg: list[NDArray[np.float32]], label: str, tasks: tuple[str, ...]) -> list[float]:
        """Return what is attainable from one person's EEG, a balanced accuracy per task."""
        outputs, found = outputs_of(make_person(label, World(0.0)), eeg, self.plan.onsets), []
        for task in tasks:
            seen = attain(outputs, task, self.concept.astype(np.int64), self.flow if task == "fast" else None)
            assert seen is not None
            found.append(seen.accuracy)
        return found
