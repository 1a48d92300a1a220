"""`quality` as a command: one page per subject, in parts, advice that can be pasted."""

import json
import shlex
import shutil

import numpy as np
import pytest

from eeg2vid.schemas.quality import ElectrodeQuality, LineNoise, RecordingQuality
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import damage, open_artifact


@pytest.fixture(scope="module")
def ingested(tmp_path_factory, cli_ok):
    """Return a workspace that holds a simulated subject's recordings."""
    root = tmp_path_factory.mktemp("quality")
    sizes = ["--subjects", 1, "--blocks", 3, "--concepts", 3, "--resolution", 32, "--seed", 5]
    cli_ok("simulate", "--out", root / "data", "--no-observers", *sizes)
    cli_ok("ingest", root / "data", "-w", root / "workspace")
    return root / "workspace"


def opened(workspace, variant="default"):
    return open_artifact(workspace, Address("quality", variant, "sub-1", "quality"))


def test_page_tables_and_pictures(ingested, cli_ok):
    rows = cli_ok("quality", "-w", ingested, "--subject", 1, "--json").json
    assert [row["verdict"] for row in rows] == ["warning"] * 3
    assert all(
        "blinks a minute on FP1, FPZ, FP2" in row["words"] for row in rows
    )  # 10 to 20, see `simulation/noise.py`
    assert all(5 < row["blinks_per_minute"] < 25 and not row["bad"] for row in rows)
    artifact = opened(ingested)
    assert damage(artifact.folder) == [] and "simulated" in artifact.manifest.stamps
    recordings = artifact.table("recordings", RecordingQuality)
    assert {row.events for row in recordings} == {15} and {row.electrodes for row in recordings} == {62}
    assert len(artifact.table("electrodes", ElectrodeQuality)) == 3 * 62
    assert {row.hz for row in artifact.table("lines", LineNoise)} == {50, 60}
    media = artifact.folder / "media"
    names = {f"{row.recording}-{kind}.png" for row in recordings for kind in ("numbers", "excerpt")}
    assert {path.name for path in media.iterdir()} == {"quality.html", *names}
    page = (media / "quality.html").read_text()
    assert "SIMULATED DATA" in page and page.count("data:image/png;base64,") == 6
    assert all(row.recording in page for row in recordings)
    assert "already done" in cli_ok("quality", "-w", ingested, "--subject", 1).err


def test_shards_make_what_one_process_makes(ingested, cli_ok):
    cli_ok("quality", "-w", ingested, "--subject", 1, "--variant", "whole", "--new")
    first = cli_ok("quality", "-w", ingested, "--subject", 1, "--variant", "halves", "--new", "--shard", "2/2")
    assert "parts are left" in first.err
    cli_ok("quality", "-w", ingested, "--subject", 1, "--variant", "halves", "--new", "--shard", "1/2")
    whole, halves = opened(ingested, "whole"), opened(ingested, "halves")
    assert whole.digest == halves.digest
    for path in (whole.folder / "media").iterdir():
        assert path.read_bytes() == (halves.folder / "media" / path.name).read_bytes(), path.name


def test_after_a_failure_finished_recordings_are_kept(ingested, cli, cli_ok, monkeypatch):
    from eeg2vid.stages.reporting import quality_charts

    calls, draw = [], quality_charts.draw_numbers

    def failing(*given):
        calls.append(1)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return draw(*given)

    monkeypatch.setattr(quality_charts, "draw_numbers", failing)
    command = ["quality", "-w", ingested, "--subject", 1, "--variant", "again", "--new"]
    assert cli(*command).code == 1
    cli_ok(*command)
    assert len(calls) == 4  # two recordings kept, the third made again
    assert opened(ingested, "again").digest == _default(ingested, cli_ok).digest


def _default(workspace, cli_ok):
    cli_ok("quality", "-w", workspace, "--subject", 1)
    return opened(workspace)


def test_settings_are_settings(ingested, cli, cli_ok):
    options = ["--line-hz", 16, "--excerpt-start-s", 5]
    cli_ok("quality", "-w", ingested, "--subject", 1, "--variant", "train-lines", "--new", *options)
    assert {row.hz for row in opened(ingested, "train-lines").table("lines", LineNoise)} == {16}
    refused = cli("quality", "-w", ingested, "--subject", 1, "--variant", "x", "--new", "--excerpt-start-s", -1)
    assert refused.code == 2


def test_run_does_not_plan_it(ingested, cli_ok):
    planned = cli_ok("run", "-w", ingested, "--dry-run", "--json").json
    assert planned and not any(row["unit"].startswith("quality/") for row in planned)


def test_advice_can_be_pasted(ingested, cli_ok, tmp_path):
    """A line of 50 Hz, drift, blinks and a dead electrode, planted in the data: what the page advises runs."""
    data, workspace = tmp_path / "data", tmp_path / "workspace"
    shutil.copytree(ingested.parent / "data", data)
    (file,) = (data / "EEG").glob("sub1*.npy")
    eeg = np.load(file)
    clock = np.arange(eeg.shape[-1]) / 200
    blinks = 150 * np.maximum(0, np.sin(2 * np.pi * clock / 4)) ** 60
    scale = 1e-6 if np.abs(eeg).max() < 1 else 1.0
    eeg += (scale * (15 * np.sin(2 * np.pi * 50 * clock) + 40 * np.sin(2 * np.pi * clock / 20))).astype(eeg.dtype)
    eeg[..., :3, :] += (scale * blinks).astype(eeg.dtype)
    eeg[..., 40, :] = 0
    np.save(file, eeg)
    cli_ok("ingest", data, "-w", workspace)
    cli_ok("quality", "-w", workspace, "--subject", 1)
    rows = opened(workspace).table("recordings", RecordingQuality)
    assert all(row.verdict == "warning" and len(row.bad) == 1 for row in rows)
    advised = shlex.split(rows[0].command)
    assert advised[:2] == ["eeg2vid", "preprocess"]
    for word in ("--high-pass", "--notch", "--eog", "--detect-bad", "--fold"):
        assert word in advised
    assert rows[0].command in (opened(workspace).folder / "media" / "quality.html").read_text()
    cli_ok("split", "-w", workspace)
    made = cli_ok(*advised[1:-1], "block-3", "-w", workspace)
    assert rows[0].bad[0] in made.err
    manifest = json.loads((workspace / "artifacts/preprocess/clean/sub-1/epochs/manifest.json").read_text())
    assert manifest["settings"]["detect_bad"] is True


@pytest.mark.realdata
def test_a_real_recording_from_its_own_format(shared_data, tmp_path, cli_ok):
    """EEGLAB's tutorial recording: 60 Hz, blinks on FPz, no bad electrode; the advice runs on it."""
    data, workspace = tmp_path / "data", tmp_path / "workspace"
    (data / "clips").mkdir(parents=True)
    clips = ("again", "bird", "book", "yes")  # one for each block
    for clip in clips:
        shutil.copy(shared_data / f"clips/intel-samples/asl-{clip}.mkv", data / "clips")
    for ending in ("set", "fdt"):
        shutil.copy(shared_data / f"eeg/eeglab/eeglab_data.{ending}", data)
    rows = [f"eeglab_data.set\t{t}\tasl-{clips[t // 60]}\t{t // 60 + 1}" for t in range(2, 230, 4)]
    (data / "events.tsv").write_text("\n".join(["recording\tonset\tclip\tblock", *rows]) + "\n")
    cli_ok("ingest", data, "-w", workspace)
    (found,) = cli_ok("quality", "-w", workspace, "--subject", 1, "--json").json
    assert found["line_hz"] == 60 and 15 < found["line_db"] < 25
    assert found["bad"] == [] and 5 < found["blinks"] < 40 and found["verdict"] == "warning"
    assert found["options"][:2] == ["--notch 60", "--eog regression"]  # by the channels called EOG1 and EOG2
    cli_ok("split", "-w", workspace)
    bands = ["--bands", "4-8", "--bands", "8-14", "--bands", "14-31"]  # gamma is beyond 128 Hz / 2
    made = cli_ok(*shlex.split(found["command"])[1:-1], "block-4", *bands, "-w", workspace)
    assert "notch 60 Hz" in made.err and "recorded as EOG" in made.err
