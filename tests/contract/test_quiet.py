"""`--quiet`: every command takes it, and prints nothing but ids."""

import re

from eeg2vid.cli.loading import load
from eeg2vid.cli.output import complain, emit_ids, quietly, talk
from eeg2vid.cli.progress import reporting
from eeg2vid.cli.table import COMMANDS
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.store.layout import find_artifacts

ID = re.compile(r"\S+")
MADE = {  # words after the command, in a study in which all is done; what stdout says: a pattern for each line
    "demo": None,  # below
    "simulate": None,
    "run": ("", None),
    "status": ("", None),
    "doctor": ("", r".+"),  # names of the checks that are not ok
    "compare": ("", "ridge"),
    "inspect": ("score", r"score/ridge/sub-[12]/scores"),
    "verify": ("score", None),
    "import": None,
    "export": ("score/ridge/sub-1 --out {out}", r"\S+/\S+"),
    "cite": ("", r"[a-z0-9]+"),
    "recipe list": ("", r"[a-z0-9-]+"),
    "recipe show": ("ridge", r"[a-z-]+/[a-z0-9-]+"),
    "recipe copy": ("ridge {out}.toml", r".+\.toml"),
    "config init": ("--out {out}.toml", r".+\.toml"),
    "config show": ("", r"[a-z-]+\.\S+"),
    "config check": ("", None),
    "weights list": ("", r"[a-z_]+"),
    "weights fetch": ("", None),
    "weights verify": ("", None),
    "slurm script": ("score --out {out}", ".+"),
    "report": ("", r".+/media/\S+\.html"),
}


def commands():
    """Return every command, those of groups as 'group command'."""
    found = {}
    for name in COMMANDS:
        command = load(name)
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}": one for sub, one in inner.items()} if inner else {name: command}
    return found


def test_every_command_takes_quiet():
    for name, command in commands().items():
        assert ["--quiet", "-q"] in [list(one.opts) for one in command.params], name


def test_this_file_knows_every_command():
    known = {*MADE, *STAGES}
    assert set(commands()) == known


UNIT = ("--dry-run", r"[a-z-]+/[a-z0-9+~-]+/(study|sub-[12])?")  # of a stage: what is still to be made


def test_nothing_but_ids_is_printed(workspace, tmp_path, cli):
    for number, name in enumerate(commands()):
        words, pattern = MADE.get(name) or UNIT
        if MADE.get(name, ()) is None:
            continue
        out = tmp_path / str(number)
        where = [] if name.startswith("recipe") else ["-w", workspace]
        call = [*name.split(), *words.format(out=out).split(), *where]
        result = cli(*(["-q", *call] if number % 2 else [*call, "-q"]))
        assert (result.code, result.err) == (0, ""), f"{name}: {result.code} {result.err}"
        lines = result.out.splitlines()
        assert bool(lines) == (pattern is not None) or name == "doctor" or name in STAGES, f"{name}: {lines}"
        for line in lines:
            assert re.fullmatch(pattern, line) and (ID.fullmatch(line) or name == "doctor"), f"{name}: {line}"


def test_what_is_made_is_named(workspace, cli_ok, tmp_path):
    assert cli_ok("score", "-q", "-w", workspace, "--subject", 1, "--force").out == "score/ridge/sub-1/scores\n"
    assert cli_ok("split", "-q", "-w", workspace, "--dry-run", "--force").out == ""  # done: nothing is to be made
    (workspace / "artifacts" / "report" / "ridge" / "study" / "report" / "manifest.json").unlink()
    assert cli_ok("status", "-q", "-w", workspace).out == "report/ridge/study\n"
    assert cli_ok("run", "-q", "-w", workspace, "--dry-run").out == "report/ridge/study\n"
    assert cli_ok("run", "-q", "-w", workspace).out == "report/ridge/study/report\n"
    out = tmp_path / "new"
    words = ("--subjects", 1, "--blocks", 1, "--concepts", 2, "--resolution", 32, "--no-observers")
    assert cli_ok("simulate", "-q", "--out", out, *words).out == f"{out}\n"
    names = [str(address) for address in find_artifacts(workspace)]
    assert cli_ok("inspect", "-q", "-w", workspace).out.split() == names


def test_damaged_artifacts_are_named_and_the_error_is_said(workspace, cli):
    page = workspace / "artifacts" / "score" / "ridge" / "sub-2" / "scores" / "scores.jsonl"
    page.write_bytes(page.read_bytes().replace(b"1", b"2", 1))
    found = cli("verify", "-q", "-w", workspace)
    assert (found.code, found.out) == (4, "score/ridge/sub-2/scores\n") and "damaged" in found.err


def test_quiet_and_json_are_two_wishes(workspace, cli):
    for words in (("-q", "inspect", "--json"), ("--json", "status", "-q"), ("inspect", "-q", "--json")):
        refused = cli(*words, "-w", workspace)
        assert (refused.code, refused.out) == (2, "") and "Give one of them" in refused.err


def test_talk_is_silent_and_complaints_are_not(capsys):
    with quietly(True):
        talk().print("talk")
        complain().print("complaint")
        emit_ids(["a\nb", "c"])
        with reporting() as reporter:
            reporter.start("work", 2)
            reporter.remark("A remark.")
            reporter.remark("Warning: the captions belong to other clips.")
    shown = capsys.readouterr()
    assert shown.err == "complaint\nWarning: the captions belong to other clips.\n"
    assert shown.out == "a\\u000ab\nc\n"  # a name stays on its line
    talk().print("talk")
    emit_ids(["a"])
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "talk\n")


def test_tracebacks_by_environment(workspace, cli, monkeypatch):
    monkeypatch.setenv("EEG2VID_DEBUG", "1")
    assert "Traceback" in cli("inspect", "nothing", "-w", workspace).err
    monkeypatch.setenv("EEG2VID_DEBUG", "0")
    assert "Traceback" not in cli("inspect", "nothing", "-w", workspace).err
