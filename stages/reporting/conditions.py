"""What each condition shows, in a sentence for the reader of the report."""

from __future__ import annotations

from eeg2vid.schemas.conditions import POSITION_VOTE
from eeg2vid.stages.reporting.evidence import SHUFFLED

CONDITIONS = {
    "full": "Decoded from the EEG recorded while the clip was shown. The result.",
    SHUFFLED: "Decoded the same way, but from the EEG of another run. What scores without any tie to the clip.",
    "shuffled-clips": "Decoded from the EEG of another clip of the same run. What the run alone gives away.",
    "noise-eeg": "Decoded from noise with the spectrum of EEG.",
    "no-eeg": "Decoded from EEG replaced by its mean. What the model shows when it sees nothing.",
    "mean-video": "The mean of the training clips, every time. It has never seen EEG.",
    "grey": "A flat grey picture, every time. It has never seen anything.",
    "nearest-training-video": "A clip of the training films instead of a generated one.",
    POSITION_VOTE: "No EEG at all: the class that training clips vote for at the same time in their blocks. What a "
    "clock alone gets. Where it beats chance, the order of presentation can pass for decoding.",
    "clock-only": "Trained on the time since the start of the block instead of the EEG.",
    "hint-only-window": "Decoded from the EEG recorded before the clip began.",
    "shuffled-training": "Trained on wrong pairs of EEG and clip.",
    "class-predicted": "Made from the class that was decoded, nothing else.",
    "class-true": "Made from the true class, which no decoder is told. A ceiling.",
    "true-text": "Made with the true caption, which no decoder is told. A ceiling.",
    "true-latents": "Made with the true latents, which no decoder is told. A ceiling.",
    "true-both": "Made with the true caption and latents, which no decoder is told. A ceiling.",
    "no-seq2seq": "The system without its decoder of latents.",
    "no-dana": "The system without its noise that follows decoded motion.",
    "no-text": "The system without decoded text.",
}
