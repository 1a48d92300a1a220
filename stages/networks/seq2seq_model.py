"""The transformer from the vectors of windows to frames."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from eeg2vid.schemas.networks import Seq2SeqSettings


def sinusoids(length: int, width: int) -> Tensor:
    """Return the positions of Vaswani et al. (2017) `(length, width)`: sines in even columns, cosines in odd ones."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angles = torch.arange(length)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


class Seq2Seq(nn.Module):
    """Windows to vectors, a transformer over them, a transformer over frames, a linear layer for each frame.

    Parameters
    ----------
    embedder
        Of windows `(window, electrode, sample)`, to `(window, width)`.
    starts, n_samples
        Where the windows begin in an epoch, and how long they are.
    frames, outputs
        Frames of a target, numbers of a frame.
    s
        Settings.
    """

    def __init__(
        self,
        embedder: nn.Module,
        starts: tuple[int, ...],
        n_samples: int,
        frames: int,
        outputs: int,
        s: Seq2SeqSettings,
    ) -> None:
        super().__init__()
        self.starts, self.n_samples, self.frames, self.width = starts, n_samples, frames, s.width
        self.embedder = embedder
        sizes = {"dim_feedforward": s.feed_forward, "dropout": s.dropout, "batch_first": True}
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(s.width, s.heads, **sizes),  # type: ignore[arg-type]
            s.encoder_layers,
            enable_nested_tensor=False,
        )
        self.decoder = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(s.width, s.heads, **sizes),  # type: ignore[arg-type]
            s.decoder_layers,
        )
        for part in (self.encoder, self.decoder):  # PyTorch's layers begin as copies of one
            for weights in part.parameters():
                if weights.dim() > 1:
                    nn.init.xavier_uniform_(weights)
        self.queries = (
            nn.Parameter(torch.randn(frames, s.width) / math.sqrt(s.width)) if s.decoding == "queries" else None
        )
        self.out = nn.Linear(s.width, outputs)
        if s.standardise:  # the first prediction is the mean training target
            nn.init.zeros_(self.out.weight)
            nn.init.zeros_(self.out.bias)
        self.frame_positions: Tensor
        self.register_buffer("window_positions", sinusoids(len(starts), s.width), persistent=False)
        self.register_buffer("frame_positions", sinusoids(frames, s.width), persistent=False)

    def forward(self, epochs: Tensor) -> Tensor:
        """Return `(epoch, frame, output)` from `(epoch, electrode, sample)`."""
        windows = torch.stack([epochs[..., start : start + self.n_samples] for start in self.starts], dim=1)
        vectors = self.embedder(windows.flatten(0, 1)).reshape(len(epochs), len(self.starts), self.width)
        memory = self.encoder(vectors + self.window_positions)
        return self.out(self._asked_for(memory) if self.queries is not None else self._fed_back(memory))  # type: ignore[no-any-return]

    def _asked_for(self, memory: Tensor) -> Tensor:
        """Return what stands for each frame `(epoch, frame, width)`: all at once, each sees all others."""
        assert isinstance(self.queries, nn.Parameter)
        asked = self.queries + self.frame_positions
        return self.decoder(asked.expand(len(memory), -1, -1), memory)  # type: ignore[no-any-return]

    def _fed_back(self, memory: Tensor) -> Tensor:
        """Return what the published decoder's frames come from: the empty token, then its outputs but the last.

        No frame is taught, and there are no positions: token after token, the decoder is given what it made so far,
        each token seeing those before. The last output, which the published code makes and drops, is not made.
        """
        tokens = memory.new_zeros(len(memory), 1, self.width)
        for _ in range(self.frames - 1):
            mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1], memory.device, memory.dtype)
            made = self.decoder(tokens, memory, tgt_mask=mask, tgt_is_causal=True)
            tokens = torch.cat([tokens, made[:, -1:]], dim=1)
        return tokens
