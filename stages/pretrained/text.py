"""Captions to what a diffusion model is told: CLIP's text states (Radford et al., ICML 2021; Rombach et al., 2022)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.pretrained.loading import Precision, computing, load_pretrained, load_tokenizer

_OTHER_HALF = ("vision_model.", "visual_projection.", "logit_scale")  # of a whole CLIP


@dataclass(frozen=True)
class TextStates:
    """What a text encoder makes of sentences.

    Attributes
    ----------
    states
        float32 `(sentence, token, channel)`: the last hidden state after the last norm, as Stable Diffusion reads it.
    pooled
        float32 `(sentence, pooled_channel)`: at the end of the text; projected (`text_embeds`) where the model does.
    cut
        How many sentences were longer than the encoder reads.
    """

    states: NDArray[np.float32]
    pooled: NDArray[np.float32]
    cut: int


class TextEncoder:
    """A CLIP text encoder and its tokenizer.

    Parameters
    ----------
    tokenizer, model
        Of transformers: `CLIPTokenizer`; `CLIPTextModel` or `CLIPTextModelWithProjection`.
    """

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self.tokenizer = tokenizer
        self.model = model
        self.length = min(int(tokenizer.model_max_length), int(model.config.max_position_embeddings))

    def encode(self, sentences: Sequence[str], *, batch: int = 64, precision: Precision = "float32") -> TextStates:
        """Encode sentences, padded or cut to the length that the model knows (77 tokens).

        Padding is attended to, as in Stable Diffusion's training and sampling: no mask is passed.
        """
        states, pooled = [], []
        tokens = self.tokenizer(list(sentences), truncation=False)["input_ids"] if len(sentences) else []
        cut = sum(len(ids) > self.length for ids in tokens)
        for start in range(0, len(sentences), batch):
            ids = self.tokenizer(
                list(sentences[start : start + batch]),
                padding="max_length",
                max_length=self.length,
                truncation=True,
                return_tensors="pt",
            )["input_ids"]
            with computing(str(self.model.device), precision):
                found = self.model(input_ids=ids.to(self.model.device))
            projected = getattr(found, "text_embeds", None)
            states.append(found.last_hidden_state.float().cpu().numpy())
            pooled.append((found.pooler_output if projected is None else projected).float().cpu().numpy())
        return TextStates(np.concatenate(states), np.concatenate(pooled), cut)


def load_text_encoder(model: Path, tokenizer: Path, device: str = "cpu") -> TextEncoder:
    """Load a text encoder from two folders, never from the network.

    Parameters
    ----------
    model
        Of a `CLIPTextModel`, of a `CLIPTextModelWithProjection`, or of a whole `CLIPModel`.
    tokenizer
        Of a `CLIPTokenizer`.
    device
        Where it computes.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent or damaged.
    """
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    words = load_tokenizer(tokenizer, CLIPTokenizer)
    kinds = config_of(model).get("architectures") or []
    projected = {"CLIPTextModelWithProjection", "CLIPModel"} & set(kinds)
    whole = "CLIPModel" in kinds
    given = {"config": part_config(model, "text_config")} if whole else {}
    kind = CLIPTextModelWithProjection if projected else CLIPTextModel
    return TextEncoder(words, load_pretrained(kind, model, device, passing=_OTHER_HALF if whole else (), **given))


def load_matching_text_encoder(
    image_encoder: Path, text_encoder: Path, tokenizer: Path, device: str = "cpu"
) -> TextEncoder | None:
    """Load the text half of an image encoder's CLIP, None if there is none.

    Parameters
    ----------
    image_encoder
        If this is a whole `CLIPModel`, its own text half is taken.
    text_encoder
        Otherwise this one, if it projects into a space of the same size: Stable Diffusion's does not project.
    tokenizer
        Of both.
    device
        Where it computes.
    """
    if "CLIPModel" in (config_of(image_encoder).get("architectures") or []):
        return load_text_encoder(image_encoder, tokenizer, device)
    theirs, ours = config_of(image_encoder), config_of(text_encoder)
    projects = "CLIPTextModelWithProjection" in (ours.get("architectures") or [])
    if not projects or theirs.get("projection_dim") != ours.get("projection_dim"):
        return None
    return load_text_encoder(text_encoder, tokenizer, device)


def config_of(folder: Path) -> dict[str, Any]:
    """Return a model's `config.json`, empty if it is absent or damaged: loading then says so."""
    try:
        facts = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def part_config(folder: Path, part: str) -> Any:
    """Return the config of one half of a whole CLIP, its projection as wide as the whole's."""
    from transformers import CLIPConfig

    whole = CLIPConfig.from_pretrained(folder, local_files_only=True)
    config = getattr(whole, part)
    config.projection_dim = whole.projection_dim
    return config
