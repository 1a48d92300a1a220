"""The captions as data: a corpus to make tokenizers from, which words a caption has, and what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from eeg2vid.stages.simulation.captions import FAST, SLOW, VARIANTS, caption
from eeg2vid.stages.simulation.drawing.backdrops import SCENES
from eeg2vid.stages.simulation.films import TRAINING_SEEDS, ClipSpec, sample_specs
from eeg2vid.stages.simulation.looks import LOOKS
from eeg2vid.stages.simulation.palette import COLOR_WORDS

ASPECTS = ("concept", "color", "count", "speed", "place")
_SPEEDS = ("slow", "usual", "fast")


def plain(text: str) -> str:
    """Return a caption in lower case with single spaces; a decoded "hot - air" is "hot-air" again."""
    return " ".join(text.lower().replace(" - ", "-").replace(".", " ").replace(",", " ").split())


def corpus(count: int, seed: int, concepts: Sequence[int] = tuple(range(1, 41))) -> tuple[list[ClipSpec], list[str]]:
    """Return clips of the training range and captions of them, all concepts and speeds equally often.

    The speeds are assigned and not those of the films: the true flow takes longer than everything else.
    """
    rng = np.random.default_rng([seed, 17])
    specs = sample_specs(np.resize(np.asarray(concepts), count).tolist(), rng, seeds=TRAINING_SEEDS)
    flows = rng.permuted(np.resize([SLOW / 2, (SLOW + FAST) / 2, 2 * FAST], count))
    return specs, [plain(caption(spec, float(flow))) for spec, flow in zip(specs, flows, strict=True)]


class WordTargets:
    """Which of the known words a caption holds: the target of an auxiliary head that is not kept."""

    def __init__(self, captions: Sequence[str]) -> None:
        self.words = sorted({word for text in captions for word in plain(text).split()})
        self.index = {word: k for k, word in enumerate(self.words)}

    def __call__(self, captions: Sequence[str]) -> torch.Tensor:
        """Return float32 `(caption, word)` of zeros and ones."""
        out = torch.zeros(len(captions), len(self.words))
        for row, text in enumerate(captions):
            out[row, [self.index[word] for word in plain(text).split() if word in self.index]] = 1.0
        return out


def _found(text: str, phrases: Mapping[str, str]) -> tuple[int, str, str]:
    """Return where the first of the known phrases begins in a text, the phrase, and what it stands for; -1 if none.

    Of two that begin at the same word the longer one counts.
    """
    padded = f" {text} "
    places = [(padded.find(f" {phrase} "), -len(phrase), phrase) for phrase in phrases]
    here = min((each for each in places if each[0] >= 0), default=(-1, 0, ""))
    return here[0], here[2], phrases.get(here[2], "")


class Reader:
    """Reads concept, colour, count, speed and place back from a caption, whichever of its words it was said in."""

    def __init__(self) -> None:
        owners: dict[str, list[int]] = {}
        for k, (look, kinds) in enumerate(zip(LOOKS, VARIANTS, strict=True)):
            others = {name for kind in kinds if "|" in kind for name in kind.split("|")}
            palms = {f"palm {name}" for name in (look.singular, look.plural) if "palm *" in kinds}  # shared by two
            for name in sorted({look.singular, look.plural} | others | palms):
                owners.setdefault(plain(name), []).append(k)
        self.nouns = {name: "/".join(str(k + 1) for k in ks) for name, ks in owners.items()}
        self.verbs = {
            self.nouns[name]: {plain(LOOKS[k].verbs[speed]): _SPEEDS[speed] for speed in (2, 1, 0) for k in ks}
            for name, ks in owners.items()
        }
        self.places = {plain(words): name for name, scene in SCENES.items() for words in scene.place}
        self.colors = {word: word for word in COLOR_WORDS if word}

    def read(self, text: str) -> dict[str, str]:
        """Return what a caption says of each of `ASPECTS`; "" where it says nothing."""
        text = plain(text)
        start, noun, concept = _found(text, self.nouns)
        before, after = text[: max(start, 0)], text[start + len(noun) :] if noun else text
        said = set(before.split())
        return {
            "concept": concept,
            "color": _found(before, self.colors)[2],
            "count": "many"
            if said & {"many", "group"}
            else "2"
            if "two" in said
            else "1"
            if said & {"a", "an"}
            else "",
            "speed": _found(after, self.verbs.get(concept, {}))[2],
            "place": _found(after, self.places)[2],
        }

    def compare(self, said: Sequence[str], true: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Return, per aspect, how often two captions agree, and how often the commonest true answer would."""
        ours, theirs = [self.read(text) for text in said], [self.read(text) for text in true]
        found = {}
        for aspect in ASPECTS:
            wanted = [each[aspect] for each in theirs]
            agree = float(np.mean([one[aspect] == two for one, two in zip(ours, wanted, strict=True)]))
            found[aspect] = (agree, Counter(wanted).most_common(1)[0][1] / len(wanted))
        return found
