"""Eyes that compare, by command: distances to the clips of a fold, own weights in a file, scores; i3d beside them."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from eeg2vid.schemas.scores import Score
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.pretrained.i3d import I3D
from eeg2vid.stages.pretrained.lpips import Lpips
from eeg2vid.stages.pretrained.pairs import all_pairs
from eeg2vid.stages.store.layout import STUDY, Address
from eeg2vid.stages.store.reader import open_artifact


def random_weights(model):
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        for name, values in model.state_dict().items():
            if values.ndim > 1 and not name.startswith("heads"):
                values.normal_(0, (2 / values[0].numel()) ** 0.5)
    return model


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """Return a profile of two files: LPIPS and I3D with random weights."""
    folder = tmp_path_factory.mktemp("weights")
    model = random_weights(Lpips())
    places = (0, 3, 6, 8, 10)
    state = model.state_dict()
    found = {
        f"features.{p}.{kind}": state[f"net.convs.{k}.{kind}"]
        for k, p in enumerate(places)
        for kind in ("weight", "bias")
    }
    found |= {f"lin{k}.model.1.weight": head.data for k, head in enumerate(model.heads)}
    save_file(found, folder / "lpips.safetensors")
    save_file(random_weights(I3D(5)).state_dict(), folder / "i3d.safetensors")
    file = folder / "own.toml"
    file.write_text('name = "own"\n[roles.lpips]\nfile = "lpips.safetensors"\n[roles.i3d]\nfile = "i3d.safetensors"\n')
    return file


def frames_of(workspace, *place):
    artifact = open_artifact(workspace, Address(*place))
    geometry = artifact.attributes()
    frames = artifact.read("frames")[:, :, : geometry.height, : geometry.width]
    return frames, artifact.table("clips", VideoKey)


def test_decoded_clips_are_compared_with_the_true_ones_of_their_fold(workspace, cli_ok, profile):
    """Distances are those of the network used by hand; each condition is compared; `score` judges them."""
    config = workspace / "eeg2vid.toml"
    config.write_text(config.read_text() + "\n[perceive.'ridge+lpips']\n")
    asked = [row["unit"] for row in cli_ok("run", "-w", workspace, "--dry-run", "--json", "--subject", 1).json]
    assert "perceive/ridge+lpips~grey/sub-1" in asked and not any(unit.startswith("encode-clips") for unit in asked)
    cli_ok("perceive", "-w", workspace, "--subject", 1, "--models", profile)
    true, shown = frames_of(workspace, "split-videos", "default", STUDY, "stimuli")
    decoded, rows = frames_of(workspace, "generate", "ridge", "sub-1", "videos")
    seen = open_artifact(workspace, Address("perceive", "ridge+lpips", "sub-1", "percepts"))
    assert seen.table("clips", VideoKey) == rows and seen.attributes().settings == {"shorter": None}
    found = seen.read("distance")
    place = [row.clip for row in shown]
    among = np.array([[any(r.fold == row.fold and r.clip == clip for r in rows) for clip in place] for row in rows])
    assert found.shape == (len(rows), len(place)) and np.array_equal(found >= 0, among)
    own = [place.index(row.clip) for row in rows]
    assert (found[np.arange(len(rows)), own] > 0).all() and not among.all()
    from eeg2vid.stages.pretrained.lpips import load_lpips

    net = load_lpips(profile.parent / "lpips.safetensors")
    expected = all_pairs(net, decoded[:2], true[own[:3]])
    assert np.allclose(found[:2][:, own[:3]], expected, atol=5e-6)
    grey = open_artifact(workspace, Address("perceive", "ridge+lpips~grey", "sub-1", "percepts"))
    of_fold = {}
    for row, line in zip(grey.table("clips", VideoKey), grey.read("distance"), strict=True):
        assert np.array_equal(line, of_fold.setdefault(row.fold, line))  # one picture: alike to the last bit

    cli_ok("score", "-w", workspace, "--subject", 1)
    table = open_artifact(workspace, Address("score", "ridge", "sub-1", "scores")).table("scores", Score)
    scores = {row.condition: row for row in table if row.metric == "lpips"}
    assert {"full", "grey"} <= scores.keys() and scores["grey"].p is None
    assert scores["full"].value == pytest.approx(found[np.arange(len(rows)), own].mean(), rel=1e-5)


def test_an_eye_that_compares_sees_nothing_in_true_clips_alone(workspace, cli):
    refused = cli("encode-clips", "--eye", "lpips", "-w", workspace)
    assert refused.code == 2 and "nothing of true clips alone" in refused.err
    assert "--eye lpips" in refused.err
    config = workspace / "eeg2vid.toml"
    config.write_text(config.read_text() + "\n[train-mapper.eye]\ntargets = ['percept:dists']\n")
    refused = cli("train-mapper", "--variant", "eye", "--new", "-w", workspace, "--subject", 1)
    assert refused.code == 2 and "compares decoded with true clips" in refused.err


def test_weights_may_be_a_file(workspace, cli, cli_ok, profile):
    """One that is not there is said; so is a role that the profile lacks."""
    listed = cli_ok("weights", "list", "--models", profile)
    assert "lpips.safetensors" in listed.out
    cli_ok("weights", "verify", "--models", profile)
    refused = cli("encode-clips", "--eye", "i3d", "-w", workspace)
    assert refused.code == 2 and "'tiny' has no 'i3d'" in refused.err and "[roles.i3d]" in refused.err
    gone = profile.parent / "gone.toml"
    gone.write_text('name = "gone"\n[roles.i3d]\nfile = "nowhere.safetensors"\n')
    refused = cli("encode-clips", "--eye", "i3d", "-w", workspace, "--models", gone)
    assert refused.code == 5 and "expected a .safetensors file that is there" in refused.err
    gone.write_text('name = "gone"\n[roles.i3d]\nfile = "a.safetensors"\nfolder = "."\n')
    assert "give one of 'folder', 'file' and 'hub'" in cli("weights", "list", "--models", gone).err
