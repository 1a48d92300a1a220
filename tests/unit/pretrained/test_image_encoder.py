import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from eeg2vid.schemas.errors import MissingPackageError
from eeg2vid.stages.pretrained.image_encoder import load_image_encoder
from eeg2vid.stages.stimuli.key_frames import key_frames

_spec = importlib.util.spec_from_file_location("_small_models", Path(__file__).with_name("_small_models.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("images")
    small.save_clip(root / "whole", small.save_tokenizer(root / "tokenizer"))
    return root


@pytest.fixture(scope="module")
def encoder(folder):
    return load_image_encoder(folder / "whole")


def test_embeddings_are_the_whole_clips(folder, encoder):
    """Against `CLIPModel` itself, fed by the library's own image processor."""
    from transformers import CLIPImageProcessorPil, CLIPModel

    pictures = small.pictures(5)
    whole = CLIPModel.from_pretrained(folder / "whole").eval()
    pixels = CLIPImageProcessorPil.from_pretrained(folder / "whole")(list(pictures), return_tensors="pt")[
        "pixel_values"
    ]
    with torch.no_grad():
        expected = whole.visual_projection(whole.vision_model(pixels).pooler_output).numpy()
    found = encoder.encode(pictures, batch=2)
    assert found.shape == (5, 24) and found.dtype == np.float32
    assert np.allclose(found, expected, atol=1e-5)
    assert np.array_equal(found, encoder.encode(pictures, batch=2))
    assert np.allclose(found, encoder.encode(pictures, batch=5), atol=1e-5)
    assert encoder.encode(pictures[:0]).shape == (0, 24)


def test_only_the_middle_square_is_seen(encoder):
    """CLIP's processor crops: 36 x 64 px become 32 x 56, of which columns 12 to 43 are kept."""
    pictures = small.pictures(2)
    edges = pictures.copy()
    edges[:, :, :8], edges[:, :, -8:] = 0, 255
    assert np.allclose(encoder.encode(pictures), encoder.encode(edges), atol=1e-5)
    edges[:, :, 30:34] = 0
    assert not np.allclose(encoder.encode(pictures), encoder.encode(edges), atol=1e-3)


def test_a_single_encoder_is_read_too(folder, encoder, tmp_path):
    encoder.model.save_pretrained(tmp_path)
    with pytest.raises(MissingPackageError, match="preprocessor_config"):
        load_image_encoder(tmp_path)
    small.save_processor(tmp_path, "CLIPImageProcessor", size={"shortest_edge": 32}, crop_size=32)
    pictures = small.pictures(3)
    assert np.array_equal(load_image_encoder(tmp_path).encode(pictures), encoder.encode(pictures))


def test_mixed_precision_is_near(encoder):
    pictures = small.pictures(3)
    exact, rough = encoder.encode(pictures), encoder.encode(pictures, precision="bfloat16")
    assert 0 < np.abs(rough - exact).max() < 0.05 * np.abs(exact).max()


def test_key_frames_by_hand():
    videos = np.arange(2 * 6 * 8 * 16 * 3, dtype=np.uint8).reshape(2, 6, 8, 16, 3)
    assert np.array_equal(key_frames(videos, "first"), videos[:, :1])
    assert np.array_equal(key_frames(videos, "middle"), videos[:, 3:4])
    assert np.array_equal(key_frames(videos[:, :1], "middle"), videos[:, :1])
    assert key_frames(videos, "all").shape == videos.shape
