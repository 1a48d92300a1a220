import importlib.util
import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.pretrained.text import load_text_encoder

_spec = importlib.util.spec_from_file_location("_small_models", Path(__file__).with_name("_small_models.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

SENTENCES = ["a red dog runs on the beach", "the woman swims", "a car", "of in on"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("text")
    vocabulary = small.save_tokenizer(root / "tokenizer")
    small.save_text_encoder(root / "plain", vocabulary)
    small.save_text_encoder(root / "projected", vocabulary, projected=True)
    small.save_clip(root / "whole", vocabulary)
    return root


@pytest.fixture(scope="module")
def encoder(folder):
    return load_text_encoder(folder / "plain", folder / "tokenizer")


def pieces(word, merges):
    """Byte-pair encoding as its paper has it: the earliest merge of the list is made first."""
    parts = [*word[:-1], f"{word[-1]}</w>"]
    while True:
        pairs = [pair for pair in itertools.pairwise(parts) if pair in merges]
        if not pairs:
            return parts
        best, joined = min(pairs, key=merges.index), []
        while parts:
            both = tuple(parts[:2]) == best
            joined.append("".join(parts[: 1 + both]))
            parts = parts[1 + both :]
        parts = joined


def ids_by_hand(sentence, root):
    """Return 77 ids, the end token in all places that are left, and where the first of these is (if it is)."""
    vocabulary = json.loads((root / "vocab.json").read_text())
    merges = [tuple(line.split()) for line in (root / "merges.txt").read_text().splitlines()[1:]]
    words = [vocabulary[piece] for word in sentence.split() for piece in pieces(word, merges)]
    ids = [vocabulary["<|startoftext|>"], *words[:75], vocabulary["<|endoftext|>"]]
    return ids + [vocabulary["<|endoftext|>"]] * (77 - len(ids)), len(words) + 1


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.lists(st.sampled_from(small.WORDS), min_size=1, max_size=90).map(" ".join), min_size=1, max_size=5))
def test_states_are_the_models_at_tokens_written_by_hand(folder, encoder, sentences):
    by_hand = [ids_by_hand(sentence, folder / "tokenizer") for sentence in sentences]
    found = encoder.encode(sentences, batch=2)
    with torch.no_grad():
        expected = encoder.model(torch.tensor([ids for ids, _ in by_hand])).last_hidden_state.numpy()
    assert found.states.shape == (len(sentences), 77, 32) and found.states.dtype == np.float32
    assert np.allclose(found.states, expected, atol=1e-5)
    ends = [min(end, 76) for _, end in by_hand]
    assert np.allclose(found.pooled, expected[np.arange(len(ends)), ends], atol=1e-5)
    assert found.cut == sum(end > 76 for _, end in by_hand)


def test_batches_do_not_matter_and_bytes_repeat(encoder):
    one, all_at_once = encoder.encode(SENTENCES, batch=1), encoder.encode(SENTENCES, batch=4)
    assert np.allclose(one.states, all_at_once.states, atol=1e-5)
    assert np.array_equal(one.states, encoder.encode(SENTENCES, batch=1).states)


def test_a_projection_is_what_is_pooled(folder, encoder):
    found = load_text_encoder(folder / "projected", folder / "tokenizer").encode(SENTENCES)
    assert found.pooled.shape == (4, 20) and found.states.shape == (4, 77, 32)
    assert encoder.encode(SENTENCES).pooled.shape == (4, 32)


def test_half_of_a_whole_clip(folder):
    from transformers import CLIPModel

    half = load_text_encoder(folder / "whole", folder / "tokenizer")
    found = half.encode(SENTENCES)
    ids = [ids_by_hand(sentence, folder / "tokenizer")[0] for sentence in SENTENCES]
    whole = CLIPModel.from_pretrained(folder / "whole").eval()
    with torch.no_grad():
        out = whole.text_model(torch.tensor(ids))
        projected = whole.text_projection(out.pooler_output)
    assert np.allclose(found.states, out.last_hidden_state.numpy(), atol=1e-5)
    assert np.allclose(found.pooled, projected.numpy(), atol=1e-5)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_is_near(encoder, precision):
    exact, rough = encoder.encode(SENTENCES), encoder.encode(SENTENCES, precision=precision)
    assert rough.states.dtype == np.float32
    error = np.abs(rough.states - exact.states).max()
    assert 0 < error < 0.1


def test_what_is_absent_or_incomplete_is_a_sentence(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    with pytest.raises(MissingPackageError, match=r"config\.json is absent"):
        load_text_encoder(tmp_path, folder / "tokenizer")
    with pytest.raises(MissingPackageError, match="No tokenizer"):
        load_text_encoder(folder / "plain", tmp_path)
    broken = shutil.copytree(folder / "plain", tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    weights.pop(next(name for name in weights if "layers.1.mlp.fc1.weight" in name))
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadDataError, match="1 weight of CLIPTextModel is missing"):
        load_text_encoder(broken, folder / "tokenizer")
    (broken / "model.safetensors").write_bytes(b"junk")
    with pytest.raises(BadDataError, match="cannot be loaded"):
        load_text_encoder(broken, folder / "tokenizer")
    (broken / "model.safetensors").unlink()
    with pytest.raises(MissingPackageError, match=r"no \.safetensors"):
        load_text_encoder(broken, folder / "tokenizer")


def test_loading_is_silent(folder, capfd):
    load_text_encoder(folder / "whole", folder / "tokenizer")
    assert capfd.readouterr() == ("", "")
