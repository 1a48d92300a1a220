"""Processor time of the generator, and what speed costs: python tests/benchmarks/bench_generate.py [--clips 200].

Rows of one run, from the same text, latents and noise:

    a        the published way: a clip at a time, PNDM with 100 steps, guidance everywhere, plain layout, float32
    b        the same steps by the generator: clips together, channels last
    b bf16   the same in bfloat16
    c ..     DPM-Solver++ with fewer steps, in bfloat16 where asked; no training

All start at the same time of the schedule; what that start saves is a row of its own ("a, all of the schedule": the
time of `--few` clips). Films are of the simulation's range for judging; latents are the true ones made coarse and
shrunk, as a linear decoder's are. Quality over clips, each against the true clip: class (the tiny image classifier's
concept, mean over frames), 10-way (exact, by the rank of the true concept), identification (two-way, by the
classifier's logits), layout (correlation of 2 x 3 fields' colours), SSIM. Differences are paired, c less a; the bound
is the one-sided 95 % one over clips.
"""

from __future__ import annotations

import argparse
import json
import time
from math import comb
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eeg2vid.schemas.generators import InflatedGenerator, SamplingSettings
from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.stages.diffusion.denoisers import ClipDenoiser
from eeg2vid.stages.diffusion.inflated import InflatedUNet
from eeg2vid.stages.diffusion.noise import mixed_noise
from eeg2vid.stages.diffusion.sampler import Sampler
from eeg2vid.stages.diffusion.schedule import load_schedule
from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.pretrained import vae as pictures
from eeg2vid.stages.pretrained.classifiers import ImageClassifier
from eeg2vid.stages.pretrained.text import load_text_encoder
from eeg2vid.stages.pretrained.unet import load_unet
from eeg2vid.stages.simulation.films import JUDGING_SEEDS, caption, render_clip, sample_specs
from eeg2vid.stages.stimuli.measures import layout

Frames = NDArray[np.uint8]
Scores = dict[str, NDArray[np.floating]]
START, BETA = 749, 0.8


class Bench:
    """Films, what was decoded of them, and the networks."""

    def __init__(self, clips: int) -> None:
        roles = (*InflatedGenerator.roles, "image_classifier")
        self.folder = {role: Models("tiny").locate(role).folder for role in roles}
        specs = sample_specs([k % 40 + 1 for k in range(clips)], np.random.default_rng(0), seeds=JUDGING_SEEDS)
        self.true = np.stack([render_clip(spec, width=112, height=64, fps=3.0) for spec in specs])
        self.concept = np.array([spec.concept for spec in specs])
        words = load_text_encoder(self.folder["text_encoder"], self.folder["tokenizer"])
        self.text = torch.from_numpy(words.encode([caption(spec) for spec in specs]).states)
        self.empty = torch.from_numpy(words.encode([""]).states)
        encoded = pictures.encode(pictures.load_vae(self.folder["vae"]), self.true.reshape(-1, 64, 112, 3))
        self.latents = _coarse(torch.from_numpy(encoded).reshape(clips, 6, *encoded.shape[1:]))
        self.noise = torch.from_numpy(mixed_noise(range(clips), tuple(self.latents.shape[1:]), BETA))
        self.judge = ImageClassifier(self.folder["image_classifier"])
        self.seen = self.look(self.true)

    def videos(
        self,
        solver: str,
        steps: int,
        precision: Any,
        *,
        clips: int,
        together: int = 20,
        laid_out: bool = True,
        whole: bool = False,
    ) -> tuple[Frames, float]:
        """Return the videos of the first clips and the processor seconds each took."""
        settings = SamplingSettings.model_validate({"solver": solver, "steps": steps, "guidance": 3})
        unet = load_unet(self.folder["unet"], dtype=getattr(torch, precision))
        model = InflatedUNet.inflate(unet, InflationSettings(self_attention="frame", group_norm="frame")).eval()
        vae = pictures.load_vae(self.folder["vae"])
        if laid_out:
            model.unet.to(memory_format=torch.channels_last)
            pictures.lay_out_for_cpu(vae)
        sampler = Sampler(load_schedule(self.folder["scheduler"]), settings)
        begin, made = (0 if whole else sampler.begin(START)), []
        began = time.process_time()
        for first in range(0, clips, together):
            some = slice(first, min(first + together, clips))
            negative = self.empty.expand(some.stop - some.start, -1, -1)
            latents = sampler.run(
                ClipDenoiser(model),
                self.noise[some],
                self.text[some],
                negative,
                latents=self.latents[some],
                begin=begin,
            )
            frames = pictures.decode(vae, latents.flatten(0, 1).numpy(), batch=24, precision=precision)
            made.append(frames.reshape(-1, 6, *frames.shape[1:]))
        return np.concatenate(made), (time.process_time() - began) / clips

    def look(self, videos: Frames) -> NDArray[np.float32]:
        """Return log probabilities of the 40 concepts `(clip, frame, concept)`."""
        flat = videos.reshape(-1, *videos.shape[2:])
        logits = np.concatenate([self.judge(flat[k : k + 60], "float32")["logits"] for k in range(0, len(flat), 60)])
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        owner = np.array(self.judge.concept_of_class)
        summed = np.stack([chances[:, owner == concept].sum(axis=1) for concept in range(1, 41)], axis=1)
        return np.log(summed / summed.sum(axis=1, keepdims=True) + 1e-9).reshape(*videos.shape[:2], 40)

    def scores(self, videos: Frames) -> Scores:
        """Return what each clip scores."""
        n, told = len(videos), self.look(videos)
        own = np.take_along_axis(told, self.concept[:n, None, None] - 1, axis=2)
        below = (told < own).sum(axis=2)  # concepts that the true one beats
        like = np.corrcoef(told.mean(axis=1), self.seen[:n].mean(axis=1))[:n, n:]
        right = (like < np.diag(like)[:, None]).sum(axis=1) / (n - 1)
        made, true = (layout(some).reshape(n, -1) for some in (videos, self.true[:n]))
        ways = np.vectorize(lambda k: comb(k, 9) / comb(39, 9))(below)
        return {
            "class": (below == 39).mean(axis=1),
            "10-way": ways.mean(axis=1),
            "identification": right,
            "layout": _correlations(made - true.mean(axis=0), true - true.mean(axis=0)),
            "SSIM": _ssim(videos, self.true[:n]),
        }


def _coarse(latents: torch.Tensor) -> torch.Tensor:
    """Return latents as a linear decoder gives them: the mean, and half of what 2 x 3 fields and all frames share."""
    mean = latents.mean(dim=(0, 1), keepdim=True)
    away = (latents - mean).mean(dim=1)
    fields = torch.nn.functional.adaptive_avg_pool2d(away, (2, 3))
    back = torch.nn.functional.interpolate(fields, size=away.shape[-2:], mode="bilinear")
    return (mean + 0.5 * back[:, None]).expand_as(latents).contiguous()


def _ssim(made: Frames, true: Frames) -> NDArray[np.float64]:
    from skimage.metrics import structural_similarity as ssim

    def of_clip(one: Frames, other: Frames) -> float:
        return float(np.mean([ssim(a, b, channel_axis=-1) for a, b in zip(one, other, strict=True)]))

    return np.array([of_clip(one, other) for one, other in zip(made, true, strict=True)])


def _correlations(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(one, other, strict=True)])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--few", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    bench = Bench(args.clips)
    plain: dict[str, Any] = {"together": 1, "laid_out": False}
    part = min(args.clips, 40)
    rows: dict[str, tuple[str, int, str, dict[str, Any]]] = {
        "a": ("pndm", 100, "float32", {"clips": args.clips, **plain}),
        "a, all of the schedule": ("pndm", 100, "float32", {"clips": args.few, "whole": True, **plain}),
        "b": ("pndm", 100, "float32", {"clips": part}),
        "b bf16": ("pndm", 100, "bfloat16", {"clips": part}),
    }
    for steps in (20, 12, 8, 4):
        for precision in ("float32", "bfloat16"):
            rows[f"c {steps} {precision}"] = ("dpm++", steps, precision, {"clips": args.clips})
    first: Scores = {}
    unit = 0.0
    for name, (solver, steps, precision, more) in rows.items():
        videos, seconds = bench.videos(solver, steps, precision, **more)
        unit = unit or seconds
        line = {"row": name, "cpu s a clip": round(seconds, 4), "times faster": round(unit / seconds, 2)}
        if len(videos) == args.clips:
            found = bench.scores(videos)
            first = first or found
            for key, values in found.items():
                away = values - first[key]
                bound = away.mean() - 1.645 * away.std(ddof=1) / len(away) ** 0.5
                against = "" if found is first else f" ({away.mean():+.3f}, >= {bound:+.3f})"
                line[key] = f"{values.mean():.3f}{against}"
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
