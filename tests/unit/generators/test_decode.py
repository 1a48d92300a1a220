"""`decode`: a clip's bytes depend on no other clip, and latents of another VAE are refused."""

import numpy as np
import pytest
import torch

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.generators import DecodeGenerator
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.generators.generator import Build, Model


def build(encoded_by):
    torch.set_num_threads(1)
    model = Models("tiny").locate("vae")
    settings = DecodeGenerator()
    attributes = {} if encoded_by is None else {"vae": encoded_by or model.identity}
    return settings.built()(
        settings,
        Build(
            models={"vae": Model(model.name, model.identity, model.folder)},
            facts={"latents": TargetFacts(kind="value", attributes=attributes)},
            shape=(2, 16, 24, 3),
            device="cpu",
            seed=lambda *words: 0,
            where="predict/ridge/sub-1/predictions",
        ),
    )


def test_a_clips_bytes_depend_on_no_other_clip():
    latents = np.random.default_rng(0).normal(size=(5, 2, 4, 2, 3)).astype(np.float32)
    clips = [f"clip-{k}" for k in range(5)]
    generator = build("")
    together = generator.make(clips, {"latents": latents})
    assert together.shape == (5, 2, 16, 24, 3) and together.dtype == np.uint8
    apart = [generator.make([clip], {"latents": latents[k : k + 1]})[0] for k, clip in enumerate(clips)]
    assert np.array_equal(together, apart)
    assert np.array_equal(generator.make(clips[::-1], {"latents": latents[::-1]}), together[::-1])
    assert len({video.tobytes() for video in together}) == 5


def test_latents_that_say_no_vae_are_decoded():
    assert build(None).make(["a"], {"latents": np.zeros((1, 1, 4, 2, 3), np.float32)}).shape == (1, 1, 16, 24, 3)


def test_latents_of_another_vae_are_refused():
    with pytest.raises(UsageError, match=r"sub-1/predictions holds latents of another VAE \(sha256:abc\)"):
        build("sha256:abc")
