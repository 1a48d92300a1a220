"""Makes artifacts of full-size subjects, and the report of them: a process of its own for test_full_size_report.py."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.recordings import CLIPS, ClipIndexAttributes
from eeg2vid.schemas.scores import SCORES, Definition, Score, ScoredEvent, Values
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.judging.reported import view_of
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.page import filming
from eeg2vid.stages.reporting.page.people import sample_of_view
from eeg2vid.stages.reporting.page.render import Pages
from eeg2vid.stages.reporting.page.views import ReportData
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact
from eeg2vid.stages.store.writer import ArtifactWriter

CONDITIONS = ("full", "shuffled-runs", "shuffled-clips", "no-eeg", "frozen-frame")  # the costliest: all of them vary
MEASURES = ("ssim", "psnr", "identification", "hue")
FRAMES, HEIGHT, WIDTH = 6, 288, 512
FACTS = {"stage_version": 1, "fingerprint": "0" * 64, "created": "2026-01-01T00:00:00+00:00"}


def written(root, address, schema):
    return ArtifactWriter(address.folder(root), schema, root / "work" / address.role)


def committed(writer, address):
    writer.commit({**FACTS, "stage": address.stage, "variant": address.variant, "unit": address.unit,
                   "role": address.role})  # fmt: skip


def films(pool, noise, kind, k):
    """Return one film: two smooth fields that drift across each other; the true ones have grain besides."""
    rng = np.random.default_rng([k, kind == "true"])
    first, second, y, x = *rng.integers(0, len(pool), 2), *rng.integers(0, 40, 2)
    clip = np.empty((FRAMES, HEIGHT, WIDTH, 3), np.uint8)
    for f in range(FRAMES):
        below = pool[second, 40 - 2 * f : 40 - 2 * f + HEIGHT, 20 + f : 20 + f + WIDTH]
        mixed = (2 * pool[first, y + 3 * f : y + 3 * f + HEIGHT, x + 4 * f : x + 4 * f + WIDTH] + below) // 3
        clip[f] = np.clip(mixed + noise[rng.integers(len(noise))] if kind == "true" else mixed, 0, 255)
    return clip


def videos_of(root, address, keys, kind):
    from scipy.ndimage import zoom

    rng = np.random.default_rng(0)
    coarse = rng.random((40, 13, 20, 3)).astype(np.float32)
    pool = (zoom(coarse, (1, 32, 32, 1), order=1)[:, : HEIGHT + 64, : WIDTH + 64] * 200 + 20).astype(np.int16)
    noise = rng.integers(-6, 7, (8, HEIGHT, WIDTH, 3), dtype=np.int16)
    writer = written(root, address, VIDEOS)
    shape, scratch = (len(keys), FRAMES, HEIGHT, WIDTH, 3), root / "frames.npy"
    frames = np.lib.format.open_memmap(scratch, mode="w+", dtype=np.uint8, shape=shape)
    for k in range(len(keys)):
        frames[k] = films(pool, noise, kind, k)
    writer.array("frames", frames)
    scratch.unlink()
    writer.table("clips", keys)
    writer.attributes(VideoAttributes(fps=3.0, height=HEIGHT, width=WIDTH))
    committed(writer, address)


def make(root, clips, subjects):
    """Write one study: every subject saw the same clips, and all conditions of all subjects are one file, linked."""
    names = [f"c{k:04}" for k in range(clips)]
    address = Address("split-videos", "default", "study", "stimuli")
    videos_of(root, address, [VideoKey(clip=name) for name in names], "true")
    address = Address("ingest", "default", "study", "clips")
    writer = written(root, address, CLIPS)
    writer.table("clips", [
        Clip(clip=name, concept=1 + k % 40, concept_name=f"concept {k % 40}", file="f", start_s=0, duration_s=2)
        for k, name in enumerate(names)
    ])  # fmt: skip
    writer.attributes(ClipIndexAttributes(kind="seed-dv", subjects=[str(k + 1) for k in range(subjects)]))
    committed(writer, address)
    decoded = Address("generate", "ridge", "sub-1", "videos")
    keys = [VideoKey(clip=name, event=f"e{k:04}", fold=f"block-{k % 7}") for k, name in enumerate(names)]
    videos_of(root, decoded, keys, "decoded")
    rng = np.random.default_rng(1)
    for subject in range(1, subjects + 1):
        for condition in CONDITIONS:
            variant = "ridge" if condition == "full" else f"ridge~{condition}"
            target = Address("generate", variant, f"sub-{subject}", "videos").folder(root)
            if not target.exists():
                shutil.copytree(decoded.folder(root), target, copy_function=os.link)
        scores_of(root, Address("score", "ridge", f"sub-{subject}", "scores"), keys, rng)


def scores_of(root, address, keys, rng):
    writer, asked = written(root, address, SCORES), [(m, c) for m in MEASURES for c in CONDITIONS]
    facts = {"kind": "video", "low": 0.1, "high": 0.3, "chance": 0.15, "chance_kind": "pairing", "p": 0.01}
    writer.table("scores", [
        Score(subject="1", metric=metric, condition=condition, value=0.2, n_events=len(keys), n_runs=len(keys) // 5,
              exchange="runs", **facts)
        for metric, condition in asked
    ])  # fmt: skip
    writer.table("events", [
        ScoredEvent(event=key.event, clip=key.clip, run=f"r{k // 5}", fold=key.fold) for k, key in enumerate(keys)
    ])  # fmt: skip
    values = rng.random((len(asked), 2, len(keys))).round(6).tolist()
    writer.table("values", [
        Values(metric=metric, condition=condition, values=tuple(own), wrong=tuple(wrong))
        for (metric, condition), (own, wrong) in zip(asked, values, strict=True)
    ])  # fmt: skip
    writer.table("definitions", [
        Definition(metric=metric, form="pair", direction="higher", low=0, high=1, title=metric, definition="d")
        for metric in MEASURES
    ])  # fmt: skip
    for empty in ("looks", "contrasts", "terms"):
        writer.table(empty, [])
    writer.array("null", rng.random((len(asked), 2000), dtype=np.float32))
    committed(writer, address)


class Study:
    """What the report asks of a unit at work."""

    def __init__(self, root, subjects):
        units = [f"sub-{k}" for k in range(1, subjects + 1)]
        variants = ["ridge", *(f"ridge~{one}" for one in CONDITIONS[1:])]
        self.inputs = {
            "scores": [Address("score", "ridge", unit, "scores") for unit in units],
            "videos": [Address("generate", variant, unit, "videos") for unit in units for variant in variants],
            "stimuli": [Address("split-videos", "default", "study", "stimuli")],
            "clips": [Address("ingest", "default", "study", "clips")],
        }
        self.open = {one: open_artifact(root, one) for many in self.inputs.values() for one in many}

    def read_many(self, role):
        return [self.open[one] for one in self.inputs.get(role, [])]

    def read(self, role):
        (found,) = self.read_many(role)
        return found


def report(root, subjects, media, threads):
    """Make the pages as the stage does."""
    ctx = Study(root, subjects)
    views = [view_of(ctx, one, ctx.read("stimuli"), several=False) for one in ctx.read_many("scores")]
    definitions = ctx.read_many("scores")[0].table("definitions", Definition)
    data = ReportData(
        title="Full size", recipe_title="", recipe_about="", stamps=("simulated",), protocol=None, made="2026-01-01",
        subjects=views, definitions=definitions, provenance=[], warnings=[], fps=3.0, inline=15_000_000,
    )  # fmt: skip
    samples = [sample_of_view(view, Glossary.of(definitions)) for view in views]
    found = filming.Films.of(views)
    for _ in filming.film(
        found, views, samples, media / filming.CLIPS, quality=85, threads=threads, inline=data.inline
    ):
        pass
    Pages(data, found, samples, media).write()


if __name__ == "__main__":
    what, root, subjects, *rest = sys.argv[1:]
    if what == "make":
        make(Path(root), int(rest[0]), int(subjects))
    else:
        report(Path(root), int(subjects), Path(rest[0]), int(rest[1]))
