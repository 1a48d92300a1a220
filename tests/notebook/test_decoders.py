"""A decoder in a notebook gives what `predict` wrote, from raw arrays."""

import numpy as np
import pytest

import eeg2vid
from eeg2vid.schemas.errors import BadDataError, MissingInputError, UsageError


@pytest.fixture(scope="module")
def opened(tiny):
    return eeg2vid.open(tiny / "workspace")


def raw_of(opened, subject, name, events):
    """Return an input of some events as stored, joined by id."""
    artifact = opened[f"preprocess/default/sub-{subject}/{'epochs' if name == 'epochs' else 'features'}"]
    place = {event: k for k, event in enumerate(artifact.table("events")["event"])}
    return artifact.array(name)[[place[event] for event in events]]


@pytest.mark.parametrize("address", ["train-encoder/lda", "train-mapper/ridge"])
@pytest.mark.parametrize("fold", ["block-2", "block-3"])
def test_equals_what_predict_wrote(opened, address, fold):
    decoder = eeg2vid.load_decoder(opened, f"{address}/sub-2", fold=fold)
    written = opened["predict/ridge/sub-2"]
    assert decoder.targets
    for target in decoder.targets:
        table = written.table(target)
        rows = [k for k, row in enumerate(table) if row.fold == fold]
        events = [table[k].source_event for k in rows]
        given = {name: raw_of(opened, "2", name, events) for name in decoder.inputs}
        found = decoder.predict(given if len(given) > 1 else next(iter(given.values())))
        assert found[target].tobytes() == written.array(target)[rows].tobytes()
        assert decoder.predict(given)[target].tobytes() == found[target].tobytes()
    for target, classes in decoder.classes.items():
        assert classes == written.targets[target].classes


def test_a_mapper_that_reads_an_encoder_gives_what_predict_wrote(workspace, cli_ok):
    """What is given to it are the encoder's own inputs."""
    config = workspace / "eeg2vid.toml"
    tables = (
        "[train-encoder.first]\nnetwork = { name = 'lda' }\ninputs = ['de']\ntargets = ['concept']\nfolds = 'last'\n"
    )
    tables += "[train-mapper.chain]\nnetwork = { name = 'ridge' }\ninputs = ['encoder:first']\nfolds = 'last'\n"
    config.write_text(config.read_text() + tables + "[predict.chain]\n")
    cli_ok("train-encoder", "-w", workspace, "--variant", "first", "--subject", "1")
    cli_ok("train-mapper", "-w", workspace, "--variant", "chain", "--subject", "1")
    sources = ["--from", "mappers=train-mapper/chain", "--from", "encoders=none"]
    cli_ok("predict", "-w", workspace, "--variant", "chain", "--subject", "1", *sources)
    study = eeg2vid.open(workspace)
    decoder = eeg2vid.load_decoder(workspace, "train-mapper/chain", fold="block-3")
    assert decoder.inputs == ("de",)
    written = study["predict/chain/sub-1"]
    given = raw_of(study, "1", "de", written.table("latents")["source_event"])
    assert decoder.predict(given)["latents"].tobytes() == np.asarray(written.array("latents")).tobytes()


def test_a_pooled_model_needs_to_know_whose_eeg_it_is(workspace, cli_ok):
    config = workspace / "eeg2vid.toml"
    table = "[train-encoder.all]\nnetwork = { name = 'lda' }\ninputs = ['de']\ntargets = ['concept']\n"
    table += "pooled = true\nfolds = 'last'\n"
    config.write_text(config.read_text() + table + "[predict.all]\n")
    cli_ok("train-encoder", "-w", workspace, "--variant", "all")
    sources = ["--from", "encoders=train-encoder/all", "--from", "mappers=none"]
    cli_ok("predict", "-w", workspace, "--variant", "all", "--subject", "2", *sources)
    study = eeg2vid.open(workspace)
    decoder = eeg2vid.load_decoder(study, "train-encoder/all", fold="block-3")
    written = study["predict/all/sub-2"]
    given = raw_of(study, "2", "de", written.table("concept")["event"])
    assert decoder.predict(given, subject=2)["concept"].tobytes() == np.asarray(written.array("concept")).tobytes()
    assert not np.array_equal(decoder.predict(given, subject="1")["concept"], written.array("concept"))
    with pytest.raises(UsageError, match=r"learned from subjects 1, 2.*subject="):
        decoder.predict(given)


def test_one_target_of_several(opened):
    decoder = eeg2vid.load_decoder(opened, "train-encoder/lda/sub-1", fold="block-3", target="fast")
    assert decoder.targets == ("fast",)
    assert set(decoder.classes) == {"fast"}
    assert "fold block-3" in repr(decoder)


@pytest.mark.parametrize(
    ("ask", "error", "sentence"),
    [
        (("train-encoder/lda/sub-1", "block-9"), UsageError, "no model of fold 'block-9'.*Did you mean"),
        (("train-encoder/lad/sub-1", "block-3"), MissingInputError, "Did you mean"),
        (("split/default/sub-1", "block-3"), UsageError, "holds folds, no decoders"),
    ],
)
def test_wrong_names_get_a_sentence(opened, ask, error, sentence):
    with pytest.raises(error, match=sentence):
        eeg2vid.load_decoder(opened, ask[0], fold=ask[1])


def test_wrong_arrays_get_a_sentence(opened):
    decoder = eeg2vid.load_decoder(opened, "train-encoder/lda/sub-1", fold="block-3")
    events = opened["preprocess/default/sub-1/epochs"].table("events")["event"][:3]
    good = {name: raw_of(opened, "1", name, events) for name in decoder.inputs}
    assert len(good) > 1
    (first, values), *_ = good.items()
    for wrong, sentence in (
        (np.full_like(values, np.nan), f"Input '{first}' holds values that are not finite"),
        (values[:, :1], f"was made for .*'{first}'"),
        (values[..., 0], f"'{first}' has shape .*, expected"),
        (values[:2], "one row per event"),
    ):
        with pytest.raises(BadDataError, match=sentence):
            decoder.predict(good | {first: wrong})
    with pytest.raises(BadDataError, match=r"reads .*; given eeg"):
        decoder.predict({"eeg": values})
    with pytest.raises(UsageError, match="Give a mapping"):
        decoder.predict(values)
    with pytest.raises(UsageError, match="decodes no 'colour'"):
        eeg2vid.load_decoder(opened, "train-encoder/lda/sub-1", fold="block-3", target="colour")
