"""A fold as a torch dataset: the numbers are those that a network is handed in training, to the bit."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import eeg2vid
from eeg2vid.schemas.errors import BadDataError, MissingInputError, UsageError
from eeg2vid.stages.networks.lda import LdaDecoder
from eeg2vid.stages.networks.ridge import RidgeDecoder


@pytest.fixture(scope="module")
def opened(tiny):
    return eeg2vid.open(tiny / "workspace")


@pytest.fixture
def handed(monkeypatch, workspace, cli_ok):
    """Return a function that trains and notes what the network is handed, by what is trained: train, validation."""

    def train(stage, network, decoder, targets, inputs):
        config = workspace / "eeg2vid.toml"
        table = f"\n[{stage}.probe]\nnetwork = {{ name = '{network}' }}\n"
        table += f"targets = {list(targets)}\ninputs = {list(inputs)}\n"
        config.write_text(config.read_text() + table)
        found, fit = {}, decoder.fit

        def noted(self, train, validation=None, **how):
            found["+".join(train.targets)] = (train, validation)
            return fit(self, train, validation, **how)

        monkeypatch.setattr(decoder, "fit", noted)
        cli_ok(stage, "-w", workspace, "--variant", "probe", "--subject", "1", "--set", "folds=block-3")
        return found

    return train


@pytest.mark.parametrize(
    ("stage", "network", "decoder", "targets", "inputs"),
    [
        ("train-encoder", "lda", LdaDecoder, ("concept", "color", "fast"), ("de", "psd")),
        ("train-mapper", "ridge", RidgeDecoder, ("latents",), ("epochs",)),
    ],
)
def test_equals_what_a_network_is_handed(handed, opened, stage, network, decoder, targets, inputs):
    found = handed(stage, network, decoder, targets, inputs)
    assert set(found) == set(targets)
    for target, parts in found.items():
        for part, examples in zip(("train", "validation"), parts, strict=True):
            mine = opened.dataset("1", "block-3", part=part, inputs=inputs, target=target, standardise=False)
            for name in inputs:
                assert mine.inputs[name].numpy().tobytes() == examples.inputs.gather(name).tobytes()
            assert mine.targets[target].numpy().tobytes() == np.ascontiguousarray(examples.targets[target]).tobytes()
            assert len(mine.events) == len(examples)


def test_standardised_by_the_persons_training_events(opened):
    """Against plain numpy on what is stored, for two people whose statistics differ."""
    for part in ("train", "test"):
        mine = opened.dataset(["1", 2], "block-3", part=part, inputs=("epochs", "de"))
        assert {event.subject for event in mine.events} == {"1", "2"}
        for subject in ("1", "2"):
            folds = opened[f"split/default/sub-{subject}/folds"]
            parts = folds.array("assignment")[folds.table("folds")["fold"].index("block-3")]
            rows = [k for k, event in enumerate(mine.events) if event.subject == subject]
            for role, name, axes in (("epochs", "epochs", (0, 2)), ("features", "de", (0, 1))):
                stored = opened[f"preprocess/default/sub-{subject}/{role}"]
                values = np.asarray(stored.array(name), dtype=np.float64)
                train = values[parts == 1]
                wanted = (values - train.mean(axis=axes, keepdims=True)) / train.std(axis=axes, keepdims=True)
                place = [stored.table("events")["event"].index(mine.events[k].event) for k in rows]
                np.testing.assert_allclose(mine.inputs[name][rows], wanted[place], rtol=1e-4, atol=1e-5)


def test_events_are_joined_by_id(opened):
    test = opened.dataset(1, "block-3", part="test", target=("concept", "latents"))
    clips = {row.clip: row for row in opened["ingest/default/study/clips"].table()}
    names = test.classes["concept"]
    assert [names[k] for k in test.targets["concept"]] == [clips[clip].concept_name for clip in test.clips]
    latents = opened["encode-latents/default"]
    place = [latents.table("clips")["clip"].index(clip) for clip in test.clips]
    np.testing.assert_array_equal(test.targets["latents"], latents.array("latents")[place])
    assert {event.block for event in test.events} == {"3"}


def test_a_loader_takes_it(opened):
    train = opened.dataset("1", "block-3")
    batches = list(DataLoader(train, batch_size=8, shuffle=True, generator=torch.Generator().manual_seed(0)))
    assert sum(len(y) for _, y in batches) == len(train) == 20
    x, y = batches[0]
    assert x.dtype == torch.float32
    assert y.dtype == torch.int64
    assert tuple(x.shape[1:]) == (2, 62, 5)
    inputs, targets = opened.dataset("1", "block-3", inputs="features", target=("concept", "fast"))[0]
    assert set(inputs) == {"de", "psd"}
    assert set(targets) == {"concept", "fast"}
    assert repr(train) == "<20 events: de (2, 62, 5), standardised -> concept (4 classes)>"
    learned = opened.dataset("1", "block-3", part="learned")
    assert len(learned) == 40


@pytest.mark.parametrize(
    ("how", "error", "sentence"),
    [
        ({"fold": 3}, UsageError, "There is no fold '3'"),
        ({"subject": [1, "9"]}, BadDataError, "Subject 9 is not in this study"),
        ({"fold": "block-9"}, UsageError, "There is no fold 'block-9'.*Did you mean"),
        ({"fold": "all"}, UsageError, "one fold.*block-1, block-2, block-3"),
        ({"subject": "9"}, BadDataError, "Subject 9 is not in this study; it has 1, 2"),
        ({"part": "tset"}, UsageError, "Did you mean 'test'"),
        ({"inputs": "epoch"}, UsageError, "Did you mean 'epochs'"),
        ({"inputs": ()}, UsageError, "no inputs"),
        ({"target": "concpt"}, UsageError, "Did you mean 'concept'"),
        ({"target": ()}, UsageError, "no target"),
        ({"target": "text"}, MissingInputError, "no 'text' of the study.*eeg2vid status"),
        (
            {"sources": {"features": "preprocess/clean"}},
            MissingInputError,
            "no artifact preprocess/clean/sub-1/features",
        ),
        ({"sources": {"fetures": "preprocess/default"}}, UsageError, "Did you mean 'features'"),
        ({"sources": {"features": "clean"}}, UsageError, "is not STAGE/VARIANT"),
        ({"fast_scores": "fast", "target": "fast"}, UsageError, "fast_scores"),
    ],
)
def test_wrong_names_get_a_sentence(opened, how, error, sentence):
    with pytest.raises(error, match=sentence):
        opened.dataset(**{"subject": "1", "fold": "block-3", **how})


def test_of_several_variants_one_must_be_named(workspace, cli_ok):
    config = workspace / "eeg2vid.toml"
    tables = "[preprocess.a]\nwindow_s = 0.5\n[preprocess.b]\nwindow_s = 2.0\n"
    config.write_text(config.read_text() + tables)
    for variant in ("a", "b"):
        cli_ok("preprocess", "-w", workspace, "--variant", variant, "--subject", "1")
    study = eeg2vid.open(workspace)
    assert study.dataset("1", "block-3").inputs["de"].shape[1] == 2  # variant default
    b = study.dataset("1", "block-3", sources={"features": "preprocess/b"})
    assert b.inputs["de"].shape[1] == 1
    (workspace / "artifacts" / "preprocess" / "default").rename(workspace / "elsewhere")
    with pytest.raises(UsageError, match=r"several 'features' of sub-1: preprocess/a, preprocess/b.*sources="):
        study.dataset("1", "block-3")


def test_an_empty_study_is_told(tmp_path):
    (tmp_path / "eeg2vid.toml").touch()
    with pytest.raises(MissingInputError, match="holds nothing of any subject"):
        eeg2vid.open(tmp_path).dataset("1", "block-3")


def test_a_person_without_training_events_cannot_be_standardised_by_them(workspace, cli_ok):
    config = workspace / "eeg2vid.toml"
    config.write_text(config.read_text() + "\n[split.people]\nscheme = 'leave-subjects-out'\nvalidation = 'none'\n")
    cli_ok("split", "-w", workspace, "--variant", "people")
    study, people = eeg2vid.open(workspace), {"folds": "split/people"}
    folds = study["split/people/sub-1"].table("folds")
    fold = next(row.fold for row in folds if "1" in row.test)
    how = {"fold": fold, "part": "test", "sources": people}
    with pytest.raises(UsageError, match=r"trains on no event of subject 1.*standardise=False"):
        study.dataset("1", **how)
    assert len(study.dataset("1", **how, standardise=False))
    both = study.dataset("all", fold, sources=people)
    assert {event.subject for event in both.events} == {"2"}
