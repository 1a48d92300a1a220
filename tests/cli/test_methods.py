"""`cite --methods`: what is told is what manifests and tables say, and nothing that is not there is told."""

import json
import re
import shutil

import pytest

from eeg2vid.schemas.checkpoints import TrainedModel
from eeg2vid.schemas.entities import Clip, Event
from eeg2vid.schemas.eyes import EYES
from eeg2vid.schemas.generators import GENERATORS
from eeg2vid.schemas.networks import NETWORKS
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.citations import bibliography, parse_entries
from eeg2vid.stages.services.methods.table import PARAGRAPHS, SENTENCES
from eeg2vid.stages.store.digest import sha256_json
from eeg2vid.stages.store.layout import STUDY, Address
from eeg2vid.stages.store.reader import open_artifact


@pytest.fixture(scope="module")
def done(tiny):
    return tiny / "workspace"


@pytest.fixture(scope="module")
def told(done, cli_ok):
    return cli_ok("cite", "--methods", "-w", done, "--json").json


def manifest_of(workspace, *place):
    return json.loads((Address(*place).folder(workspace) / "manifest.json").read_bytes())


def test_data_and_eeg_are_those_of_the_manifests(done, told):
    data, eeg, clips = (" ".join(told["paragraphs"][name]) for name in ("Data", "EEG", "Clips"))
    recordings = manifest_of(done, "ingest", "default", "sub-1", "recordings")
    assert "EEG of 2 people (1, 2) was read" in data
    rate = recordings["attributes"]["sfreq"]
    assert f"{recordings['arrays']['eeg']['shape'][0]} electrodes at {rate:g} Hz" in data
    rows = open_artifact(done, Address("ingest", "default", STUDY, "clips")).table("clips", Clip)
    assert f"{len(rows)} clips of {len({row.concept for row in rows})} concepts" in data
    events = open_artifact(done, Address("ingest", "default", "sub-1", "events")).table("events", Event)
    assert f"{len(events)} presentations of clips, in {len({row.run for row in events})} runs" in data
    folds = open_artifact(done, Address("split", "default", "sub-1", "folds")).read("assignment")
    counts = [int((folds[0] == part).sum()) for part in (1, 2, 3)]
    assert f"{len(folds)} folds" in data
    assert "A fold had {} training, {} validation and {} test presentations".format(*counts) in data
    epochs = manifest_of(done, "preprocess", "default", "sub-1", "epochs")
    _, electrodes, samples = epochs["arrays"]["epochs"]["shape"]
    assert f"Epochs of {samples / rate:g} s" in eeg
    assert f"{samples} samples at {epochs['attributes']['sfreq']:g} Hz, {electrodes} electrodes" in eeg
    for low, high in epochs["settings"]["bands"]:
        assert f"{low:g}-{high:g} Hz" in eeg
    assert "neither filtered nor re-referenced" in eeg
    stimuli = manifest_of(done, "split-videos", "default", STUDY, "stimuli")["attributes"]
    assert f"at {stimuli['fps']:g} frames per second, {stimuli['width']} x {stimuli['height']} px" in clips


def test_decoders_and_scores_are_those_of_the_manifests(done, told):
    decoding, scores = (" ".join(told["paragraphs"][name]) for name in ("Decoding", "Scores"))
    for stage, variant, role in (("train-encoder", "lda", "encoders"), ("train-mapper", "ridge", "mappers")):
        models = [
            row
            for k in ("1", "2")
            for row in open_artifact(done, Address(stage, variant, f"sub-{k}", role)).table("models", TrainedModel)
        ]
        for target in {row.targets for row in models}:
            sizes = sorted({row.parameters for row in models if row.targets == target})
            text = " to ".join(f"{size:,}" for size in dict.fromkeys((sizes[0], sizes[-1])))
            assert f"{text} parameters for {target[0]}" in decoding
        network = manifest_of(done, stage, variant, "sub-1", role)["settings"]["network"]
        assert f"averaged into {network['epoch_bins']} bins" in decoding
    settings = manifest_of(done, "score", "ridge", "sub-1", "scores")["settings"]
    assert f"from {settings['permutations']} exchanges of whole runs [@phipson2010permutation]" in scores
    assert "shuffled-runs" in scores and "Holm" in scores
    software = manifest_of(done, "score", "ridge", "sub-1", "scores")["software"]
    versions = " ".join(told["paragraphs"]["Software"])
    assert all(f"{name} {version}" in versions for name, version in software.items() if name != "code")
    assert "simulated: no brain was recorded" in " ".join(told["paragraphs"]["What must be known"])
    assert not told["remarks"]


def test_every_citation_has_its_entry_in_both_languages(done, cli_ok, tmp_path):
    out = cli_ok("cite", "--methods", "-w", done).out
    cited = {key for group in re.findall(r"\[(@[^\]]+)\]", out) for key in re.findall(r"@([\w-]+)", group)}
    entries = out.split("\n% methods\n", 1)[1]
    assert cited == set(parse_entries(entries)) and "ledoit2004wellconditioned" in cited
    bib = tmp_path / "study.bib"
    tex = cli_ok("cite", "--methods", "-w", done, "--latex", "--bib", bib).out
    keys = {key for group in re.findall(r"\\cite\{([^}]+)\}", tex) for key in group.split(",")}
    assert keys == cited == set(parse_entries(bib.read_text()))
    assert tex.count("{") == tex.count("}") and not re.search(r"(?<!\\)[%#&_]", re.sub(r"\\cite\{.*?\}", "", tex))
    assert "10^{-3}" in tex and "@" not in tex


def test_settings_of_today_change_nothing_that_is_told(workspace, cli_ok, told):
    config = workspace / "eeg2vid.toml"
    config.write_text(config.read_text() + "\n[preprocess.default]\nhigh_pass = 0.5\nbands = ['8-13']\n")
    assert cli_ok("cite", "--methods", "-w", workspace, "--json").json["paragraphs"] == told["paragraphs"]


def test_trainings_and_cleaning_are_told_with_their_numbers(workspace, cli_ok):
    config = workspace / "eeg2vid.toml"
    net = """
[train-encoder.net]
network = { name = "glmnet", hidden = [8], embedding = 4 }
targets = ["concept"]
training = { epochs = 3, batch_size = 16, learning_rate = 0.002, weight_decay = 0.01, patience = 2 }
"""
    filtered = """
[preprocess.filtered]
high_pass = 0.5
notch = [50.0]
reference = ["average"]
resample = 100.0
bands = ["4-8", "8-14"]
"""
    config.write_text(config.read_text() + net)
    cli_ok("train-encoder", "-w", workspace, "--variant", "net", "--subject", 1)
    config.write_text(config.read_text() + filtered)
    cli_ok("preprocess", "-w", workspace, "--variant", "filtered", "--subject", 1)
    shutil.rmtree(workspace / "artifacts" / "score")  # else only what lies behind scores is told
    told = cli_ok("cite", "--methods", "-w", workspace, "--json").json["paragraphs"]
    decoding, eeg = " ".join(told["Decoding"]), " ".join(told["EEG"])
    assert "hidden layers of 8 units ending in 4, joined (dropout 0)" in decoding
    training = "at most 3 epochs in batches of 16 at a learning rate of 0.002 and a weight decay of 0.01"
    assert f"{training}, stopped after 2 epochs without a better validation" in decoding
    rows = open_artifact(workspace, Address("train-encoder", "net", "sub-1", "encoders")).table("models", TrainedModel)
    best = sorted(row.best_epoch for row in rows)
    assert f"(epochs {best[0]}{f' to {best[-1]}' if best[-1] > best[0] else ''})" in decoding
    assert "Variant filtered: Of the EEG, a zero-phase FIR high-pass of 0.5 Hz was applied, 50 Hz were removed" in eeg
    assert "the EEG was referred to average and it was resampled to 100 Hz" in eeg
    assert "samples at 100 Hz" in eeg and "Variant default: The EEG was neither filtered" in eeg


def test_what_is_missing_or_other_than_it_was_is_said(workspace, cli, cli_ok, tmp_path):
    shutil.rmtree(workspace / "artifacts" / "score" / "ridge" / "sub-2")
    shutil.rmtree(workspace / "artifacts" / "report")
    found = cli_ok("cite", "--methods", "-w", workspace)
    assert "Not finished, so not told:" in found.err and "score/ridge (1 of 2 units)" in found.err
    assert "report/ridge" in found.err and "stand in a report" not in found.out
    assert "EEG of 1 person (1) was read" in found.out
    shutil.rmtree(workspace / "artifacts" / "split-videos")
    gone = cli_ok("cite", "--methods", "-w", workspace)
    assert "cannot be read, so it is not told" in gone.err and "frames per second" not in gone.out
    empty = cli("cite", "--methods", "-w", tmp_path)
    assert empty.code == 3 and "Nothing is finished" in empty.err and empty.out == ""
    assert cli("cite", "--latex", "-w", workspace).code == 2


def test_what_lies_there_now_and_was_not_read_then_is_said(workspace, cli_ok):
    """A predict artifact that was made anew after its scores: told as it is now, with a remark."""
    file = Address("score", "ridge", "sub-1", "scores").folder(workspace) / "manifest.json"
    held = json.loads(file.read_bytes())
    held.pop("manifest_sha256")
    (ref,) = [one for one in held["inputs"] if (one["role"], one["variant"]) == ("predictions", "ridge")]
    ref["digest"] = "0" * 64
    file.write_text(json.dumps(held | {"manifest_sha256": sha256_json(held)}))
    said = cli_ok("cite", "--methods", "-w", workspace).err
    assert "score/ridge/sub-1/scores was made of another predict/ridge/sub-1/predictions than lies there now" in said


def test_every_stage_and_choice_has_its_sentence():
    assert SENTENCES.keys() == STAGES.keys()
    assert sorted(name for some in PARAGRAPHS.values() for name in some) == sorted(STAGES)
    for choice in (*NETWORKS.values(), *GENERATORS.values(), *EYES.values()):
        assert "methods" in vars(choice), f"{choice.__name__} has no sentence of its own"
        phrase = choice().methods()
        assert phrase and "\n" not in phrase and not phrase.endswith(".") and "None" not in phrase
        assert set(choice.cites) <= bibliography().keys()
