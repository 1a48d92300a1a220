"""Draw truth above decoded above shuffled-runs for the first clip of every run of one fold, or every n-th: none picked.

Usage: python examples/pictures/contact_sheet.py WORKSPACE OUT.png [--subject 1] [--recipe ridge] [--fold block-7]
[--every 4] [--also true-text]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

SCALE, GAP, LABEL = 1, 4, 96


def main() -> None:
    """Read the artifacts of a finished workspace and write one PNG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--subject", default="1")
    parser.add_argument("--recipe", default="evoked-rhythms")
    parser.add_argument("--fold", default="block-7")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--also", action="append", default=[], help="further conditions, a row each")
    given = parser.parse_args()
    unit = f"sub-{given.subject}"

    def read(stage, variant, unit, role):
        return open_artifact(given.workspace, Address(stage, variant, unit, role))

    stimuli = read("split-videos", "default", "study", "stimuli")
    geometry = stimuli.attributes()
    place = {row.clip: index for index, row in enumerate(stimuli.table("clips", VideoKey))}
    keys = read("predict", given.recipe, unit, "predictions").table("latents", PredictionKey)
    first = {key.run: index for index, key in reversed(list(enumerate(keys))) if key.fold == given.fold}
    chosen = sorted(first.values())[given.every - 1 :: given.every]
    videos = {"true": [stimuli.read("frames", place[keys[index].clip]) for index in chosen]}
    for condition in ("", "shuffled-runs", *given.also):
        variant = f"{given.recipe}~{condition}" if condition else given.recipe
        made = read("generate", variant, unit, "videos")
        row_of = {row.event: index for index, row in enumerate(made.table("clips", VideoKey))}
        videos[condition or "decoded"] = [made.read("frames", row_of[keys[index].event]) for index in chosen]
    height, width = geometry.height * SCALE, geometry.width * SCALE
    sheet = Image.new("RGB", (LABEL + len(chosen) * (width + GAP), len(videos) * (height + GAP)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, (name, clips) in enumerate(videos.items()):
        draw.text((4, row * (height + GAP) + height // 2 - 6), name, fill="black")
        for column, clip in enumerate(clips):
            frame = np.asarray(clip)[len(clip) // 2, : geometry.height, : geometry.width]
            picture = Image.fromarray(frame).resize((width, height), Image.Resampling.NEAREST)
            sheet.paste(picture, (LABEL + column * (width + GAP), row * (height + GAP)))
    sheet.quantize(256).save(given.out, optimize=True)  # a third of the size


if __name__ == "__main__":
    main()
