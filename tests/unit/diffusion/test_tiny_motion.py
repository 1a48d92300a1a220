"""The script that teaches the tiny UNet motion: a few steps on two concepts, and what its card says."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.append(str(Path(__file__).resolve().parents[3] / "examples" / "tiny_profile"))

import judge_motion
import train_motion
import training

TINY = Path(__file__).resolve().parents[3] / "stages" / "profiles" / "tiny"
TOY = [
    "--unet", str(TINY / "unet"), "--vae", str(TINY / "vae"), "--text-encoder", str(TINY / "text_encoder"),
    "--tokenizer", str(TINY / "tokenizer"), "--classifier", str(TINY / "video_classifier"), "--batch", "2",
    "--workers", "0", "--concepts", "8", "27", "--judged", "2", "--judged-betas", "0.5", "--solver-steps", "1",
    "--steps", "4",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("motion")
    train_motion.main(["--out", str(folder), *TOY])
    return folder


def test_the_card_tells_what_one_picture_scores_beside(trained):
    card = (trained / "card.md").read_text()
    for word in ("one picture six times", "tuned, beta 0.5", "true, through the VAE", "sparse-causal"):
        assert word in card
    assert not (trained / training.STATE).exists()


def test_stopped_and_continued_is_the_same_to_the_byte(trained, tmp_path, monkeypatch):
    stopped = iter([False, True])
    with monkeypatch.context() as patch:
        patch.setattr(training.stopping, "requested", lambda: next(stopped))
        with pytest.raises(SystemExit) as stop:
            train_motion.main(["--out", str(tmp_path), *TOY])
    assert stop.value.code == training.STOPPED
    train_motion.main(["--out", str(tmp_path), *TOY])
    for name in ("adapter.safetensors", "config.json"):
        assert (tmp_path / name).read_bytes() == (trained / name).read_bytes()


@pytest.mark.parametrize("beta", [0.0, 0.3, 1.0])
def test_frames_share_beta_of_their_noise(beta):
    torch.manual_seed(0)
    noise = train_motion.frame_noise(torch.Size([4, 3, 4, 40, 40]), beta).transpose(0, 1).flatten(1)
    np.testing.assert_allclose(np.cov(noise), beta + (1 - beta) * np.eye(3), atol=0.03)


def test_a_line_of_the_table_is_worked_by_hand():
    truth = judge_motion.Truth(np.array([1, 2, 3, 4]), np.array([-1.0, 0.0, 1.0, 2.0], np.float32))
    still = judge_motion.Seen(np.array([True, False, False, False]), np.zeros(4, np.float32))
    seen = judge_motion.Seen(np.array([True, True, True, False]), np.array([-2, 0, 2, 4], np.float32))
    frames = np.zeros((4, 2, 1, 1, 3), np.uint8)
    frames[:, 1] = 7
    # 75 % against 25 %: gains 0, 1, 1, 0, mean .5, deviation .577; fast above (ln 1.799 - .72) / .74 = -.18
    assert seen.row("x", truth, frames, still) == "| x | 75.0% | +50.0 ± 56.6 | 100.0% | 1.00 | 7.0 |"
