"""What a trigger channel holds, sample by sample, and the markers that are meant: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from eeg2vid.stages.datasets.trigger_codes import settle

SFREQ = 200.0  # one sample: 5 ms


def line(*runs):
    """A trigger channel from (code, samples)."""
    return np.concatenate([np.full(n, code) for code, n in runs]).astype(np.int64)


def marks(*runs, sfreq=SFREQ, **how):
    return [(mark.start, mark.value) for mark in settle(line(*runs), sfreq, **how).marks]


def values(codes):
    return [code.value for code in codes]


HELD = 40
CASES = {
    "a code": ([(0, 9), (7, HELD), (0, 9)], [(9, 7)]),
    "a pulse of one sample": ([(0, 9), (7, 1), (0, 9), (7, 1), (0, 9)], [(9, 7), (19, 7)]),
    "bits that rise late": ([(0, 9), (3, 1), (7, HELD), (0, 9)], [(9, 7)]),
    "bit by bit": ([(0, 9), (1, 1), (3, 1), (7, HELD), (0, 9)], [(9, 7)]),
    "bits that fall late": ([(0, 9), (7, HELD), (3, 1), (0, 9)], [(9, 7)]),
    "both": ([(0, 9), (4, 1), (7, HELD), (6, 1), (2, 1), (0, 9)], [(9, 7)]),
    "a pulse with steps": ([(0, 9), (3, 1), (7, 1), (0, 9)], [(9, 7)]),
    "a pulse that falls late": ([(0, 9), (7, 1), (3, 1), (0, 9)], [(9, 7)]),
    "from code to code": ([(0, 9), (5, HELD), (7, 1), (6, HELD), (0, 9)], [(9, 5), (49, 6)]),
    "a glitch inside": ([(0, 9), (5, HELD), (4, 1), (5, HELD), (0, 9)], [(9, 5)]),
    "codes without zeros": ([(0, 9), (7, HELD), (3, HELD), (7, HELD)], [(9, 7), (49, 3), (89, 7)]),
    "a foreign bit before": ([(0, 9), (64, 1), (7, HELD), (0, 9)], [(10, 7)]),
    "at the start": ([(7, HELD), (0, 9), (3, HELD)], [(49, 3)]),
    "from the start to another": ([(7, HELD), (3, HELD), (0, 9)], [(40, 3)]),
    "nothing": ([(0, 9)], []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_markers(case):
    runs, expected = CASES[case]
    assert marks(*runs) == expected


def test_what_was_merged_is_kept_by_name():
    settled = settle(line((0, 9), (3, 1), (7, HELD), (3, 1), (0, 9), (5, 1), (0, 9)), SFREQ)
    assert [(code.value, code.start) for code in settled.steps] == [(3, 9), (3, 50)]
    assert (settled.short, settled.resumed, settled.covered, settled.standing) == ([], [], [], None)
    assert settle(line((7, HELD), (0, 9)), SFREQ).standing.value == 7


@pytest.mark.parametrize(("sfreq", "samples"), [(200, 1), (512, 1), (1000, 2), (2048, 4), (5000, 10)])
def test_two_milliseconds_of_any_rate_are_a_step(sfreq, samples):
    rising = [(0, 99), (3, samples), (7, sfreq), (0, 99)]
    assert marks(*rising, sfreq=sfreq) == [(99, 7)]
    rising[1] = (3, samples + 1)
    assert marks(*rising, sfreq=sfreq) == [(99, 3), (100 + samples, 7)]


def test_a_least_duration_is_one_for_all():
    runs = [(0, 9), (3, 5), (7, HELD), (3, 5), (0, 9), (9, 5), (0, 9), (9, 6), (0, 9)]
    settled = settle(line(*runs), SFREQ, 0.03)  # 6 samples
    assert [(mark.start, mark.value) for mark in settled.marks] == [(9, 7), (82, 9)]
    assert (values(settled.steps), values(settled.short)) == ([3, 3], [9])
    assert marks((0, 9), (3, 1), (7, 5), (3, 1), (0, 9), min_duration_s=0) == [(9, 3), (10, 7), (15, 3)]


BUTTON = [(0, 9), (5, HELD), (69, HELD), (5, HELD), (0, 9)]


def test_a_response_on_top_of_a_known_code_does_not_end_it():
    settled = settle(line(*BUTTON), SFREQ, known={5, 7})
    assert [(mark.start, mark.value) for mark in settled.marks] == [(9, 5), (49, 69)]
    assert values(settled.resumed) == [5]
    # a mask says the same, and of unknown codes nothing is known
    assert [(mark.start, mark.value) for mark in settle(line(*BUTTON) & 15, SFREQ).marks] == [(9, 5)]
    assert marks(*BUTTON) == marks(*BUTTON, known={5, 69}) == [(9, 5), (49, 69), (89, 5)]
    # two buttons, one after the other, and another clip without zeros between
    runs = [(0, 9), (5, HELD), (69, HELD), (197, HELD), (69, HELD), (5, HELD), (7, HELD), (0, 9)]
    assert marks(*runs, known={5, 7}) == [(9, 5), (49, 69), (89, 197), (129, 69), (209, 7)]


def test_a_clips_code_that_comes_while_another_bit_stands_is_told():
    settled = settle(line((0, 9), (64, HELD), (69, HELD), (64, HELD), (0, 9)), SFREQ, known={5, 7})
    assert values(settled.covered) == [69]
    assert settle(line(*BUTTON), SFREQ, known={5, 7}).covered == []
