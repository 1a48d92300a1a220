"""Our preparation of pictures against that of the transformers library."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.pretrained.processors import load_processor

CLIP = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
HALVES = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
STEPS = {"do_resize": True, "do_normalize": True}
# as published: CLIP ViT-L/14, BLIP, ViT-B/16, VideoMAE
PUBLISHED = {
    "CLIP": {"feature_extractor_type": "CLIPFeatureExtractor", **STEPS, "do_center_crop": True, "crop_size": 224,
             "size": 224, "resample": 3, **CLIP},
    "Blip": {"image_processor_type": "BlipImageProcessor", **STEPS, "do_rescale": True, "resample": 3,
             "rescale_factor": 0.00392156862745098, "size": {"height": 384, "width": 384}, **CLIP},
    "ViT": {"feature_extractor_type": "ViTFeatureExtractor", **STEPS, "size": 224, **HALVES},
    "VideoMAE": {"feature_extractor_type": "VideoMAEFeatureExtractor", **STEPS, "do_center_crop": True,
                 "crop_size": {"height": 224, "width": 224}, "size": {"shortest_edge": 224}, "resample": 2, **IMAGENET},
}  # fmt: skip


def theirs(kind, facts):
    import transformers

    facts = {name: value for name, value in facts.items() if not name.endswith("_type")}
    return getattr(transformers, f"{kind}ImageProcessorPil")(**facts)


def write(folder, facts, name="preprocessor_config.json"):
    (folder / name).write_text(json.dumps(facts))
    return folder


@pytest.mark.parametrize("kind", PUBLISHED)
@settings(derandomize=True, deadline=None, max_examples=15)
@given(height=st.integers(20, 300), width=st.integers(20, 520), seed=st.integers(0, 9))
def test_published_configs_give_the_librarys_tensors(tmp_path_factory, kind, height, width, seed):
    folder = write(tmp_path_factory.mktemp("p"), PUBLISHED[kind])
    pictures = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    ours = load_processor(folder)(pictures)
    values = theirs(kind, PUBLISHED[kind])(list(pictures), return_tensors="np")["pixel_values"]
    expected = np.asarray(values).reshape(2, *np.asarray(values).shape[-3:])
    assert ours.dtype == torch.float32 and ours.shape == expected.shape
    assert np.abs(ours.numpy() - expected).max() < 1e-5


@pytest.mark.parametrize("kind", PUBLISHED)
def test_what_a_file_leaves_out_is_the_librarys_default(tmp_path, kind):
    folder = write(tmp_path, {"image_processor_type": f"{kind}ImageProcessor"})
    pictures = np.random.default_rng(1).integers(0, 256, (1, 90, 160, 3), dtype=np.uint8)
    values = theirs(kind, {})(list(pictures), return_tensors="np")["pixel_values"]
    expected = np.asarray(values).reshape(1, *np.asarray(values).shape[-3:])
    assert np.abs(load_processor(folder)(pictures).numpy() - expected).max() < 1e-5


def test_what_the_library_saves_is_read(tmp_path):
    theirs("CLIP", PUBLISHED["CLIP"]).save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "preprocessor_config.json").read_text())
    pictures = np.random.default_rng(1).integers(0, 256, (1, 90, 160, 3), dtype=np.uint8)
    (tmp_path / "joint").mkdir()
    write(tmp_path / "joint", {"image_processor": saved}, "processor_config.json")
    one, other = load_processor(tmp_path)(pictures), load_processor(tmp_path / "joint")(pictures)
    assert one.shape == (1, 3, 224, 224) and torch.equal(one, other)


def test_refusals(tmp_path):
    with pytest.raises(MissingPackageError, match="preprocessor_config"):
        load_processor(tmp_path)
    unknown = {"image_processor_type": "SamImageProcessor"}
    unsized = {"image_processor_type": "CLIPImageProcessor", "size": {"longest_edge": 3}}
    for text, words in (
        ("{", "not JSON"),
        (json.dumps(unknown), "none of CLIP, Blip"),
        (json.dumps(unsized), "height"),
    ):
        (tmp_path / "preprocessor_config.json").write_text(text)
        with pytest.raises(BadDataError, match=words):
            load_processor(tmp_path)
    process = load_processor(write(tmp_path, {**PUBLISHED["CLIP"], "size": 100}))
    with pytest.raises(BadDataError, match="does not fit"):
        process(np.zeros((1, 90, 160, 3), np.uint8))
    with pytest.raises(BadDataError, match="float64"):
        process(np.zeros((1, 90, 160, 3)))
    assert load_processor(write(tmp_path, PUBLISHED["ViT"]))(np.zeros((0, 9, 9, 3), np.uint8)).shape == (0, 3, 224, 224)
