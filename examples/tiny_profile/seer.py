"""A tiny classifier with its attribute heads: built, fed, saved and loaded. `train_classifiers.py` trains it.

On disk it is two models in one folder: `config.json` and `model.safetensors`, which
`ViTForImageClassification.from_pretrained` or `VideoMAEForVideoClassification.from_pretrained` loads as ever; and
`attributes.json` and `attributes.safetensors`, linear heads on the same feature vector that the classifier reads (the
JSON says which): `<name>.weight` `(output, feature)` and `<name>.bias` `(output,)`, float16.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from classes import IMAGE_CLASSES, VIDEO_CLASSES, FineClasses, heads
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from training import save_half
from transformers import (
    VideoMAEConfig,
    VideoMAEForVideoClassification,
    ViTConfig,
    ViTForImageClassification,
)

from eeg2vid.stages.pretrained.classifiers import load_image_classifier, load_video_classifier

SIZE = (64, 112)  # height, width, px: both classes take a pair
FRAMES, TUBELET, PATCH = 6, 2, 8
CLASSES: dict[str, FineClasses] = {"image": IMAGE_CLASSES, "video": VIDEO_CLASSES}
FEATURE = {
    "image": "vit(pixel_values).last_hidden_state[:, 0]",
    "video": "fc_norm(videomae(pixel_values).last_hidden_state.mean(1))",
}
PROCESSOR = {
    "image": "ViTImageProcessor",  # transformers takes its PIL twin where torchvision is absent
    "video": "VideoMAEImageProcessor",
}


class Seer(torch.nn.Module):
    """The classifier and its heads.

    Attributes
    ----------
    model
        `ViTForImageClassification` or `VideoMAEForVideoClassification`.
    heads
        One linear layer for each attribute.
    """

    def __init__(self, kind: str, model: torch.nn.Module, about: list[dict[str, Any]]) -> None:
        super().__init__()
        self.kind, self.model, self.about = kind, model, about
        width = model.config.hidden_size
        self.heads = torch.nn.ModuleDict(
            {head["name"]: torch.nn.Linear(width, len(head.get("labels", [0]))) for head in about}
        )

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the logits `(batch, class)` and the output of every head `(batch, output)`.

        `pixels` is float `(batch, frame, 3, height, width)` in [-1, 1]; an image model takes each frame by itself, so
        that its batch is batch x frame.
        """
        if self.kind == "image":
            features = self.model.vit(pixels.flatten(0, 1)).last_hidden_state[:, 0]
        else:
            features = self.model.fc_norm(self.model.videomae(pixels).last_hidden_state.mean(1))
        return self.model.classifier(features), {name: head(features) for name, head in self.heads.items()}


def build(kind: str, width: int, layers: int, seed: int) -> Seer:
    """Return a fresh classifier, `kind` "image" or "video"; the same seed, the same weights."""
    names = CLASSES[kind].names
    config = {
        "image_size": list(SIZE),
        "patch_size": PATCH,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 32,
        "intermediate_size": 4 * width,
        "id2label": dict(enumerate(names)),
        "label2id": {name: k for k, name in enumerate(names)},
    }
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if kind == "image":
            model = ViTForImageClassification(ViTConfig(**config))
        else:
            model = VideoMAEForVideoClassification(
                VideoMAEConfig(num_frames=FRAMES, tubelet_size=TUBELET, use_mean_pooling=True, **config)
            )
        return Seer(kind, model, heads(moving=kind == "video"))


def _layers(model: torch.nn.Module) -> torch.nn.ModuleList:
    return next(part for part in model.modules() if isinstance(part, torch.nn.ModuleList))


@torch.no_grad()
def start_from_image(video: Seer, image: Seer) -> None:
    """Start a video model from a trained image model of the same width and number of layers.

    Every layer is copied; the kernel of a patch is shared out over the two frames of a tubelet (inflation: Carreira and
    Zisserman, CVPR 2017, section 2.2). Keys have no bias in VideoMAE, and need none: it would add the same number to
    all scores of a query.

    Raises
    ------
    SystemExit
        If the sizes differ.
    """
    if video.model.config.hidden_size != image.model.config.hidden_size or len(_layers(video.model)) != len(
        _layers(image.model)
    ):
        raise SystemExit("The image model to start from has another width or number of layers.")
    source = image.model.vit.embeddings.patch_embeddings.projection
    target = video.model.videomae.embeddings.patch_embeddings.projection
    target.weight.copy_(source.weight[:, :, None].expand_as(target.weight) / TUBELET)
    target.bias.copy_(source.bias)
    for mine, theirs in zip(_layers(video.model), _layers(image.model), strict=True):
        for kind in (torch.nn.Linear, torch.nn.LayerNorm):
            parts = [[part for part in layer.modules() if isinstance(part, kind)] for layer in (mine, theirs)]
            for one, two in zip(*parts, strict=True):
                one.weight.copy_(two.weight)
                if one.bias is not None:
                    one.bias.copy_(two.bias)


def save(seer: Seer, folder: Path) -> None:
    """Write weights (float16), heads and the image processor's settings; the classifier is left in float16."""
    folder.mkdir(parents=True, exist_ok=True)
    classes = CLASSES[seer.kind]
    state = {name: value.half().cpu().contiguous() for name, value in seer.heads.state_dict().items()}
    save_file(state, folder / "attributes.safetensors", metadata={"format": "pt"})
    about = {
        "features": FEATURE[seer.kind],
        "heads": seer.about,
        "concept_of_class": list(classes.concepts),  # 1..40, 0 = shows no concept
    }
    (folder / "attributes.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    height, width = SIZE
    processor = {
        "image_processor_type": PROCESSOR[seer.kind],
        "do_resize": True,
        "size": {"height": height, "width": width},
        "resample": 2,
        "do_center_crop": False,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=1) + "\n", encoding="utf-8")
    save_half(seer.model, folder)
    (folder / "attributes.safetensors").chmod(0o644)


def load(folder: Path, device: str = "cpu") -> Seer:
    """Load what `save` wrote, in float32."""
    about = json.loads((folder / "attributes.json").read_text(encoding="utf-8"))
    kind = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    kind, loader = ("image", load_image_classifier) if kind == "vit" else ("video", load_video_classifier)
    seer = Seer(kind, loader(folder), about["heads"])
    seer.heads.load_state_dict({k: v.float() for k, v in load_file(folder / "attributes.safetensors").items()})
    return seer.to(device).eval()


@torch.inference_mode()
def look(seer: Seer, frames: NDArray[np.uint8], batch: int = 64) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    """Look at films.

    Parameters
    ----------
    frames
        uint8 `(clip, frame, height, width, 3)`; one frame for an image model.

    Returns
    -------
    The probabilities `(clip, class)` and the output of every head `(clip, output)`.
    """
    device = next(seer.parameters()).device
    seen, read = list[torch.Tensor](), list[dict[str, torch.Tensor]]()
    for start in range(0, len(frames), batch):
        pixels = torch.from_numpy(frames[start : start + batch]).to(device).permute(0, 1, 4, 2, 3).float() / 127.5 - 1
        logits, outputs = seer(pixels)
        seen.append(logits.softmax(-1).cpu())
        read.append({name: value.cpu() for name, value in outputs.items()})
    joined = {name: torch.cat([some[name] for some in read]).numpy() for name in read[0]}
    return torch.cat(seen).numpy(), joined


def concepts_of(kind: str, probabilities: NDArray[Any]) -> NDArray[np.int64]:
    """Return the most probable concept of each row, 1..40 or 0 for none."""
    return (probabilities @ CLASSES[kind].sums()).argmax(axis=1)
