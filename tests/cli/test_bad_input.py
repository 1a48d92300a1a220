"""A catalogue of what goes wrong: each ends in a sentence, the right exit code, and nothing spoilt.

Every case damages a private copy of a finished study, calls one command, and asks the same of it: its exit
code, its sentence, no traceback, no half-written folder, every earlier artifact as it was.
"""

import errno
import os
import re
import shutil

import numpy as np
import pytest
from filelock import FileLock

BLOCK_1 = "1st_10min"
RECORDINGS = "ingest/default/sub-1/recordings"
LATENTS = "encode-latents/default/study/latents"
MAPPERS = "train-mapper/ridge/sub-1/mappers"
INGEST = ("ingest", "--subject", "1")


# -- ways to damage a study: each takes its folder ---------------------------------------------------


def nothing(study):
    pass


def eeg(change):
    """Replace subject 1's array by a changed one."""

    def damage(study):
        path = study / "data" / "EEG" / "sub1.npy"
        values = change(np.load(path))
        path.unlink()
        np.save(path, values, allow_pickle=True)

    return damage


def meta(name, change):
    """Replace one of the stimulus arrays by a changed one."""

    def damage(study):
        path = study / "data" / "Video" / "meta-info" / f"{name}.npy"
        values = change(np.load(path))
        path.unlink()
        np.save(path, values)

    return damage


def content(place, change):
    """Change a file's bytes."""

    def damage(study):
        path = study / place
        path.write_bytes(change(path.read_bytes()))

    return damage


def remove(place):
    def damage(study):
        path = study / place
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return damage


def stored(pattern, change):
    """Change, or with None remove, the first file of the workspace's artifacts that fits a pattern."""

    def damage(study):
        path = next(p for p in sorted((study / "workspace/artifacts").glob(pattern)) if p.is_file())
        if change is None:
            path.unlink()
        else:
            path.write_bytes(change(path.read_bytes()))

    return damage


def config(text):
    """Write the workspace's eeg2vid.toml."""

    def damage(study):
        (study / "workspace/eeg2vid.toml").write_text(text)

    return damage


def several(*damages):
    def damage(study):
        for one in damages:
            one(study)

    return damage


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (str(self.place),)


def trapped(place):
    """Replace an array by a pickle that would run code if it were read."""

    def damage(study):
        path = study / "data" / place
        path.unlink()
        np.save(path, np.array([Trap(study / "executed")], dtype=object), allow_pickle=True)

    return damage


def with_nan(values):
    values = values.copy()
    values[1, 7, 4321] = np.nan
    return values


def twice(labels):
    labels = labels.copy()
    labels[1, 2] = labels[1, 0]
    return labels


def flip(data):
    """Flip one bit near the end: within the content of a chunk, a table or a weights file."""
    whole = bytearray(data)
    whole[-3] ^= 0x04
    return bytes(whole)


def short_film(study):
    from eeg2vid.stages.stimuli.mp4 import write_mp4

    frames = np.random.default_rng(0).integers(0, 256, (48, 36, 64, 3), dtype=np.uint8)
    write_mp4(study / "data/Video" / f"{BLOCK_1}.mp4", frames, fps=24)


def two_blocks(study):
    """Leave two of three blocks, and nothing ingested."""
    shutil.rmtree(study / "workspace/artifacts")
    for path in (study / "data/Video/meta-info").glob("*.npy"):
        meta(path.stem, lambda values: values[:2])(study)
    eeg(lambda values: values[:2])(study)


def other_folder(study):
    (study / "photos").mkdir()
    (study / "photos" / "cat.jpg").touch()


def empty_workspace(study):
    (study / "empty").mkdir()


FILM = f"data/Video/{BLOCK_1}.mp4"
CAPTIONS = f"data/Video/BLIP-caption/{BLOCK_1}.txt"
DATA = {
    "eeg-of-another-length": (
        eeg(lambda a: a[:, :, :-1]),
        INGEST,
        r"sub1\.npy: expected \(3, 62, 10400\).*found \(3, 62, 10399\)",
    ),
    "eeg-lacks-an-electrode": (eeg(lambda a: a[:, :61]), INGEST, r"found \(3, 61, 10400\)"),
    "eeg-lacks-a-dimension": (eeg(lambda a: a[0]), INGEST, r"expected an array of 3 dimensions, found 2"),
    "eeg-in-whole-numbers": (eeg(lambda a: (a * 1e6).astype(np.int16)), INGEST, r"expected .*float.*found int16"),
    "eeg-is-a-pickle": (trapped("EEG/sub1.npy"), INGEST, r"sub1\.npy holds Python objects .*never loaded"),
    "labels-are-a-pickle": (trapped("Video/meta-info/All_video_label.npy"), INGEST, "never loaded"),
    "eeg-holds-nan": (eeg(with_nan), INGEST, r"block 2, electrode F3, sample 4321: expected a number, found nan"),
    "eeg-is-truncated": (
        content("data/EEG/sub1.npy", lambda b: b[:-100_000]),
        INGEST,
        r"sub1\.npy is truncated: .*takes \d+ bytes, found \d+",
    ),
    "eeg-is-empty": (content("data/EEG/sub1.npy", lambda _: b""), INGEST, r"sub1\.npy is empty \(0 bytes\)"),
    "eeg-is-no-npy": (content("data/EEG/sub1.npy", lambda _: b"hello" * 99), INGEST, "is not a readable npy file"),
    "eeg-never-changes": (eeg(np.zeros_like), INGEST, "constant value; this is no EEG"),
    "eeg-is-missing": (remove("data/EEG/sub1.npy"), INGEST, "has no subject '1'; it has 2"),
    "no-eeg-at-all": (several(remove("data/EEG/sub1.npy"), remove("data/EEG/sub2.npy")), INGEST, "holds no recording"),
    "film-truncated": (content(FILM, lambda b: b[: len(b) // 2]), INGEST, f"{BLOCK_1}.mp4"),
    "film-truncated-later": (content(FILM, lambda b: b[: len(b) // 2]), ("split-videos",), f"{BLOCK_1}.mp4"),
    "film-empty": (content(FILM, lambda _: b""), INGEST, f"{BLOCK_1}.mp4.*empty"),
    "film-missing": (remove(FILM), INGEST, f"{BLOCK_1}.mp4: the file cannot be read"),
    "film-missing-later": (remove(FILM), ("split-videos",), f"{BLOCK_1}.mp4: the file cannot be read"),
    "film-too-short": (short_film, INGEST, r"4 concepts take 52 s, the film ends at 2\.000 s"),
    "caption-missing": (
        content(CAPTIONS, lambda b: b"\n".join(b.splitlines()[:-1])),
        INGEST,
        r"1st_10min\.txt: expected 20 lines \(one per clip\), found 19",
    ),
    "caption-empty": (content(CAPTIONS, lambda b: b"\n" + b), INGEST, "expected 20 lines|line 1: expected a caption"),
    "attributes-of-another-shape": (
        meta("All_video_color", lambda a: a[:, :-5]),
        INGEST,
        r"All_video_color\.npy: expected \(3, 20\).*found \(3, 15\)",
    ),
    "attribute-out-of-range": (
        meta("All_video_color", lambda a: a + 7),
        INGEST,
        r"block 1, column 1: expected 0 to 6, found",
    ),
    "labels-of-another-shape": (
        meta("All_video_label", lambda a: a[:2]),
        INGEST,
        r"expected \(2, 20\) .*found \(3, 20\)",
    ),
    "concept-twice-in-a-block": (
        meta("All_video_label", twice),
        INGEST,
        r"concept \d+ is in block 2 more than once \(slots 1, 3\)",
    ),
    "no-labels": (remove("data/Video/meta-info/All_video_label.npy"), INGEST, "All_video_label.npy"),
    "no-data-set": (other_folder, ("ingest", "{study}/photos"), r"no data set that can be read: .*found cat\.jpg"),
}


@pytest.mark.parametrize(("damage", "words", "sentence"), DATA.values(), ids=DATA)
def test_bad_data_is_refused(study, refused, damage, words, sentence):
    damage(study)
    refused(words, 4, sentence)


# -- commands and settings ---------------------------------------------------------------------------

MAPPER = ("train-mapper", "--subject", "1")
COMMANDS = {
    "data-folder-missing": (nothing, ("ingest", "{study}/nowhere"), 3, "nowhere: there is no such folder"),
    "configured-data-missing": (
        several(config('[study]\ndata = "../nowhere"\n'), remove("workspace/artifacts")),
        INGEST,
        4,
        "nowhere does not exist",
    ),
    "workspace-is-a-file": (nothing, ("status", "-w", "{study}/workspace/eeg2vid.toml"), 2, "a workspace is a folder"),
    "unknown-subject": (nothing, ("predict", "--subject", "9"), 4, "Subject 9 is not in this study; it has 1, 2"),
    "malformed-subject": (nothing, ("predict", "--subject", "1;2"), 2, "'1;2' is no subject"),
    "backward-range": (nothing, ("predict", "--subject", "2-1"), 2, "range runs backwards"),
    "array-outside-slurm": (nothing, ("predict", "--subject", "@array"), 2, "SLURM_ARRAY_TASK_ID is not set"),
    "nothing-ingested": (empty_workspace, ("generate", "-w", "{study}/empty"), 3, "eeg2vid ingest PATH/TO/DATA"),
    "nothing-ingested-one-subject": (
        empty_workspace,
        ("generate", "--subject", "17", "-w", "{study}/empty"),
        3,
        "Run first: eeg2vid ingest PATH/TO/DATA",
    ),
    "status-of-nothing": (nothing, ("status", "-w", "{study}/nowhere"), 3, "Nothing is ingested"),
    "inspect-of-nothing": (nothing, ("inspect", "predcit"), 3, "no artifact 'predcit' in .*Did you mean 'predict'"),
    "upstream-missing": (
        several(*(remove(f"workspace/artifacts/{s}") for s in ("split", "train-encoder", "train-mapper", "predict"))),
        ("generate", "--subject", "1"),
        3,
        "split --subject 1 eeg2vid train-encoder --subject 1 eeg2vid train-mapper --subject 1 "
        "eeg2vid predict --subject 1$",
    ),
    "unknown-setting": (
        config('[study]\ndata = "../data"\n[preprocess.default]\nwindow = 2\n'),
        ("preprocess",),
        2,
        r"eeg2vid\.toml: there is no setting 'preprocess\.window'\. Did you mean 'window_s'\?",
    ),
    "unknown-nested-setting": (
        nothing,
        (*MAPPER, "--set", "network.log_low=2"),
        2,
        r"command line: there is no setting 'train-mapper\.network\.(ridge\.)?log_low'\. Did you mean 'log10_low'",
    ),
    "out-of-bounds": (
        config("[preprocess.default]\nwindow_s = -1\n"),
        ("preprocess",),
        2,
        r"setting 'preprocess\.window_s': .*greater than 0 \(found -1\)",
    ),
    "out-of-bounds-option": (nothing, ("preprocess", "--window-s", "99"), 2, "less than or equal to 60"),
    "no-number": (nothing, ("preprocess", "--window-s", "long"), 2, "valid number.*found 'long'"),
    "no-such-choice": (nothing, ("preprocess", "--method", "magic"), 2, "'corrected' or 'published'"),
    "no-such-network": (nothing, (*MAPPER, "--network", "rigde"), 2, "rigde"),
    "too-many-stages": (config("[preproces.default]\n"), ("status",), 2, "no stage 'preproces'.*'preprocess'"),
    "table-without-variant": (config("[preprocess]\nwindow_s = 1\n"), ("status",), 2, r"\[preprocess\.<variant>\]"),
    "unknown-study-key": (config('[study]\nsubject = "1"\n'), ("status",), 2, "Did you mean 'subjects'"),
    "study-value-of-wrong-type": (config("[study]\ndata = 3\n"), ("status",), 2, r"'study\.data': .*string"),
    "broken-toml": (config("[study\n"), ("status",), 2, r"eeg2vid\.toml: not valid TOML: .*line 1"),
    "toml-is-not-text": (
        content("workspace/eeg2vid.toml", lambda _: b"\xff\xfe\x00"),
        ("status",),
        2,
        "not valid TOML",
    ),
    "unknown-recipe": (nothing, ("run", "--recipe", "rigde"), 2, "no recipe 'rigde'. Did you mean 'ridge'"),
    "missing-recipe-file": (nothing, ("run", "--recipe", "mine.toml"), 2, r"mine\.toml: cannot be read"),
    "unknown-models": (nothing, ("run", "--models", "tinny"), 2, "no model profile 'tinny'. Did you mean 'tiny'"),
    "unknown-protocol": (nothing, ("run", "--protocol", "fixed"), 2, "published or corrected, not 'fixed'"),
    "unknown-condition": (nothing, ("generate", "--condition", "gray"), 2, "condition 'gray'. Did you mean 'grey'"),
    "condition-that-does-not-act": (
        nothing,
        ("predict", "--variant", "ridge~grey"),
        2,
        "condition 'grey' acts at generate; expected one that acts at predict",
    ),
    "condition-before-any-acts": (nothing, ("preprocess", "--variant", "x~grey", "--new"), 2, "acts at generate"),
    "unknown-condition-of-variant": (nothing, ("predict", "--variant", "ridge~gray"), 2, "Did you mean 'grey'"),
    "unknown-condition-of-input": (
        nothing,
        ("generate", "--subject", "1", "--from", "predictions=predict/ridge~gray"),
        2,
        "There is no condition 'gray'",
    ),
    "condition-that-takes-all-away": (
        nothing,
        ("generate", "--variant", "ridge~no-seq2seq"),
        2,
        "generator 'decode' makes nothing without latents",
    ),
    "unknown-condition-in-toml": (
        config('[study]\nconditions = ["gray"]\n'),
        ("status",),
        2,
        "no condition 'gray'. Did you mean 'grey'",
    ),
    "variant-misspelt": (nothing, ("predict", "--variant", "My Own"), 2, "'My Own' is no variant name"),
    "variant-outside": (nothing, ("predict", "--variant", "../x"), 2, r"'\.\./x' is no variant name"),
    "set-without-value": (nothing, (*MAPPER, "--set", "network"), 2, "--set wants KEY=VALUE, found 'network'"),
    "set-below-a-value": (
        nothing,
        (*MAPPER, "--set", "network=ridge", "--set", "network.penalties=3"),
        2,
        "network.penalties=3: 'network' has been given a value",
    ),
    "from-unknown-role": (
        nothing,
        ("generate", "--from", "prediction=predict/ridge"),
        2,
        "generate does not read 'prediction'. Did you mean 'predictions'",
    ),
    "from-unknown-role-in-toml": (
        config('[generate.ridge]\nfrom = {prediction = "predict/ridge"}\n'),
        ("status",),
        2,
        r"\[generate\.ridge\]: generate does not read 'prediction'",
    ),
    "from-is-no-table": (config('[generate.ridge]\nfrom = "predict/ridge"\n'), ("status",), 2, "a table of roles"),
    "from-unknown-stage": (
        nothing,
        ("generate", "--from", "predictions=predcit/ridge"),
        2,
        "'predcit/ridge' does not make role 'predictions'. Did you mean 'predict/ridge'",
    ),
    "from-variant-not-made": (
        nothing,
        ("generate", "--subject", "1", "--from", "predictions=predict/mine"),
        3,
        "eeg2vid predict --subject 1 --variant mine --new",
    ),
    "from-malformed": (nothing, ("generate", "--from", "predict/ridge"), 2, "--from wants KEY=VALUE"),
    "unknown-device": (
        nothing,
        ("predict", "--device", "gpu"),
        2,
        "--device: 'gpu' will not do. It takes auto, cpu, cuda",
    ),
    "no-threads": (nothing, ("predict", "--threads", "0"), 2, "--threads: '0' will not do. It takes 1 to 256"),
    "unknown-until": (nothing, ("run", "--until", "predcit"), 2, "no stage 'predcit'. Did you mean 'predict'"),
    "unknown-option": (nothing, ("predict", "--subjects", "1"), 2, "No such option"),
    "unknown-command": (nothing, ("predcit",), 2, "No such command"),
    "unknown-electrode": (nothing, ("preprocess", "--exclude", "OZZ"), 2, "--exclude OZZ: there is no such electrode"),
    "unknown-fold": (nothing, (*MAPPER, "--folds", "block-9"), 2, "There is no fold 'block-9'. Did you mean 'block-"),
    "too-few-blocks": (two_blocks, ("run", "--subject", "1", "--until", "split"), 2, "needs 3 blocks.*has 2"),
    "weights-not-here": (
        several(config('[study]\ndata = "../data"\nmodels = "sd"\n'), remove("workspace/artifacts/encode-latents")),
        ("encode-latents",),
        5,
        "weights of 'vae' .*not on this machine.*eeg2vid weights fetch",
    ),
}


@pytest.mark.parametrize(("damage", "words", "code", "sentence"), COMMANDS.values(), ids=COMMANDS)
def test_bad_command_is_refused(study, refused, monkeypatch, damage, words, code, sentence):
    monkeypatch.delenv("SLURM_ARRAY_TASK_ID", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(study / "no-cache"))
    damage(study)
    refused(words, code, sentence)


# -- damaged artifacts -------------------------------------------------------------------------------

CHUNK = "data.zarr/*/c/**/[0-9]*"
CODES = CHUNK.replace("*", "latents", 1)
SPLIT = ("split", "--subject", "1", "--force")
LDA = ("train-encoder", "--subject", "1", "--force")
ARTIFACTS = {
    # name: what is damaged, how, who reads it, its sentence, what `verify` says
    "chunk-of-eeg": (
        f"{RECORDINGS}/{CHUNK}",
        flip,
        ("preprocess", "--subject", "1", "--force"),
        "recordings, array 'eeg': stored values cannot be read, a file is damaged",
        "content differs",
    ),
    "chunk-of-latents": (f"{LATENTS}/{CODES}", flip, (*MAPPER, "--force"), "array 'latents'.*damaged", "differs"),
    "chunk-deleted": (
        f"{LATENTS}/{CODES}",
        None,
        (*MAPPER, "--force"),
        r"data\.zarr/latents/c/.*: should hold \d+ bytes, it is missing",
        "missing",
    ),
    "chunk-deleted-of-eeg": (
        f"{RECORDINGS}/{CHUNK}",
        None,
        ("preprocess", "--subject", "1", "--force"),
        "it is missing",
        "missing",
    ),
    "chunk-truncated": (f"{LATENTS}/{CODES}", lambda b: b[:-9], (*MAPPER, "--force"), r"bytes, found \d+", "differs"),
    "chunk-grid-edited": (  # to Zarr, every chunk would now be missing: an array of zeros
        f"{LATENTS}/data.zarr/latents/zarr.json",
        lambda b: re.sub(rb'"separator": ?"/"', b'"separator":"."', b),
        (*MAPPER, "--force"),
        r"latents/zarr\.json: (does not match the manifest|should hold)",
        "differs",
    ),
    "table-edited": (
        "ingest/default/sub-1/events/events.jsonl",
        lambda b: b.replace(b'"position":1', b'"position":2', 1),
        SPLIT,
        r"events\.jsonl: the table does not match the manifest",
        "differs",
    ),
    "table-broken": (
        "ingest/default/sub-1/events/events.jsonl",
        lambda b: b[:-9],
        SPLIT,
        r"events\.jsonl: the table cannot be read",
        "differs",
    ),
    "table-deleted": (
        "ingest/default/sub-1/events/events.jsonl",
        None,
        SPLIT,
        r"events\.jsonl: the table cannot be read",
        "missing",
    ),
    "manifest-edited": (
        "ingest/default/sub-1/events/manifest.json",
        lambda b: b.replace(b'"stamps":["simulated"]', b'"stamps":[]'),
        SPLIT,
        r"manifest\.json: the manifest does not match its own hash",
        "does not match its own hash",
    ),
    "manifest-empty": (
        "ingest/default/sub-1/events/manifest.json",
        lambda _: b"",
        SPLIT,
        "the manifest is damaged",
        "the manifest is damaged",
    ),
    "weights-flipped": (
        f"{MAPPERS}/models/**/*.safetensors",
        flip,
        ("predict", "--subject", "1", "--force"),
        r"\.safetensors: (the weights file is missing or damaged|should hold .* it is missing)",
        "differs",
    ),
    "weights-deleted": (
        f"{MAPPERS}/models/**/*.safetensors",
        None,
        ("predict", "--subject", "1", "--force"),
        r"\.safetensors: (the weights file is missing or damaged|should hold .* it is missing)",
        "missing",
    ),
}


@pytest.mark.parametrize(("pattern", "change", "words", "sentence", "problem"), ARTIFACTS.values(), ids=ARTIFACTS)
def test_damaged_artifact_is_refused(
    study, cli, digests, leftovers, monkeypatch, pattern, change, words, sentence, problem
):
    workspace = study / "workspace"
    before = digests(workspace)
    folder = "/".join(pattern.split("/")[:4])
    damaged = next(p for p in sorted((workspace / "artifacts").glob(pattern)) if p.is_file())
    stored(pattern, change)(study)
    result = cli(*words, "-w", workspace)
    assert result.code == 4, result.err
    assert re.search(sentence, result.err), result.err
    assert "Traceback" not in result.err
    verdict = cli("verify", "-w", workspace, "--json")
    assert verdict.code == 4
    (found,) = verdict.json
    assert found["artifact"] == folder
    assert damaged.name in found["problem"]
    assert problem in found["problem"]
    assert not leftovers(study)
    shutil.rmtree(workspace / "artifacts" / folder)
    assert digests(workspace) == {address: digest for address, digest in before.items() if address != folder}


# -- the machine -------------------------------------------------------------------------------------


def test_unit_locked_by_another_process(study, refused):
    lock = study / "workspace/artifacts/predict/ridge/sub-1/work-00000000/alive/elsewhere-1.lock"
    lock.parent.mkdir(parents=True)
    (lock.parent.parent / "done").mkdir()
    (lock.parent.parent / "done/0.json").write_text("{}")
    with FileLock(lock):
        refused(("predict", "--subject", "1", "--force"), 6, "predict/ridge/sub-1 is being made by another process")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EDQUOT, "the disk quota is used up"),
    ],
)
@pytest.mark.parametrize("where", ["writer.write_synced", "writer.swap_in", "array_writer.ShardWriter"])
def test_disk_that_refuses(refused, monkeypatch, code, words, where):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code), "somewhere/chunk")

    monkeypatch.setattr(f"eeg2vid.stages.store.{where}", refuse)
    refused(
        ("split", "--subject", "1", "--force"),
        1,
        f"split/default/sub-1 failed: {words} at somewhere/chunk. Nothing half-written was kept",
    )


def test_data_is_not_simulated_over(study, cli, digests):
    before = sorted(path for path in study.rglob("*"))
    result = cli("simulate", "--out", study / "data")
    assert result.code == 2
    assert re.search("data", result.err)
    assert sorted(path for path in study.rglob("*")) == before


def test_disk_full_while_simulating(tmp_path, cli, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "film.mp4")

    monkeypatch.setattr("eeg2vid.stages.simulation.stimulus_files.write_film", refuse)
    result = cli("simulate", "--out", tmp_path / "data", "--subjects", 1, "--blocks", 1, "--concepts", 2)
    assert (result.code, result.err) == (1, "Error: The disk is full at film.mp4.")
    assert list(tmp_path.iterdir()) == []


def test_log_that_cannot_be_written_fails_nothing(workspace, cli_ok):
    shutil.rmtree(workspace / "logs")
    (workspace / "logs").write_text("in the way")
    cli_ok("split", "--subject", "1", "--force", "-w", workspace)


def test_debug_shows_the_traceback(workspace, cli):
    for words in (("--debug", "predict", "--subject", "9"), ("predict", "--subject", "9", "--debug")):
        result = cli(*words, "-w", workspace)
        assert result.code == 4
        assert "Traceback" in result.err


def test_bug_says_that_it_is_one(workspace, cli, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("eeg2vid.stages.split.Split.run", broken)
    result = cli("split", "--subject", "1", "--force", "-w", workspace)
    assert result.code == 1
    assert "Internal error: ZeroDivisionError: division by zero This is a bug." in result.err
    assert "Traceback" not in result.err


def test_a_workspace_one_folder_further_is_named(workspace, cli):
    above = cli("status", "-w", workspace.parent)
    assert above.code == 3 and f"Is it {workspace} that you mean? Name it: -w {workspace}" in above.err
    nowhere = cli("status", "-w", workspace.parent / "nowhere")
    assert nowhere.code == 3 and "does not exist" in nowhere.err
