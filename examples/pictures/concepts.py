"""Draw a contact sheet of the forty concepts of the simulated films: `python examples/pictures/concepts.py`.

Each tile is the middle frame of one clip, 128 x 72 px, with the concept's name; the same seed gives the same sheet.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageDraw

from eeg2vid.stages.datasets.protocol import CONCEPT_NAMES
from eeg2vid.stages.simulation.films import make_spec, render_clip

COLUMNS, WIDTH, HEIGHT, LABEL, GAP = 8, 128, 72, 13, 3


def sheet(seed: int) -> Image.Image:
    """Return the contact sheet of the clips with this seed."""
    rows = len(CONCEPT_NAMES) // COLUMNS
    page = Image.new("RGB", (COLUMNS * (WIDTH + GAP) - GAP, rows * (HEIGHT + LABEL) - GAP), "white")
    pen = ImageDraw.Draw(page)
    for k, name in enumerate(CONCEPT_NAMES):
        frames = render_clip(make_spec(k + 1, seed), width=WIDTH, height=HEIGHT, fps=1.0)
        x, y = k % COLUMNS * (WIDTH + GAP), k // COLUMNS * (HEIGHT + LABEL)
        page.paste(Image.fromarray(frames[1]), (x, y))
        pen.text((x + 1, y + HEIGHT - 1), name, fill="black")
    return page


def main() -> None:
    """Write the sheet as a PNG with a palette."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".png"))
    parser.add_argument("--seed", type=int, default=2)
    args = parser.parse_args()
    page = sheet(args.seed).quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
    page.save(args.out, optimize=True)


if __name__ == "__main__":
    main()
