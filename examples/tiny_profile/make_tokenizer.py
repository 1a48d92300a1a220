"""Make the tokenizers of the `tiny` profile: CLIP's byte-level BPE and BERT's WordPiece, with few tokens.

Both know the captions of simulated films; any other text is spelt out in letters or bytes, never refused.

    python examples/tiny_profile/make_tokenizer.py --out stages/profiles/tiny/tokenizer
"""

from __future__ import annotations

import argparse
import json
import string
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer, models, trainers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import BertTokenizer, CLIPTokenizer
from wording import corpus

from eeg2vid.stages.simulation.films import TRAINING_SEEDS

SIZE = 1000  # tokens, at most
POSITIONS = 77
START, END = "<|startoftext|>", "<|endoftext|>"
CAPTIONS = 20_000


def bpe(captions: Sequence[str], size: int = SIZE) -> CLIPTokenizer:
    """Train byte-pair merges on captions and order the vocabulary as CLIP does: bytes, ends of words, merges, marks."""
    splitter = CLIPTokenizer().backend_tokenizer  # for its way of cutting text into words
    alphabet = sorted(ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=4 * size,
        end_of_word_suffix="</w>",
        initial_alphabet=alphabet,
        show_progress=False,
    )
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer, learner.pre_tokenizer = splitter.normalizer, splitter.pre_tokenizer
    learner.train_from_iterator(captions, trainer)
    merges = [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]
    merges = merges[: size - 2 * len(alphabet) - 2]  # a prefix of greedy merges is what fewer merges give
    tokens = [*alphabet, *(letter + "</w>" for letter in alphabet), *("".join(pair) for pair in merges), START, END]
    vocabulary = {token: k for k, token in enumerate(dict.fromkeys(tokens))}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=POSITIONS)


def wordpiece(captions: Sequence[str], size: int = SIZE) -> BertTokenizer:
    """Make a WordPiece vocabulary of whole words, commonest first, and of single letters for all others."""
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    splitter = BertTokenizer().backend_tokenizer.pre_tokenizer
    counts = Counter(word for text in captions for word, _ in splitter.pre_tokenize_str(text))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    tokens = dict.fromkeys([*marks, *letters, *("##" + letter for letter in letters[:36]), *words])
    return BertTokenizer(vocab={token: k for k, token in enumerate(list(tokens)[:size])}, model_max_length=POSITIONS)


def save_bpe(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write a CLIP tokenizer in both forms: tokenizer.json, and vocab.json with merges.txt."""
    tokenizer.save_pretrained(folder)
    tokenizer.backend_tokenizer.model.save(str(folder))


def main(argv: list[str] | None = None) -> None:
    """Train on captions of the training range, save, count, write the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the tokenizer and its card")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--captions", type=int, default=CAPTIONS)
    args = parser.parse_args(argv)
    captions = corpus(args.captions, args.seed)[1]
    tokenizer = bpe(captions)
    save_bpe(tokenizer, args.out)
    words = {word for text in captions for word in text.split()}
    lengths = [len(ids) for ids in tokenizer(captions[:2000])["input_ids"]]
    whole = sum(len(tokenizer(word)["input_ids"]) == 3 for word in words)
    card = (
        "# tiny tokenizer\n\n"
        f"A `CLIPTokenizer` (byte-level BPE, ends of words marked) of {len(tokenizer)} tokens and {POSITIONS} "
        "positions: 512 bytes, the merges, start and end. Any text can be written with it.\n\n"
        f"- Made by `examples/tiny_profile/make_tokenizer.py --seed {args.seed}` from {len(captions)} captions of "
        f"simulated films (clip seeds of the range {TRAINING_SEEDS.start} to {TRAINING_SEEDS.stop - 1}).\n"
        f"- Of the {len(words)} different words in them, {whole} are one token. A caption has {min(lengths)} to "
        f"{max(lengths)} tokens, start and end included.\n"
    )
    (args.out / "card.md").write_text(card, encoding="utf-8")
    print(card)


if __name__ == "__main__":
    main()
