"""Commands in messages are pasted as they stand, and then what was asked for works."""

import shlex
import shutil

import pytest
from typer.testing import CliRunner

RECIPE = '[recipe]\nname = "mine"\ntitle = "Ridge, of another name"\nextends = "ridge"\n'


def type_in(line, **environment):
    """Type a line as a user does; return its exit code, stdout and stderr."""
    from eeg2vid.cli.app import app

    result = CliRunner().invoke(app, shlex.split(line)[1:], env=environment)
    return result.exit_code, result.stdout, result.stderr


def offered(said):
    """Return the commands that stand on lines of their own."""
    return [line.strip() for line in said.splitlines() if line.strip().startswith("eeg2vid ")]


def lose(workspace, *names):
    for name in names:
        for found in workspace.glob(f"artifacts/{name}"):
            shutil.rmtree(found)


SITUATIONS = {
    "folder-behind": (["split/*/sub-1"], "eeg2vid train-mapper -w {w} --subject 1", []),
    "folder-before": (["split/*/sub-1"], "eeg2vid -w {w} train-mapper --subject 1", []),
    "recipe-file": (
        ["split/*/sub-1"],
        "eeg2vid train-mapper -w {w} --recipe {r} --models tiny --subject 1",
        ["--recipe", "--models tiny"],
    ),
    "new-variant": (
        ["split/*/sub-1"],
        "eeg2vid predict -w {w} --subject 1 --variant wide --new --from mappers=train-mapper/wide --from encoders=none",
        ["--variant wide --new"],
    ),
    "condition": (
        ["predict/*/sub-1"],
        "eeg2vid generate -w {w} --subject 1 --condition shuffled-runs",
        ["--variant 'ridge~shuffled-runs'"],
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_offered_is_pasted_and_works(workspace, tmp_path, situation):
    lost, line, repeated = SITUATIONS[situation]
    recipe = tmp_path / "my own recipe.toml"
    recipe.write_text(RECIPE)
    lose(workspace, *lost)
    line = line.format(w=shlex.quote(str(workspace)), r=shlex.quote(str(recipe)))
    code, _, said = type_in(line)
    assert code == 3, said
    commands = offered(said)
    assert commands
    for words in repeated:
        assert any(words in command for command in commands), commands
    for command in commands:
        code, _, said = type_in(command)
        assert code == 0, (command, said)
    code, _, said = type_in(line)
    assert code == 0, said


def test_the_environment_is_not_repeated(workspace):
    lose(workspace, "split/*/sub-1")
    code, _, said = type_in("eeg2vid train-mapper --subject 1", EEG2VID_WORKSPACE=str(workspace))
    assert code == 3
    assert offered(said) == ["eeg2vid split --subject 1"]


def test_the_data_set_is_named_where_it_was(tmp_path, tiny):
    place = tmp_path / "a new study"
    place.mkdir()
    code, _, said = type_in(f"eeg2vid run {tiny / 'data'} -w {shlex.quote(str(place))} --until ingest --subject 1")
    assert code == 0, said
    code, _, said = type_in(f"eeg2vid split -w {shlex.quote(str(place))} --subject 2")
    [command] = offered(said)
    assert code == 3 and command.endswith("--subject 2")
    assert type_in(command)[0] == 0


def test_an_unknown_variant_is_refused_with_the_ways_out(workspace):
    w = shlex.quote(str(workspace))
    line = f"eeg2vid train-mapper -w {w} --subject 1 --set network.log10_low=3"
    code, _, said = type_in(f"{line} --variant rigde")
    assert code == 2 and "Did you mean 'ridge'?" in said and "--new" in said
    assert type_in(f"{line} --variant stiff --new")[0] == 0
    assert type_in(f"{line} --variant stiff")[0] == 0, "what is on disk is known"
    code, _, said = type_in(f"eeg2vid predict -w {w} --subject 1 --variant stiff")
    assert code == 2 and "--new --from mappers=train-mapper/stiff" in said
    assert type_in(f"eeg2vid status -w {w} --new")[0] == 2
    code, _, said = type_in(f"{line} --new")
    assert code == 2 and "give it a name" in said


def test_the_table_that_is_printed_does_what_the_options_do(workspace):
    w = shlex.quote(str(workspace))
    line = f"eeg2vid train-mapper -w {w} --subject 1 --variant stiff --set network.log10_low=3 --targets latents"
    _, _, said = type_in(line)
    table = said[said.index("[train-mapper.stiff]") :]
    assert type_in(f"{line} --new")[0] == 0
    before = (workspace / "artifacts/train-mapper/stiff/sub-1/mappers/manifest.json").read_bytes()
    with (workspace / "eeg2vid.toml").open("a") as file:
        file.write(f"\n{table}")
    code, _, said = type_in(f"eeg2vid train-mapper -w {w} --subject 1 --variant stiff")
    assert code == 0 and "already done" in said
    assert (workspace / "artifacts/train-mapper/stiff/sub-1/mappers/manifest.json").read_bytes() == before


def test_what_nothing_reads_is_named_with_what_to_type(workspace):
    w = shlex.quote(str(workspace))
    assert type_in(f"eeg2vid train-mapper -w {w} --subject 1 --variant wide --new")[0] == 0
    for line in (f"eeg2vid status -w {w}", f"eeg2vid run -w {w} --dry-run"):
        said = type_in(line)[2]
        [sentence] = [one for one in said.splitlines() if one.startswith("Nothing reads ")]
        assert sentence.startswith("Nothing reads train-mapper/wide: eeg2vid predict ")
    command = sentence.partition(": ")[2].partition(", or a table")[0]
    assert type_in(f"{command} --subject 1 --condition full")[0] == 0
    assert "Nothing reads train-mapper/wide" not in type_in(f"eeg2vid status -w {w}")[2]
    (workspace / "eeg2vid.toml").write_text('[study]\ndata = "../data"\n[train-mapper.broad]\n')
    said = type_in(f"eeg2vid status -w {w}")[2]
    assert "Nothing reads train-mapper/broad: eeg2vid predict" in said and "or a table [predict.broad] in" in said


def test_a_dry_run_ends_with_counts_and_says_what_stands_in_the_way(workspace):
    w = shlex.quote(str(workspace))
    lose(workspace, "split/*/sub-2", "generate/*/sub-1")
    code, out, said = type_in(f"eeg2vid generate -w {w} --condition full --dry-run --json")
    assert code == 0 and out.startswith("[")
    assert said.splitlines()[0] == "1 unit to be made, 0 done, 1 cannot be made."
    assert "split/default/sub-2/folds is missing" in said
    assert f"  eeg2vid split -w {w} --subject 2" in said.splitlines()
    code, _, said = type_in(f"eeg2vid generate -w {w} --condition full")
    assert code == 3 and not list(workspace.glob("artifacts/generate/ridge/sub-1"))


def test_a_script_hands_a_new_variant_on(workspace):
    w = shlex.quote(str(workspace))
    line = f"eeg2vid slurm script train-mapper -w {w} --variant stiff"
    assert type_in(line)[0] == 2
    code, script, _ = type_in(f"{line} --new")
    assert code == 0 and "--variant stiff --new" in script
