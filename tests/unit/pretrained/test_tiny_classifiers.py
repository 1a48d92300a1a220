"""The tiny classifiers: classes, distractors, starts, training scripts at toy size."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).resolve().parents[3] / "examples" / "tiny_profile"))

import classes
import judge_classifiers
import seer
import train_classifiers
import training
from films_data import Films

from eeg2vid.stages.datasets.protocol import CONCEPT_NAMES
from eeg2vid.stages.simulation.films import (
    JUDGING_SEEDS,
    TRAINING_SEEDS,
    caption,
    make_spec,
    optical_flow,
)

ROOT = Path(__file__).resolve().parents[3]
TOY = ["--width", "32", "--layers", "1", "--batch", "4", "--workers", "0", "--concepts", "8", "27", "--judged", "2"]


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)
    yield
    torch.use_deterministic_algorithms(False)


def weights(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.safetensors"))}


@pytest.mark.parametrize("some", [classes.IMAGE_CLASSES, classes.VIDEO_CLASSES])
def test_there_are_many_more_classes_than_concepts(some):
    assert len(some.names) == len(set(some.names)) == len(some.concepts) >= 120
    assert set(some.concepts) == set(range(41))
    for name, concept in zip(some.names, some.concepts, strict=True):
        assert name in classes.DISTRACTORS if concept == 0 else name.split(", ")[0] == CONCEPT_NAMES[concept - 1]
    table = some.sums()
    np.testing.assert_array_equal(table.sum(axis=1), 1)
    np.testing.assert_array_equal(table.argmax(axis=1), some.concepts)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(0, 2**31 - 1))
def test_labels_say_what_the_clip_is(concept, offset):
    spec = make_spec(concept, TRAINING_SEEDS.start + offset % len(TRAINING_SEEDS))
    flow = float(optical_flow([spec])[0])
    words = classes.VIDEO_CLASSES.names[classes.video_labels([spec], np.array([flow]))[0]].split(", ")
    speed = "moving slowly" if flow < 1.1 else "moving" if flow <= 2.8 else "moving fast"
    assert words == [CONCEPT_NAMES[concept - 1], speed]
    name, kind = classes.IMAGE_CLASSES.names[classes.image_labels([spec])[0]].split(", ")
    assert name == CONCEPT_NAMES[concept - 1]
    others = {classes.image_labels([make_spec(concept, spec.seed + k)])[0] for k in range(20)}
    assert len(others) == 3  # all kinds occur
    if spec.number == 1 and kind != "plain":
        assert kind in caption(spec)
    targets = classes.attributes([spec], np.array([flow]))
    for head in classes.heads(moving=True):
        value = targets[head["name"]][0]
        if head["kind"] == "classes":
            assert 0 <= value < len(head["labels"])
        else:
            assert np.exp(value * head["spread"] + head["mean"]) == pytest.approx(max(flow, 0.05), rel=1e-4)


def test_films_with_flow_are_the_same_films():
    plain, flowing = (
        kind(TRAINING_SEEDS, frames=1, concepts=(3,)).batch(2, 5) for kind in (Films, classes.FlowingFilms)
    )
    np.testing.assert_array_equal(plain["frames"], flowing["frames"])
    np.testing.assert_array_equal(flowing["flow"], optical_flow(plain["specs"]))


def test_still_pictures_have_no_speed():
    assert "speed" not in {head["name"] for head in classes.heads(moving=False)}


@pytest.mark.parametrize("kind", classes.DISTRACTORS)
@pytest.mark.parametrize("shape", [(6, 64, 112, 3), (1, 32, 48, 3)])
def test_distractors(kind, shape):
    film = np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)
    made = [classes.distract(kind, film, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert made[0].shape == shape
    assert made[0].dtype == np.uint8
    np.testing.assert_array_equal(made[0], made[1])
    if kind != "blurred picture":
        assert (made[0] != made[2]).any()
    if kind == "flat colour":
        assert np.ptp(made[0], axis=(0, 1, 2)).max() == 0
    if kind == "scrambled picture":  # the same pixels in another order, in every frame
        np.testing.assert_array_equal(np.sort(made[0].reshape(len(film), -1)), np.sort(film.reshape(len(film), -1)))
        assert (made[0] != film).any()
    if kind == "noise" and len(film) > 1:
        assert np.abs(np.diff(made[0].astype(float), axis=0)).mean() > 5


def test_augmentation_is_seeded_and_gives_each_clip_its_own_way():
    y, x, color = np.mgrid[:64, :112, :3]
    ramp = (40 + x + 80 * np.sin(y / 12 + color) ** 2).astype(np.uint8)  # smooth, and other than its mirror image
    frames = torch.from_numpy(np.broadcast_to(ramp, (12, 2, 64, 112, 3)).copy())
    torch.manual_seed(1)
    one = train_classifiers.augment(frames)
    torch.manual_seed(1)
    assert torch.equal(one, train_classifiers.augment(frames))
    assert one.shape == (12, 2, 3, 64, 112)
    assert one.dtype == torch.float32
    assert one.abs().max() <= 1
    assert all((one[k] != one[0]).any() for k in range(1, 12))
    plain = frames.permute(0, 1, 4, 2, 3).float() / 127.5 - 1
    mirrored = plain.flip(-1)
    for clip in range(12):  # still the same picture, perhaps mirrored
        r = [np.corrcoef(one[clip].flatten(), other[clip].flatten())[0, 1] for other in (plain, mirrored)]
        assert max(r) > 0.6


def test_a_video_model_starts_where_the_image_model_ended():
    image, video = seer.build("image", 64, 2, 0), seer.build("video", 64, 2, 1)
    with torch.no_grad():
        for parameter in image.parameters():
            parameter.add_(
                0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
            )
        seer.start_from_image(video, image)
        picture = torch.randn(3, 3, 64, 112)
        tokens = image.model.vit.embeddings.patch_embeddings.projection(picture).flatten(2).transpose(1, 2)
        still = picture[:, None].expand(-1, 6, -1, -1, -1)
        tubelets = video.model.videomae.embeddings.patch_embeddings(still)
        torch.testing.assert_close(tubelets, tokens.repeat(1, 3, 1), rtol=1e-4, atol=1e-5)
        one = two = torch.randn(2, 20, 64)
        for mine, theirs in zip(seer._layers(video.model), seer._layers(image.model), strict=True):
            one, two = (x[0] if isinstance(x, tuple) else x for x in (mine(one), theirs(two)))
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-4)  # although VideoMAE's keys have no bias
    with pytest.raises(SystemExit, match="another width"):
        seer.start_from_image(seer.build("video", 64, 1, 1), image)


@pytest.fixture(scope="module")
def image_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image")
    train_classifiers.main(["image", "--out", str(folder), "--steps", "12", *TOY])
    return folder


def test_an_image_classifier_is_trained_saved_and_loaded(image_folder):
    from transformers import AutoImageProcessor, ViTForImageClassification

    assert not (image_folder / training.STATE).exists()
    model = ViTForImageClassification.from_pretrained(image_folder, local_files_only=True)
    assert tuple(model.config.id2label.values()) == classes.IMAGE_CLASSES.names
    frames = Films(JUDGING_SEEDS, frames=1, concepts=(8, 27)).batch(6, 0)["frames"]
    processor = AutoImageProcessor.from_pretrained(image_folder, local_files_only=True)
    pixels = processor(list(frames[:, 0]), return_tensors="pt")["pixel_values"]
    ours = torch.from_numpy(frames[:, 0]).permute(0, 3, 1, 2).float() / 127.5 - 1
    torch.testing.assert_close(pixels, ours, rtol=0, atol=1e-5)
    with torch.no_grad():
        wanted = model.float()(pixels).logits.softmax(-1)
    loaded = seer.load(image_folder)
    found, read = seer.look(loaded, frames, batch=4)
    np.testing.assert_allclose(found, wanted, atol=2e-3)
    assert {name: value.shape for name, value in read.items()} == {
        "color": (6, 7), "number": (6, 3), "human": (6, 2), "face": (6, 2)
    }  # fmt: skip
    about = json.loads((image_folder / "attributes.json").read_text())
    assert tuple(about["concept_of_class"]) == classes.IMAGE_CLASSES.concepts
    card = (image_folder / "card.md").read_text()
    assert str(JUDGING_SEEDS.start) in card
    assert str(TRAINING_SEEDS.start) in card


def test_the_loss_falls(tmp_path):
    films = train_classifiers.stream("image", (8, 27))
    parser = train_classifiers.options()
    args = parser.parse_args(["image", "--out", str(tmp_path), "--steps", "30", "--rate", "3e-3", *TOY])
    _, run, _ = train_classifiers.train(args, films)
    assert np.mean(run.losses[-6:]) < 0.7 * np.mean(run.losses[:3])


def test_stopped_and_continued_is_the_same_to_the_byte(image_folder, tmp_path, monkeypatch):
    stopped = iter([False] * 5 + [True])
    with monkeypatch.context() as patch:
        patch.setattr(training.stopping, "requested", lambda: next(stopped))
        with pytest.raises(SystemExit) as stop:
            train_classifiers.main(["image", "--out", str(tmp_path), "--steps", "12", *TOY])
    assert stop.value.code == training.STOPPED
    assert not weights(tmp_path)
    train_classifiers.main(["image", "--out", str(tmp_path), "--steps", "12", *TOY])
    assert weights(tmp_path) == weights(image_folder)
    assert set(weights(tmp_path)) == {"attributes.safetensors", "model.safetensors"}


def test_a_video_classifier_is_trained_saved_and_loaded(image_folder, tmp_path):
    from transformers import AutoImageProcessor, VideoMAEForVideoClassification

    train_classifiers.main(
        ["video", "--out", str(tmp_path), "--steps", "4", "--start-from", str(image_folder), *TOY, "--vae",
         str(ROOT / "stages" / "profiles" / "tiny" / "vae")]
    )  # fmt: skip
    model = VideoMAEForVideoClassification.from_pretrained(tmp_path, local_files_only=True).float()
    frames = Films(JUDGING_SEEDS, concepts=(8, 27)).batch(2, 0)["frames"]
    processor = AutoImageProcessor.from_pretrained(tmp_path, local_files_only=True)
    pixels = processor([list(film) for film in frames], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        wanted = model(pixels).logits.softmax(-1)
    found, read = seer.look(seer.load(tmp_path), frames)
    np.testing.assert_allclose(found, wanted, atol=2e-3)
    assert read["speed"].shape == (2, 1)
    assert "through the VAE" in (tmp_path / "card.md").read_text()


def test_an_image_classifier_goes_on_from_a_trained_one(image_folder, tmp_path):
    train_classifiers.main(
        ["image", "--out", str(tmp_path), "--steps", "1", "--rate", "1e-9", "--start-from", str(image_folder), *TOY]
    )
    before, after = (seer.load(folder).state_dict() for folder in (image_folder, tmp_path))
    for name, value in before.items():
        assert torch.allclose(value, after[name], atol=1e-6), name


def test_blurred_keeps_block_means():
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 64, 112, 3)).astype(np.uint8)
    soft = judge_classifiers.blurred(frames, 4)
    assert soft.shape == frames.shape
    assert soft.std() < 0.4 * frames.std()
    np.testing.assert_allclose(soft.mean(axis=(2, 3)), frames.mean(axis=(2, 3)), atol=1.0)
