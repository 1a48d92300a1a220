"""The table of conditions: each is made by what its row says, or by nothing."""

import pytest

from eeg2vid.schemas.conditions import CONDITIONS, FULL, acting_at, made_by, makes_at, require_maker
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.registry import STAGES

MAKES = {  # what a place can use
    "preprocess": {"settings", "epochs"},
    "train": {"places"},
    "predict": {"places", "signals", "values"},
    "generate": {"videos", "values", "frames"},
    "score": set(),
}
ALL = pytest.mark.parametrize("row", CONDITIONS.values(), ids=CONDITIONS)


@ALL
def test_a_maker_makes_what_its_place_can_use_and_no_other_is_made(row):
    assert row.sentence.endswith(".") and row.replaces
    if not row.maker:
        assert not row.makes
        with pytest.raises(UsageError, match=f"Nothing makes the condition '{row.name}' yet"):
            made_by(row.name)
        return
    assert callable(made_by(row.name)) and require_maker(row.name) is row
    assert row.makes in MAKES[row.at]


@ALL
def test_it_acts_at_one_place(row):
    acting = [name for name, stage in STAGES.items() if row.name in acting_at(stage.acts)]
    if row.maker:
        assert acting
    for name, stage in STAGES.items():
        assert makes_at(stage.acts, row.name) == (row.makes if name in acting else "")


def test_the_full_condition_makes_nothing():
    assert {makes_at(stage.acts, FULL) for stage in STAGES.values()} == {""}


@ALL
def test_what_its_maker_looks_at_is_something_that_its_stage_reads(row):
    acting = [stage for stage in STAGES.values() if row.name in acting_at(stage.acts)]
    assert all(name in stage.reads for stage in acting for name in row.reads)
