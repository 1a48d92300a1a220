"""Draw simulated EEG beside recorded EEG: spectra, traces, averages, maps.

    python examples/pictures/simulated_eeg.py --data ../shared/data --out examples/pictures/simulated_eeg.png

Simulated: four people at the preset `demo`, one block of 200 clips each. Recorded: EEGLAB's tutorial recording (30
electrodes, 128 Hz, 80 squares), and faces and houses by the Muse headband of NeuroTechX (4 electrodes, 256 Hz, against
FPz). All but the Muse against the average of their electrodes. A part whose recording is absent says so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mne
import numpy as np
from matplotlib.axes import Axes
from PIL import Image
from scipy.signal import welch

from eeg2vid.stages.datasets.montage import electrode_positions
from eeg2vid.stages.datasets.protocol import CONCEPT_ORDER, ELECTRODES
from eeg2vid.stages.simulation.brain import simulate_block
from eeg2vid.stages.simulation.films import FEATURE_NAMES
from eeg2vid.stages.simulation.population import clip_population
from eeg2vid.stages.simulation.presets import find_preset
from eeg2vid.stages.simulation.truth import make_person, person_seed
from eeg2vid.stages.simulation.worlds import World

PEOPLE = ("1", "2", "3", "4")
SFREQ, BEFORE, AFTER = 200.0, 0.1, 0.5
HINTS = np.arange(40) * 2600
ONSETS = (HINTS[:, None] + 600 + 400 * np.arange(5)).ravel()
TRACES = ("Fp1", "T7", "Cz", "Oz")
SPECTRA = ((), ("Oz", "O1", "O2"), ("T7", "T8"))
MUSE = ("AF7", "AF8", "TP9", "TP10")
BEHIND = ("TP9", "TP10")
LATERAL, FACES = ("PO7", "PO8", "P8", "Oz", "Cz"), ("P8", "PO8", "P7", "Cz")


def simulated_info() -> mne.Info:
    """Return electrodes by the names that MNE's montages use."""
    info = mne.create_info(list(ELECTRODES), SFREQ, "eeg")
    places = dict(zip(ELECTRODES, electrode_positions(ELECTRODES), strict=True))
    return info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))


def simulate(label: str) -> tuple[mne.io.RawArray, np.ndarray]:
    """Return one person's block against the average, and whether each clip shows a face."""
    known, rng = clip_population(range(1, 41)), np.random.default_rng([8, person_seed(label)])
    rows = np.concatenate(
        [rng.choice(np.flatnonzero(known.concept == one), 5, replace=False) for one in CONCEPT_ORDER[0]]
    )
    snr = find_preset("demo").snr
    eeg = simulate_block(
        known.phi[rows], ONSETS, n_samples=40 * 2600, subject=make_person(label, World(snr)), snr=snr,
        rng=np.random.default_rng([9, person_seed(label)]), hints_samples=HINTS,
    ).astype(float)  # fmt: skip
    face = known.phi[rows][:, FEATURE_NAMES.index("face")] > 0
    return mne.io.RawArray(eeg - eeg.mean(axis=0), simulated_info()), face


def recorded(root: Path) -> mne.io.BaseRaw | None:
    """Return EEGLAB's recording against the average of its scalp electrodes, if it is there."""
    path = root / "eeg/eeglab/eeglab_data.set"
    if not path.exists():
        return None
    raw = mne.io.read_raw_eeglab(path, preload=True).drop_channels(["EOG1", "EOG2"])
    raw.set_montage("standard_1020", match_case=False)
    return raw.set_eeg_reference("average", projection=False)


def headbands(root: Path) -> list[tuple[mne.io.RawArray, np.ndarray]]:
    """Return the Muse recordings that are there, each with its markers: 1 house, 2 face."""
    found = []
    for path in sorted((root / "eeg/neurotechx-n170").glob("*.csv")):
        table = np.genfromtxt(path, delimiter=",", names=True)
        data = 1e-6 * np.stack([table[name] for name in MUSE])
        found.append((mne.io.RawArray(data, mne.create_info(list(MUSE), 256.0, "eeg")), table["Marker0"]))
    return found


def index(raw: mne.io.BaseRaw, name: str) -> int:
    """Return the place of an electrode, whatever the case of its letters (EEGLAB's FPz stands in for Fp1)."""
    names = [one.upper() for one in raw.ch_names]
    return names.index(name.upper() if name.upper() in names else "FPZ")


def cut(raw: mne.io.BaseRaw, onsets: np.ndarray) -> np.ndarray:
    """Return events `(event, electrode, sample)`, uV, 1 to 30 Hz, zero in the tenth of a second before."""
    rate = raw.info["sfreq"]
    data = 1e6 * raw.copy().filter(1, 30).get_data()
    start, stop = round(BEFORE * rate), round(AFTER * rate)
    inside = onsets[(onsets > start) & (onsets + stop < data.shape[1])]
    events = np.stack([data[:, on - start : on + stop] for on in inside])
    events -= events[..., :start].mean(axis=-1, keepdims=True)
    return events


def average(events: np.ndarray) -> np.ndarray:
    """Return the mean over the four fifths of events with the smallest range."""
    size = np.ptp(events, axis=-1).max(axis=1)
    return events[size <= np.quantile(size, 0.8)].mean(axis=0)


def absent(axis: Axes, what: str) -> None:
    """Say that a recording is not there."""
    axis.text(0.5, 0.5, f"{what}:\nnot on this machine", ha="center", va="center", transform=axis.transAxes, fontsize=8)
    axis.set_axis_off()


def spectrum(axis: Axes, raws: list[mne.io.BaseRaw], groups: tuple[tuple[str, ...], ...], title: str) -> None:
    """Draw the median spectrum of groups of electrodes; of all where a group is empty."""
    for names, colour in zip(groups, ("k", "C0", "C3"), strict=False):
        for k, raw in enumerate(raws):
            rate = raw.info["sfreq"]
            frequency, power = welch(1e6 * raw.get_data(), rate, nperseg=round(2 * rate))
            rows = [index(raw, name) for name in names] or list(range(len(power)))
            seen = (frequency >= 1) & (frequency < 0.47 * rate)
            label = (" ".join(names) or "all") if k == 0 else None
            axis.loglog(frequency[seen], np.median(power[rows], axis=0)[seen], colour, lw=0.9, alpha=0.8, label=label)
    axis.set(title=title, xlabel="Hz", ylabel="µV²/Hz", xlim=(1, 100), ylim=(3e-3, 300))
    axis.legend(fontsize=6, frameon=False)


def traces(axis: Axes, raw: mne.io.BaseRaw, first: float, title: str, names: tuple[str, ...] = TRACES) -> None:
    """Draw six seconds of four electrodes."""
    rate = raw.info["sfreq"]
    data = 1e6 * raw.copy().filter(0.5, None).get_data(start=round(first * rate), stop=round((first + 6) * rate))
    for k, name in enumerate(names):
        axis.plot(np.arange(data.shape[1]) / rate, data[index(raw, name)] - 100 * k, "k", lw=0.4)
    axis.set(title=title, xlabel="s", xlim=(0, 6), ylim=(-380, 160), yticks=[-100 * k for k in range(4)])
    axis.set_yticklabels(names, fontsize=7)
    axis.plot([5.8, 5.8], [-370, -270], "r", lw=2)
    axis.text(5.75, -330, "100 µV", color="r", fontsize=6, ha="right")


def evoked(axis: Axes, curves: dict[str, np.ndarray], title: str) -> None:
    """Draw averages by electrode; thin lines are people."""
    for k, (name, rows) in enumerate(curves.items()):
        times = np.linspace(-BEFORE, AFTER, rows.shape[-1]) * 1000
        axis.plot(times, rows.T, f"C{k}", lw=0.4, alpha=0.5)
        axis.plot(times, rows.mean(axis=0), f"C{k}", lw=1.4, label=name)
    axis.axvspan(150, 200, color="0.92", zorder=0)
    axis.axhline(0, color="0.7", lw=0.5)
    axis.set(title=title, xlabel="ms", ylabel="µV")
    axis.legend(fontsize=6, frameon=False)


def topography(axis: Axes, values: np.ndarray, info: mne.Info, title: str) -> None:
    """Draw a map, blue negative; the limit stands below."""
    limit = np.abs(values).max()
    image, _ = mne.viz.plot_topomap(
        values, info, axes=axis, show=False, vlim=(-limit, limit), cmap="RdBu_r", contours=4, extrapolate="head"
    )
    image.set_rasterized(True)
    axis.set_title(title, fontsize=8)
    axis.set_xlabel(f"±{limit:.1f} µV", fontsize=7)


def at_peak(curve: np.ndarray) -> np.ndarray:
    """Return the mean of `(electrode, sample)` from 150 to 200 ms."""
    samples = (np.array([0.150, 0.200]) + BEFORE) / (BEFORE + AFTER) * curve.shape[1]
    return curve[:, round(samples[0]) : round(samples[1])].mean(axis=1)


def blink_map(raw: mne.io.BaseRaw) -> np.ndarray:
    """Return the map at the largest tops of the foremost electrode, less that of quiet moments."""
    data = 1e6 * raw.copy().filter(0.5, 15).get_data()
    front = data[index(raw, "Fp1")]
    tops, _ = mne.preprocessing.peak_finder(front, thresh=np.ptp(front) / 4, extrema=1, verbose="ERROR")
    return np.median(data[:, tops], axis=1)


def main() -> None:
    """Draw and save."""
    here = Path(__file__)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=here.resolve().parents[3] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=here.with_suffix(".png"))
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    people = [simulate(label) for label in PEOPLE]
    raws, real, muse = [raw for raw, _ in people], recorded(args.data), headbands(args.data)
    plt.rcParams.update({"font.size": 7, "axes.titlesize": 8, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(4, 4, figsize=(12.5, 11))
    spectrum(axes[0, 0], raws, SPECTRA, "simulated, four people")
    traces(axes[1, 0], raws[0], 20.0, "simulated, person 1")
    traces(axes[1, 2], raws[1], 60.0, "simulated, person 2")
    cuts = [cut(raw, ONSETS) for raw in raws]
    shows = [face[: len(events)] for events, (_, face) in zip(cuts, people, strict=True)]
    any_clip = np.stack([average(events) for events in cuts])
    faces = np.stack([average(events[face]) - average(events[~face]) for events, face in zip(cuts, shows, strict=True)])
    evoked(
        axes[2, 0], {name: any_clip[:, index(raws[0], name)] for name in LATERAL}, "simulated, any clip, no gap before"
    )
    evoked(axes[2, 2], {name: faces[:, index(raws[0], name)] for name in FACES}, "simulated, face minus no face")
    topography(axes[3, 0], at_peak(any_clip.mean(axis=0)), raws[0].info, "simulated, any clip, 150-200 ms")
    topography(axes[3, 2], at_peak(faces.mean(axis=0)), raws[0].info, "simulated, face minus no face, 150-200 ms")
    topography(axes[0, 3], blink_map(raws[0]), raws[0].info, "simulated, blinks of person 1")
    if real is None:
        for axis in (axes[0, 1], axes[1, 1], axes[2, 1], axes[3, 1], axes[3, 3]):
            absent(axis, "EEGLAB's recording")
    else:
        spectrum(axes[0, 1], [real], SPECTRA, "recorded, EEGLAB (low-passed)")
        traces(axes[1, 1], real, 30.0, "recorded, EEGLAB")
        squares = np.array([one["onset"] for one in real.annotations if one["description"] == "square"])
        mean = average(cut(real, np.round(squares * real.info["sfreq"]).astype(int)))
        evoked(axes[2, 1], {name: mean[[index(real, name)]] for name in LATERAL}, "recorded, EEGLAB, squares")
        topography(axes[3, 1], at_peak(mean), real.info, "recorded, EEGLAB, squares, 150-200 ms")
        topography(axes[3, 3], blink_map(real), real.info, "recorded, EEGLAB, largest frontal deflections")
    if not muse:
        for axis in (axes[0, 2], axes[1, 3], axes[2, 3]):
            absent(axis, "The Muse recordings")
    else:
        spectrum(axes[0, 2], [raw for raw, _ in muse], (BEHIND, MUSE[:2]), "recorded, Muse, seven recordings")
        traces(axes[1, 3], muse[0][0], 30.0, "recorded, Muse", MUSE)
        rows = [
            np.subtract(*(average(cut(raw, np.flatnonzero(marks == code))) for code in (2, 1))) for raw, marks in muse
        ]
        curves = {name: np.stack(rows)[:, MUSE.index(name)] for name in BEHIND}
        evoked(axes[2, 3], curves, "recorded, Muse, face minus house")
    figure.tight_layout()
    figure.savefig(args.out, dpi=80)
    plt.close(figure)
    Image.open(args.out).convert("RGB").quantize(64).save(args.out, optimize=True)
    print(f"{args.out}: {args.out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
