"""People joined: whose events, whose EEG, which folds; and one model for people who differ."""

import json
import shutil

import numpy as np
import pytest

from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.features import EPOCHS, EpochAttributes
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.cohort.folds import load_folds, require_training, used_events
from eeg2vid.stages.cohort.inputs import load_inputs
from eeg2vid.stages.cohort.people import Cohort, gather
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

BLOCKS, CLIPS, ELECTRODES, SAMPLES = 3, 4, 5, 10


class Array:
    """A stored array that counts how often it is read."""

    chunks = (2,)

    def __init__(self, values):
        self.values, self.reads = values, 0
        self.shape = values.shape

    def __getitem__(self, selection):
        self.reads += 1
        return self.values[selection]


class Fake:
    """An artifact in memory."""

    schema = EPOCHS

    def __init__(self, address, tables, arrays, attributes=None, stamps=()):
        self.address, self.tables, self.given = address, tables, attributes
        self.arrays = {name: Array(values) for name, values in arrays.items()}
        self.entries = self.arrays
        self.manifest = type("Manifest", (), {"stamps": stamps, "inputs": ()})()
        self.digest = address

    def table(self, name, row_type):
        return [row_type(**row) if isinstance(row, dict) else row for row in self.tables[name]]

    def has(self, name):
        return name in self.arrays

    def read(self, name):
        return self.arrays[name].values

    def attributes(self):
        return self.given


class FakeContext:
    """A unit in memory; no runner, no disk but scratch."""

    def __init__(self, roles, subject=None, memory_gb=8.0, folder=None):
        self.roles, self.subject, self.memory_gb, self.folder = roles, subject, memory_gb, folder

    def read_each(self, role):
        return self.roles[role]

    def read_optional(self, role):
        return self.roles.get(role)

    def scratch(self, name):
        return self.folder / name


def person(subject, *, value=0.0, test=2, electrodes=ELECTRODES, fold="f", stamps=(), clips=None, sfreq=200.0):
    """Return a person's artifacts: three blocks of four clips, one block tests."""
    events = [
        Event(event=f"{subject}-{b}{c}", subject=subject, recording="r", block=str(b), run=f"b{b}", position=c + 1,
              clip=f"clip{(clips or {}).get((b, c), f'{b}{c}')}", onset_s=10.0 * b + c, onset_sample=0, duration_s=1.0)
        for b in range(BLOCKS)
        for c in range(CLIPS)
    ]  # fmt: skip
    keys = [{"event": event.event, "clip": event.clip} for event in events]
    parts = np.full(len(events), Part.TRAIN)
    parts[[event.block == str(test) for event in events]] = Part.TEST
    parts[[event.block == str((test - 1) % BLOCKS) for event in events]] = Part.VALIDATION
    rng = np.random.default_rng(int(subject))
    epochs = value + rng.normal(size=(len(events), electrodes, SAMPLES)).astype(np.float32)
    names = [{"electrode": f"E{k}"} for k in range(electrodes)]
    attributes = EpochAttributes(sfreq=sfreq)
    return {
        "events": Fake(f"events/{subject}", {"events": events}, {}),
        "folds": Fake(
            f"folds/{subject}",
            {"folds": [{"fold": fold, "test": "", "validation": ""}], "events": keys},
            {"assignment": parts[None].astype(np.int8)},
            stamps=stamps,
        ),
        "epochs": Fake(f"epochs/{subject}", {"events": keys, "electrodes": names}, {"epochs": epochs}, attributes),
    }


def together(people, **more):
    """Return a study unit of some people."""
    roles = {role: {subject: one[role] for subject, one in people.items()} for role in ("events", "folds", "epochs")}
    return FakeContext(roles, **more)


def test_everybody_stands_in_one_array_read_once():
    people = {"1": person("1", value=100.0), "2": person("2", value=-100.0)}
    ctx = together(people)
    cohort = gather(ctx)
    inputs = load_inputs(ctx, ["epochs"], cohort)
    assert cohort.subjects == ("1", "2") and len(inputs) == 2 * BLOCKS * CLIPS
    for subject, one in people.items():
        mine = inputs.arrays["epochs"][cohort.rows_of(subject)]
        np.testing.assert_array_equal(mine, one["epochs"].read("epochs"))
    assert inputs.people().tolist() == [0] * 12 + [1] * 12
    assert all(one["epochs"].arrays["epochs"].reads == 1 for one in people.values())


def test_what_does_not_fit_into_memory_lies_in_a_scratch_file(tmp_path):
    people = {"1": person("1"), "2": person("2")}
    whole = load_inputs(together(people), ["epochs"], gather(together(people))).arrays["epochs"]
    small = together(people, memory_gb=1e-9, folder=tmp_path)
    spilled = load_inputs(small, ["epochs"], gather(small)).arrays["epochs"]
    assert isinstance(spilled, np.memmap) and (tmp_path / "epochs.raw").stat().st_size == whole.nbytes
    np.testing.assert_array_equal(spilled, whole)


def test_people_with_other_electrodes_are_refused():
    ctx = together({"1": person("1"), "2": person("2", electrodes=ELECTRODES - 1)})
    with pytest.raises(BadDataError, match=r"epochs/2 has other 'epochs' of shape \(4, 10\)"):
        load_inputs(ctx, ["epochs"], gather(ctx))


def test_people_at_another_rate_are_refused_and_at_the_same_up_to_what_files_keep_are_not():
    ctx = together({"1": person("1", sfreq=500.0), "2": person("2", sfreq=500.001)})
    assert len(load_inputs(ctx, ["epochs"], gather(ctx))) == 2 * BLOCKS * CLIPS
    ctx = together({"1": person("1", sfreq=500.0), "2": person("2", sfreq=500.02)})
    with pytest.raises(BadDataError, match=r"epochs/2 is sampled at 500.02 Hz, but epochs/1 at 500 Hz"):
        load_inputs(ctx, ["epochs"], gather(ctx))


def test_folds_of_people_agree_by_name():
    ctx = together({"1": person("1"), "2": person("2")})
    cohort = gather(ctx)
    (fold,) = load_folds(ctx, cohort, "all", ["epochs"])
    assert fold.test.tolist() == [8, 9, 10, 11, 20, 21, 22, 23]
    assert len(fold.train) == len(fold.validation) == 8 and len(used_events(ctx, cohort)) == 24
    other = together({"1": person("1"), "2": person("2", fold="g")})
    with pytest.raises(UsageError, match="Subject 2 has the folds g, subject 1 has f"):
        load_folds(other, gather(other))


def test_a_clip_that_tests_in_anybody_trains_in_nobody():
    people = {"1": person("1", test=2), "2": person("2", test=1)}
    ctx = together(people)
    with pytest.raises(UsageError, match=r"Fold 'f': clip 'clip\d\d' is in \w+ of subject \d and in \w+ of subject"):
        load_folds(ctx, gather(ctx))
    stamped = together({"1": people["1"], "2": person("2", test=1, stamps=("leak: clips",))})
    assert load_folds(stamped, gather(stamped))[0].test.size == 8


def planted(people, places, **update):
    """Change the events at some places `(subject, index)`."""
    for subject, index in places:
        rows = people[subject]["events"].tables["events"]
        rows[index] = rows[index].model_copy(update=update)


def test_copied_eeg_is_on_one_side_of_a_fold_in_everybody():
    people = {"1": person("1"), "2": person("2")}
    planted(people, [("1", 0), ("2", 1)], eeg_sha="x")  # both train
    assert load_folds(together(people), gather(together(people)))[0].test.size == 8
    planted(people, [("2", 11)], eeg_sha="x")  # tests
    ctx = together(people)
    sentence = r"subject 1, 'r' at 0 s, and subject 2, 'r' at 23 s, hold the same EEG, in train and test of fold 'f'"
    with pytest.raises(UsageError, match=sentence):
        load_folds(ctx, gather(ctx))
    people["1"]["folds"].manifest.stamps = ("leak: recordings",)
    assert load_folds(ctx, gather(ctx))[0].test.size == 8


def test_a_person_who_is_held_out_trains_under_no_other_name():
    """Held out are people and clips: the copy of what is tested is in no part, but the person's other EEG trains."""
    people = {"1": person("1"), "2": person("2"), "3": person("3")}
    for subject, part, other in (("1", Part.TRAIN, Part.UNUSED), ("2", Part.TRAIN, Part.UNUSED)):
        people[subject]["folds"].arrays["assignment"].values[0, :8] = part
        people[subject]["folds"].arrays["assignment"].values[0, 8:] = other
    people["3"]["folds"].arrays["assignment"].values[0, :8] = Part.UNUSED
    ctx = together(people)
    assert load_folds(ctx, gather(ctx))[0].test.size == 4
    planted(people, [("2", 9), ("3", 9)], eeg_sha="x")
    with pytest.raises(UsageError, match="Fold 'f' holds subject 3 out and trains on subject 2, who has the same EEG"):
        load_folds(ctx, gather(ctx))
    planted(people, [("2", 9)], eeg_sha=None)
    planted(people, [("1", 9)], eeg_sha="y")
    assert load_folds(ctx, gather(ctx))[0].test.size == 4


def test_one_film_is_on_one_side_of_a_fold_in_everybody():
    people = {"1": person("1"), "2": person("2", clips={(2, 3): "other"})}
    ctx = together(people)
    rows = [
        {"clip": name, "file": "f.mp4", "start_s": 0, "duration_s": 2} for name in ("clip00", "clipother", "clip01")
    ]
    ctx.roles["clips"] = Fake("clips", {"clips": rows}, {})
    assert load_folds(ctx, gather(ctx))[0].test.size == 8
    for row in rows[:2]:
        row["film_sha"] = "x"
    with pytest.raises(UsageError, match=r"clip 'clip00' and clip 'clipother' show one film, in train and test"):
        load_folds(ctx, gather(ctx))
    people["2"]["folds"].manifest.stamps = ("leak: films",)
    assert load_folds(ctx, gather(ctx))[0].test.size == 8


def test_a_fold_that_trains_on_nobody_says_so():
    ctx = together({"1": person("1")})
    ctx.read_each("folds")["1"].arrays["assignment"].values[:] = Part.TEST
    folds = load_folds(ctx, gather(ctx))
    with pytest.raises(UsageError, match="no usable event of any subject"):
        require_training(ctx, folds)


def test_an_empty_cohort_has_no_rows():
    assert Cohort(("1",), []).rows_of("1") == slice(0, 0)


# -- a pooled model of the tiny study ---------------------------------------------------------------------------

POOLED = ["--pooled", "--network", "lda", "--targets", "concept", "--variant", "everybody", "--new"]


def models(workspace, unit, variant="everybody"):
    file = workspace / "artifacts" / "train-encoder" / variant / unit / "encoders" / "models.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_pooled_unit_trains_on_everybody_whoever_was_asked_for(workspace, cli_ok):
    """Its training events are those of both people, whatever --subject says; each person's predict reads it."""
    cli_ok("train-encoder", *POOLED, "--subject", "1", "-w", workspace)
    pooled = {row["fold"]: row["train_events"] for row in models(workspace, "study")}
    alone = [{row["fold"]: row["train_events"] for row in models(workspace, f"sub-{k}", "lda")} for k in (1, 2)]
    assert pooled == {fold: alone[0][fold] + alone[1][fold] for fold in alone[0]}
    words = [
        "predict",
        "--variant",
        "everybody",
        "--new",
        "--from",
        "encoders=train-encoder/everybody",
        "--from",
        "mappers=none",
    ]
    cli_ok(*words, "--condition", "full", "-w", workspace)
    found = {}
    for subject in ("1", "2"):
        folder = workspace / "artifacts" / "predict" / "everybody" / f"sub-{subject}" / "predictions"
        manifest = json.loads((folder / "manifest.json").read_bytes())
        assert [ref["unit"] for ref in manifest["inputs"] if ref["role"] == "encoders"] == ["study"]
        found[subject] = manifest["digest"]
    assert found["1"] != found["2"]


def test_a_missing_person_makes_a_pooled_unit_wait(workspace, cli):
    shutil.rmtree(workspace / "artifacts" / "preprocess" / "default" / "sub-2")
    result = cli("train-encoder", *POOLED, "--subject", "1", "-w", workspace)
    assert result.code == 3
    assert "preprocess/default/sub-2/epochs is missing" in result.err
    assert f"eeg2vid preprocess -w {workspace} --subject 2" in result.err


# -- a person whom a pooled model has never met -----------------------------------------------------------------


def test_an_unseen_person_is_decoded_by_pooled_or_own_statistics_and_stamped(workspace, cli_ok):
    """Folds hold one person out; the model of the other decodes them, scaled as the setting says."""
    cli_ok("split", "--scheme", "leave-subjects-out", "--variant", "people", "--new", "-w", workspace)
    words = [*POOLED[:-3], "--variant", "others", "--new", "--from", "folds=split/people", "--targets", "concept"]
    cli_ok("train-encoder", *dict.fromkeys(words), "-w", workspace)
    rows = {row["fold"]: row for row in models(workspace, "study", "others")}
    assert len(rows) == 2
    predict = [
        "predict",
        "--from",
        "encoders=train-encoder/others",
        "--from",
        "mappers=none",
        "--from",
        "folds=split/people",
    ]
    found = {}
    for unseen in ("pooled", "own"):
        more = ["--condition", "full", "--unseen", unseen, "--variant", f"stranger-{unseen}", "--new", "--subject", "1"]
        result = cli_ok(*predict, *more, "-w", workspace)
        folder = workspace / "artifacts" / "predict" / f"stranger-{unseen}" / "sub-1" / "predictions"
        manifest = json.loads((folder / "manifest.json").read_bytes())
        how = "their own unlabelled EEG" if unseen == "own" else "all"
        assert f"person unseen in training, scaled by {how}" in manifest["stamps"]
        assert "subject 1 was not trained on" in result.err
        found[unseen] = manifest["digest"]
    assert found["pooled"] != found["own"]


def test_validation_chooses_among_models_of_one_target(workspace, cli, cli_ok):
    """Two models of one target are refused, unless each fold takes the one that did best on its validation events."""
    for variant, more in (("one", ["--set", "network.epoch_bins=1"]), ("two", ["--set", "network.epoch_bins=20"])):
        cli_ok(
            "train-encoder",
            "--network",
            "lda",
            "--targets",
            "concept",
            "--variant",
            variant,
            "--new",
            *more,
            "--subject",
            1,
            "-w",
            workspace,
        )
    config = workspace / "eeg2vid.toml"
    both = 'from = {encoders = ["train-encoder/one", "train-encoder/two"], mappers = "none"}'
    config.write_text(f"{config.read_text()}\n[predict.chosen]\n{both}\n")
    here = ["predict", "--variant", "chosen", "--new", "--subject", 1, "--condition", "full", "-w", workspace]
    refused = cli(*here)
    assert (
        refused.code == 2
        and "Target 'concept' is trained twice" in refused.err
        and "--select validation" in refused.err
    )
    cli_ok(*here, "--select", "validation")
    best = {}
    for variant in ("one", "two"):
        for row in models(workspace, "sub-1", variant):
            best.setdefault(row["fold"], []).append(
                (-row["validation_scores"]["concept"], len(best.get(row["fold"], [])), variant)
            )
    chosen = opened_probabilities(workspace, "chosen")
    for fold, ranked in best.items():
        winner = min(ranked)[2]
        alone = [
            "predict",
            "--variant",
            f"alone-{winner}",
            "--new",
            "--from",
            f"encoders=train-encoder/{winner}",
            "--from",
            "mappers=none",
        ]
        cli_ok(*alone, "--subject", 1, "--condition", "full", "-w", workspace)
        theirs = opened_probabilities(workspace, f"alone-{winner}")
        np.testing.assert_array_equal(chosen[fold], theirs[fold])


def opened_probabilities(workspace, variant):
    """Return the probabilities of each fold."""
    one = open_artifact(workspace, Address("predict", variant, "sub-1", "predictions"))
    folds = np.array([row.fold for row in one.table("concept", one.row_types["concept"])])
    return {fold: one.read("concept")[folds == fold] for fold in dict.fromkeys(folds.tolist())}


# -- a mapper on an encoder -------------------------------------------------------------------------------------


def test_a_mapper_learns_from_an_encoder_of_the_same_fold(workspace, cli, cli_ok):
    """The encoder is frozen and kept with the mapper; its embedding is the mapper's input, here and in `predict`."""
    from eeg2vid.stages.networks.checkpoint import load_decoder

    words = ["train-mapper", "--inputs", "encoder:lda", "--targets", "latents", "--subject", 1, "-w", workspace]
    cli_ok(*words, "--variant", "on-lda", "--new")
    mapper = open_artifact(workspace, Address("train-mapper", "on-lda", "sub-1", "mappers"))
    encoder = open_artifact(workspace, Address("train-encoder", "lda", "sub-1", "encoders"))
    assert [ref.variant for ref in mapper.manifest.inputs if ref.role == "encoders"] == ["lda"]
    assert mapper.attributes().inputs == ("encoder:lda",) and set(mapper.attributes().signals) == {"de", "epochs"}
    row = mapper.table("models", mapper.row_types["models"])[0]
    fold_rows = [one for one in encoder.table("models", encoder.row_types["models"]) if one.fold == row.fold]
    kept = sorted((mapper.model(row.path) / "encoders" / "lda").iterdir())
    assert len(kept) == len(fold_rows) == 2  # concept and fast
    for place, one in zip(kept, fold_rows, strict=True):
        assert (place / "model.safetensors").read_bytes() == (
            encoder.model(one.path) / "model.safetensors"
        ).read_bytes()
    decoder = load_decoder(mapper.model(row.path))
    assert decoder.context.inputs == {"encoder:lda": (4 + 2,)}

    predict = [
        "predict",
        "--from",
        "mappers=train-mapper/on-lda",
        "--from",
        "encoders=none",
        "--variant",
        "on-lda",
        "--new",
    ]
    cli_ok(*predict, "--subject", 1, "--condition", "full", "-w", workspace)
    made = open_artifact(workspace, Address("predict", "on-lda", "sub-1", "predictions"))
    assert made.read("latents").shape[0] == 60 and np.ptp(made.read("latents"), axis=0).max() > 0

    # an encoder of other folds has seen this fold's test events
    cli_ok(
        "train-encoder",
        "--network",
        "lda",
        "--targets",
        "concept",
        "--folds",
        "block-1",
        "--variant",
        "one",
        "--new",
        "--subject",
        1,
        "-w",
        workspace,
    )
    refused = cli(*words[:2], "encoder:one", *words[3:], "--variant", "leaky", "--new")
    assert refused.code == 2 and "has no model of fold 'block-2'" in refused.err
    refused = cli(
        "train-encoder", "--inputs", "encoder:lda", "--subject", 1, "-w", workspace, "--variant", "no", "--new"
    )
    assert refused.code == 2 and "one encoder can be read, and by a mapper" in refused.err
    refused = cli("train-mapper", "--inputs", "dee", "--subject", 1, "-w", workspace)
    assert refused.code == 2 and "epochs, de, psd or encoder:VARIANT" in refused.err
