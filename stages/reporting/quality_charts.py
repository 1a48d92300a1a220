"""Pictures of one recording's quality: numbers of all electrodes, and a stretch of the EEG itself."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.words import counted
from eeg2vid.stages.reporting.quality_verdict import LINE_DB, strongest_line
from eeg2vid.stages.signal.quality import Quality

# the page's colours, see style.html
INK, SOFT, FAINT, ACCENT, BAD, EYES = "#1c2126", "#59636c", "#e2e4e3", "#1b6a86", "#c4550a", "#8b9aa3"
WIDTH = 11.0  # inches; the page shows it 1100 px wide
DPI = 130
MOST_TRACES = 64
MOST_NAMES = 70
FEWEST_PLACES = 10  # a map of fewer is invention


def draw_numbers(quality: Quality, electrodes: Sequence[Electrode]) -> bytes:
    """Return a PNG: amplitudes, spectra, scalp map where positions are known, line noise and drift per electrode."""
    figure = _figure(8.9)
    grid = figure.add_gridspec(
        3, 6, height_ratios=(1, 1.35, 0.9), hspace=0.5, wspace=0.75, left=0.055, right=0.955, top=0.955, bottom=0.07
    )
    _amplitudes(figure.add_subplot(grid[0, :]), quality, electrodes)
    placed = [k for k, row in enumerate(electrodes) if row.kind == "eeg" and None not in (row.x, row.y, row.z)]
    if len(placed) >= FEWEST_PLACES:
        _spectra(figure.add_subplot(grid[1, :4]), quality, electrodes)
        _scalp(figure, figure.add_subplot(grid[1, 4:]), quality, electrodes, placed)
    else:
        _spectra(figure.add_subplot(grid[1, :]), quality, electrodes)
    left, right = figure.add_subplot(grid[2, :3]), figure.add_subplot(grid[2, 3:])
    _lines(left, quality, electrodes)
    _bars(right, quality.drift, electrodes, quality, "Slow drift (between seconds)", "µV")
    return _png(figure)


def draw_excerpt(
    eeg: NDArray[np.float64],
    electrodes: Sequence[Electrode],
    sfreq: float,
    *,
    start_s: float,
    bad: Sequence[str] | dict[str, str],
    blinks_s: Sequence[float],
    onsets_s: Sequence[float],
) -> bytes:
    """Return a PNG of a stretch `(electrode, sample)`, µV, each electrode less its median over the stretch.

    Parameters
    ----------
    start_s
        Where the stretch begins in the recording, s; `blinks_s` and `onsets_s` (of clips) count from there too.
    """
    chosen = np.unique(np.linspace(0, len(electrodes) - 1, min(len(electrodes), MOST_TRACES)).round().astype(int))
    traces = eeg[chosen] - np.median(eeg[chosen], axis=1, keepdims=True)
    quartiles = np.percentile(traces, (25, 75), axis=1)
    step = _round_up(4 * float(np.median(quartiles[1] - quartiles[0])) * 0.7413 or 1.0)
    figure = _figure(max(2.4, 1.0 + 0.155 * len(chosen)))
    height = figure.get_size_inches()[1]
    axes = figure.add_axes((0.06, 0.42 / height, 0.875, 1 - 0.85 / height))
    times = start_s + np.arange(eeg.shape[1]) / sfreq
    for onset in onsets_s:
        axes.axvline(onset, color=FAINT, linewidth=1.2, zorder=0)
    shifted = np.clip(traces, -2.5 * step, 2.5 * step) - step * np.arange(len(chosen))[:, None]
    for row, k in zip(shifted, chosen, strict=True):
        axes.plot(times, row, color=_color(electrodes[k], bad), linewidth=0.55)
    top = 1.6 * step
    for blink in blinks_s:
        axes.plot(blink, top, marker="v", color=INK, markersize=5, clip_on=False)
    axes.set_ylim(-step * (len(chosen) + 0.4), top)
    axes.set_xlim(times[0], times[-1])
    axes.set_yticks(-step * np.arange(len(chosen)), [electrodes[k].electrode for k in chosen], fontsize=6.5)
    for tick, k in zip(axes.get_yticklabels(), chosen, strict=True):
        tick.set_color(_color(electrodes[k], bad, named=True))
    axes.tick_params(left=False)
    axes.set_xlabel("Time in the recording, s")
    axes.annotate("", (1.008, 0), (1.008, -step), xycoords=("axes fraction", "data"),
                  arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 1.4})  # fmt: skip
    axes.annotate(f"{step:g} µV", (1.013, -step / 2), xycoords=("axes fraction", "data"), va="center", fontsize=7.5,
                  annotation_clip=False)  # fmt: skip
    left_out = len(electrodes) - len(chosen)
    _title(axes, "As recorded" + (f", {len(chosen)} of {counted(len(electrodes), 'electrode')}" if left_out else ""))
    return _png(figure, 64)


def _figure(height: float) -> Figure:
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure, colors: int | None = None) -> bytes:
    figure.canvas.draw()
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])  # type: ignore[attr-defined]
    out = io.BytesIO()
    if colors:  # a third of the bytes
        picture = picture.quantize(colors, method=Image.Quantize.FASTOCTREE)
    picture.save(out, format="png")
    return out.getvalue()


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=9.5, fontweight="bold", color=INK, pad=6)
    axes.tick_params(labelsize=7.5, color=FAINT, labelcolor=SOFT)
    axes.xaxis.label.set(size=8, color=SOFT)
    axes.yaxis.label.set(size=8, color=SOFT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)


def _color(row: Electrode, bad: Sequence[str] | dict[str, str], *, named: bool = False) -> str:
    if row.electrode in bad:
        return BAD
    return EYES if row.kind == "eog" else SOFT if named else ACCENT


def _names(axes: Axes, electrodes: Sequence[Electrode], quality: Quality, most: int = MOST_NAMES) -> None:
    """Write electrode names under an axis: all, or every few."""
    every = -(-len(electrodes) // most)
    shown = range(0, len(electrodes), every)
    axes.set_xticks(shown, [electrodes[k].electrode for k in shown], rotation=90, fontsize=6.5)
    axes.set_xlim(-0.8, len(electrodes) - 0.2)
    for tick, k in zip(axes.get_xticklabels(), shown, strict=True):
        tick.set_color(_color(electrodes[k], quality.bad, named=True))


def _amplitudes(axes: Axes, quality: Quality, electrodes: Sequence[Electrode]) -> None:
    """Draw where half and 98 % of each electrode's samples lie."""
    low, lower, upper, high = quality.spread
    place = np.arange(len(electrodes))
    colors = [_color(row, quality.bad) for row in electrodes]
    axes.vlines(place, low, high, colors=colors, linewidth=1.1)
    axes.vlines(place, lower, upper, colors=colors, linewidth=4)
    reach = 1.6 * float(np.percentile(np.maximum(high, -low), 80)) or 1.0
    axes.set_ylim(-reach, reach)
    for outside, edge, mark in ((high > reach, reach, "^"), (low < -reach, -reach, "v")):
        at = place[outside]
        axes.scatter(at, np.full(len(at), edge * 0.96), marker=mark, s=14, c=[colors[k] for k in at], clip_on=False)
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    axes.set_ylabel("µV")
    _title(axes, "Amplitudes about the median: half of all samples (thick), 98 % (thin); arrows reach further")
    _names(axes, electrodes, quality)


def _spectra(axes: Axes, quality: Quality, electrodes: Sequence[Electrode]) -> None:
    shown = quality.frequencies > 0
    frequencies = quality.frequencies[shown]
    decibels = 10 * np.log10(np.maximum(quality.density[:, shown], 1e-12))
    order = sorted(range(len(electrodes)), key=lambda k: electrodes[k].electrode in quality.bad)  # bad ones on top
    for k in order:
        axes.plot(frequencies, decibels[k], color=_color(electrodes[k], quality.bad), linewidth=0.6, alpha=0.55)
    scalp = [k for k, row in enumerate(electrodes) if row.kind == "eeg"]
    axes.plot(frequencies, np.median(decibels[scalp], axis=0), color=INK, linewidth=1.4)
    kept = decibels[[k for k in scalp if electrodes[k].electrode not in quality.bad] or scalp]
    axes.set_ylim(float(np.percentile(kept, 0.5)) - 6, float(kept.max()) + 4)
    axes.set_xlim(0, frequencies[-1])
    for hz in quality.line_db:
        axes.axvline(hz, color=EYES, linewidth=0.8, linestyle=":", zorder=0)
    axes.set_xlabel("Hz")
    axes.set_ylabel("dB, 1 µV²/Hz")
    _title(axes, "Spectra of all electrodes (Welch, 4 s); black: the median")


def _scalp(
    figure: Figure, axes: Axes, quality: Quality, electrodes: Sequence[Electrode], placed: Sequence[int]
) -> None:
    """Draw the amplitudes on the head; the colours leave out the extreme twentieths, but span 40 % at least."""
    import mne

    info = mne.create_info([electrodes[k].electrode for k in placed], 100.0, "eeg")
    places = {row.electrode: (row.x, row.y, row.z) for row in (electrodes[k] for k in placed)}
    amplitude = quality.amplitude[list(placed)]
    low, middle, high = np.percentile(amplitude, (5, 50, 95))
    ends = (min(low, 0.8 * middle), max(high, 1.2 * middle))  # an even cap shall look even
    bad = np.array([electrodes[k].electrode in quality.bad for k in placed])
    with mne.utils.use_log_level("ERROR"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))
        image, _ = mne.viz.plot_topomap(
            amplitude, info, axes=axes, show=False, contours=0, cmap="viridis", sensors="k.", res=96, vlim=ends,
            sphere=0.095, mask=bad, mask_params={
                "marker": "o", "markerfacecolor": "none", "markeredgecolor": BAD, "markeredgewidth": 1.5,
                "markersize": 8,
            },
        )  # fmt: skip
    bar = figure.colorbar(image, ax=axes, fraction=0.045, pad=0.03, format="%.3g")
    bar.ax.tick_params(labelsize=7, color=FAINT, labelcolor=SOFT)
    bar.outline.set_visible(False)
    _title(axes, "Amplitude, µV" + (" (ringed: bad)" if bad.any() else ""))


def _lines(axes: Axes, quality: Quality, electrodes: Sequence[Electrode]) -> None:
    strongest = strongest_line(quality, [k for k, row in enumerate(electrodes) if row.kind == "eeg"])
    if strongest is None:
        axes.text(0.5, 0.5, "beyond the sampling rate", ha="center", color=SOFT, transform=axes.transAxes)
        axes.set_xticks([])
        axes.set_yticks([])
        _title(axes, "Line noise")
        return
    hz = strongest[0]
    _bars(axes, quality.line_db[hz], electrodes, quality, f"Line noise at {hz:g} Hz above its neighbours", "dB")
    axes.axhline(LINE_DB, color=INK, linewidth=0.8, linestyle=":")


def _bars(
    axes: Axes, values: NDArray[np.float64], electrodes: Sequence[Electrode], quality: Quality, title: str, unit: str
) -> None:
    place = np.arange(len(electrodes))
    axes.bar(place, values, width=0.72, color=[_color(row, quality.bad) for row in electrodes])
    most = 1.8 * float(np.percentile(values, 90))
    if unit == "µV" and values.max() > most > 0:
        axes.set_ylim(0, most)
        for k in place[values > most]:
            axes.scatter(k, most * 0.97, marker="^", s=14, color=_color(electrodes[k], quality.bad), clip_on=False)
    axes.set_ylabel(unit)
    _title(axes, title)
    _names(axes, electrodes, quality, MOST_NAMES // 2)


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, ... times a power of ten."""
    power = 10.0 ** np.floor(np.log10(max(value, 1e-9)))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9)))
