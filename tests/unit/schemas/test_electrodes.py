"""Electrodes are found by name, whatever the spelling; sets are data."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from eeg2vid.schemas.electrodes import ElectrodeNames, electrode_key, electrode_sets, expand_sets, places_of
from eeg2vid.schemas.networks import GlmnetSettings
from eeg2vid.stages.datasets.protocol import ELECTRODES

REGIONS = ("frontal", "central", "temporal", "parietal", "occipital")


def test_five_regions_are_complete_and_disjoint():
    members = [name for region in REGIONS for name in electrode_sets()[region]]
    assert sorted(members) == sorted(ELECTRODES)
    assert [len(electrode_sets()[region]) for region in REGIONS] == [21, 14, 6, 9, 12]


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("frontal", 0, 16), ("central", 17, 34), ("parietal", 35, 50), ("occipital", 51, 61)],
)
def test_dynamind_slices_are_index_ranges(name, first, last):
    assert electrode_sets()[f"dynamind-{name}"] == ELECTRODES[first : last + 1]


def test_glmnet_takes_electrodes_50_to_61():
    assert GlmnetSettings().local_electrodes == electrode_sets()["glmnet-local"] == ELECTRODES[50:62]


@pytest.mark.parametrize(
    ("one", "other"),
    [("FP1", "Fp1"), ("FZ", "fz"), ("T3", "T7"), ("t4", "T8"), ("T5", "P7"), ("T6", "p8"), ("Cz ", "CZ")],
)
def test_spellings_of_one_electrode(one, other):
    assert electrode_key(one) == electrode_key(other)


def test_sets_become_electrodes_in_settings():
    names = TypeAdapter(ElectrodeNames).validate_python(("temporal", "T3", "Oz"))
    assert names == ("FT7", "FT8", "T7", "T8", "TP7", "TP8", "Oz")  # T3 is T7, which is there already
    assert TypeAdapter(ElectrodeNames).validate_python("occipital") == electrode_sets()["occipital"]
    with pytest.raises(ValueError, match="str"):
        TypeAdapter(ElectrodeNames).validate_python((3,))


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.permutations(ELECTRODES), st.sets(st.sampled_from(ELECTRODES), min_size=1), st.booleans())
def test_places_hold_for_any_order(recorded, wanted, lower):
    names = [name.lower() if lower else name for name in sorted(wanted)]
    places, missing = places_of([*names, "XX1"], recorded)
    assert [recorded[place] for place in places] == sorted(wanted)
    assert missing == ["XX1"]


def test_expanding_twice_changes_nothing():
    once = expand_sets(("occipital", "FP1"))
    assert expand_sets(once) == once
