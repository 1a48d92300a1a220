"""Nothing is made twice, what changed is made again with its reason, any stage's output can be swapped."""

import json
import shutil

import numpy as np
import pytest

from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

ONE = ("--subject", 1)
# what hangs on the mapper of one subject under the recipe `ridge`; `grey` and `mean-video` read its predictions too
BELOW_MAPPER = [
    "predict/ridge/sub-1",
    "predict/ridge~shuffled-runs/sub-1",
    "generate/ridge/sub-1",
    "generate/ridge~shuffled-runs/sub-1",
    "score/ridge/sub-1",
]  # the grey and the mean video read no predictions


def made(result):
    """Return the units that a `--json` call made, and those it left alone."""
    rows = result.json["units"] if isinstance(result.json, dict) else result.json  # of `run`, of a stage
    return [row["unit"] for row in rows if row["made"]], [row["unit"] for row in rows if not row["made"]]


def configure(workspace, text):
    with (workspace / "eeg2vid.toml").open("a") as file:
        file.write(text)


def small_study(folder, cli_ok, *, subjects, concepts=2):
    """Simulate a study that is decoded in seconds."""
    sizes = ["--subjects", subjects, "--blocks", 3, "--concepts", concepts, "--resolution", 32, "--seed", 5]
    cli_ok("simulate", "--out", folder / "data", "--no-observers", *sizes)
    return folder / "data"


def new_workspace(folder, data, text=""):
    folder.mkdir()
    (folder / "eeg2vid.toml").write_text(f"[study]\ndata = {json.dumps(str(data))}\n{text}")
    return folder


# -- resume ------------------------------------------------------------------------------------------


def test_nothing_is_made_twice(workspace, cli_ok, digests):
    before = {p: p.stat().st_mtime_ns for p in workspace.rglob("*") if p.is_file() and p.name != ".lock"}
    result = cli_ok("run", "-w", workspace, "--json")
    assert made(result)[0] == []
    assert "score/ridge/sub-2: already done" in result.err
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_what_is_missing_is_made_and_nothing_else(workspace, cli_ok, digests):
    before = digests(workspace)
    shutil.rmtree(workspace / "artifacts/split/default/sub-1")
    shutil.rmtree(workspace / "artifacts/predict/ridge~shuffled-runs/sub-2")
    again, _ = made(cli_ok("run", "--until", "score", "-w", workspace, "--json"))
    assert again == ["split/default/sub-1", "predict/ridge~shuffled-runs/sub-2"]
    assert digests(workspace) == before


def test_touched_source_is_hashed_and_found_unchanged(study, cli_ok):
    (study / "data/EEG/sub1.npy").touch()
    assert made(cli_ok("run", "--until", "preprocess", "-w", study / "workspace", "--json"))[0] == []


def test_changed_source_flows_on(study, cli_ok, digests):
    workspace, path = study / "workspace", study / "data/EEG/sub1.npy"
    # the first clip starts after 3 s of hint: at sample 600
    for start, below in ((0, set()), (600, {"preprocess/default/sub-1/epochs", "preprocess/default/sub-1/features"})):
        before = digests(workspace)
        values = np.load(path)
        values[0, 0, start : start + 200] *= 1.5
        np.save(path, values)
        result = cli_ok("run", "--until", "preprocess", "-w", workspace, "--json")
        # the events are the same: no new split
        assert made(result)[0] == ["ingest/default/sub-1", "preprocess/default/sub-1"]
        assert "sub1.npy changed" in result.err
        changed = {address for address, digest in digests(workspace).items() if before[address] != digest}
        changed.discard("ingest/default/sub-1/eeg-checks")  # amplitudes, rounded
        assert changed == {"ingest/default/sub-1/recordings"} | below


def test_changed_setting_reruns_what_hangs_on_it(workspace, cli_ok, digests):
    before = digests(workspace)
    configure(workspace, '[train-mapper.ridge]\nnetwork = {name = "ridge", penalties = 2}\n')
    mapper = "train-mapper/ridge/sub-1"
    foreseen = cli_ok("run", *ONE, "--until", "score", "-w", workspace, "--dry-run", "--json").json
    noted = {row["unit"]: (row["state"], row["reasons"]) for row in foreseen if row["reasons"]}
    assert list(noted) == [mapper, *BELOW_MAPPER]
    assert noted[mapper] == ("stale", ["`train-mapper.network.penalties` 29 -> 2"])
    first = "train-mapper/ridge/sub-1/mappers"
    assert noted["predict/ridge/sub-1"] == ("done", [f"made again if {first} changes"])
    states = {f"{r['stage']}/{r['unit']}": r for r in cli_ok("status", *ONE, "-w", workspace, "--json").json}
    assert states["train-mapper/sub-1"]["reasons"] == ["`train-mapper.network.penalties` 29 -> 2"]
    result = cli_ok("run", *ONE, "--until", "predict", "-w", workspace, "--json")
    again, kept = made(result)
    assert again == [mapper, "predict/ridge/sub-1", "predict/ridge~shuffled-runs/sub-1"]
    assert f"{mapper}: made in" in result.err
    assert "(`train-mapper.network.penalties` 29 -> 2)" in result.err
    assert {"train-encoder/lda/sub-1", "encode-latents/default/study"} <= set(kept)
    changed = {address for address, digest in digests(workspace).items() if before[address] != digest}
    assert {address.rsplit("/", 1)[0] for address in changed} == set(again)


def test_stale_upstream_is_named_with_its_command(workspace, cli, cli_ok):
    configure(workspace, "[preprocess.default]\nwindow_s = 0.5\n")
    cli_ok("generate", *ONE, "--condition", "full", "-w", workspace)  # judged by manifests: still current
    cli_ok("preprocess", *ONE, "-w", workspace)
    result = cli("generate", *ONE, "--condition", "full", "-w", workspace)
    assert result.code == 3
    said = result.err.replace(f" -w {workspace}", "")
    assert "eeg2vid train-encoder --subject 1 eeg2vid train-mapper --subject 1 eeg2vid predict --subject 1" in said


def test_equal_content_makes_nothing_below_stale(workspace, cli_ok, digests):
    before = digests(workspace)
    words = ("preprocess", *ONE, "-w", workspace, "--json")
    assert made(cli_ok(*words))[0] == []
    assert made(cli_ok(*words, "--force"))[0] == ["preprocess/default/sub-1"]
    assert made(cli_ok("run", *ONE, "--until", "score", "-w", workspace, "--json"))[0] == []
    assert digests(workspace) == before


def test_killed_process_is_nothing_to_the_next(workspace, cli_ok, digests):
    """Work folders of a killed process are swept away; an artifact caught between two renames comes back."""
    before = digests(workspace)
    unit = workspace / "artifacts/split/default/sub-1"
    (unit / "work-0badf00d/commit-here-1/folds").mkdir(parents=True)
    (unit / "work-0badf00d/commit-here-1/folds/events.jsonl").write_text("half a li")
    (unit / "folds").rename(unit / "folds.old-12345678")
    assert made(cli_ok("split", *ONE, "-w", workspace, "--json"))[0] == []
    assert digests(workspace) == before
    cli_ok("split", *ONE, "--force", "-w", workspace)
    assert sorted(path.name for path in unit.iterdir()) == [".lock", "folds"]
    assert digests(workspace) == before


def test_workspace_works_without_its_data(study, cli, cli_ok, digests):
    """What is ingested stands when the data set is out of reach, as on another machine."""
    workspace = study / "workspace"
    before = digests(workspace)
    shutil.rmtree(study / "data")
    assert {row["state"] for row in cli_ok("status", "-w", workspace, "--json").json} == {"done"}
    shutil.rmtree(workspace / "artifacts/predict")
    again, _ = made(cli_ok("run", "-w", workspace, "--until", "predict", "--json"))
    assert {unit.split("/")[0] for unit in again} == {"predict"}
    assert digests(workspace) == before
    result = cli("split-videos", "--force", "-w", workspace)
    assert result.code == 3
    assert "is not there; the films are read from it" in result.err


# -- swap --------------------------------------------------------------------------------------------


def test_variant_of_ones_own_from_end_to_end(workspace, cli, cli_ok, digests):
    before = digests(workspace)
    tail = (*ONE, "-w", workspace)
    cli_ok("train-mapper", "--variant", "stiff", "--new", "--set", "network.log10_low=3", *tail)
    result = cli_ok("predict", "--variant", "stiff", "--new", "--from", "mappers=train-mapper/stiff", *tail, "--json")
    assert made(result)[0] == ["predict/stiff/sub-1"]
    # two candidates and no choice would be a guess; a variant reads its namesake
    cli_ok("generate", "--variant", "stiff", "--new", "--from", "predictions=predict/stiff", *tail)
    cli_ok(
        "score",
        "--variant",
        "stiff",
        "--new",
        "--from",
        "videos=generate/stiff",
        "--from",
        "predictions=predict/stiff",
        *tail,
    )
    manifest = open_artifact(workspace, Address("generate", "stiff", "sub-1", "videos")).manifest
    assert [ref.address for ref in manifest.inputs if ref.role == "predictions"] == ["predict/stiff/sub-1/predictions"]
    after = digests(workspace)
    assert after["predict/stiff/sub-1/predictions"] != after["predict/ridge/sub-1/predictions"]
    assert before.items() <= after.items()
    assert made(cli_ok("run", *tail, "--until", "score", "--json"))[0] == []


def test_replaced_upstream_flows_on(workspace, cli_ok, digests):
    """The recipe's mapper under another network: everything below follows, the rest is kept."""
    before = digests(workspace)
    network = '{name = "latent-cnn", width = 8, components = 4}'
    configure(workspace, f"[train-mapper.ridge]\nnetwork = {network}\ntraining = {{epochs = 1, refit = false}}\n")
    again, _ = made(cli_ok("run", *ONE, "--until", "score", "-w", workspace, "--json"))
    assert again[0] == "train-mapper/ridge/sub-1"
    assert set(again[1:]) <= set(BELOW_MAPPER)
    after = digests(workspace)
    changed = {address.rsplit("/", 1)[0] for address in before if before[address] != after[address]}
    assert {"predict/ridge/sub-1", "generate/ridge/sub-1", "score/ridge/sub-1"} <= changed
    assert changed <= set(again)
    assert before["generate/ridge~grey/sub-1/videos"] == after["generate/ridge~grey/sub-1/videos"]
    behind = open_artifact(workspace, Address("score", "ridge", "sub-1", "scores")).manifest.inputs
    assert {ref.digest for ref in behind} <= set(after.values())


def test_two_candidates_and_no_choice(workspace, cli, cli_ok):
    configure(workspace, "[preprocess.short]\ntmax_s = 1\n[preprocess.default]\n")
    cli_ok("preprocess", *ONE, "-w", workspace)
    result = cli("train-mapper", *ONE, "-w", workspace)
    assert result.code == 2
    assert "role 'epochs' could come from" in result.err
    assert "--from epochs=preprocess/" in result.err
    chosen = ("--from", "epochs=preprocess/short", "--from", "features=preprocess/short")
    cli_ok("train-mapper", *ONE, "--variant", "short", "--new", *chosen, "-w", workspace)
    inputs = cli_ok("inspect", "train-mapper/short", "-w", workspace, "--json").json["inputs"]
    assert {ref["variant"] for ref in inputs if ref["stage"] == "preprocess"} == {"short"}


# -- a subject out of many, and the same bytes -------------------------------------------------------


@pytest.mark.timeout(300)
def test_one_subject_of_twenty(tmp_path, cli, cli_ok):
    data = small_study(tmp_path, cli_ok, subjects=20)
    workspace = new_workspace(tmp_path / "workspace", data)
    result = cli("generate", "--subject", 17, "-w", workspace)
    assert result.code == 3
    again, _ = made(cli_ok("run", "--subject", 17, "--until", "predict", "-w", workspace, "--json"))
    assert {unit.split("/")[-1] for unit in again} == {"study", "sub-17"}
    again, _ = made(cli_ok("generate", "--subject", 17, "-w", workspace, "--json"))
    assert again == [f"generate/ridge{c}/sub-17" for c in ("", "~shuffled-runs", "~mean-video", "~grey")]
    videos = open_artifact(workspace, Address("generate", "ridge", "sub-17", "videos"))
    assert videos.arrays["frames"].shape[:2] == (30, 6)  # 3 blocks x 2 concepts x 5 clips
    assert len(list((videos.folder / "media").glob("*.mp4"))) == 30
    result = cli("generate", "--subject", 16, "-w", workspace)
    assert result.code == 3
    assert f"eeg2vid ingest -w {workspace} --subject 16" in result.err
    rows = cli_ok("status", "--subject", "all", "-w", workspace, "--json").json
    done = {row["unit"] for row in rows if row["state"] == "done"}
    assert done == {"study", "sub-17"}
    assert len({row["unit"] for row in rows}) == 21


@pytest.mark.timeout(300)
def test_same_data_same_bytes(tmp_path, cli_ok, digests):
    """Two workspaces, two copies of the data, one unit at a time or all at once: equal digests."""
    data = small_study(tmp_path, cli_ok, subjects=1)
    moved = shutil.copytree(data, tmp_path / "elsewhere" / "copy")
    quick = "[train-encoder.lda]\ntargets = ['concept']\n[score.ridge]\npermutations = 50\n"
    first = new_workspace(tmp_path / "first", data, quick)
    second = new_workspace(tmp_path / "second", moved, quick)
    cli_ok("run", "--until", "score", "-w", first)
    for stage in ("ingest", "split-videos", "encode-latents", "preprocess", "split", "train-mapper"):
        cli_ok(stage, "-w", second)
    cli_ok("run", "--until", "score", "-w", second)
    assert digests(first) == digests(second)
    media = sorted(path.relative_to(first) for path in first.rglob("*.mp4"))
    assert media
    assert all((first / path).read_bytes() == (second / path).read_bytes() for path in media)
