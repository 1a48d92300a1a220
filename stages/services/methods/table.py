"""Which function says what a stage did: a line for every stage, and what it cites where it is said."""

from __future__ import annotations

from collections.abc import Callable

from eeg2vid.stages.services.methods import clips, data, decoders, judged
from eeg2vid.stages.services.methods.made import Made

SENTENCES: dict[str, Callable[[Made], list[str]]] = {
    "ingest": data.ingested,
    "quality": data.described,
    "split": data.divided,
    "preprocess": data.preprocessed,
    "split-videos": clips.cut,
    "caption": clips.captioned,
    "encode-text": clips.encoded_text,
    "encode-clips": clips.looked_at_true,
    "encode-latents": clips.encoded_latents,
    "train-encoder": decoders.trained,
    "train-mapper": decoders.trained,
    "finetune-video": decoders.tuned,
    "predict": decoders.predicted,
    "generate": decoders.generated,
    "perceive": clips.looked_at_decoded,
    "score": judged.scored,
    "report": judged.reported,
}

PARAGRAPHS = {
    "Data": ("ingest", "quality", "split"),
    "EEG": ("preprocess",),
    "Clips": ("split-videos", "caption", "encode-text", "encode-clips", "encode-latents"),
    "Decoding": ("train-encoder", "train-mapper", "finetune-video", "predict", "generate"),
    "Scores": ("perceive", "score", "report"),
}
"""Paragraphs by their headings, and the stages told in each."""
