"""`eeg2vid split`: every scheme on a small simulated study, leaks refused and forced, and what it refuses."""

import json
import re
import shutil

import numpy as np
import pytest

from eeg2vid.schemas.entities import Event, Fold
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact


@pytest.fixture(scope="module")
def ingested(cli_ok, tmp_path_factory):
    """Return the workspace of three people, the first of whom has two sessions; nothing but ingest is done."""
    folder = tmp_path_factory.mktemp("ingested")
    data, workspace = folder / "data", folder / "workspace"
    sizes = ["--subjects", 3, "--blocks", 3, "--concepts", 4, "--resolution", 64, "--seed", 3]
    cli_ok("simulate", "--out", data, "--no-observers", *sizes)
    np.save(data / "EEG" / "sub1_session2.npy", -np.load(data / "EEG" / "sub1.npy"))  # a copy would be refused
    workspace.mkdir()
    (workspace / "eeg2vid.toml").write_text('[study]\ndata = "../data"\n')
    cli_ok("ingest", "-w", workspace)
    return workspace


def folds_of(workspace, subject, variant="default"):
    """Return a subject's folds, events and the part of each event in each fold, by names."""
    artifact = open_artifact(workspace, Address("split", variant, f"sub-{subject}", "folds"))
    events = open_artifact(workspace, Address("ingest", "default", f"sub-{subject}", "events")).table("events", Event)
    return artifact, artifact.table("folds", Fold), events, artifact.read("assignment")


SCHEMES = [
    ((), ["block-1", "block-2", "block-3"]),
    (("--scheme", "fixed"), ["block-3"]),
    (("--scheme", "fixed", "--test-block", "1", "--validation-block", "3"), ["block-1"]),
    (("--scheme", "leave-subjects-out"), ["subject-1", "subject-2", "subject-3"]),
    (("--scheme", "leave-subjects-out", "--held-out", "2", "--held-out", "3"), ["subjects-2+3"]),
    (("--scheme", "leave-concepts-out", "--groups", "2", "--seed", "5"), None),
    (("--scheme", "leave-concepts-out", "--held-out", "1"), ["concept-1"]),
    (("--concepts", "cat,Tree", "--concepts", "ship"), ["block-1", "block-2", "block-3"]),
    (("--scheme", "fixed", "--concepts", "random-3", "--seed", "2"), ["block-3"]),
]


@pytest.mark.parametrize(("words", "names"), SCHEMES, ids=[" ".join(words) or "default" for words, _ in SCHEMES])
def test_every_scheme(ingested, cli_ok, words, names):
    cli_ok("split", "-w", ingested, *words)
    found = [folds_of(ingested, subject) for subject in (1, 2, 3)]
    assert found[0][1] == found[1][1] == found[2][1], "folds are the same for every subject"
    assert names is None or [fold.fold for fold in found[0][1]] == names
    for artifact, folds, events, assignment in found:
        assert artifact.manifest.stamps == ("simulated",)
        for fold, parts in zip(folds, assignment, strict=True):
            by_clip, by_run = {}, {}
            for event, part in zip(events, parts.tolist(), strict=True):
                if part:
                    by_clip.setdefault(event.clip, set()).add(part)
                    by_run.setdefault((event.session, event.run), set()).add(part)
            assert by_run, f"{fold.fold}: nothing is used"
            assert all(len(seen) == 1 for seen in (*by_clip.values(), *by_run.values()))
    again = cli_ok("split", "-w", ingested, *words)
    assert "made in" not in again.err


def test_attributes_and_names_say_how(ingested, cli_ok):
    drawn = cli_ok("split", "-w", ingested, "--concepts", "random-2", "--seed", "9", "--scheme", "fixed")
    assert "random-2: drawn with seed 9; which 2 concepts others used is not known" in drawn.err
    artifact, folds, _, assignment = folds_of(ingested, 2)
    attributes = artifact.attributes()
    assert (attributes.scheme, attributes.seed, len(attributes.concepts)) == ("fixed", 9, 2)
    assert np.bincount(assignment[0], minlength=4).tolist() == [30, 10, 10, 10]
    cli_ok("split", "-w", ingested, "--scheme", "leave-subjects-out", "--held-out", "2")
    artifact, folds, events, assignment = folds_of(ingested, 2)
    assert (folds[0].test, folds[0].validation) == ("subject 2, block 3", "block 2")
    assert {e.block for e, part in zip(events, assignment[0], strict=True) if part == Part.TEST} == {"3"}
    assert {e.block for e, part in zip(events, assignment[0], strict=True) if not part} == {"1", "2"}
    assert artifact.attributes().seed is None


LEAKS = [
    (("--scheme", "random-clips"), "runs", r"run '.*' is in .*train.* of fold 'random-1' \(\d+ such runs"),
    (
        ("--scheme", "leave-session-out", "--subject", "1"),
        "clips",
        r"clip '.*' is in .* of fold 'session-1'",
    ),
    (("--scheme", "leave-subjects-out", "--cross-clips", "shared"), "clips", r"in train and test of fold 'subject-1'"),
    (
        ("--scheme", "table", "--table", "leaky.tsv"),
        "runs",
        r"run '.*' is in train and test of fold 'a'",
    ),
]


@pytest.mark.parametrize(("words", "kind", "sentence"), LEAKS, ids=[words[1] for words, _, _ in LEAKS])
def test_leaks_are_refused_and_forced_with_a_stamp(ingested, cli, cli_ok, words, kind, sentence):
    events = folds_events(ingested)
    rows = [f"a\t{'test' if event.position == 1 else 'train'}\t{event.clip}" for event in events]
    (ingested / "leaky.tsv").write_text("\n".join(["fold\tpart\tclip", *rows]) + "\n")
    refused = cli("split", "-w", ingested, *words)
    assert refused.code == 4 and re.search(sentence, refused.err), refused.err
    assert "could recognise it instead of decoding" in refused.err
    other = {"runs": "clips", "clips": "runs"}[kind]
    assert cli("split", "-w", ingested, *words, "--allow-leak", other).code == 4
    cli_ok("split", "-w", ingested, *words, "--allow-leak", kind)
    shown = cli_ok("inspect", "-w", ingested, "split/default/sub-1/folds", "--json").json
    assert shown["stamps"] == [f"leak: {kind}", "simulated"]
    assert shown["attributes"]["leaks"] == [kind]
    assert f"leak: {kind}" in cli_ok("inspect", "-w", ingested, "split/default/sub-1/folds").out
    both = cli_ok("split", "-w", ingested, "--allow-leak", "runs", "--allow-leak", "clips", "--subject", "1")
    assert "`allow_leak` runs: no such leak occurs; nothing is stamped." in both.err
    assert folds_of(ingested, 1)[0].manifest.stamps == ("simulated",)


def folds_events(workspace):
    return open_artifact(workspace, Address("ingest", "default", "sub-2", "events")).table("events", Event)


def test_a_stamp_is_inherited(tiny, tmp_path, cli_ok):
    study = shutil.copytree(tiny, tmp_path / "study")
    workspace = study / "workspace"
    cli_ok("split", "-w", workspace, "--scheme", "random-clips", "--allow-leak", "runs", "--subject", "1")
    cli_ok("train-encoder", "-w", workspace, "--subject", "1")
    found = cli_ok("inspect", "-w", workspace, "train-encoder", "--json").json
    stamped = [row for row in found if "leak: runs" in str(row)]
    assert stamped and all("sub-1" in str(row) for row in stamped)


def test_a_custom_table_is_fingerprinted(ingested, cli, cli_ok):
    table = ingested / "folds.csv"
    table.write_text("fold,part,block\nlast,train,1\nlast,validation,2\nlast,test,3\n")
    words = ("split", "-w", ingested, "--scheme", "table", "--table")
    cli_ok(*words, "folds.csv")
    assert folds_of(ingested, 1)[1] == [Fold(fold="last", test="block 3", validation="block 2")]
    assert "made in" not in cli_ok(*words, "folds.csv").err
    table.write_text("fold,part,block\nfirst,train,3\nfirst,test,1\n")
    data = ingested.parent / "data"
    data.rename(data.with_name("elsewhere"))  # the table is no part of it: a change is seen all the same
    try:
        assert "folds.csv changed" in cli_ok(*words, "folds.csv").err
    finally:
        data.with_name("elsewhere").rename(data)
    assert folds_of(ingested, 1)[1] == [Fold(fold="first", test="block 1", validation="")]
    assert cli_ok("verify", "-w", ingested, "split").code == 0
    table.unlink()
    missing = cli(*words, "folds.csv")
    assert missing.code == 3 and "there is no such file" in missing.err and "Relative paths" in missing.err


REFUSED = [
    ("--scheme leave-everything", 2, r"scheme.*'leave-one-block-out'"),
    ("--scheme table", 2, "needs a file: --table FILE.tsv"),
    ("--table folds.tsv", 2, "it is for the scheme table; the scheme here is leave-one-block-out"),
    ("--scheme fixed --test-block 9", 2, r"There is no block '9' among those of subject 1\. Known: 1, 2, 3\."),
    ("--scheme fixed --test-block 2 --test-block 3", 2, "No block is left to train on"),
    ("--scheme fixed --test-block 3 --validation-block 3", 2, "Block '3' is to validate and to test"),
    ("--scheme leave-subjects-out --held-out 7", 2, r"There is no subject '7' in this study\. Known: 1, 2, 3\."),
    ("--scheme leave-subjects-out --group-size 3", 2, "3 subjects make 1 group"),
    ("--scheme leave-subjects-out --groups 2 --group-size 2", 2, "not both"),
    ("--scheme leave-session-out --subject 2", 2, "needs 2 sessions; subject 2 has 1.*--scheme leave-one-block-out"),
    ("--scheme leave-concepts-out --groups 9", 2, "4 concepts make 9 groups"),
    ("--scheme leave-concepts-out --held-out unicorn", 2, "there is no concept 'unicorn' in use"),
    ("--concepts published-10", 2, "published-10 names concept 10, 12, 16, .*it has 4 concepts"),
    ("--concepts random-20", 2, "random-20: this study has 4 concepts"),
    ("--concepts 1", 2, "--concepts names 1 concept; to tell apart, two are needed"),
    ("--concepts unicorn", 2, "--concepts: there is no concept 'unicorn' in this study"),
    ("--allow-leak everything", 2, "allow_leak"),
    ("--seed -1", 2, "seed"),
    ("--scheme random-clips --groups 2 --allow-leak runs", 2, "makes 3 groups or more"),
]


@pytest.mark.parametrize(("words", "code", "sentence"), REFUSED, ids=[words for words, _, _ in REFUSED])
def test_bad_settings(ingested, cli, words, code, sentence):
    result = cli("split", "-w", ingested, *words.split())
    assert result.code == code, result.err
    assert re.search(sentence, result.err), result.err
    assert "Traceback" not in result.err


TABLES = [
    ("fold,part,blok\na,train,1\n", "the column 'blok' means nothing here. Did you mean 'block'"),
    ("fold,part,block\na,trian,1\n", "row 2: part 'trian': expected train, .* Did you mean 'train'"),
    ("fold,part,block,clip\na,train,1,\na,test,,zz\n", "row 3: the clip index has no clip 'zz'"),
    ("fold,part,block\na,train,1\na,train,2\n", "fold 'a' has no row for test"),
    (
        "fold,part,block,session\na,train,1,\na,test,1,1\n",
        "row 3: event .* is in part 'test' .*'train' in row 2",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), TABLES)
def test_bad_tables(ingested, cli, text, sentence):
    (ingested / "bad.csv").write_text(text)
    result = cli("split", "-w", ingested, "--scheme", "table", "--table", "bad.csv")
    assert result.code == 4 and re.search(sentence, result.err), result.err
    assert "bad.csv" in result.err


def test_a_forced_leak_is_scored_and_no_evidence(workspace, cli_ok):
    """The same EEG, split carelessly: everything runs, everything is stamped, the report believes nothing."""
    config = workspace / "eeg2vid.toml"
    careless = '\nconditions = ["full"]\n[split.default]\nscheme = "random-clips"\nallow_leak = ["runs"]\n'
    config.write_text(config.read_text() + careless)
    cli_ok("run", "-s", 1, "-w", workspace)
    scores = workspace / "artifacts/score/ridge/sub-1/scores"
    assert "leak: runs" in json.loads((scores / "manifest.json").read_text())["stamps"]
    page = (workspace / "artifacts/report/ridge/study/report/media/index.html").read_text()
    assert "The split leaks runs: no score here is evidence." in page and "● evidence" not in page
