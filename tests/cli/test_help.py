"""Help: panels, the settings of a choice, options of stages that train; sweeps and errors on the command line."""

import re

import pytest
from typer.testing import CliRunner

from eeg2vid.cli.app import app
from eeg2vid.cli.table import COMMANDS
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.networks.table import NETWORKS
from eeg2vid.stages.registry import STAGES

PANELS = {
    "Start": ["demo", "simulate", "run", "status", "doctor"],
    "EEG": ["ingest", "quality", "split", "preprocess"],
    "Clips": ["split-videos", "caption", "encode-text", "encode-clips", "encode-latents"],
    "Decode": ["train-encoder", "train-mapper", "finetune-video", "predict", "generate"],
    "Judge": ["perceive", "score", "report", "compare"],
    "Files, cluster": ["inspect", "verify", "import", "export", "cite", "config", "recipe", "weights", "slurm"],
}


def test_every_command_stands_in_its_panel_in_order(cli_ok):
    found, panel = {}, ""
    for line in cli_ok("--help").out.splitlines():
        if head := re.match(r"╭─ (.+?) ─+╮", line):
            panel = head[1]
        elif (command := re.match(r"│ ([a-z-]+)  ", line)) and not command[1].startswith("-"):
            found.setdefault(panel, []).append(command[1])
    assert found == PANELS


def test_help_of_a_choice_shows_its_settings(cli_ok):
    out = " ".join(cli_ok("train-mapper", "--network", "ridge", "--help").out.split())
    assert "[default:" in out and "\\[" not in out
    assert "Ridge regression" in out and "--set network.penalties=VALUE" in out and "[default: 29]" in out
    assert '[train-mapper.VARIANT], network = { name = "ridge", ... }' in out
    assert "--subject" not in out
    assert "--set network.covariance" in cli_ok("train-encoder", "-h", "--network=lda").out
    assert "--subject" in cli_ok("train-encoder", "--help").out


def test_help_of_an_unknown_choice_is_a_sentence(cli):
    refused = cli("train-encoder", "--network", "ldaa", "--help")
    assert refused.code == 2 and "There is no network 'ldaa'. Did you mean 'lda'?" in refused.err


def test_help_of_a_choice_follows_the_table(cli_ok, monkeypatch):
    class Toy(NETWORKS["ridge"]):
        """A toy of a network."""

        name: str = "toy"

    monkeypatch.setitem(NETWORKS, "toy", Toy)
    assert "A toy of a network." in cli_ok("train-mapper", "--network", "toy", "--help").out


def test_options_list_the_names_they_take(cli_ok):
    out = " ".join(cli_ok("train-encoder", "--help").out.replace("│", " ").split())
    assert "(glmnet, glmnet-raw, lda, evoked-rhythms)" in out


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_only_stages_that_train_save_inside_a_part(stage, cli_ok):
    out = cli_ok(stage.name, "--help").out
    assert ("--save-every" in out) == ("--memory-gb" in out) == stage.trains


def test_execution_out_of_bounds_names_the_option(workspace, cli):
    refused = cli("train-encoder", "-w", workspace, "--save-every", "-1")
    assert refused.code == 2 and "--save-every: '-1.0' will not do" in refused.err
    refused = cli("run", "-w", workspace, "--memory-gb", "0")
    assert refused.code == 2 and "--memory-gb" in refused.err


def test_parameters_named_by_science_are_options_here(workspace, cli, monkeypatch):
    def fail(*_):
        raise UsageError("`tmin_s` is not below `tmax_s`.", "Raise `tmax_s`.")

    monkeypatch.setattr(type(STAGES["preprocess"]), "run", fail)
    refused = cli("preprocess", "-w", workspace, "--subject", 1, "--force")
    assert refused.err == "Error: --tmin-s is not below --tmax-s. Raise --tmax-s."
    refused = cli("run", "-w", workspace, "--subject", 1, "--force")  # which has no such option
    assert "`tmin_s` is not below" in refused.err


def test_a_swept_variant_is_named_by_its_points(workspace, cli):
    words = ("--recipe", "lag-sweep", "-w", workspace, "--dry-run", "--subject", 1)
    refused = cli("preprocess", "--variant", "lag", "--new", *words)
    assert refused.code == 2 and "its variants are lag-minus-400ms, lag-0ms" in refused.err
    assert cli("preprocess", "--variant", "lag-0ms", "--new", *words).code == 0


def test_published_of_a_variant_that_the_recipe_does_not_know(workspace, cli):
    words = ("-w", workspace, "--protocol", "published", "--dry-run", "--subject", 1)
    refused = cli("train-encoder", "--variant", "mine", "--new", *words)
    assert refused.code == 2 and "does not say what published means for train-encoder/mine, only for lda" in refused.err
    refused = cli("run", "--recipe", "latent-cnn", *words)
    assert refused.code == 2 and "Recipes that do: ridge, eeg2video, glmnet." in refused.err


def test_the_plan_as_a_graph(workspace, cli_ok):
    chart = cli_ok("status", "-w", workspace, "--graph-to", "mermaid").out
    lines = chart.splitlines()
    assert lines[0] == "flowchart LR"
    nodes = dict(re.findall(r'^    (n\d+)\["(.+?)<br/>\d+ units?: .+?"\]:::(?:done|mixed|stale|missing)$', chart, re.M))
    assert {"ingest<br/>default", "train-mapper<br/>ridge", "generate<br/>ridge~mean-video"} <= set(nodes.values())
    edges = re.findall(r'^    (n\d+) -->\|"(.+?)"\| (n\d+)$', chart, re.M)
    named = {(nodes[source], nodes[target]): roles for source, roles, target in edges}
    assert named["preprocess<br/>default", "train-mapper<br/>ridge"] == "epochs, features"
    assert named["train-mapper<br/>ridge", "predict<br/>ridge"] == "mappers"
    assert len(nodes) + len(edges) + 1 + 5 == len(lines)
    missing = cli_ok("status", "-w", workspace, "--recipe", "lag-sweep", "--graph", "--json").json["mermaid"]
    assert "preprocess<br/>lag-0ms<br/>2 units: missing" in missing


def test_the_plan_as_a_picture(workspace, tmp_path, cli, cli_ok):
    drawn = cli_ok("status", "-w", workspace, "--graph").out
    assert "│ train-mapper/ridge " in drawn and "2 done │" in drawn and max(map(len, drawn.splitlines())) <= 80
    said = cli_ok("status", "-w", workspace, "--graph-to", tmp_path / "plan.svg")
    assert said.out == "" and f"Drawn: {tmp_path / 'plan.svg'}" in said.err
    assert (tmp_path / "plan.svg").read_text().startswith("<svg ")
    assert [path.name for path in tmp_path.glob("*plan*")] == ["plan.svg"]
    data = cli_ok("status", "-w", workspace, "--graph-to", tmp_path / "plan.dot", "--json").json
    assert data["file"] == str(tmp_path / "plan.dot") and {"stage", "variant", "states"} == set(data["nodes"][0])
    edge = {"source": "preprocess/default", "target": "train-mapper/ridge", "roles": ["epochs", "features"]}
    assert edge in data["edges"]
    for wrong in ("plan.pdf", tmp_path / "none" / "plan.svg"):
        assert cli("status", "-w", workspace, "--graph-to", wrong).code == 2


def test_prose_fills_the_width_and_keeps_brackets(cli_ok):
    said = cli_ok("perceive", "--help").out.partition("╭")[0]
    assert '[perceive."ridge+image-encoder"]' in " ".join(said.split())
    paragraph = said.strip().rpartition("\n" + " " * 80 + "\n")[2].splitlines()
    assert min(len(line.strip()) for line in paragraph[:-1]) > 50, said  # 76 less the longest word


@pytest.mark.parametrize("name", list(COMMANDS))
def test_no_help_cuts_a_name_at_80_columns(name):
    """An option that ends in an ellipsis cannot be typed."""
    told = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).stdout
    assert "…" not in told
    if name in STAGES:
        for field, info in STAGES[name].Settings.model_fields.items():
            flag = field.replace("_", "-")
            assert (f"--[no-]{flag} " if info.annotation is bool else f"--{flag} ") in told
