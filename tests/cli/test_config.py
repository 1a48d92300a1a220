"""`eeg2vid config`: written, shown, checked, on the command line."""

import json

import pytest

BAD = """\
recipe = "ridge"
[study]
data = "nowhere"
recipee = "x"
models = "tinny"
subjects = "5-1"
conditions = ["shufled-runs", "grey"]
[slurm]
gpu = 1
[slurm.generat]
time = "04:00:00"
[preproces.default]
window_s = 1
[preprocess.default]
tmin_s = -100
widow_s = 2
[train-mapper.wide]
network = { name = "latent-cnn", widht = 192 }
targets = ["latents"]
from.encoderz = "a/b"
[predict.mine]
from.mappers = "train-encoder/lda"
[split."[bold]"]
[split.default]
scheme = "table"
table = "folds.tsv"
[train-encoder]
seed = 3
"""
FAULTS = {  # line: what is said of it
    1: "belongs into the table [study]",
    3: "there is no such folder",
    4: "Did you mean 'recipe'?",
    5: "Did you mean 'tiny'?",
    6: "runs backwards",
    7: "Did you mean 'shuffled-runs'?",
    9: "Did you mean 'gpus'?",
    10: "Did you mean 'generate'?",
    12: "Did you mean 'preprocess'?",
    15: "greater than or equal to -60 (found -100)",
    16: "Did you mean 'window_s'?",
    18: "Did you mean 'width'?",
    20: "does not read 'encoderz'. Did you mean 'encoders'?",
    22: "'train-encoder/lda' does not make role 'mappers'",
    26: "folds.tsv: there is no such file",
    28: "belongs into a table [train-encoder.VARIANT]",
}


def test_what_is_written_changes_nothing(workspace, cli_ok, tmp_path):
    before = cli_ok("run", "--dry-run", "--json", "-w", workspace).json
    assert {row["state"] for row in before} == {"done"}
    out = tmp_path / "new.toml"
    assert cli_ok("config", "init", "-w", workspace, "--out", out, "-q").out == f"{out}\n"
    (workspace / "eeg2vid.toml").write_bytes(out.read_bytes())
    assert cli_ok("run", "--dry-run", "--json", "-w", workspace).json == before
    asked = cli_ok("preprocess", "--tmax-s", "none", "--dry-run", "--json", "-w", workspace).json
    assert {row["state"] for row in asked} == {"done"}  # no value, in words
    checked = cli_ok("config", "check", "-w", workspace)
    assert (checked.out, checked.err) == ("", "No mistake in eeg2vid.toml.")


def test_no_file_is_overwritten(workspace, cli):
    before = (workspace / "eeg2vid.toml").read_bytes()
    refused = cli("config", "init", "-w", workspace)
    assert refused.code == 2 and "exists already" in refused.err and "--out" in refused.err
    assert (workspace / "eeg2vid.toml").read_bytes() == before
    assert cli("config", "init", "-w", workspace, "--out", workspace / "no" / "x.toml").code == 2
    assert cli("config", "init", "-w", workspace, "--recipe", "rigde", "--out", workspace / "x.toml").code == 2
    assert cli("config", "init", "-w", workspace, "--subject", "77", "--out", workspace / "x.toml").code == 4
    assert not (workspace / "x.toml").exists()
    assert cli("config", "init", "-w", workspace / "new", "--subject", "5-1").code == 2  # nothing ingested there
    (workspace / "file").touch()
    refused = cli("config", "init", "-w", workspace / "file" / "x")
    assert refused.code == 2 and "cannot be made" in refused.err and not (workspace / "new").exists()


def test_init_in_a_new_folder_says_what_was_chosen(tmp_path, cli_ok):
    words = ("--recipe", "eeg2video", "--models", "tiny", "--subject", "1-3", "--protocol", "published")
    found = cli_ok("config", "init", "-w", tmp_path / "new", *words, "--json").json
    text = (tmp_path / "new" / "eeg2vid.toml").read_text()
    assert found == {"file": str(tmp_path / "new" / "eeg2vid.toml")}
    for line in ('recipe = "eeg2video"', 'models = "tiny"', 'subjects = "1-3"', 'protocol = "published"'):
        assert f"\n{line}\n" in text
    assert "here by recipe eeg2video, [published]" in " ".join(text.replace("## ", "").split())


def shown(cli_ok, *words):
    rows = cli_ok("config", "show", *words, "--json").json
    return {".".join(filter(None, (row["stage"], row["variant"], row["setting"]))): row for row in rows}


def test_every_value_has_its_origin(tmp_path, cli_ok, monkeypatch):
    (tmp_path / "mine.toml").write_text(
        '[recipe]\nname = "mine"\ntitle = "Mine"\nextends = "eeg2video"\n'
        "[train-mapper.latents]\ntraining = { patience = 3 }\n"
    )
    (tmp_path / "eeg2vid.toml").write_text(
        '[study]\nrecipe = "mine.toml"\n\n[preprocess.default]\nbands = [\n  [1, 4],\n  [4, 8],\n]\n'
        'window_s = 0.5\n[train-mapper.latents.network]\nwidth = 256\n[perceive."eeg2video+motion"]\n'
    )
    monkeypatch.setenv("EEG2VID_WORKSPACE", str(tmp_path))
    found = shown(cli_ok)
    origins = {key: (row["value"], row["origin"], row["line"]) for key, row in found.items()}
    assert origins["study.workspace"] == (str(tmp_path), "environment, EEG2VID_WORKSPACE", None)
    assert origins["study.recipe"] == ("mine", "eeg2vid.toml", 2)
    assert origins["study.models"] == ("tiny", "default", None)
    assert origins["preprocess.default.window_s"] == (0.5, "eeg2vid.toml", 9)
    assert origins["preprocess.default.bands"] == ([[1.0, 4.0], [4.0, 8.0]], "eeg2vid.toml", 5)
    assert origins["preprocess.default.method"] == ("corrected", "default", None)
    mapper = "train-mapper.latents"
    assert origins[f"{mapper}.network.width"] == (256, "eeg2vid.toml", 11)
    assert origins[f"{mapper}.network.embedder"] == ("glmnet", "recipe eeg2video", None)
    assert origins[f"{mapper}.network.heads"] == (4, "default", None)
    assert origins[f"{mapper}.training.patience"] == (3, "recipe mine", None)
    assert origins[f"{mapper}.training.epochs"] == (60, "recipe eeg2video", None)
    assert origins["perceive.eeg2video+motion.eye.name"][1] == "variant eeg2video+motion"
    published = shown(cli_ok, "--protocol", "published")
    assert published["preprocess.default.method"]["origin"] == "recipe eeg2video, [published]"
    assert published["study.protocol"]["origin"] == "command line"
    assert published[f"{mapper}.network.width"]["value"] == 256
    given = shown(cli_ok, mapper, "--set", "network.width=64", "--set", "seed=3")
    assert (given[f"{mapper}.network.width"]["value"], given[f"{mapper}.seed"]["origin"]) == (64, "command line")
    assert given[f"{mapper}.network.width"]["default"] == 512
    other = shown(cli_ok, mapper, "--set", "network.name=ridge")  # another network: its own defaults
    assert f"{mapper}.network.width" not in other and other[f"{mapper}.network.penalties"]["origin"] == "default"
    changed = shown(cli_ok, mapper, "--changed")
    assert all(row["origin"] != "default" for row in changed.values()) and f"{mapper}.seed" not in changed
    assert cli_ok("config", "show", "-q", "preprocess/default").out.split()[0] == "preprocess.default.detect_bad"
    text = cli_ok("config", "show", "preprocess").out
    assert "[preprocess.default]" in text and "eeg2vid.toml, line 9" in text


def test_sweeps_say_that_they_decided(tmp_path, cli_ok):
    found = shown(cli_ok, "preprocess.lag-0ms", "--recipe", "lag-sweep", "-w", tmp_path)
    assert found["preprocess.lag-0ms.tmax_s"]["origin"] == "recipe lag-sweep, [sweep]"
    assert found["preprocess.lag-0ms.outside"]["origin"] == "recipe lag-sweep"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "preproces"], "Did you mean 'preprocess'?"),
        (["show", "preprocess.mine"], "No variant 'mine' of preprocess is planned"),
        (["show", "--set", "seed=1"], "of which stage?"),
        (["show", "preprocess", "--set", "sead=1"], "Did you mean 'seed'|Known|no setting"),
        (["show", "--recipe", "rigde"], "Did you mean 'ridge'?"),
        (["check", "--protocol", "publishd"], "published or corrected"),
    ],
)
def test_bad_words_are_said(words, sentence, tmp_path, cli):
    refused = cli("config", *words, "-w", tmp_path)
    assert refused.code == 2 and any(one in refused.err for one in sentence.split("|")), refused.err


def test_all_faults_are_said_at_once(tmp_path, cli):
    (tmp_path / "eeg2vid.toml").write_text(BAD)
    found = cli("config", "check", "-w", tmp_path)
    assert found.code == 2 and "mistakes in the settings" in found.err
    lines = found.out.splitlines()
    for line, sentence in FAULTS.items():
        said = [text for text in lines if text.startswith(f"eeg2vid.toml, line {line}: ")]
        assert len(said) == 1 and sentence in said[0], (line, said)
    assert "'[bold]' is no variant name" in found.out
    rows = cli("config", "check", "-w", tmp_path, "--json")
    kinds = [row["kind"] for row in json.loads(rows.out)]
    assert rows.code == 2 and kinds.count("error") == len(FAULTS) + 1 and set(kinds) <= {"error", "warning"}
    keys = cli("config", "check", "-w", tmp_path, "-q").out.split()
    assert {"study.data", "preprocess.default.tmin_s", "train-mapper.wide.network.latent-cnn.widht"} <= set(keys)


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("[study", 2, "not valid TOML"),
        ("study = 3", 2, "'study' is a table"),
        ('slurm = "x"', 2, "'slurm' is a table"),
        ('[study]\nprotocol = "published"\nrecipe = "latent-cnn"', 2, "does not say what its published protocol is"),
        ('[study]\nrecipe = "mine.toml"', 2, "mine.toml: cannot be read"),
        ('[study]\nrecipe = "ridge"\n[preprocess.default]\nwindow_s = "x"', 2, "window_s"),
        (
            '[train-mapper.wide]\nnetwork = { name = "ridge" }\ntargets = ["latents"]',
            0,
            "warning: Nothing reads",
        ),
        ("", 0, ""),
    ],
)
def test_faults_of_every_kind(text, code, sentence, tmp_path, cli):
    (tmp_path / "eeg2vid.toml").write_text(text)
    found = cli("config", "check", "-w", tmp_path)
    assert found.code == code and sentence in found.out, (found.out, found.err)


def test_a_recipe_by_itself_is_checked(tmp_path, cli, cli_ok):
    (tmp_path / "mine.toml").write_text(
        '[recipe]\nname = "mine"\ntitle = "x"\n[train-encoder.a]\nnetwork = { name = "ldaa" }\n'
        '[predict.a]\nfoldz = "x"\n'
    )
    found = cli("config", "check", "-w", tmp_path, "--recipe", tmp_path / "mine.toml")
    assert found.code == 2 and "Did you mean 'lda'?" in found.out and "there is no setting 'predict.foldz'" in found.out
    for recipe in cli_ok("recipe", "list", "-q").out.split():
        assert cli_ok("config", "check", "-w", tmp_path, "--recipe", recipe).out == "", recipe
    assert cli("config", "check", "-w", tmp_path / "nothing").code == 3
