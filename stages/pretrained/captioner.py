"""Pictures to sentences, with BLIP (Li et al., ICML 2022)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.pretrained.loading import Precision, computing, load_pretrained, load_tokenizer
from eeg2vid.stages.pretrained.processors import PictureProcessor, load_processor


class Captioner:
    """A BLIP captioner.

    Parameters
    ----------
    processor
        Makes its input of pictures.
    tokenizer, model
        Of transformers: BERT's tokenizer; `BlipForConditionalGeneration`.
    """

    def __init__(self, processor: PictureProcessor, tokenizer: Any, model: Any) -> None:
        self.processor = processor
        self.tokenizer = tokenizer
        self.model = model
        ids = model.config.text_config
        marks = {*tokenizer.all_special_ids, ids.bos_token_id} - {ids.sep_token_id}
        self._begin, self._unspoken = ids.bos_token_id, sorted(marks)

    def describe(
        self,
        pictures: NDArray[np.uint8],
        *,
        batch: int = 16,
        beams: int = 3,
        max_tokens: int = 30,
        precision: Precision = "float32",
    ) -> list[str]:
        """Return one sentence per picture: the most probable found by beam search, nothing is drawn at random.

        Parameters
        ----------
        pictures
            uint8 `(n, height, width, 3)`, sRGB.
        batch
            Pictures at a time.
        beams
            Sentences followed at once; 1 is greedy.
        max_tokens
            Longest sentence, tokens.
        precision
            What it computes in.
        """
        found: list[str] = []
        for start in range(0, len(pictures), batch):
            pixels = self.processor(pictures[start : start + batch]).to(self.model.device)
            with computing(str(self.model.device), precision):
                tokens = self.model.generate(
                    pixel_values=pixels,
                    num_beams=beams,
                    do_sample=False,
                    min_new_tokens=2,  # a word and the end: never nothing
                    max_new_tokens=max_tokens,
                    suppress_tokens=self._unspoken,
                )
            if bool((tokens[:, 0] == self._begin).all()):
                tokens = tokens[:, 1:]  # what every sentence is begun with
            found += self.tokenizer.batch_decode(tokens.cpu(), skip_special_tokens=True)
        return [" ".join(sentence.split()) for sentence in found]


def load_captioner(folder: Path, device: str = "cpu") -> Captioner:
    """Load a captioner from a folder, never from the network.

    Parameters
    ----------
    folder
        Holds model, tokenizer and `preprocessor_config.json`.
    device
        Where it computes.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent or damaged.
    """
    from transformers import BlipForConditionalGeneration

    processor, tokenizer = load_processor(folder), load_tokenizer(folder)
    return Captioner(processor, tokenizer, load_pretrained(BlipForConditionalGeneration, folder, device))


def most_typical(sentences: Sequence[str]) -> str:
    """Return the sentence that has most in common with the others, the first of equals.

    What they have in common is the F1 score of their words, counted with repetition. Of several frames of a clip,
    this keeps what most of them show and drops what was seen in one alone; the longest would keep the latter.
    """
    words = [Counter(sentence.lower().split()) for sentence in sentences]
    sizes = [max(1, sum(count.values())) for count in words]
    scores = [
        sum(2 * sum((one & other).values()) / (size + len_other) for other, len_other in zip(words, sizes, strict=True))
        for one, size in zip(words, sizes, strict=True)
    ]
    return sentences[scores.index(max(scores))]
