"""The classifiers and their heads against transformers itself, fed by its own processors."""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.protocol import CONCEPT_NAMES
from eeg2vid.stages.pretrained.classifiers import ImageClassifier, VideoClassifier, spread
from eeg2vid.stages.simulation.films import JUDGING_SEEDS, make_spec, optical_flow, render_clip

_spec = importlib.util.spec_from_file_location("_small_models", Path(__file__).with_name("_small_models.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)
TINY = Path(__file__).resolve().parents[3] / "stages" / "profiles" / "tiny"
FRAMES = 6


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Small random models that crop, as the published ones do, and have no heads and no names of classes."""
    root = tmp_path_factory.mktemp("classifiers")
    small.save_classifiers(root)
    return root


def clips(count, frames=FRAMES, height=40, width=72):
    return small.pictures(count * frames, height, width).reshape(count, frames, height, width, 3)


def theirs(folder, kind, **given):
    import transformers

    whole = {"ViT": "ViTForImageClassification", "VideoMAE": "VideoMAEForVideoClassification"}[kind]
    processor = getattr(transformers, f"{kind}ImageProcessorPil").from_pretrained(folder)
    network = getattr(transformers, whole).from_pretrained(folder, dtype=torch.float32, **given).eval()
    return processor, network


@pytest.mark.parametrize("small_one", [True, False], ids=["small", "tiny"])
def test_pictures_are_what_the_library_says_of_them(folders, small_one):
    folder = folders / "image_classifier" if small_one else TINY / "image_classifier"
    pictures = clips(2)[:, 0]
    processor, network = theirs(folder, "ViT")
    with torch.no_grad():
        expected = network(**processor(list(pictures), return_tensors="pt")).logits.numpy()
    found = ImageClassifier(folder)(pictures)
    assert np.abs(found["logits"] - expected).max() < 1e-4
    assert set(found) == {"logits"} | (set() if small_one else {"color", "number", "human", "face"})


@pytest.mark.parametrize(
    ("small_one", "frames"), [(True, None), (True, FRAMES), (False, None)], ids=["repeated", "as they are", "tiny"]
)
def test_clips_are_what_the_library_says_of_them(folders, small_one, frames):
    """As published, `num_frames` is the clip's; else six pictures become sixteen, in the library's hands by hand."""
    folder = folders / "video_classifier" if small_one else TINY / "video_classifier"
    films = clips(2)
    processor, network = theirs(folder, "VideoMAE", **({"num_frames": frames} if frames else {}))
    shown = films[:, [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5]] if small_one and not frames else films
    with torch.no_grad():
        out = network(**processor([list(film) for film in shown], return_tensors="pt"), output_hidden_states=True)
        pooled = network.fc_norm(out.hidden_states[-1].mean(1)).numpy()
    found = VideoClassifier(folder, frames=frames)(films)
    assert np.abs(found["logits"] - out.logits.numpy()).max() < 1e-4
    assert np.abs(found["features"] - pooled).max() < 1e-4


def test_as_they_are_says_something_else_than_repeated(folders):
    films = clips(2)
    own, asked = VideoClassifier(folders / "video_classifier"), VideoClassifier(folders / "video_classifier", frames=6)
    assert (own.frames, asked.frames) == (16, 6)
    assert np.abs(own(films)["logits"] - asked(films)["logits"]).max() > 1e-3
    longer, shorter = (one.model.videomae.embeddings.position_embeddings for one in (own, asked))
    assert torch.equal(longer[:, : shorter.shape[1]], shorter)  # the new table begins like the old one
    with pytest.raises(BadDataError, match="in groups of 2, a clip of 5 does not divide"):
        VideoClassifier(folders / "video_classifier", frames=5)


def test_places_by_hand():
    assert spread(6, 6).tolist() == [0, 1, 2, 3, 4, 5]
    assert spread(6, 16).tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5]
    assert spread(1, 4).tolist() == [0, 0, 0, 0]
    assert spread(4, 2).tolist() == [1, 3]


def test_the_tiny_ones_know_simulated_films():
    """As their cards say: concept .86, colour .88, fast or slow .80; one film of each concept, six pictures each."""
    specs = [make_spec(1 + k, JUDGING_SEEDS.start + k) for k in range(40)]
    films = np.stack([render_clip(spec, width=112, height=64, fps=3.0) for spec in specs])
    concepts = np.array([spec.concept for spec in specs])
    video, image = VideoClassifier(TINY / "video_classifier"), ImageClassifier(TINY / "image_classifier")
    seen, still = video(films), image(films[:, 2])
    for classifier, found in ((video, seen), (image, still)):
        assert classifier.classes["logits"][0].startswith(CONCEPT_NAMES[0])
        odds = np.exp(found["logits"] - found["logits"].max(axis=1, keepdims=True))
        sums = np.stack([odds[:, np.equal(classifier.concept_of_class, c)].sum(axis=1) for c in range(1, 41)], axis=1)
        assert (sums.argmax(axis=1) + 1 == concepts).mean() > 0.7
        assert classifier.classes["color"][1] == "red" and len(classifier.classes["number"]) == 3
        assert (found["color"].argmax(axis=1) == [spec.color for spec in specs]).mean() > 0.8
        assert (found["human"].argmax(axis=1) == [spec.human for spec in specs]).mean() > 0.8
    flow = optical_flow(specs)
    assert (
        seen["speed"].shape == (40,) and np.corrcoef(np.log(seen["speed"]), np.log(np.maximum(flow, 0.05)))[0, 1] > 0.6
    )
    assert np.median(seen["speed"] / np.maximum(flow, 0.05)) == pytest.approx(1, abs=0.3)  # in the same unit


def test_heads_are_complete_or_refused(folders, tmp_path):
    plain = ImageClassifier(folders / "image_classifier")
    assert (plain.classes, plain.concept_of_class, plain.heads) == ({}, (), {})
    folder = shutil.copytree(TINY / "image_classifier", tmp_path / "image")
    told, held = folder / "attributes.json", folder / "attributes.safetensors"
    facts, weights = json.loads(told.read_text()), load_file(held)

    def refused(words, facts=facts, weights=weights):
        told.write_text(json.dumps(facts))
        save_file(weights, held)
        with pytest.raises(BadDataError, match=words):
            ImageClassifier(folder)

    refused("color.weight", weights={name: one for name, one in weights.items() if name != "color.weight"})
    refused("taste.bias belongs to no head", weights={**weights, "taste.bias": torch.zeros(2)})
    refused("head 'face' has the shape", weights={**weights, "face.weight": torch.zeros(2, 64)})
    refused("not finite", weights={**weights, "face.bias": torch.full((2,), np.nan)})
    refused("expected vit", facts={**facts, "features": "pooler_output"})
    refused("has 3 numbers, the classifier 128 classes", facts={**facts, "concept_of_class": [1, 2, 3]})
    told.unlink()
    with pytest.raises(BadDataError, match=r"attributes\.json"):
        ImageClassifier(folder)


def test_a_processor_of_another_model_is_refused(tmp_path):
    folder = shutil.copytree(TINY / "image_classifier", tmp_path / "image")
    facts = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps({**facts, "size": {"height": 32, "width": 32}}))
    with pytest.raises(BadDataError, match=r"makes pictures of \(32, 32\) px"):
        ImageClassifier(folder)(clips(1)[0])
