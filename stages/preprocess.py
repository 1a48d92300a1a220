"""`preprocess`: recordings become epochs and band features."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from eeg2vid.schemas.entities import Electrode, Event, EventKey, Recording
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.features import EPOCHS, FEATURES, EpochAttributes, FeatureAttributes
from eeg2vid.schemas.recordings import EVENTS, RECORDINGS
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.engine.context import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write
from eeg2vid.stages.engine.text import did_you_mean


def _edges(value: Any) -> Any:
    return value.split("-") if isinstance(value, str) else value


Band = Annotated[tuple[float, float], BeforeValidator(_edges)]

# SEED's five bands (delta, theta, alpha, beta, gamma), Hz
_BANDS = ((1.0, 4.0), (4.0, 8.0), (8.0, 14.0), (14.0, 31.0), (31.0, 99.0))


class PreprocessSettings(Settings):
    """Settings of `preprocess`."""

    tmin_s: float = Field(0.0, ge=-60, le=60, description="start of the epoch after clip onset, s")
    duration_s: float | None = Field(None, gt=0, le=60, description="length of the epoch, s; none: the shortest clip's")
    bands: tuple[Band, ...] = Field(_BANDS, min_length=1, description="frequency bands, LOW-HIGH in Hz, repeated")
    window_s: float = Field(1.0, gt=0, le=60, description="window of the band features, s")
    method: Literal["corrected", "published"] = Field(
        "corrected",
        description="corrected: true edges, Gaussian DE, µV²/Hz; published: EEG2Video's released formula",
    )
    exclude: tuple[str, ...] = Field((), description="electrodes to leave out, repeated")


class Preprocess(Stage):
    """Cut the EEG around each clip, and compute differential entropy (DE) and power (PSD) per band.

    `--protocol published` computes what the released code of EEG2Video does: bins shifted one down,
    only the first second of a 2-s window, DE = log2(100 PSD).
    """

    name = "preprocess"
    Settings = PreprocessSettings
    reads = {"recordings": Read(RECORDINGS), "events": Read(EVENTS)}
    writes = {"epochs": Write(EPOCHS, "subject"), "features": Write(FEATURES, "subject")}
    published = {"method": "published"}
    resources = Resources(cpus=2, memory_gb=4, minutes=5)
    cites = ("duan2013differential", "liu2024eeg2video")
    examples = ("eeg2vid preprocess --subject 17", "eeg2vid preprocess --bands 4-8 --bands 8-13 --window-s 2")

    def run(self, ctx: Context) -> None:
        """Gather epochs in µV, then all windows and bands at once."""
        import numpy as np

        from eeg2vid.stages.signal.epochs import cut_epochs
        from eeg2vid.stages.signal.features import band_features
        from eeg2vid.stages.signal.placing import first_samples

        settings: PreprocessSettings = ctx.settings
        source = ctx.read("recordings")
        sfreq: float = source.attributes().sfreq
        events = ctx.read("events").table("events", Event)
        electrodes = source.table("electrodes", Electrode)
        kept = kept_electrodes([row.electrode for row in electrodes], settings.exclude)
        length = round((settings.duration_s or min(event.duration_s for event in events)) * sfreq)
        first = first_samples(
            events, source.table("recordings", Recording), offset=round(settings.tmin_s * sfreq), length=length
        )
        ctx.reporter.start(f"{ctx.node}: epochs, features", 2)
        epochs = cut_epochs(source.lazy("eeg"), first, length, scale=1e6)[:, kept]
        ctx.reporter.advance()
        de, psd = band_features(
            epochs, sfreq, settings.bands, window_s=settings.window_s, method=settings.method, dtype=np.float32
        )
        ctx.reporter.advance()
        for role, values in (("epochs", {"epochs": epochs}), ("features", {"de": de, "psd": psd})):
            out = ctx.write(role)
            for name, array in values.items():
                out.array(name, array)
            out.table("events", [EventKey(event=event.event, clip=event.clip) for event in events])
            out.table("electrodes", [electrodes[index] for index in kept])
        ctx.write("epochs").attributes(EpochAttributes(sfreq=sfreq, tmin_s=settings.tmin_s))
        ctx.write("features").attributes(
            FeatureAttributes(bands=settings.bands, window_s=settings.window_s, method=settings.method)
        )


def kept_electrodes(names: list[str], excluded: tuple[str, ...]) -> list[int]:
    """Return the indices of the electrodes that are not excluded, by name."""
    for name in excluded:
        if name not in names:
            raise UsageError(f"--exclude {name}: there is no such electrode.{did_you_mean(name, names)}")
    kept = [index for index, name in enumerate(names) if name not in excluded]
    if not kept:
        raise UsageError("--exclude leaves no electrode.")
    return kept
