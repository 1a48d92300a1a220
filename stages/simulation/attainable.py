"""What a linear decoder can get in the protocol: true filters, and a discriminant that learns from the training blocks.

The observers of `observers` see every clip alone, in Gaussian noise. In the protocol five clips of a run follow each
other without a gap, the response to one runs into the next, and there are artefacts. Here the true matched filters
and the true spatial filters of all rhythms are applied to the simulated blocks themselves; a linear discriminant learns
from the other blocks' outputs and names the clips of the block left out. No decoder that is linear in such a statistic
and has to find the filters, too, should do better; one that finds them does as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import CLIP_S, SFREQ
from eeg2vid.stages.simulation.matched import WINDOW, cross_spectrum, response_spectra, whitening_of
from eeg2vid.stages.simulation.noise import BLINK_S, amplitude, blink_course
from eeg2vid.stages.simulation.observers import Observation
from eeg2vid.stages.simulation.population import NOT_ASKED, Labels
from eeg2vid.stages.simulation.subjects import SubjectBrain
from eeg2vid.stages.training.discriminant import Discriminant

Floats = NDArray[np.floating]

LEAD = 280  # samples of the window that lie before the clip
_HIGHEST_HZ = 40.0  # of evoked responses
_LINE_HZ = (49.0, 51.0)  # left out of the rhythms
_BLINK_SQUARE, _MUSCLE_SQUARE = np.exp(2 * 0.2**2), np.exp(2 * 0.3**2)  # mean squares of their sizes, log-normal
_BURST_S = 0.9  # mean length of a muscle burst


def artefact_spectrum(subject: SubjectBrain, frequency: Floats, n_samples: int) -> Floats:
    """Return what blinks and muscle bursts add to `matched.cross_spectrum`, in the mean (shot noise)."""
    found, seconds = subject.artefacts, n_samples / SFREQ
    course = blink_course(round(np.mean(BLINK_S) * SFREQ))
    phase = np.exp(-2j * np.pi * frequency[:, None] * np.arange(len(course)) / SFREQ)
    blinks = _BLINK_SQUARE * found.blink_rate / 60 * seconds * np.square(np.abs(phase @ course))
    window = np.square(np.hanning(round(_BURST_S * SFREQ))).sum()
    whole = np.square(amplitude("muscle", np.fft.rfftfreq(2**12, 1 / SFREQ), 0.0)).mean()
    shape = np.square(amplitude("muscle", frequency, 0.0)) / whole
    bursts = _MUSCLE_SQUARE * found.muscle_rate / 60 * seconds * window * shape / len(found.muscle)
    out: Floats = blinks[:, None, None] * np.outer(found.blink, found.blink)
    return out + bursts[:, None, None] * (found.muscle.T @ found.muscle)


def windows(eeg: NDArray[np.floating], onsets: NDArray[np.intp], lead: int, length: int) -> NDArray[np.float64]:
    """Cut `(electrode, sample)` around onsets, `(clip, electrode, length)`; zeros beyond the ends."""
    padded = np.pad(eeg.astype(np.float64), ((0, 0), (lead, length)))
    return np.stack([padded[:, onset : onset + length] for onset in onsets.tolist()])


@dataclass(frozen=True)
class EvokedFilters:
    """Matched filters: outputs of a clip are the real parts of its transform's products with them, summed.

    Attributes
    ----------
    weights
        complex `(frequency, electrode, output)`.
    """

    weights: NDArray[np.complexfloating]

    def outputs(self, eeg: NDArray[np.floating], onsets: NDArray[np.intp]) -> Floats:
        """Return the outputs for a block's clips, `(clip, output)`."""
        cut = np.roll(windows(eeg, onsets, LEAD, WINDOW), -LEAD, axis=-1)  # the clip's onset is time 0
        seen = np.fft.rfft(cut, axis=-1)[..., 1 : len(self.weights) + 1].transpose(0, 2, 1).reshape(len(onsets), -1)
        flat = self.weights.reshape(-1, self.weights.shape[2])
        found: Floats = 2 * (seen.real @ flat.real + seen.imag @ flat.imag)
        return found


def whitened_noise(subject: SubjectBrain) -> tuple[Floats, Floats]:
    """Return the frequencies of evoked responses and the inverse of all noise there, artefacts included."""
    frequency = np.fft.rfftfreq(WINDOW, 1 / SFREQ)[1:-1]
    frequency = frequency[frequency <= _HIGHEST_HZ]
    noise = cross_spectrum(subject, frequency, WINDOW) + artefact_spectrum(subject, frequency, WINDOW)
    return frequency, np.linalg.inv(noise)


def evoked_filters(subject: SubjectBrain) -> EvokedFilters:
    """Return the filters of all responses and of their derivatives in time, whitened as in `matched.match`."""
    frequency, inverse = whitened_noise(subject)
    patterns = np.concatenate([subject.evoked, subject.common]).T
    spectra = response_spectra(subject, np.array([0.0, -1e-3, 1e-3]))[:, : len(frequency)]
    shapes = np.concatenate([spectra[0], (spectra[2] - spectra[1]) / 2e-3 * subject.latency_jitter], axis=1)
    signals = np.concatenate([patterns, patterns], axis=1) * shapes[:, None]
    filters = inverse @ signals
    information = 2 * np.einsum("fer,fes->rs", signals.conj(), filters, optimize=True).real
    return EvokedFilters(filters @ whitening_of((information + information.T) / 2))


def rhythm_levels(subject: SubjectBrain, eeg: NDArray[np.floating], onsets: NDArray[np.intp]) -> Floats:
    """Return ln of the power that the true spatial filter of every patch's alpha and gamma sees in each clip.

    Returns
    -------
    `(clip, 2 * patch)`.
    """
    length = round(CLIP_S * SFREQ)
    frequency = np.fft.rfftfreq(length, 1 / SFREQ)
    seen = np.fft.rfft(windows(eeg, onsets, 0, length) * np.hanning(length), axis=-1)
    levels = []
    for kind, moment, always in (
        ("alpha", subject.alpha_moment, subject.common_alpha),
        ("gamma", subject.gamma_moment, subject.common_gamma),
    ):
        shape = np.square(amplitude(kind, frequency, subject.alpha_peak))
        inside = (shape > 0.05 * shape.max()) & ((frequency < _LINE_HZ[0]) | (frequency > _LINE_HZ[1]))
        noise = cross_spectrum(subject, frequency[inside], length)
        noise = noise + artefact_spectrum(subject, frequency[inside], length)
        filters = np.linalg.solve(noise, np.broadcast_to(subject.leadfield * moment * np.exp(always), (
            len(noise), *subject.leadfield.shape)))  # fmt: skip
        sources = seen[:, :, inside].transpose(2, 0, 1) @ filters  # (frequency, clip, patch)
        levels.append(np.log(np.tensordot(shape[inside], np.square(np.abs(sources)), axes=1)))
    return np.concatenate(levels, axis=1)


@dataclass(frozen=True)
class Outputs:
    """The statistic of every clip of a person, `(clip, output)`, and the block of each clip, `(clip,)`."""

    values: Floats
    block: Labels


def outputs_of(subject: SubjectBrain, blocks: Iterable[NDArray[np.floating]], onsets: NDArray[np.intp]) -> Outputs:
    """Apply a person's true filters to blocks `(electrode, sample)`, V, whose clips start at `onsets`."""
    filters, values = evoked_filters(subject), []
    for eeg in blocks:
        values.append(np.concatenate([filters.outputs(eeg, onsets), rhythm_levels(subject, eeg, onsets)], axis=1))
    return Outputs(np.concatenate(values), np.repeat(np.arange(len(values)), len(onsets)))


def attain(outputs: Outputs, task: str, labels: Labels, flow: Floats | None = None) -> Observation | None:
    """Let a discriminant name the clips of each block, learned from all other blocks.

    Parameters
    ----------
    labels
        `(clip,)`; `NOT_ASKED` where a clip is not asked about.
    flow
        For the task "fast", whose labels follow from the median of the training clips.

    Returns
    -------
    Balanced accuracy over all blocks with its standard error (over blocks, at least binomial); None where there is
    nothing to learn: one block, one class, or no class with two clips.
    """
    asked = labels != NOT_ASKED
    true, named = labels.copy(), np.full(len(labels), NOT_ASKED)
    learned = []
    for block in np.unique(outputs.block[asked]):
        test, train = asked & (outputs.block == block), asked & (outputs.block != block)
        if flow is not None and train.any():
            labels = (flow >= np.median(flow[train])).astype(np.int64)
            true[test] = labels[test]
        names, index = np.unique(labels[train], return_inverse=True)
        if not 2 <= len(names) < len(index):  # one class, or nothing to learn a spread within classes from
            return None
        model = Discriminant.fit(outputs.values[train], index, len(names))
        named[test] = names[model.scores(outputs.values[test]).argmax(axis=1)]
        learned.append(int(train.sum()))
    classes, right = np.unique(true[asked]), (named == true)[asked]
    if len(classes) < 2:
        return None
    accuracy = float(np.mean([right[true[asked] == name].mean() for name in classes]))
    return Observation(task, accuracy, error_of(right, outputs.block[asked]), len(classes), round(np.mean(learned)))


def error_of(right: NDArray[np.bool_], block: Labels) -> float:
    """Return the standard error of an accuracy: over blocks, at least that of independent clips."""
    each = np.array([right[block == one].mean() for one in np.unique(block)])
    spread = each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else 0.0
    share = right.mean()
    return float(max(spread, np.sqrt(share * (1 - share) / len(right))))
