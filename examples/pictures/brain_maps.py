"""Draw what the simulated brain does, averaged over 20 people: evoked response and change of band power per attribute.

    python examples/pictures/brain_maps.py --out examples/pictures/brain_maps.png

One column per group of features; rows: the evoked response at its latency (µV, the person's own reference replaced by
the average reference), the change of alpha and of gamma power (dB), all for one standard deviation of the feature at
the preset `demo`, and the time course.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mne
import numpy as np
from PIL import Image

from eeg2vid.stages.datasets.montage import electrode_positions
from eeg2vid.stages.datasets.protocol import ELECTRODES
from eeg2vid.stages.simulation.brain import courses
from eeg2vid.stages.simulation.films import FEATURE_NAMES
from eeg2vid.stages.simulation.noise import WAXING_LN, amplitude
from eeg2vid.stages.simulation.presets import find_preset
from eeg2vid.stages.simulation.subjects import SubjectBrain, make_subject

SHOWN = (
    "luminance-top-left", "luminance-bottom-right", "luminance-bottom-middle", "red-green-bottom-left", "contrast",
    "motion", "direction", "human", "face", "number", "concept-1", "concept-2",
)  # fmt: skip
PEOPLE = 20


def power_change(person: SubjectBrain, feature: int, snr: float, kind: str) -> np.ndarray:
    """Return the change of band power at every electrode, dB, against a clip of average features."""
    frequency = np.linspace(0.1, 100, 2000)
    band = (8, 13) if kind == "alpha" else (35, 80)
    inside = (frequency >= band[0]) & (frequency < band[1])

    def share(name: str) -> float:
        shape = np.square(amplitude(name, frequency, person.alpha_peak))
        return float(shape[inside].sum() / shape.sum())

    steady = share("background") * np.square(person.background).sum(axis=1) + person.sensor**2 * np.diff(band)[0] / 100
    moment = getattr(person, f"{kind}_moment") * np.exp(getattr(person, f"common_{kind}") + WAXING_LN**2)
    own = np.square(person.leadfield * moment) * share(kind)
    changed = own @ np.exp(2 * snr * getattr(person, kind)[feature])
    return 10 * np.log10((steady + changed) / (steady + own.sum(axis=1)))


def main() -> None:
    """Draw and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("brain_maps.png"))
    out = parser.parse_args().out
    snr, people = find_preset("demo").snr, [make_subject(seed) for seed in range(PEOPLE)]
    shown = [name for name in SHOWN if name in FEATURE_NAMES]
    info = mne.create_info(list(ELECTRODES), 200.0, "eeg")
    places = dict(zip(ELECTRODES, electrode_positions(ELECTRODES), strict=True))
    info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))
    times = np.arange(450) / 200
    figure, axes = plt.subplots(
        4, len(shown) + 1, figsize=(1.55 * len(shown), 6.6), height_ratios=[1, 1, 1, 0.75],
        width_ratios=[1] * len(shown) + [0.08], gridspec_kw={"wspace": 0.12, "hspace": 0.12},
    )  # fmt: skip
    rows = {
        "evoked, µV": lambda person, k: 1e6 * snr * (person.evoked[k] - person.evoked[k].mean()),
        "alpha, dB": lambda person, k: power_change(person, k, snr, "alpha"),
        "gamma, dB": lambda person, k: power_change(person, k, snr, "gamma"),
    }
    for row, (title, compute) in enumerate(rows.items()):
        values = [np.mean([compute(p, FEATURE_NAMES.index(name)) for p in people], axis=0) for name in shown]
        limit = np.max(np.abs(values))
        for column, value in enumerate(values):
            image, _ = mne.viz.plot_topomap(
                value, info, axes=axes[row, column], show=False, vlim=(-limit, limit), cmap="RdBu_r", contours=4,
                sphere=(0, 0.0, 0, 0.105), extrapolate="head",
            )  # fmt: skip
            image.set_rasterized(True)
            if row == 0:
                k = FEATURE_NAMES.index(shown[column])
                latency = np.mean([person.latency[k] for person in people])
                words = shown[column].rpartition("-") if shown[column].count("-") > 1 else (shown[column], "", "")
                name = "\n".join(part for part in (words[0], words[2]) if part)
                axes[row, column].set_title(f"{name}\n{1000 * latency:.0f} ms", fontsize=8)
        bar = figure.colorbar(image, cax=axes[row, -1])
        bar.ax.tick_params(labelsize=7)
        bar.set_label(title, fontsize=8)
    for column, name in enumerate(shown):
        course = np.mean([courses(person, times)[FEATURE_NAMES.index(name)] for person in people], axis=0)
        axis = axes[3, column]
        axis.plot(times, course, lw=1.0, color="k")
        axis.axvspan(0, 2, color="0.93", zorder=0)
        axis.set_xlim(0, 2.25)
        axis.set_ylim(-0.8, 1.6)
        axis.tick_params(labelsize=6)
        axis.set_xlabel("s", fontsize=7)
        if column:
            axis.set_yticklabels([])
    axes[3, -1].axis("off")
    figure.savefig(out, dpi=90, bbox_inches="tight")
    plt.close(figure)
    Image.open(out).convert("RGB").quantize(128).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
