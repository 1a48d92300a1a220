"""Imaginary subjects with clips, the pages that the report makes of them, and a page as a browser sees it."""

import importlib.util
import io
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.page.filming import CLIPS, Films, clips_to_read, film
from eeg2vid.stages.reporting.page.people import sample_of_view
from eeg2vid.stages.reporting.page.render import Pages
from eeg2vid.stages.reporting.page.views import TRUE, ClipView, ReportData, Shown, SubjectView
from eeg2vid.stages.simulation.films import caption, render_clip, sample_specs

_spec = importlib.util.spec_from_file_location("_score_rows", Path(__file__).with_name("_score_rows.py"))
rows = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rows)


def make_subject(pair, subject="1", runs=3, per_run=2, width=48, seed=0, **changes):
    """A subject whose decoded clips are blurred, noisy versions of procedural films."""
    scores, contrasts = pair
    rng = np.random.default_rng(seed)
    concepts = [concept for concept in (3, 16, 33, 21, 8)[:runs] for _ in range(per_run)]
    specs = sample_specs(concepts, np.random.default_rng(5))
    truth = np.stack([render_clip(s, width=width, height=width * 9 // 16, fps=3.0, duration=2.0) for s in specs])
    noisy = gaussian_filter(truth.astype(float), (0, 0, 3, 3, 0)) + rng.normal(0, 8, truth.shape)
    full = np.clip(noisy, 0, 255).astype(np.uint8)
    shown = [Shown(f"e{k}", f"clip{k}", f"r{k // per_run}", "7") for k in range(len(specs))]
    clips = [
        ClipView(
            shown=shown[k], concept=f"concept {spec.concept}", caption=caption(spec),
            scores={"2-way identification": round(0.4 + 0.05 * k, 3), "SSIM": 0.3},
            guess="concept: guitar 31 % (true: cat 4 %)",
        )
        for k, spec in enumerate(specs)
    ]  # fmt: skip
    films = {
        TRUE: truth,
        "full": full,
        "shuffled-runs": np.roll(full, per_run, axis=0),
        "mean-video": np.broadcast_to(truth.mean(axis=0).astype(np.uint8), truth.shape),
        "grey": np.full_like(truth, 128),
    }
    return SubjectView(
        **{"subject": subject, "scores": scores, "contrasts": contrasts, "shown": shown, "films": films,
           "told": lambda: clips, **changes}
    )  # fmt: skip


def make_data(*subjects, **changes):
    return ReportData(
        **{
            "title": "What was decoded", "recipe_title": "Linear baseline", "recipe_about": "About it.",
            "stamps": ("simulated",), "protocol": "corrected", "made": "2026-11-21", "subjects": list(subjects),
            "definitions": rows.DEFINITIONS,
            "provenance": [("predict/ridge", "seed=7 alpha=1.0")], "warnings": ["electrode T7: flat"], "fps": 3.0,
            "inline": 10**9,
            **changes,
        }
    )  # fmt: skip


def write_pages(data, folder, quality=100, threads=2):
    """Film the clips and write the pages, as the stage does; return the pages by name."""
    samples = [sample_of_view(view, Glossary.of(data.definitions)) for view in data.subjects]
    films = Films.of(data.subjects)
    ticks = list(
        film(films, data.subjects, samples, folder / CLIPS, quality=quality, threads=threads, inline=data.inline)
    )
    assert len(ticks) == clips_to_read(data.subjects)
    folder.mkdir(exist_ok=True)
    Pages(data, films, samples, folder).write()
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}


def render_report(data):
    """Return the index; of one subject whose clips stand in it, the whole report."""
    with tempfile.TemporaryDirectory() as folder:
        return write_pages(data, Path(folder) / "media")["index.html"]


def pixels(data):
    """Return a picture's values."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


class Page(HTMLParser):
    """The page as a browser sees it: elements, attributes, text; complains about crossed tags."""

    VOID = ("meta", "link", "input", "br")

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(text)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def having(self, name):
        return [attributes for _, attributes in self.tags if name in (attributes.get("class") or "").split()]
