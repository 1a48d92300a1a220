"""Dropouts and clipping by planted ones, counted by hand; EEG of any rate and depth has none."""

from __future__ import annotations

import numpy as np
import pytest

from eeg2vid.stages.datasets import held_values
from eeg2vid.stages.datasets.held_values import Held, HeldValues, find_held, held_checks
from eeg2vid.stages.datasets.hold_counters import Fault

SECONDS = 30


def pink(sfreq, n=4, size=10.0, seed=0, top=60):
    """1/f noise from 0.3 Hz."""
    samples = int(SECONDS * sfreq)
    frequencies = np.fft.rfftfreq(samples, 1 / sfreq)
    shape = np.where((frequencies > 0.3) & (frequencies < top), 1 / np.maximum(frequencies, 0.3), 0)
    made = np.fft.irfft(np.fft.rfft(np.random.default_rng(seed).normal(size=(n, samples))) * shape, samples)
    return size * made / made.std(axis=1, keepdims=True)


@pytest.mark.parametrize("sfreq", [100, 200, 512, 2000, 5000])
@pytest.mark.parametrize("step", [0, 0.01, 0.5, 1, 5])
def test_clean_eeg_is_quiet(sfreq, step):
    eeg = pink(sfreq)
    eeg = step * np.round(eeg / step) if step else eeg
    assert find_held(eeg, sfreq) == Held()
    assert find_held((eeg * 1e-6).astype(np.float32), sfreq) == Held()


def test_a_sine_is_not_clipped():
    clock = np.arange(30 * 200) / 200
    sines = np.round(np.sin(2 * np.pi * np.outer([3, 9.7, 11, 50.3], clock)) * 100)
    assert find_held(sines, 200) == Held()


@pytest.mark.parametrize("step", [0, 0.5])
@pytest.mark.parametrize("sfreq", [128, 200, 1000])
@pytest.mark.parametrize("value", [0.0, 7.5, "last"])
def test_dropouts_are_counted(sfreq, step, value):
    eeg = pink(sfreq)
    eeg = step * np.round(eeg / step) if step else eeg
    long, longer = round(0.25 * sfreq), round(0.5 * sfreq)
    for at, length in ((4 * sfreq, long), (20 * sfreq, longer)):
        eeg[2, at : at + length] = eeg[2, at] if value == "last" else value
        eeg[2, [at - 1, at + length]] += 3  # so that no neighbour happens to be equal
        if value == "last":
            eeg[2, at : at + length] = eeg[2, at]
    (fault,) = find_held(eeg, sfreq).dropouts
    assert fault.electrode == 2
    assert fault.share == pytest.approx((long + longer) / (SECONDS * sfreq), rel=1e-12)
    assert fault.first_s == pytest.approx(4.0)


def test_short_repeats_are_told_only_where_all_electrodes_do_it():
    eeg = pink(200)
    eeg[:, 1000:1012] = eeg[:, [1000]]
    found = find_held(eeg, 200)
    assert found.dropouts == () and found.together is not None
    assert found.together.share == pytest.approx(12 / 6000) and found.together.first_s == 5.0
    eeg = pink(200)
    eeg[:3, 1000:1012] = 0
    assert find_held(eeg, 200) == Held()
    (row,) = held_checks(found, "abcd", "x")
    assert row.found == "all electrodes at once (0.2 %, first at 5.0 s)"
    assert (row.item, row.verdict) == ("values repeated for long, x", "warning")


@pytest.mark.parametrize("step", [0, 0.5])
@pytest.mark.parametrize("ends", ["both", "upper", "lower"])
def test_clipping_is_counted(step, ends):
    eeg = pink(200)
    eeg = step * np.round(eeg / step) if step else eeg
    low, high = -np.inf if ends == "upper" else -18.0, np.inf if ends == "lower" else 18.0
    on_rail = (eeg[1] <= low) | (eeg[1] >= high)
    eeg[1] = np.clip(eeg[1], low, high)
    (fault,) = find_held(eeg, 200).clipped
    assert fault.electrode == 1 and on_rail.sum() > 20
    assert fault.share == pytest.approx(on_rail.mean(), rel=1e-12)
    assert fault.first_s == pytest.approx(np.flatnonzero(on_rail)[0] / 200)


def test_a_dropout_to_zero_below_an_offset_is_no_clipping():
    eeg = pink(200) + 300
    eeg[0, 1000:1200] = 0
    found = find_held(eeg, 200)
    assert [fault.electrode for fault in found.dropouts] == [0] and found.clipped == ()


def test_dead_electrodes_are_in_neither_list():
    eeg = pink(200)
    eeg[3] = 4.0
    assert find_held(eeg, 200) == Held()


def longest(row):
    """Every stretch of equal samples, by itertools' definition."""
    edges = np.flatnonzero(np.concatenate([[True], np.diff(row) != 0, [True]]))
    return edges[:-1], np.diff(edges)


@pytest.mark.parametrize("chunk", [1, 7, 100, 6000])
def test_stretches_across_chunks_by_brute_force(chunk):
    eeg = np.round(pink(200))
    eeg[1, 90:140] = 2
    eeg[1, 5900:] = -1
    eeg[2] = np.clip(eeg[2], -4, None)
    values = HeldValues(4, 200)
    for start in range(0, 6000, chunk):
        values.add(eeg[:, start : start + chunk])
    found = values.found()
    assert found == find_held(eeg, 200)
    starts, lengths = longest(eeg[1])
    told = lengths >= 40
    assert found.dropouts[0].share == pytest.approx(lengths[told].sum() / 6000)
    assert found.dropouts[0].first_s == pytest.approx(starts[told][0] / 200)
    for row in range(4):
        _, lengths = longest(eeg[row])
        assert values.holds.repeats[row] == (lengths - 1).sum() and values.holds.holds[row] == (lengths > 1).sum()


def test_long_lists_are_short():
    faults = tuple(Fault(k, 0.001 * (k + 1), 1.0) for k in range(12))
    assert held_values.told(faults, [f"E{k}" for k in range(12)]).startswith("E11 (1.2 %, first at 1.0 s), E10 (1.1 %")
    assert held_values.told(faults, [f"E{k}" for k in range(12)]).endswith(" and 4 more")
