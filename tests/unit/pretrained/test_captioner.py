import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import MissingPackageError
from eeg2vid.stages.pretrained.captioner import load_captioner, most_typical

_spec = importlib.util.spec_from_file_location("_small_models", Path(__file__).with_name("_small_models.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

END, FIRST_WORD = 3, 5


@pytest.fixture(scope="module")
def captioner(tmp_path_factory):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("captioner")
    small.save_captioner(folder)
    return load_captioner(folder)


def log_probabilities(captioner, picture, ids):
    """Return those of the next token, by one plain forward pass."""
    model = captioner.model
    with torch.no_grad():
        seen = model.vision_model(captioner.processor(picture[None])).last_hidden_state
        logits = model.text_decoder(torch.tensor([ids]), encoder_hidden_states=seen).logits[0, -1]
    return torch.log_softmax(logits, dim=-1)


def greedy_by_hand(captioner, picture, longest):
    ids = [4]
    while len(ids) <= longest:
        scores = log_probabilities(captioner, picture, ids)
        scores[: END if len(ids) > 2 else FIRST_WORD] = -torch.inf  # marks are not spoken, the end not at once
        scores[END + 1 : FIRST_WORD] = -torch.inf
        ids.append(int(scores.argmax()))
        if ids[-1] == END:
            break
    return " ".join(small.BERT[k] for k in ids[1:] if k >= FIRST_WORD)


def test_one_beam_is_the_most_probable_word_each_time(captioner):
    pictures = small.pictures(6)
    found = captioner.describe(pictures, beams=1, max_tokens=8, batch=4)
    assert found == [greedy_by_hand(captioner, picture, 8) for picture in pictures]
    assert len(set(found)) > 1, "the pictures decide"
    assert all(set(sentence.split()) <= set(small.BERT[FIRST_WORD:]) for sentence in found)


def test_beams_find_what_is_more_probable(captioner):
    pictures = small.pictures(6, seed=3)

    def score(picture, sentence, longest=4):
        ids, total = [4], 0.0
        for word in [*sentence.split(), "[SEP]"][:longest]:
            total += float(log_probabilities(captioner, picture, ids)[small.BERT.index(word)])
            ids.append(small.BERT.index(word))
        return total / (len(ids) - 1)  # the search divides by the length

    one = captioner.describe(pictures, beams=1, max_tokens=4)
    many = captioner.describe(pictures, beams=20, max_tokens=4)
    whole = [k for k in range(6) if len(one[k].split()) == len(many[k].split()) == 4]  # no special token within
    gains = [score(pictures[k], many[k]) - score(pictures[k], one[k]) for k in whole]
    assert whole and min(gains) > -1e-5


def test_same_bytes_whatever_the_batch(captioner):
    pictures = small.pictures(7, seed=5)
    once = captioner.describe(pictures, batch=7)
    assert once == captioner.describe(pictures, batch=7) == captioner.describe(pictures, batch=2)
    assert captioner.describe(pictures[:0]) == []


def test_mixed_precision_speaks(captioner):
    found = captioner.describe(small.pictures(3), precision="bfloat16")
    assert len(found) == 3 and all(found)


def test_absent_parts_are_named(tmp_path):
    with pytest.raises(MissingPackageError, match="preprocessor_config"):
        load_captioner(tmp_path)
    small.save_processor(tmp_path, "BlipImageProcessor")
    with pytest.raises(MissingPackageError, match="No tokenizer"):
        load_captioner(tmp_path)


SENTENCE = st.lists(st.sampled_from(small.WORDS[:8]), min_size=1, max_size=6).map(" ".join)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(SENTENCE, min_size=1, max_size=6), SENTENCE)
def test_what_most_frames_say_is_kept(others, said):
    kept = most_typical([said] * (len(others) + 1) + others)
    assert kept == said or sorted(kept.split()) == sorted(said.split())
    assert most_typical(others) in others


def test_the_odd_one_out_is_dropped_even_if_it_is_the_longest():
    frames = ["a red dog runs on a beach", "a dog runs on the beach", "a man in a car with a cat and a blue boat"]
    assert most_typical(frames) in frames[:2]
    assert most_typical(["A Dog", "a dog", "cat"]) == "A Dog"
    assert most_typical([""]) == ""


def test_pictures_decide_by_more_than_their_mean(captioner):
    dark, light = np.zeros((1, 36, 64, 3), np.uint8), np.full((1, 36, 64, 3), 255, np.uint8)
    assert captioner.describe(dark) != captioner.describe(light)
