"""The state of a training is used again only by the code that began it."""

import ast

from eeg2vid.stages.decoding import training
from eeg2vid.stages.store.code import _files

ELSEWHERE = {
    "eeg2vid.stages.datasets.same_eeg",  # refuses, and changes no example
    "eeg2vid.stages.conditions.signals",  # of `predict`
    "eeg2vid.stages.conditions.stimuli",  # of `generate`
    "eeg2vid.stages.eyes.eye",  # a type
    "eeg2vid.stages.generators.generator",  # of `generate`
    "eeg2vid.stages.statistics.position_vote",  # of `score`
}
FLOORS_BELOW = ("eeg2vid.stages.engine.", "eeg2vid.stages.store.")  # they move what the rooms make


def test_whatever_decides_the_examples_is_among_the_rooms_of_a_training():
    read = {
        found.module
        for room in training._ROOMS
        for _, file in _files(room)
        if file.suffix == ".py"
        for found in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(found, ast.ImportFrom) and (found.module or "").startswith("eeg2vid.stages.")
    }
    assert len(read) > 10
    strangers = {
        module
        for module in read - ELSEWHERE
        if not module.startswith(FLOORS_BELOW)
        and not any(module == room or module.startswith(f"{room}.") for room in training._ROOMS)
    }
    assert strangers == set()
