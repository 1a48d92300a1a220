"""Completion, asked as shells ask: what is offered, from where, and that it never fails aloud."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from eeg2vid.cli.app import app
from eeg2vid.cli.completion import SHELL, mend_words
from eeg2vid.schemas.conditions import CONDITIONS
from eeg2vid.stages.engine.recipe import builtin_recipes
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.names import spans
from eeg2vid.stages.store import reader


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a workspace of folders alone: 400 people, three systems, nothing that could be read."""
    root = tmp_path / "my study"
    units = [f"sub-{number}" for number in range(1, 401)]
    for address in [f"ingest/default/{unit}/recordings" for unit in units] + [
        "score/ridge/sub-1/scores",
        "score/ridge/sub-2/scores",
        "score/wide/sub-1/scores",
        "train-mapper/wide/sub-1/mappers",
        "train-mapper/wide/sub-1/work-0123",
        "generate/ridge~shuffled-runs/sub-1/videos",
    ]:
        folder = root / "artifacts" / address
        folder.mkdir(parents=True)
        if "work-" not in address:
            (folder / "manifest.json").write_text("{ broken")
    folds = root / "artifacts" / "split" / "default" / "sub-1" / "folds"
    folds.mkdir(parents=True)
    (folds / "folds.jsonl").write_text('{"fold":"block-6"}\n{"fold":"block-7"}\nbroken\n')
    (root / "artifacts" / "score" / "ridge" / "sub-1" / "scores" / "scores.jsonl").write_text('{"metric":"ssim"}\n')
    monkeypatch.chdir(tmp_path)
    return root


def ask(shell, line, monkeypatch, words=None):
    """Return what Typer prints for a shell; the line ends where the cursor is."""
    env = {SHELL: f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_ARGS": line}
    if shell == "bash":
        broken = words or line.split(" ")
        env |= {"COMP_WORDS": "\n".join(broken), "COMP_CWORD": str(len(broken) - 1)}
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    mend_words()
    result = CliRunner().invoke(app, [], prog_name="eeg2vid")
    assert result.exit_code == 0 and result.stderr == "", (line, result.output, result.exception)
    return result.stdout


def bash(*words, monkeypatch):
    return [line for line in ask("bash", "", monkeypatch, ["eeg2vid", *words]).split("\n") if line]


@pytest.fixture
def offered(monkeypatch, place):
    def asked(*words):
        return bash(
            *(str(place).replace(" ", "\\ ") if word == "WS" else word for word in words), monkeypatch=monkeypatch
        )

    return asked


def test_subjects(offered, monkeypatch, place):
    everyone = [str(number) for number in range(1, 401)]
    assert offered("score", "-w", "WS", "--subject", "") == [*everyone, "all", "@array"]
    assert offered("-w", "WS", "score", "-s", "39") == ["39", *(str(n) for n in range(390, 400))]
    assert offered("score", "-w", "WS", "--subject", "399,4")[:2] == ["399,4", "399,40"]
    assert "399,399" not in offered("score", "-w", "WS", "--subject", "399,")
    assert offered("score", "-w", "WS", "--subject", "7,398-") == ["7,398-399", "7,398-400"]
    assert offered("score", "-w", "WS", "--subject", "=", "400") == ["400"]
    assert offered("score", "-w", "WS", "--subject", "@", "arr") == ["array"]  # bash breaks words at @
    assert offered("score", "-w", "nowhere", "--subject", "") == ["all", "@array"]
    monkeypatch.setenv("EEG2VID_WORKSPACE", str(place))
    assert offered("run", "--subject", "39") == offered("run", "-w", "WS", "--subject", "39") != []


def test_spans_of_other_labels():
    assert spans("", ["1", "amy"]) == ["1", "amy", "all", "@array"]
    assert spans("1,", ["1", "amy"]) == ["1,amy"]
    assert spans("2-", ["1", "2", "3", "amy"]) == ["2-3"]
    assert spans("bob-", ["bob"]) == ["bob", "all", "@array"]


@pytest.mark.parametrize("command", ["inspect", "verify", "export"])
def test_artifacts_part_by_part(command, offered, monkeypatch):
    monkeypatch.setattr(reader, "load_manifest", lambda *_: pytest.fail("a manifest was read"))
    stages = ["generate", "ingest", "score", "split", "train-mapper"]
    assert offered(command, "-w", "WS", "") == stages
    assert offered(command, "-w", "WS", "sc") == ["score/ridge", "score/wide"]  # one stage: what lies below it
    assert offered(command, "-w", "WS", "score/ridge/") == ["score/ridge/sub-1", "score/ridge/sub-2"]
    assert offered(command, "-w", "WS", "train-mapper/") == ["train-mapper/wide/sub-1/mappers"]
    assert offered(command, "-w", "WS", "generate/ridge~") == ["generate/ridge~shuffled-runs/sub-1/videos"]
    assert offered(command, "-w", "WS", "../") == offered(command, "-w", "WS", "score/../") == []


def test_variants_are_those_planned_and_those_there(offered, place, monkeypatch):
    assert offered("train-mapper", "-w", "WS", "--variant", "") == ["ridge", "wide"]
    assert offered("train-mapper", "-w", "WS", "--recipe", "eeg2video", "--variant", "") == ["text", "latents", "wide"]
    assert "ridge~grey" in offered("generate", "-w", "WS", "--variant", "ridge~")
    assert offered("slurm", "script", "train-mapper", "-w", "WS", "--variant", "") == ["ridge", "wide"]
    (place / "eeg2vid.toml").write_text("broken")
    assert offered("train-mapper", "-w", "WS", "--variant", "") == ["wide"]
    line = f"eeg2vid train-mapper -w '{place}' --variant "
    assert ask("fish", line, monkeypatch) == "wide\tmade\n"


def test_words_of_the_package(offered):
    assert offered("run", "--condition", "") == ["full", *CONDITIONS]
    assert offered("compare", "--condition", "")[0] == "all"
    assert offered("run", "--until", "") == offered("slurm", "script", "") == list(STAGES)
    assert offered("run", "--recipe", "") == offered("recipe", "show", "") == builtin_recipes()
    assert offered("run", "--models", "") == ["sd", "tiny"]
    assert offered("train-encoder", "--network", "gl") == ["glmnet", "glmnet-raw"]
    assert offered("generate", "--generator", "") == ["decode", "inflated"]
    assert "i3d" in offered("perceive", "--eye", "") and "motion" in offered("encode-clips", "--eye", "")
    assert offered("train-mapper", "--targets", "la") == ["latents"]
    assert offered("train-mapper", "--targets", "percept", ":", "mo") == ["motion"]
    assert offered("simulate", "--drift", "") == ["none", "free", "locked"]
    assert offered("split", "--scheme", "leave-s") == ["leave-subjects-out", "leave-session-out"]
    assert offered("import", "x", "--as", "lat") == ["latents"]
    assert offered("config", "") == ["init", "show", "check"] and "config" in offered("con")
    assert "--subject" in offered("score", "--su")


def test_names_of_the_workspace(offered):
    assert offered("train-encoder", "-w", "WS", "--folds", "") == ["all", "last", "block-6", "block-7"]
    assert offered("train-encoder", "-w", "WS", "--folds", "block-6,block-7") == ["block-6,block-7"]
    assert offered("preprocess", "-w", "WS", "--fold", "b") == ["block-6", "block-7"]
    assert offered("compare", "-w", "WS", "ridge", "") == ["ridge", "wide"]
    assert offered("compare", "-w", "WS", "--metric", "") == ["ssim"]
    assert offered("config", "show", "-w", "WS", "train-mapper.") == ["train-mapper.ridge", "train-mapper.wide"]
    assert offered("import", "x", "-w", "WS", "--to", "score/") == ["score/ridge", "score/wide"]


def test_inputs_and_settings(offered):
    assert offered("score", "-w", "WS", "--from", "") == [f"{role}=" for role in STAGES["score"].reads]
    assert offered("predict", "-w", "WS", "--from", "ma") == [
        "mappers=train-mapper/ridge",
        "mappers=train-mapper/wide",
        "mappers=none",
    ]
    assert offered("predict", "-w", "WS", "--from", "mappers", "=") == [
        "train-mapper/ridge",
        "train-mapper/wide",
        "none",
    ]
    assert offered("predict", "-w", "WS", "--from", "mappers", "=", "train-mapper/w") == ["train-mapper/wide"]
    assert offered("train-mapper", "--set", "network.pen") == ["network.penalties="]
    words = ("train-mapper", "--network", "seq2seq", "--set")
    assert "network.feed_forward=" in offered(*words, "network.") and "network.penalties=" not in offered(*words, "net")
    assert offered(*words, "network.decoding", "=") == ["queries", "shifted"]
    assert offered(*words, "pooled", "=", "t") == ["true"]


def test_other_shells_show_what_words_mean(place, monkeypatch):
    line = f"eeg2vid train-encoder -w '{place}' --network ld"
    assert ask("fish", line, monkeypatch).startswith("lda\tLinear discriminant")
    shown = ask("zsh", line, monkeypatch)
    assert shown.startswith('_arguments \'*: :(("lda":"Linear discriminant')
    line = f"eeg2vid predict -w '{place}' --from mappers=train-mapper/w"
    assert ask("fish", line, monkeypatch) == "mappers=train-mapper/wide\tmade\n"


@pytest.mark.parametrize(
    "text", ["", "eeg2vid nothing --x ", "eeg2vid score -w", "eeg2vid score '", "eeg2vid config show . "]
)
def test_odd_lines_end_in_silence(text, monkeypatch, place):
    for shell in ("fish", "zsh"):
        assert "Traceback" not in ask(shell, text, monkeypatch)


def test_a_shell_that_asks(place):
    env = os.environ | {SHELL: "complete_bash", "COMP_WORDS": f"eeg2vid\nscore\n-w\n{place.name}\n-s\n40"}
    env["COMP_WORDS"] = env["COMP_WORDS"].replace(" ", "\\ ")
    command = "import sys; sys.argv = ['eeg2vid']; from eeg2vid.cli.app import main; main()"
    found = subprocess.run(
        [sys.executable, "-c", command], env=env | {"COMP_CWORD": "5"}, cwd=place.parent, capture_output=True, text=True
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "40\n400\n", "")


def test_installing_is_offered(cli_ok):
    assert "--install-completion" in cli_ok("--help").out
