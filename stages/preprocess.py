"""`preprocess`: recordings become epochs and band features."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from eeg2vid.schemas.conditions import made_by, makes_at
from eeg2vid.schemas.entities import Electrode, EpochKey, Event, Fold, MarkedSpan, Recording
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.features import EPOCHS, FEATURES, HINT_BASELINE, SMOOTHED, EpochAttributes, FeatureAttributes
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.schemas.recordings import EVENTS, RECORDINGS
from eeg2vid.schemas.splits import FOLDS, Part
from eeg2vid.schemas.words import counted
from eeg2vid.stages.cohort.people import times_in_blocks
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Read, Resources, Stage, Write
from eeg2vid.stages.engine.text import did_you_mean

if TYPE_CHECKING:
    from eeg2vid.stages.signal.pipeline import Epochs


class Preprocess(Stage):
    """Cut the EEG around each clip, and compute differential entropy (DE) and power (PSD) per band.

    Nothing is filtered or re-referenced unless asked for. Epochs that touch a span marked as bad, or
    contain a cut, are rejected (--no-reject-spans keeps them); filters stop at cuts. A step that learns from data
    (--detect-bad, --eog) learns from the training events of one --fold, and what it makes serves that
    fold only. `--protocol published` computes what the released code of EEG2Video does: bins shifted
    one down, only the first second of a 2-s window, DE = log2(100 PSD).

    Conditions, where named: `clock-only` puts nothing but the time since the start of the block into epochs and
    features, `hint-only-window` cuts the hint before each run. All that is trained on them is trained anew.
    """

    name = "preprocess"
    version = 3
    Settings = PreprocessSettings
    reads = {"recordings": Read(RECORDINGS), "events": Read(EVENTS), "folds": Read(FOLDS, "optional")}
    writes = {"epochs": Write(EPOCHS, "subject"), "features": Write(FEATURES, "subject")}
    acts = "preprocess"
    resources = Resources(cpus=2, memory_gb=2, minutes=5)
    cites = ("duan2013differential", "liu2024eeg2video")
    examples = (
        "eeg2vid preprocess --subject 17",
        "eeg2vid preprocess --bands 4-8 --bands 8-13 --window-s 0.5 --step-s 0.25",
        "eeg2vid preprocess --variant clean --new --high-pass 0.5 --notch 50 --reference average",
        "eeg2vid preprocess --variant lag-800ms --new --tmin-s 0.8 --tmax-s 2.8 --outside leave-out",
        "eeg2vid preprocess --variant occipital --new --electrodes occipital",
    )

    def needs(self, settings: PreprocessSettings, condition: str, unit: Per) -> Needs:
        """Read folds only where something is learned."""
        needs = super().needs(settings, condition, unit)
        return needs.reading(folds=Read(FOLDS)) if settings.fold else needs.without("folds")

    def foreseen(self, ctx: Context) -> UsageError | None:
        """Refuse a condition that cuts hints where no event has one."""
        if makes_at("preprocess", ctx.condition) != "settings":
            return None
        return _no_hint(ctx, ctx.read("events").table("events", Event))

    def run(self, ctx: Context) -> None:
        """Clean and cut recording by recording, in µV; then all windows and bands at once."""
        from eeg2vid.stages.signal.pipeline import Recorded, make_epochs, make_features

        source = ctx.read("recordings")
        events = ctx.read("events").table("events", Event)
        settings = _under_condition(ctx, events, source.attributes().sfreq)
        recorded = Recorded(
            source.lazy("eeg"),
            source.attributes().sfreq,
            source.table("electrodes", Electrode),
            source.table("recordings", Recording),
            events,
            source.table("spans", MarkedSpan),
        )
        epochs = make_epochs(
            recorded, settings, _training(ctx, events), lambda rows, n: ctx.track("recordings", rows, n)
        )
        if makes_at(self.acts, ctx.condition) == "epochs":
            epochs = _telling(ctx, epochs, events)
        de, psd = make_features(epochs, events, settings, threads=ctx.threads)
        _say(ctx, epochs, settings)
        for role, values in (("epochs", {"epochs": epochs.values}), ("features", {"de": de, "psd": psd})):
            out = ctx.write(role)
            for name, array in values.items():
                out.array(name, array)
            keys = zip(events, epochs.states, strict=True)
            out.table("events", [EpochKey(event=event.event, clip=event.clip, state=state) for event, state in keys])
            out.table("electrodes", epochs.electrodes)
        same = {
            "tmin_s": settings.tmin_s,
            "span": settings.span,
            "cleaning": epochs.cleaning,
            "fold": settings.fold,
        }
        ctx.write("epochs").attributes(EpochAttributes(sfreq=epochs.sfreq, **same))
        named = ("bands", "window_s", "step_s", "method", "spectrum", "smoothing")
        ctx.write("features").attributes(FeatureAttributes(**{name: getattr(settings, name) for name in named}, **same))


def _training(ctx: Context, events: list[Event]) -> list[Event]:
    """Return the training events of the named fold; none where nothing is learned."""
    wanted = ctx.settings.fold
    if wanted is None:
        return []
    folds = ctx.read("folds")
    names = [row.fold for row in folds.table("folds", Fold)]
    if wanted not in names:
        raise UsageError(f"--fold: there is no fold '{wanted}'.{did_you_mean(wanted, names)}")
    parts = folds.read("assignment")[names.index(wanted)]
    training = [event for event, part in zip(events, parts, strict=True) if part == Part.TRAIN]
    if not training:
        raise UsageError(
            f"Fold '{wanted}' trains on no event of subject {ctx.subject}; there is nothing to learn from."
        )
    return training


def _under_condition(ctx: Context, events: list[Event], sfreq: float) -> PreprocessSettings:
    """Return the settings, or what a condition makes of them."""
    settings: PreprocessSettings = ctx.settings
    if makes_at("preprocess", ctx.condition) != "settings":
        return settings
    if (error := _no_hint(ctx, events)) is not None:
        raise error
    changed: PreprocessSettings = made_by(ctx.condition)(settings, events, settings.resample or sfreq)
    return changed


def _no_hint(ctx: Context, events: list[Event]) -> UsageError | None:
    """Return the error of a condition that cuts hints where no event has one."""
    if any(event.hint_s for event in events):
        return None
    return UsageError(
        f"Condition '{ctx.condition}' cannot be made: no event of subject {ctx.subject} knows of a hint before its "
        "run.",
        f"Leave {ctx.condition} out of `conditions`. A hint is the column 'hint' of events.tsv.",
    )


def _telling(ctx: Context, epochs: Epochs, events: list[Event]) -> Epochs:
    """Return the same epochs with what a condition makes of the time of each event in its place."""
    values = made_by(ctx.condition)(times_in_blocks(events)[0], *epochs.values.shape[1:])
    values[[state == "outside" for state in epochs.states]] = 0
    return replace(epochs, values=values)


def _say(ctx: Context, epochs: Epochs, settings: PreprocessSettings) -> None:
    """Tell the user what was done, and stamp what every later stage must know."""
    for step in epochs.cleaning:
        ctx.reporter.remark(f"{ctx.node}: {step}")
    for sentence in epochs.lengths:
        ctx.reporter.remark(f"{ctx.node}: {sentence}")
    for count, why in _counts(epochs, settings):
        if count:
            ctx.reporter.remark(f"{ctx.node}: {count} of {counted(len(epochs.states), 'epoch')} {why}")
    if settings.smoothing != "none":
        ctx.stamp(SMOOTHED)
    if settings.baseline == "hint":
        ctx.stamp(HINT_BASELINE)
        ctx.reporter.remark(
            "Warning: the hint names the concept; as baseline it puts that cue into all clips of a run."
        )


def _counts(epochs: Epochs, settings: PreprocessSettings) -> list[tuple[int, str]]:
    """Return how many epochs are left out of what, and why; an epoch may have several reasons."""
    from eeg2vid.stages.signal.cleaning import rejected

    marks, rejection = epochs.marks, "not trained on, still decoded"
    asked = rejection if settings.reject_spans else "kept, as `reject_spans` says"
    large = int(rejected(epochs.values, settings.reject_uv).sum()) if settings.reject_uv else 0
    return [
        (large, f"exceed {settings.reject_uv} µV peak to peak: {rejection}"),
        (int(marks.bad.sum()), f"touch a span marked as bad: {asked}"),
        (int((marks.cut & ~marks.absent).sum()), f"contain a cut: {asked}"),
        (int(marks.absent.sum()), f"hold samples that were not recorded: {rejection}"),
        (int(marks.short.sum()), f"lie between cuts too close for the filter, and are not filtered: {rejection}"),
        (epochs.states.count("outside"), "reach beyond their recording: neither trained on nor decoded"),
    ]
