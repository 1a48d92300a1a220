"""The functions of the science give what the commands give."""

import hashlib

import numpy as np
import pytest

import eeg2vid
from eeg2vid.schemas.errors import UsageError


@pytest.fixture(scope="module")
def opened(tiny):
    return eeg2vid.open(tiny / "workspace")


def scored(opened, **wanted):
    """Return the one row of the score table that fits."""
    rows = opened["score/ridge/sub-1"].table("scores")
    (row,) = [one for one in rows if all(getattr(one, name) == value for name, value in wanted.items())]
    return row


@pytest.mark.parametrize(("variant", "foils"), [("", "all"), ("within-run", "within-run")])
def test_identification_is_that_of_the_score_table(opened, variant, foils):
    decoded, stimuli = opened["generate/ridge/sub-1"], opened["split-videos/default/study/stimuli"]
    keys = decoded.table("clips")
    runs = {row.event: row.run for row in opened["predict/ridge/sub-1"].table("latents")}
    true = np.stack([stimuli.clip(key.clip) for key in keys])
    made = np.stack([decoded.clip(key.clip, event=key.event) for key in keys])
    found = eeg2vid.identification(made, true, [runs[key.event] for key in keys], keys["fold"], foils)
    row = scored(opened, metric="identification", variant=variant, condition="full", target="", subset="")
    assert found.two_way_score == pytest.approx(row.value, abs=1e-12)


def test_band_features_are_those_that_preprocess_wrote(opened):
    epochs, features = (opened[f"preprocess/default/sub-1/{role}"] for role in ("epochs", "features"))
    facts = features.attributes
    few = epochs.array("epochs")[:5]
    found = eeg2vid.band_features(few, epochs.attributes.sfreq, facts.bands, window_s=facts.window_s)
    for values, name in zip(found, ("de", "psd"), strict=True):
        np.testing.assert_allclose(values, features.array(name)[:5], rtol=1e-6)
    one = eeg2vid.band_features(few[0], epochs.attributes.sfreq, facts.bands, window_s=facts.window_s)
    np.testing.assert_array_equal(one[0], found[0][0])


def test_simulate_gives_the_files_of_the_command(tmp_path, cli_ok):
    small = {"subjects": 1, "blocks": 1, "concepts": 2, "resolution": 32, "seed": 3}
    options = [word for name, value in small.items() for word in (f"--{name}", value)]
    cli_ok("simulate", "--out", tmp_path / "a", "--no-observers", "--drift", "free", *options)
    assert eeg2vid.simulate(tmp_path / "b", observers=False, drift="free", **small) == tmp_path / "b"

    def files(folder):
        found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    assert len(files(tmp_path / "a")) > 5
    assert files(tmp_path / "a") == files(tmp_path / "b")
    with pytest.raises(UsageError, match="not an empty folder"):
        eeg2vid.simulate(tmp_path / "b", **small)
    with pytest.raises(UsageError, match="both set the strength"):
        eeg2vid.simulate(tmp_path / "c", preset="demo", snr=1.0)
