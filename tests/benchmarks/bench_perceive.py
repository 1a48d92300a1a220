"""Processor time of `perceive` against the published way: python tests/benchmarks/bench_perceive.py [--clips 30].

The published evaluations load the network anew for every clip and number of ways, and show it one picture after the
other (a VideoMAE: the clip), of the decoded and of the true clip. `perceive` loads it once and looks at decoded clips;
`encode-clips` looked at the true ones, once for all systems and conditions. Same clips, same weights, same process and
threads; what both say of the decoded clips is compared. `--large`: random weights as large as ViT-B/16 and VideoMAE-B.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import EYES, Eye, ImageEncoderEye
from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.eyes.eye import Build
from eeg2vid.stages.pretrained.classifiers import spread
from eeg2vid.stages.pretrained.loading import quiet

Frames = NDArray[np.uint8]
SETTINGS: dict[str, Eye] = {
    "image-classifier": EYES["image-classifier"](),
    "video-classifier": EYES["video-classifier"](),
    "image-encoder": ImageEncoderEye(frame="each"),
}
SIZES = {"tiny": (64, 112), "512 x 288": (288, 512)}


def published(name: str, folder: Path, clips: Frames) -> NDArray[np.float32]:
    """Load and look, clip by clip, at a decoded clip and a true one; return what is said of the decoded ones."""
    kinds = {
        "image-classifier": ("ViTImageProcessorPil", "ViTForImageClassification", "logits"),
        "video-classifier": ("VideoMAEImageProcessorPil", "VideoMAEForVideoClassification", "logits"),
        "image-encoder": ("CLIPImageProcessorPil", "CLIPVisionModelWithProjection", "image_embeds"),
    }
    processor_of, model_of, what = kinds[name]
    found = []
    for k, decoded in enumerate(clips):
        with quiet(), torch.no_grad():
            processor = getattr(transformers, processor_of).from_pretrained(folder)
            model: Any = getattr(transformers, model_of).from_pretrained(folder, dtype=torch.float32).eval()
            both = []
            for clip in (decoded, clips[k - 1]):
                if name == "video-classifier":
                    shown = list(clip[spread(len(clip), model.config.num_frames)])
                    both.append(getattr(model(**processor(shown, return_tensors="pt")), what))
                else:
                    seen = [getattr(model(**processor(one, return_tensors="pt")), what) for one in clip]
                    both.append(torch.cat(seen)[None])
            found.append(both[0])
    return torch.cat(found).numpy()


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how much processor time it takes, and what comes out."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def large(folder: Path) -> dict[str, Path]:
    """Write random weights of the published sizes."""
    still = transformers.ViTForImageClassification(transformers.ViTConfig(num_labels=1000))
    moving = transformers.VideoMAEForVideoClassification(
        transformers.VideoMAEConfig(num_labels=400, use_mean_pooling=True)
    )
    halves = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    for role, model, facts in (
        ("image_classifier", still, {"size": {"height": 224, "width": 224}}),
        ("video_classifier", moving, {"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}}),
    ):
        model.save_pretrained(folder / role)
        kind = type(model).__name__.split("For")[0] + "ImageProcessor"
        text = json.dumps({"image_processor_type": kind, **halves, **facts})
        (folder / role / "preprocessor_config.json").write_text(text)
    return {"image-classifier": folder / "image_classifier", "video-classifier": folder / "video_classifier"}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--large", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    clips = np.random.default_rng(0).integers(0, 256, (given.clips, 6, *SIZES[given.size], 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as temporary:
        tiny = {name: Models("tiny").locate(one.roles[0]).folder for name, one in SETTINGS.items()}
        folders = large(Path(temporary)) if given.large else tiny
        print(f"{given.clips} clips x 6 frames of {given.size}, {given.threads} threads, {given.precision}")
        print(f"{'':20}{'published':>12}{'ours':>12}{'ratio':>8}  largest difference")
        whole = [0.0, 0.0]
        for name, folder in folders.items():
            published(name, folder, clips[:1])
            settings = SETTINGS[name]

            def ours(settings: Eye = settings, folder: Path = folder) -> Any:
                build = Build({settings.roles[0]: folder}, "cpu", 32, given.precision)
                return settings.built()(settings, build).look(clips)

            slow, expected = seconds(lambda name=name, folder=folder: published(name, folder, clips))
            fast, found = seconds(ours)
            gap = np.abs(found["frames" if name == "image-encoder" else "logits"] - expected).max()
            whole = [whole[0] + slow, whole[1] + fast]
            each = [f"{1e3 * spent / given.clips:.1f} ms" for spent in (slow, fast)]
            print(f"{name:20}{each[0]:>12}{each[1]:>12}{slow / fast:8.1f}  {gap:.1e}")
        for name, passes in (("together", 1), ("2- and 40-way", 2)):  # there each number of ways is another pass
            print(f"{name:20}{passes * whole[0]:10.2f} s{whole[1]:10.2f} s{passes * whole[0] / whole[1]:8.1f}")


if __name__ == "__main__":
    main()
