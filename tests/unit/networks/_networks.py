"""Build contexts and examples for tests of networks."""

from __future__ import annotations

from eeg2vid.stages.networks.context import BuildContext, Sensor, TargetForm
from eeg2vid.stages.networks.examples import Examples

NAMES = {"label": "concept", "value": "latents"}


def context(inputs, classes=(), shape=(), electrodes=(), subjects=(), sfreq_hz=100.0):
    """Return the context of one target: 'concept' if there are classes, else 'latents'."""
    form = TargetForm("concept", "label", tuple(classes)) if classes else TargetForm("latents", "value", (), shape)
    sensors = tuple(Sensor(name) for name in electrodes)
    return BuildContext(inputs, (form,), sensors, sfreq_hz, subjects=subjects)


def labelled(inputs, labels, groups=None, runs=None):
    """Return examples of target 'concept'."""
    return Examples(inputs, {"concept": labels}, groups, runs)


def valued(inputs, values, groups=None, runs=None):
    """Return examples of target 'latents'."""
    return Examples(inputs, {"latents": values}, groups, runs)
