"""`inflated`: decoded text, latents and motion through an inflated diffusion model (Liu et al., NeurIPS 2024)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.generators import InflatedGenerator
from eeg2vid.stages.diffusion.adapter_files import read_config
from eeg2vid.stages.diffusion.denoisers import ClipDenoiser, PictureDenoiser
from eeg2vid.stages.diffusion.inflated import InflatedUNet
from eeg2vid.stages.diffusion.memory import Passes, expected_bytes, size_of_unet, size_of_vae
from eeg2vid.stages.diffusion.noise import beta_of, mixed_noise
from eeg2vid.stages.diffusion.sampler import Denoise, Sampler
from eeg2vid.stages.diffusion.schedule import load_schedule
from eeg2vid.stages.diffusion.start import released_start, start_time
from eeg2vid.stages.generators.generator import Build, Generator
from eeg2vid.stages.pretrained.text import load_text_encoder
from eeg2vid.stages.pretrained.unet import empty_unet, load_unet
from eeg2vid.stages.pretrained.vae import at_once, decode, factor, lay_out_for_cpu, load_vae

_VAE_BATCH = 24
Values = Mapping[str, NDArray[np.float32]]


class Inflated(Generator):
    """Clips of one fold at a time, always the same ones together: the last bits of a picture depend on its company."""

    settings: InflatedGenerator

    def __init__(self, settings: InflatedGenerator, build: Build) -> None:
        super().__init__(settings, build)
        build.require_made_by("latents", "vae", "vae")
        build.require_made_by("text", "text_encoder", "text_encoder")
        folder = {role: model.folder for role, model in build.models.items()}
        self.vae = load_vae(folder["vae"], build.device)
        if build.device == "cpu":
            lay_out_for_cpu(self.vae)
        self.sampler = Sampler(load_schedule(folder["scheduler"]), settings.sampling)
        words = load_text_encoder(folder["text_encoder"], folder["tokenizer"])
        self.empty = words.encode([""]).states
        self._fold: str | None = None
        self._denoise: Denoise | None = None

    def expected_bytes(self) -> int:
        """Return how much memory it will need on its device, from the form of its networks."""
        s, (frames, rows, columns), step = self.settings, self.build.shape[:3], factor(self.vae)
        base, low = self.build.models["unet"], s.memory == "low"
        unet = empty_unet(base.folder)
        config = dict(unet.config)
        tuned = next(iter(self.build.tuned.values()), None) if s.model == "tuned" else None
        network = InflatedUNet.inflate(unet, read_config(tuned, base.identity)) if tuned else unet
        of_clip = 1 if s.frames == "one" else frames
        sides = 2 if s.sampling.guidance != 1 else 1
        batch = 1 if low else min(_VAE_BATCH, s.clips * of_clip)
        passes = Passes(
            samples=of_clip if low else s.clips * of_clip * sides,
            places=rows // step * (columns // step),
            pictures=batch if low else at_once(self.build.device, rows, columns, batch),
            pixels=rows * columns,
        )
        sizes = size_of_unet(network, config), size_of_vae(self.vae, self.vae.config)
        return expected_bytes(*sizes, passes, precision=s.precision, device=self.build.device)

    def make(self, clips: Sequence[str], values: Values, *, fold: str = "", draw: int = 0) -> NDArray[np.uint8]:
        """Return the videos: noise, latents and text to latents, latents to pictures."""
        s = self.settings
        denoise = self._network(fold)
        each = 1 if s.memory == "low" else len(clips)
        made = []
        for start in range(0, len(clips), each):
            some = slice(start, start + each)
            part = {name: given[some] for name, given in values.items()}
            latents = self._latents(denoise, clips[some], part, fold, draw)
            flat = latents.reshape(-1, *latents.shape[2:])
            frames = decode(self.vae, flat, batch=1 if s.memory == "low" else _VAE_BATCH, precision=s.precision)
            made.append(frames.reshape(*latents.shape[:2], *frames.shape[1:]))
        videos = np.concatenate(made)
        return np.repeat(videos, self.build.shape[0], axis=1) if s.frames == "one" else videos

    def _latents(
        self, denoise: Denoise, clips: Sequence[str], values: Values, fold: str, draw: int
    ) -> NDArray[np.float32]:
        """Return the latents of some clips, `(clip, frame, channel, row, column)`."""
        noise = self._noise(clips, values, draw)
        negative = np.repeat(self._negative(fold), len(clips), axis=0)
        text = values.get("text")
        found = self.sampler.run(
            denoise,
            self._there(noise),
            self._there(negative if text is None else text),
            None if text is None else self._there(negative),
            together=self.settings.memory == "ample",
            progress=self.build.progress,
            **self._start(clips, values.get("latents"), noise, fold, guided=text is not None),
        )
        return found.cpu().numpy()

    def _noise(self, clips: Sequence[str], values: Values, draw: int) -> NDArray[np.float32]:
        """Return each clip's noise, more of it shared between frames where little moves."""
        s, step = self.settings, factor(self.vae)
        frames, rows, columns = self.build.shape[:3]
        shape = (
            1 if s.frames == "one" else frames,
            int(self.vae.config.latent_channels),
            rows // step,
            columns // step,
        )
        fast = None
        if "fast" in values:
            fast = values["fast"][:, self.build.facts["fast"].classes.index("fast")]
        beta = beta_of(fast, slow_beta=s.beta_slow, fast_beta=s.beta_fast, number=len(clips))
        if s.beta_slow == s.beta_fast:
            beta = np.full(len(clips), s.beta_slow)
        seeds = [self.build.seed("noise", clip, draw) for clip in clips]
        return mixed_noise(seeds, shape, beta)

    def _start(
        self,
        clips: Sequence[str],
        latents: NDArray[np.float32] | None,
        noise: NDArray[np.float32],
        fold: str,
        *,
        guided: bool,
    ) -> dict[str, Any]:
        """Return what the sampler begins with, as its arguments."""
        s = self.settings
        if latents is None or s.start == "noise":
            return {}
        if s.frames == "one":
            latents = latents.mean(axis=1, keepdims=True)
        if latents.shape != noise.shape:
            raise UsageError(
                f"{self.build.where} holds latents of shape {latents.shape[1:]} per clip, expected {noise.shape[1:]} "
                f"for clips of {self.build.shape}.",
                "Encode and decode the clips that are cut now:\n  eeg2vid encode-latents\n  eeg2vid train-mapper\n"
                "  eeg2vid predict",
            )
        if s.start == "raw":
            return {"given": self._there(latents)}
        if s.start == "released":
            seeds = [self.build.seed("released start", clip) for clip in clips]
            return {"given": self._there(released_start(latents, noise, seeds))}
        begin = 0 if s.start == "paper" else self.sampler.begin(self._time(fold, guided=guided))
        return {"latents": self._there(latents), "begin": begin}

    def _time(self, fold: str, *, guided: bool) -> int:
        """Return the time of start 'fixed'."""
        s = self.settings
        if s.start_time is not None:
            last, name = len(self.sampler.schedule.betas) - 1, self.build.models["scheduler"].name
            if s.start_time > last:
                raise UsageError(
                    f"`generator.start_time` is {s.start_time}, but the times of {name} are 0 to {last}.",
                    "Name one of them.",
                )
            return s.start_time
        residual = self.build.facts["latents"].residuals.get(fold)
        if residual is None:
            raise UsageError(
                f"{self.build.where} does not say how large the error of its latents is: there is no start level.",
                "Divide with validation events, as `validation` of eeg2vid split says, or name the time: "
                "`generator.start_time`.",
            )
        return start_time(self.sampler.schedule, residual, s.start_share if guided else s.start_share_alone)

    def _negative(self, fold: str) -> NDArray[np.float32]:
        """Return what guidance leads away from, `(1, token, channel)`."""
        if self.settings.negative == "empty" or self.build.mean is None or "text" not in self.build.facts:
            return self.empty
        return self.build.mean("text", fold)[None]

    def _network(self, fold: str) -> Denoise:
        """Return the network of a fold; one is held at a time.

        Raises
        ------
        UsageError
            If none was tuned for the fold.
        """
        tuned = self.settings.model == "tuned"
        if self._denoise is not None and (not tuned or fold == self._fold):
            return self._denoise
        if tuned and fold not in self.build.tuned:
            raise UsageError(
                f"No video model was tuned for fold '{fold}', only for {', '.join(self.build.tuned) or 'none'}.",
                "Tune one: eeg2vid finetune-video with `folds`; or take the picture model: `generator.model` picture.",
            )
        self._denoise = None
        base = self.build.models["unet"]
        unet = load_unet(base.folder, self.build.device, getattr(torch, self.settings.precision))
        unet.to(memory_format=torch.channels_last)
        if tuned:
            inflated = InflatedUNet.from_pretrained(self.build.tuned[fold], unet, base.identity)
            self._denoise = ClipDenoiser(inflated.eval())
        else:
            self._denoise = PictureDenoiser(unet)
        self._fold = fold
        return self._denoise

    def _there(self, values: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(self.build.device)
