"""The state of a training is used again only by the code that began it."""

import ast

import pytest

from eeg2vid.schemas.source_files import files_of
from eeg2vid.stages.decoding import training, tuning

ELSEWHERE = {
    "eeg2vid.stages.datasets.same_eeg",  # refuses, and changes no example
    "eeg2vid.stages.conditions.signals",  # of `predict`
    "eeg2vid.stages.conditions.stimuli",  # of `generate`
    "eeg2vid.stages.exchange.cards",  # tells of models when they are done
    "eeg2vid.stages.eyes.eye",  # a type
    "eeg2vid.stages.generators.generator",  # of `generate`
    "eeg2vid.stages.statistics.position_vote",  # of `score`
    "eeg2vid.stages.diffusion.finetuning",  # of `finetune-video`
    "eeg2vid.stages.diffusion.inflated",
    "eeg2vid.stages.diffusion.replicas",
    "eeg2vid.stages.diffusion.sampler",
    "eeg2vid.stages.diffusion.schedule",
    "eeg2vid.stages.diffusion.sheets",
    "eeg2vid.stages.pretrained.text",
    "eeg2vid.stages.pretrained.unet",
    "eeg2vid.stages.pretrained.vae",
}
ELSEWHERE_OF_CLIPS = {
    "eeg2vid.stages.datasets.same_eeg",  # no EEG is read: which clips are learned, `cohort.learned` decides
    "eeg2vid.stages.datasets.splits.leaks",
    "eeg2vid.stages.decoding.cards",  # tell of models when they are done
    "eeg2vid.stages.exchange.cards",
    "eeg2vid.stages.eyes.eye",
    "eeg2vid.stages.signal.covariance",  # of encoders
    "eeg2vid.stages.stimuli.contact_sheet",  # a picture to look at
    "eeg2vid.stages.stimuli.measures",
}
FLOORS_BELOW = ("eeg2vid.stages.engine", "eeg2vid.stages.store")  # they move what the rooms make


@pytest.mark.parametrize(("of", "elsewhere"), [(training, ELSEWHERE), (tuning, ELSEWHERE_OF_CLIPS)])
def test_whatever_decides_the_examples_is_among_the_rooms_of_a_training(of, elsewhere):
    read = {
        found.module
        for room in of._ROOMS
        for _, file in files_of(room)
        if file.suffix == ".py"
        for found in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(found, ast.ImportFrom) and (found.module or "").startswith("eeg2vid.stages.")
    }
    assert len(read) > 10
    strangers = {
        module
        for module in read - elsewhere
        if not module.startswith(FLOORS_BELOW)
        and not any(module == room or module.startswith(f"{room}.") for room in of._ROOMS)
    }
    assert strangers == set()
