"""A trigger line called Fz: `ingest` leaves it out and says so, `--check` says the same, `study.toml` keeps it."""

import edfio
import numpy as np
import pytest
from PIL import Image

from eeg2vid.schemas.entities import Check, Electrode
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

RATE, SECONDS = 200, 40


@pytest.fixture
def study(tmp_path):
    """EEG of 10 µV, a trigger line of codes in µV among it, a dropout of half a second, in an EDF file."""
    rng = np.random.default_rng(0)
    rows = dict(zip(("Fz", "Cz", "Pz", "Oz"), rng.normal(0, 10, (4, RATE * SECONDS)), strict=True))
    rows["Fz"][:] = 0
    for k, at in enumerate(range(RATE, RATE * (SECONDS - 1), 2 * RATE)):
        rows["Fz"][at : at + 20] = 1 + k % 5
    rows["Oz"][4000:4100] = 0
    signals = [
        edfio.EdfSignal(row, RATE, label=f"EEG {name}", physical_dimension="uV", physical_range=(-100, 100))
        for name, row in rows.items()
    ]
    (tmp_path / "data/clips").mkdir(parents=True)
    edfio.Edf(signals).write(tmp_path / "data/sub-1_eeg.edf")
    frames = [Image.new("RGB", (16, 16), (40 * k, 90, 90)) for k in range(5)]
    frames[0].save(tmp_path / "data/clips/x.gif", save_all=True, append_images=frames[1:], duration=200)
    rows_of = [f"sub-1_eeg.edf\t{onset}\tx" for onset in (1, 3, 5)]
    (tmp_path / "data/events.tsv").write_text("recording\tonset\tclip\n" + "\n".join(rows_of) + "\n")
    return tmp_path


def ingested(study, role):
    return open_artifact(study / "workspace", Address("ingest", "default", "sub-1", role))


def test_a_trigger_line_called_fz(study, cli, cli_ok):
    said = " ".join(cli_ok("ingest", study / "data", "-w", study / "workspace").err.split())
    assert "Warning: electrodes whose signal is no brain's, sub-1_eeg.edf: found EEG Fz (6 different values" in said
    assert "Warning: values repeated for long, sub-1_eeg.edf: found Oz (1.2 %, first at 20.0 s)" in said
    electrodes = ingested(study, "recordings").table("electrodes", Electrode)
    assert [row.electrode for row in electrodes] == ["Cz", "Pz", "Oz"]
    warned = [row.item for row in ingested(study, "eeg-checks").table("checks", Check) if row.verdict == "warning"]
    assert warned == ["electrodes whose signal is no brain's, sub-1_eeg.edf", "values repeated for long, sub-1_eeg.edf"]
    rows = cli("ingest", study / "data", "--check", "--json").json
    assert [row["item"] for row in rows if row["verdict"] != "ok"] == warned
    (study / "data/study.toml").write_text('[electrodes]\neeg = ["EEG Fz"]\n')
    cli_ok("ingest", study / "data", "-w", study / "workspace")
    electrodes = ingested(study, "recordings").table("electrodes", Electrode)
    assert [row.electrode for row in electrodes] == ["Fz", "Cz", "Pz", "Oz"]
