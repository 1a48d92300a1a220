"""A linear decoder near what is attainable: evoked responses of low rank and rhythms, to labels or values.

Each event is seen twice: as whitened spectra in the subspace of evoked responses, and as tangent vectors of band
covariances. Which subspaces matter is learned by a design of the training clips: their concepts, what is measured on
them, or both, whichever decodes the validation events best. Responses strong enough to be told concept by concept are
found by concepts, weak ones by what many concepts share. Labels are decoded by a discriminant of each view, log
likelihoods added; values by ridge regression on both, beside all of the rhythms.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import EvokedRhythmsSettings, TrainingSettings
from eeg2vid.stages.networks.context import BuildContext
from eeg2vid.stages.networks.decoder import Decoder, Predictions, State, take_arrays
from eeg2vid.stages.networks.discriminant import confidence
from eeg2vid.stages.networks.examples import Examples, FitReport
from eeg2vid.stages.networks.responses import (
    POOLED,
    EvokedSpace,
    Noise,
    Person,
    Quiet,
    RhythmSpace,
    Seen,
    look,
    noise_from,
    noise_state,
    person_of,
    reached,
)
from eeg2vid.stages.networks.ridge import held_errors, inner_folds, low_rank, target_gram
from eeg2vid.stages.networks.views import Pick, View, Views, best, designs_of
from eeg2vid.stages.training.discriminant import NEVER, Discriminant
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.scaler import Unseen

Floats = NDArray[np.floating]
Judge = Callable[[View, View], tuple[float, Pick]]
Progress = Callable[[int, int, str], None]
_HELD_FOLDS = 5  # one of them chooses where there are no validation events
_SHARES = (1.0, 0.7, 0.7)  # weights of a mapper's evoked responses, rhythms by the design, and all of the rhythms


class EvokedRhythmsDecoder(Decoder):
    """Evoked responses and rhythms to one label or value, in closed form.

    What is fitted is stored as float32, and predictions are made from what is stored.

    Raises
    ------
    UsageError
        If it is to read anything but epochs of a known rate.
    """

    settings: EvokedRhythmsSettings

    def __init__(self, settings: EvokedRhythmsSettings, context: BuildContext, training: TrainingSettings) -> None:
        super().__init__(settings, context, training)
        if set(context.inputs) != {"epochs"} or context.sfreq_hz is None:
            raise UsageError(
                f"Network 'evoked-rhythms' reads epochs of a known rate, not {', '.join(sorted(context.inputs))}.",
                "Set `inputs` to epochs.",
            )
        self._sfreq: float = context.sfreq_hz
        self.arrays: State = {}
        self.noise: Noise | None = None

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int = 0,
        device: str = "cpu",
        report: Any = None,
        progress: Any = None,
        should_stop: Callable[[], bool] | None = None,
        keeper: Any = None,
    ) -> FitReport:
        """Choose the designs on the validation events (without any: on a part of the training events), and fit."""
        self.check(train)
        if validation is not None:
            self.check(validation)
        pick = self._choose(*((train, validation) if validation is not None else _apart(train)), progress)
        final = train if validation is None or not self.training.refit else Examples.join([train, validation])
        views = self._views(final, None, pick)
        evoked, rhythms = views.evoked[pick.evoked], views.rhythms[pick.rhythms]
        self.people = final.inputs.present()
        self.noise = views.noise
        blocks = [evoked, rhythms] if self.target.kind == "label" else [evoked, rhythms, views.tangents]
        head = self._discriminants if self.target.kind == "label" else self._regression
        found = {**self._spaces(blocks), **head(blocks, final, pick)}
        self.arrays = {name: np.asarray(values, np.float32) for name, values in found.items()}
        held = 0 if validation is None else len(validation)
        return FitReport(len(train), held, pick.score if held else None, detail=pick.detail)

    def _choose(self, train: Examples, held: Examples | None, progress: Progress | None = None) -> Pick:
        if held is None:
            if self.target.kind == "value":
                raise BadDataError(
                    "A mapper's penalty is chosen on validation events, or on a group or run of the training events, "
                    "and there is only one.",
                    "Use a split with a validation block.",
                )
            first = next(iter(designs_of(train, self.settings.design)))
            return Pick(first, first, detail=f"by {first}: there is nothing to choose by")
        views = self._views(train, held, None)
        judge = self._judge_labels if self.target.kind == "label" else self._judge_values
        return best(views, _counted(judge(train, held, views), len(views.evoked) * len(views.rhythms), progress))

    def _views(self, train: Examples, held: Examples | None, pick: Pick | None) -> Views:
        """Return events as they are seen by what is learned from the training events; made once for all targets."""
        designs = designs_of(train, self.settings.design)
        wanted = None if pick is None else (pick.evoked, pick.rhythms)
        digest = sha256(repr((wanted, self.training.scaling)).encode())
        for part in (train, *(() if held is None else (held,))):
            digest.update(np.asarray(_rows(part.inputs), np.int64).tobytes() + b"|")
        key = ("views", id(train.inputs.arrays["epochs"]), digest.hexdigest())

        def make() -> Views:
            seen = self._looked(train.inputs)
            shown = np.concatenate(list(designs.values()), axis=1)
            noise = Noise.fit(seen, self.settings.components, shown)
            quiet = self._quiet(noise, seen)
            other = quiet.take(np.arange(0)) if held is None else self._quiet(noise, self._looked(held.inputs))
            return Views.of(noise, quiet, other, designs, wanted, self.settings.ranks)

        return self.context.shared.get(key, make)

    def _look(self, inputs: Inputs) -> Seen:
        """Return what is seen of events to decode."""
        return look(inputs.gather("epochs"), np.array(inputs.subjects)[inputs.people()], self._sfreq, self.settings)

    def _looked(self, inputs: Inputs) -> Seen:
        """Return what is seen of events to learn from: their array is looked at once for all folds and targets."""
        whole, key = replace(inputs, rows=None), ("seen", id(inputs.arrays["epochs"]))
        return self.context.shared.get(key, lambda: self._look(whole)).take(_rows(inputs))

    def _quiet(self, noise: Noise, seen: Seen, unseen: Unseen = "pooled", given: Seen | None = None) -> Quiet:
        """Return events in units of noise: of their person's training events, or of themselves (transductive)."""
        source = seen if self.training.scaling == "own" else given
        own: dict[str, Person] = {}
        if source is not None:
            for label in dict.fromkeys(source.people.tolist()):
                if self.training.scaling == "own" or label not in noise.people:
                    own[label] = person_of(source.take(source.people == label), noise.components)
        return noise.apply(seen, self.settings.damp, unseen=unseen, own=own)

    def _judge_labels(self, train: Examples, held: Examples, views: Views) -> Judge:
        labels, asked = train.targets[self.target.name], held.targets[self.target.name]
        n_classes = len(self.target.classes)
        priors = self._log_priors(labels)
        known = np.isin(asked, labels)
        scores: dict[int, Floats] = {}

        def of(view: View) -> Floats:
            if id(view) not in scores:
                scores[id(view)] = Discriminant.fit(view.train, labels, n_classes).scores(view.held)
            return scores[id(view)]

        def judge(evoked: View, rhythms: View) -> tuple[float, Pick]:
            parts = np.stack([of(evoked), of(rhythms)])
            trust, good = confidence(parts[:, known], priors, asked[known])
            best_class = (np.tensordot(trust, parts, axes=1) + priors).argmax(axis=1)
            detail = f"trusted {trust[0]:.2f} and {trust[1]:.2f}"
            return good, Pick("", "", trust=trust, score=float(np.mean(best_class == asked)), detail=detail)

        return judge

    def _judge_values(self, train: Examples, held: Examples, views: Views) -> Judge:
        targets = np.concatenate([one.targets[self.target.name].reshape(len(one), -1) for one in (train, held)])
        gram = target_gram(targets, targets.mean(axis=0, dtype=np.float64))
        kept, out = np.arange(len(train)), len(train) + np.arange(len(held))
        s = self.settings
        ratios = np.logspace(s.log10_low, s.log10_high, s.penalties)

        def judge(evoked: View, rhythms: View) -> tuple[float, Pick]:
            blocks = zip((evoked, rhythms, views.tangents), _SHARES, strict=True)
            vectors = np.concatenate([share * np.concatenate([one.train, one.held]) for one, share in blocks], axis=1)
            kernel = vectors @ vectors.T
            errors, baseline = held_errors(kernel, gram, out, kept, ratios * _level(vectors[kept]))
            at = int(np.argmin(errors))
            score = float(1 - errors[at] / baseline) if baseline > 0 else 0.0
            edge = ", at the edge of the grid" if at in (0, len(ratios) - 1) and len(ratios) > 1 else ""
            return score, Pick("", "", penalty=float(ratios[at]), score=score, detail=f"penalty {ratios[at]:.3g}{edge}")

        return judge

    def _log_priors(self, labels: NDArray[np.integer]) -> Floats:
        counts = np.bincount(labels, minlength=len(self.target.classes))
        shares = counts / counts.sum() if self.settings.priors == "empirical" else (counts > 0) / (counts > 0).sum()
        return np.where(counts > 0, np.log(np.maximum(shares, 1e-300)), NEVER)

    def _discriminants(self, blocks: Sequence[View], train: Examples, pick: Pick) -> State:
        labels, n_classes = train.targets[self.target.name], len(self.target.classes)
        parts = [Discriminant.fit(view.train, labels, n_classes) for view in blocks]
        offsets = sum(trust * part.offsets for trust, part in zip(pick.trust, parts, strict=True))
        weights = [trust * part.weights for trust, part in zip(pick.trust, parts, strict=True)]
        return {"weights": np.concatenate(weights), "offsets": np.maximum(offsets + self._log_priors(labels), NEVER)}

    def _regression(self, blocks: Sequence[View], train: Examples, pick: Pick) -> State:
        vectors = np.concatenate([share * view.train for view, share in zip(blocks, _SHARES, strict=True)], axis=1)
        targets = train.targets[self.target.name].reshape(len(train), -1)
        mean = targets.mean(axis=0, dtype=np.float64)
        penalty = pick.penalty * _level(vectors)
        gram = target_gram(targets, mean)
        left, right = low_rank(vectors @ vectors.T, vectors, targets, mean, gram, penalty, self.settings.fitted_share)
        return {"left": left, "right": right, "offsets": mean}

    def _spaces(self, blocks: Sequence[View]) -> State:
        evoked, rhythms = blocks[0].space, blocks[1].space
        assert isinstance(evoked, EvokedSpace) and isinstance(rhythms, RhythmSpace)
        shares = _SHARES if len(blocks) == len(_SHARES) else [1.0] * len(blocks)
        scales = [np.full(len(view.center), view.scale / share) for view, share in zip(blocks, shares, strict=True)]
        return {
            "times": evoked.times,
            "places": evoked.places,
            "center": np.concatenate([view.center for view in blocks]),
            "scale": np.concatenate(scales),
            **{f"directions_{k}": one for k, one in enumerate(rhythms.directions)},
        }

    def _vectors(self, inputs: Inputs, unseen: Unseen, own: Inputs | None) -> Floats:
        """Return the vectors that the stored head reads, `(event, dimension)`."""
        if self.noise is None or not self.arrays:
            raise BadDataError("This decoder has not been fitted.")
        inputs.require(self.context.inputs)
        quiet = self._quiet(self.noise, self._look(inputs), unseen, None if own is None else self._look(own))
        names = [f"directions_{k}" for k in range(len(self.noise.components))]
        evoked = EvokedSpace(self._array("times"), self._array("places")).apply(quiet)
        rhythms = RhythmSpace(tuple(self._array(name) for name in names)).apply(quiet)
        parts = [evoked, rhythms] if self.target.kind == "label" else [evoked, rhythms, *quiet.tangents]
        vectors = np.concatenate(parts, axis=1)
        return (vectors - self._array("center")) / self._array("scale")

    def predict(
        self, inputs: Inputs, *, device: str = "cpu", unseen: Unseen = "pooled", own: Inputs | None = None
    ) -> Predictions:
        """Return one prediction per event; BadDataError before any fit."""
        vectors = self._vectors(inputs, unseen, own)
        if self.target.kind == "label":
            scores = vectors @ self._array("weights") + self._array("offsets")
            return {self.target.name: softmax(scores, axis=1).astype(np.float32)}
        values = (vectors @ self._array("left")) @ self._array("right") + self._array("offsets")
        return {self.target.name: values.astype(np.float32).reshape(len(values), *self.target.shape)}

    def embed(
        self, inputs: Inputs, *, device: str = "cpu", unseen: Unseen = "pooled", own: Inputs | None = None
    ) -> NDArray[np.float32]:
        """Return each event's evoked responses and rhythms, `(event, dimension)`."""
        vectors: NDArray[np.float32] = self._vectors(inputs, unseen, own).astype(np.float32)
        return vectors

    def _array(self, name: str) -> Floats:
        return self.arrays[name].astype(np.float64)

    def state(self) -> State:
        """Return the fitted arrays."""
        return self.arrays

    def scaler_state(self) -> State:
        """Return the noise of the people trained on."""
        if self.noise is None:
            raise BadDataError("This decoder has not been fitted.")
        return noise_state(self.noise, self.people)

    def load(self, state: State, scaler: State) -> None:
        """Take fitted arrays and noise."""
        bands = range(len(reached(self.settings.bands, self._sfreq)))
        electrodes = self.context.inputs["epochs"][0]
        shapes: dict[str, tuple[int | None, ...]] = {
            "times": (None, None),
            "places": (electrodes, None),
            "center": (None,),
            "scale": (None,),
            **{f"directions_{k}": (None, None) for k in bands},
        }
        if self.target.kind == "label":
            shapes |= {"weights": (None, len(self.target.classes)), "offsets": (len(self.target.classes),)}
        else:
            values = int(np.prod(self.target.shape))
            shapes |= {"left": (None, None), "right": (None, values), "offsets": (values,)}
        noise = noise_from(scaler, self.people, len(bands), electrodes)
        arrays = take_arrays(state, shapes)
        evoked, *tangents = (arrays["times"].shape, *(arrays[f"directions_{k}"].shape for k in bands))
        dimension = evoked[1] * arrays["places"].shape[1] + sum(shape[1] for shape in tangents)
        dimension += sum(shape[0] for shape in tangents) if self.target.kind == "value" else 0
        sizes = {len(arrays[name]) for name in ("center", "scale", *({"weights", "left"} & set(arrays)))}
        known = noise.people[POOLED]
        wanted = [len(known.whitening.mean), *(len(one.mean) for one in known.tangents)]
        if sizes != {dimension} or [shape[0] for shape in (evoked, *tangents)] != wanted:
            raise BadDataError("The arrays of the stored model do not fit each other.", "Train the model anew.")
        self.arrays, self.noise = arrays, noise


def _counted(judge: Judge, total: int, progress: Progress | None) -> Judge:
    """Return a judge that says how many pairs of designs it has judged."""
    done = itertools.count(1)

    def judged(evoked: View, rhythms: View) -> tuple[float, Pick]:
        found = judge(evoked, rhythms)
        if progress is not None:
            progress(next(done), total, "designs")
        return found

    return judged


def _level(vectors: Floats) -> float:
    """Return the mean eigenvalue of the vectors' kernel: what penalties are relative to."""
    return max(float(np.square(vectors).sum()) / len(vectors), np.finfo(np.float64).tiny)


def _rows(inputs: Inputs) -> NDArray[np.integer]:
    return np.arange(len(inputs)) if inputs.rows is None else inputs.rows


def _apart(train: Examples) -> tuple[Examples, Examples | None]:
    """Return training events without the last of their groups (or runs), and those; None if there is only one."""
    labels = [one for one in (train.groups, train.runs) if one is not None and len(np.unique(one)) > 1]
    if not labels:
        return train, None
    folds, _ = inner_folds(train, _HELD_FOLDS)
    held = folds == folds.max()
    return train.take(~held), train.take(held)
