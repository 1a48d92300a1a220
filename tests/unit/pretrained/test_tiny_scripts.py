"""The scripts that train the tiny tokenizer, CLIP and captioner: a few steps on two concepts, at tiny size."""

from __future__ import annotations

import os
import signal
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).resolve().parents[3] / "examples" / "tiny_profile"))

import make_tokenizer
import render_films
import train_captioner
import train_clip
from films_data import Films
from pictures import save_processor, to_pixels
from training import PRECISIONS, Run, adamw, products_in
from transformers import (
    AutoTokenizer,
    BlipForConditionalGeneration,
    BlipProcessor,
    CLIPImageProcessorPil,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionModelWithProjection,
)
from wording import ASPECTS, Reader, WordTargets, corpus, plain

from eeg2vid.stages.simulation.drawing.backdrops import SCENES
from eeg2vid.stages.simulation.films import JUDGING_SEEDS, TRAINING_SEEDS, caption, make_spec, optical_flow, render_clip
from eeg2vid.stages.simulation.palette import COLOR_WORDS

PAIR = (14, 40)  # tree, ship
SMALL = {"clips": 8, "width": 32, "image_layers": 1, "threads": 1, "warm_up": 2}


class Interrupted(Films):
    """Films during which the process is asked to stop, once the fifth batch was drawn."""

    def batches(self, batch, steps, seed, first=0):
        for number, drawn in enumerate(super().batches(batch, steps, seed, first), first):
            if number == 4:
                os.kill(os.getpid(), signal.SIGTERM)
            yield drawn


@pytest.fixture(scope="module")
def films():
    return Films(TRAINING_SEEDS, frames=1, concepts=PAIR)


@pytest.fixture(scope="module")
def captions():
    return corpus(1500, 0)[1]


@pytest.fixture(scope="module")
def tokenizer(captions):
    return make_tokenizer.bpe(captions)


def weights(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*.safetensors"))}


def test_a_batch_follows_from_seed_and_number_alone(films):
    one = list(films.batches(6, 3, 5))
    two = list(Films(TRAINING_SEEDS, frames=1, concepts=PAIR, workers=1).batches(6, 3, 5, first=1))
    assert len(one) == 3
    assert len(two) == 2
    for left, right in zip(one[1:], two, strict=True):
        assert np.array_equal(left["frames"], right["frames"])
        assert left["captions"] == right["captions"]
        assert left["specs"] == right["specs"]
    assert len({spec.seed for each in one for spec in each["specs"]}) == 18
    assert [spec.concept for spec in films.batch(6, 6)["specs"]] != [spec.concept for spec in one[0]["specs"]]


def test_batches_hold_what_the_renderer_says(films):
    judged = Films(JUDGING_SEEDS, (32, 56), 6)
    concepts = [spec.concept for spec in judged.specs(80, 1)]
    assert np.bincount(concepts, minlength=41)[1:].tolist() == [2] * 40
    batch = judged.batch(4, 1)
    assert batch["frames"].shape == (4, 6, 32, 56, 3)
    for row, spec in enumerate(batch["specs"]):
        assert spec.seed in JUDGING_SEEDS
        assert make_spec(spec.concept, spec.seed) == spec
        assert np.array_equal(batch["frames"][row], render_clip(spec, width=56, height=32, fps=3.0))
        assert batch["captions"][row] == caption(spec)


def test_a_shelf_gives_what_the_renderer_says(tmp_path):
    render_films.main(["--out", str(tmp_path), "--each", "2", "--size", "32", "56", "--seed", "3"])
    shelved = Films(TRAINING_SEEDS, (32, 56), 2, shelf=tmp_path)
    batch = shelved.batch(40, 0, 7)
    assert sorted(spec.concept for spec in batch["specs"]) == list(range(1, 41))
    starts = set()
    for row in range(0, 40, 8):
        spec = batch["specs"][row]
        frames = render_clip(spec, width=56, height=32, fps=3.0)
        start = next(k for k in range(3) if np.array_equal(frames[k], batch["frames"][row, 0]))
        starts.add(start)
        assert np.array_equal(batch["frames"][row], frames[start::3])
        assert batch["captions"][row] == caption(spec)
        assert batch["flow"][row] == optical_flow([spec])[0]
    assert len(starts) > 1
    again = next(shelved.batches(40, None, 0, first=7))
    assert np.array_equal(again["frames"], batch["frames"])
    assert shelved.batch(40, 1, 7)["specs"] != batch["specs"]
    with pytest.raises(SystemExit, match="clip seeds"):
        Films(JUDGING_SEEDS, (32, 56), 2, shelf=tmp_path).batch(2, 0)
    with pytest.raises(SystemExit, match="height, width"):
        Films(TRAINING_SEEDS, (64, 112), 2, shelf=tmp_path).batch(2, 0)


def test_products_in_bfloat16_are_close_and_weights_stay_float32():
    layer = torch.nn.MultiheadAttention(32, 4, batch_first=True)
    values = torch.randn(2, 5, 32, generator=torch.Generator().manual_seed(0))
    found = {}
    for precision in PRECISIONS:
        with products_in(precision, "cpu"):
            q, k, v = layer.in_proj_weight.split(32)
            mixed = torch.nn.functional.scaled_dot_product_attention(values @ q, values @ k, values @ v)
        found[precision] = mixed
    assert found["float32"].dtype == torch.float32
    assert found["bfloat16"].dtype == torch.bfloat16
    assert torch.allclose(*(each.float() for each in found.values()), atol=0.05)
    assert not torch.equal(*(each.float() for each in found.values()))


def merged_by_hand(word, ranks):
    """Byte-pair encoding of one word of ASCII letters, the slow way: the pair of the lowest rank first."""
    parts = [*word[:-1], word[-1] + "</w>"]
    while True:
        pairs = [(ranks.get(pair, len(ranks)), k) for k, pair in enumerate(pairwise(parts))]
        if not pairs or min(pairs)[0] == len(ranks):
            return parts
        k = min(pairs)[1]
        parts[k : k + 2] = [parts[k] + parts[k + 1]]


def test_byte_pairs_are_merged_in_order(tokenizer, captions, tmp_path):
    make_tokenizer.save_bpe(tokenizer, tmp_path)
    lines = (tmp_path / "merges.txt").read_text().splitlines()[1:]
    ranks = {tuple(line.split(" ")): k for k, line in enumerate(lines)}
    words = sorted({word for text in captions for word in text.split() if word.isalpha()})
    for word in [*words, "zebra", "unreal", "xylophones"]:
        assert tokenizer.tokenize(word) == merged_by_hand(word, ranks), word


def test_clip_tokenizer_is_small_and_complete(tokenizer, captions, tmp_path):
    assert len(tokenizer) <= 1000
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (len(tokenizer) - 2, len(tokenizer) - 1)
    for text in captions[:200]:
        ids = tokenizer(text)["input_ids"]
        assert (ids[0], ids[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
        assert plain(tokenizer.decode(ids, skip_special_tokens=True)) == text
    assert len(tokenizer("a", padding="max_length")["input_ids"]) == 77
    make_tokenizer.save_bpe(tokenizer, tmp_path)
    whole = CLIPTokenizer.from_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").unlink()  # vocab.json and merges.txt alone
    parts = CLIPTokenizer.from_pretrained(tmp_path)
    assert (
        whole(captions[:50])["input_ids"] == parts(captions[:50])["input_ids"] == tokenizer(captions[:50])["input_ids"]
    )


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.text(st.characters(categories=("Ll", "Nd")), min_size=1, max_size=12))
def test_any_word_can_be_written(word):
    tokenizer = test_any_word_can_be_written.tokenizer
    ids = tokenizer(word)["input_ids"][1:-1]
    assert tokenizer.eos_token_id not in ids  # the mark of the unknown
    assert ids


test_any_word_can_be_written.tokenizer = make_tokenizer.bpe(["two red birds", "a ship sailing"])


def test_wordpieces_are_whole_words(captions, tmp_path):
    bert = make_tokenizer.wordpiece(captions)
    assert len(bert) <= 1000
    ids = bert(captions)["input_ids"]
    assert all(bert.unk_token_id not in each for each in ids)
    assert [plain(text) for text in bert.batch_decode(ids, skip_special_tokens=True)] == captions
    assert max(map(len, ids)) <= train_captioner.POSITIONS
    assert bert.unk_token_id not in bert("zebras 42")["input_ids"]


def test_tokenizer_script_writes_the_same_twice(tmp_path):
    for name in ("one", "two"):
        make_tokenizer.main(["--out", str(tmp_path / name), "--captions", "400"])
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert {"vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json", "card.md"} <= names
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names)
    assert type(AutoTokenizer.from_pretrained(tmp_path / "one")) is CLIPTokenizer


def test_a_reader_knows_what_captions_say():
    reader = Reader()
    specs, said = corpus(4000, 1)
    read = [reader.read(text) for text in said]
    for spec, text, told in zip(specs, said, read, strict=True):
        assert str(spec.concept) in told["concept"].split("/"), text
        assert SCENES[told["place"]] == SCENES[spec.scene], text
        assert told["count"] == ("1" if spec.concept in (20, 21) else ("1", "2", "many")[spec.number - 1]), text
        assert all(told.values()) or not told["color"], text
        if spec.color:
            assert told["color"] == COLOR_WORDS[spec.color], text
    assert all(rate == 1.0 for rate, _ in reader.compare(said, said).values())
    mixed = reader.compare(said[1:] + said[:1], said)  # every caption with its neighbour, of another concept
    assert set(mixed) == set(ASPECTS)
    assert mixed["concept"][0] == 0


def test_word_targets():
    targets = WordTargets(["a red cat", "two cats"])
    assert targets.words == ["a", "cat", "cats", "red", "two"]
    assert targets(["A cat, a zebra", "two"]).tolist() == [[1, 1, 0, 0, 0], [0, 0, 0, 0, 1]]


@pytest.mark.parametrize("size", [(64, 112), (144, 256), (50, 61)])
def test_training_sees_what_the_saved_processor_makes(tmp_path, size):
    save_processor(tmp_path, "CLIPImageProcessor", 112)
    rough = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8).repeat(32, 1).repeat(32, 2)
    frames = np.ascontiguousarray(rough[:, : size[0], : size[1]])
    ours = to_pixels(frames, 112)
    theirs = CLIPImageProcessorPil.from_pretrained(tmp_path)(list(frames), return_tensors="pt")["pixel_values"]
    assert ours.shape == theirs.shape == (3, 3, 112, 112)
    assert (ours - theirs).abs().max() <= 2.01 / 127.5


def tiny_run(out, seed=0, **options):
    torch.manual_seed(1)
    model = torch.nn.Linear(3, 1)
    run = Run(model, adamw(model, 0.1), out, seed=seed, warm_up=5, **options)

    def loss(batch, step):
        return (model(batch).squeeze(1) - batch.sum(1) + 0.1 * torch.randn(8)).square().mean()

    facts = run.loop(loss, lambda first: (torch.full((8, 3), 0.1 * (k % 7)) for k in range(first, 10**6)))
    return model, run, facts


def test_minutes_become_steps_that_give_the_same_weights(tmp_path):
    one, run, facts = tiny_run(tmp_path / "a", minutes=1e-9)
    assert facts["steps"] == run.steps == 40
    two, _, _ = tiny_run(tmp_path / "b", steps=run.steps)
    assert torch.equal(one.weight, two.weight)
    assert np.mean(run.losses[-10:]) < np.mean(run.losses[:10])


def test_a_state_of_another_training_is_refused(tmp_path):
    tiny_run(tmp_path, steps=6)
    with pytest.raises(SystemExit, match="another training"):
        tiny_run(tmp_path, steps=6, seed=2)
    with pytest.raises(SystemExit, match="another training"):
        tiny_run(tmp_path, steps=7)
    _, again, facts = tiny_run(tmp_path, steps=6)
    assert (facts["steps"], facts["sessions"]) == (6, 2)
    again.finish()
    assert not any(tmp_path.iterdir())


def test_contrast_against_loops():
    rng = np.random.default_rng(0)
    said = ["a", "b", "a", "c"]
    images, texts = rng.standard_normal((8, 5)), rng.standard_normal((4, 5))
    one, two = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (images, texts))
    logits = np.exp(1.5) * one @ two.T
    down, across = (logits - np.log(np.exp(logits).sum(axis, keepdims=True)) for axis in (0, 1))
    by_image = [np.mean([-across[k, j] for j in range(4) if said[j] == said[k // 2]]) for k in range(8)]
    by_text = [np.mean([-down[k, j] for k in range(8) if said[k // 2] == said[j]]) for j in range(4)]
    found = train_clip.contrast(torch.tensor(images), torch.tensor(texts), said, torch.tensor(1.5, dtype=torch.float64))
    assert found.item() == pytest.approx((np.mean(by_image) + np.mean(by_text)) / 2, rel=1e-5)


def test_clip_learns_goes_on_and_loads(tmp_path, films, tokenizer):
    clip, run, facts = train_clip.train(tokenizer, tmp_path / "a", films, steps=12, **SMALL)
    assert np.mean(run.losses[-4:]) < 0.95 * np.mean(run.losses[:4])
    before = clip.state_dict()["visual_projection.weight"].clone()
    train_clip.save(clip, tmp_path / "a")
    stopped = Interrupted(TRAINING_SEEDS, frames=1, concepts=PAIR)
    with pytest.raises(SystemExit) as status:
        train_clip.train(tokenizer, tmp_path / "b", stopped, steps=12, **SMALL)
    assert status.value.code == 75
    clip, _, facts = train_clip.train(tokenizer, tmp_path / "b", films, steps=12, **SMALL)
    assert facts["sessions"] == 2
    train_clip.save(clip, tmp_path / "b")
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    text, found = CLIPTextModelWithProjection.from_pretrained(tmp_path / "a/text_encoder", output_loading_info=True)
    assert not found["missing_keys"]
    assert text.dtype == torch.float16
    image = CLIPVisionModelWithProjection.from_pretrained(tmp_path / "a/image_encoder", dtype=torch.float32)
    assert (image.visual_projection.weight - before).abs().max() <= 1e-3 * before.abs().max()
    quality = train_clip.Judge(tmp_path / "a", tokenizer).measure(Films(JUDGING_SEEDS, frames=2, concepts=PAIR), 1, 16)
    assert all(0 <= value <= 1 for value in quality.values())
    run.finish()
    train_clip.write_cards(tmp_path / "a", facts, {"112x64": quality}, 10.0, films)
    assert f"{TRAINING_SEEDS.start}" in (tmp_path / "a/text_encoder/card.md").read_text()


def test_captioner_learns_goes_on_and_speaks(tmp_path, films, captions):
    bert = make_tokenizer.wordpiece(captions)
    for name in ("a", "b"):
        if name == "b":
            stopped = Interrupted(TRAINING_SEEDS, frames=1, concepts=PAIR)
            with pytest.raises(SystemExit) as status:
                train_captioner.train(bert, tmp_path / name, stopped, steps=12, **SMALL)
            assert status.value.code == 75
        blip, run, _ = train_captioner.train(bert, tmp_path / name, films, steps=12, **SMALL)
        assert np.mean(run.losses[-4:]) < 0.95 * np.mean(run.losses[:4])
        train_captioner.save(blip, bert, tmp_path / name)
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    _, found = BlipForConditionalGeneration.from_pretrained(tmp_path / "a", output_loading_info=True)
    assert not found["missing_keys"]
    assert BlipProcessor.from_pretrained(tmp_path / "a").tokenizer("a cat")["input_ids"] == bert("a cat")["input_ids"]
    judge = train_captioner.Judge(tmp_path / "a")
    frames = films.batch(4, 9)["frames"][:, 0]
    assert judge.describe(frames) == judge.describe(frames)
    table, examples = judge.measure(Films(JUDGING_SEEDS, frames=2, concepts=PAIR), 8)
    assert len(table.splitlines()) == len(ASPECTS) + 1
    assert len(examples.splitlines()) == 8
