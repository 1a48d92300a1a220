"""The report's page: what it says, what it shows, and that it stands by itself."""

from __future__ import annotations

import base64
import importlib.util
import io
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.numbers import number
from eeg2vid.stages.reporting.page.render import render_report
from eeg2vid.stages.reporting.page.sprites import encode_strip, geometry_of, is_constant, read_clip
from eeg2vid.stages.reporting.page.sweeps import sweep_plot
from eeg2vid.stages.reporting.page.tables import notes
from eeg2vid.stages.reporting.page.views import ClipView, ReportData, SubjectView
from eeg2vid.stages.reporting.words import verdict
from eeg2vid.stages.simulation.films import caption, render_clip, sample_specs

_spec = importlib.util.spec_from_file_location("_score_rows", Path(__file__).with_name("_score_rows.py"))
rows = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rows)
score, contrast, clear_rows, null_rows = rows.score, rows.contrast, rows.clear_rows, rows.null_rows
GLOSSARY = Glossary.of(rows.DEFINITIONS)


HOSTILE = "<script>alert('x')</script>\"&"


def make_subject(pair, subject="1", runs=3, per_run=2, width=48, seed=0, **changes):
    """A subject whose decoded clips are blurred, noisy versions of procedural films."""
    scores, contrasts = pair
    rng = np.random.default_rng(seed)
    concepts = [concept for concept in (3, 16, 33, 21, 8)[:runs] for _ in range(per_run)]
    specs = sample_specs(concepts, np.random.default_rng(5))
    truth = np.stack([render_clip(s, width=width, height=width * 9 // 16, fps=3.0, duration=2.0) for s in specs])
    noisy = gaussian_filter(truth.astype(float), (0, 0, 3, 3, 0)) + rng.normal(0, 8, truth.shape)
    full = np.clip(noisy, 0, 255).astype(np.uint8)
    clips = [
        ClipView(
            event=f"e{k}", clip=f"clip{k}", run=f"r{k // per_run}", fold="7", concept=f"concept {spec.concept}",
            caption=caption(spec), scores={"2-way identification": round(0.4 + 0.05 * k, 3), "SSIM": 0.3},
            guess="concept: guitar 31 % (true: cat 4 %)",
        )
        for k, spec in enumerate(specs)
    ]  # fmt: skip
    decoded = {
        "full": full,
        "shuffled-runs": np.roll(full, per_run, axis=0),
        "mean-video": np.broadcast_to(truth.mean(axis=0).astype(np.uint8), truth.shape),
        "grey": np.full_like(truth, 128),
    }
    return SubjectView(
        **{"subject": subject, "scores": scores, "contrasts": contrasts, "clips": clips, "truth": truth,
           "decoded": decoded, **changes}
    )  # fmt: skip


def make_data(*subjects, **changes):
    return ReportData(
        **{
            "title": "What was decoded", "recipe_title": "Linear baseline", "recipe_about": "About it.",
            "stamps": ("simulated",), "protocol": "corrected", "made": "2026-11-21", "subjects": list(subjects),
            "definitions": rows.DEFINITIONS,
            "provenance": [("predict/ridge", "seed=7 alpha=1.0")], "warnings": ["electrode T7: flat"], "fps": 3.0,
            **changes,
        }
    )  # fmt: skip


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


def test_page_shows_every_clip_badges_and_conditions():
    html = render_report(make_data(make_subject(clear_rows())))
    page = Page(html)
    assert len(page.having("clip")) == 6
    assert list(re.findall(r'class="run">([^<]*)<', html)) == [
        "concept 3 · run r0", "concept 16 · run r1", "concept 33 · run r2"
    ]  # fmt: skip
    assert "SIMULATED DATA" in page.text
    assert "protocol: corrected" in page.text
    assert "all 6 test clips" in page.text
    assert len(page.having("fixed")[0:]) == 1
    assert len(page.having("v")) == 6 * 3 + 2  # true, decoded, shuffled of every clip; mean video and grey once
    assert "electrode T7: flat" in page.text
    assert "seed=7 alpha=1.0" in page.text
    assert "SIMULATED DATA" not in render_report(make_data(make_subject(clear_rows()), stamps=()))


def test_truth_is_embedded_once_for_all_subjects():
    one = render_report(make_data(make_subject(clear_rows())))
    two = render_report(make_data(make_subject(clear_rows()), make_subject(clear_rows("2"), "2", seed=1)))
    assert one.count("data:image/webp") == 6 + 12 + 2
    assert two.count("data:image/webp") == 6 + 24 + 2
    assert len(Page(two).having("clip")) == 12


def test_page_needs_nothing_from_outside_and_is_deterministic():
    data = make_data(make_subject(clear_rows()))
    html = render_report(data)
    assert html == render_report(data)
    assert "http:" not in html
    assert "https:" not in html
    for _, attributes in Page(html).tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    assert all(target.startswith("data:") for target in re.findall(r"url\(([^)]*)\)", html))
    assert "@import" not in html


def test_hostile_words_stay_words():
    view = make_subject(clear_rows())
    clip = ClipView("e", "c", HOSTILE, HOSTILE, HOSTILE, HOSTILE, {HOSTILE: 0.5, "nan": math.nan}, HOSTILE)
    own = [score(HOSTILE, HOSTILE, 0.4, 0.3), score(HOSTILE, "full", 0.5, 0.3, 0.001)]
    view = make_subject(
        (own, [contrast(HOSTILE, HOSTILE, 0.1, 0.5)]),
        subject=HOSTILE,
        clips=[clip] * 6,
        decoded={**view.decoded, HOSTILE: view.decoded["full"][::-1]},
    )
    other = make_subject((own, []), subject="2")
    html = render_report(
        make_data(
            view, other, title=HOSTILE, recipe_title=HOSTILE, recipe_about=HOSTILE, stamps=(HOSTILE,),
            protocol=HOSTILE, made=HOSTILE, definitions=[rows.definition(HOSTILE, HOSTILE, HOSTILE)],
            provenance=[(HOSTILE, HOSTILE)], warnings=[HOSTILE],
        )
    )  # fmt: skip
    page = Page(html)
    assert "<script>alert" not in html
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert page.text.count("alert('x')") > 20


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.8125, ".812"), (-0.0042, "−.004"), (1.0, "1.000"), (10.528, "10.53"), (-0.0001, ".000"), (0.0, ".000")],
)
def test_numbers(value, text):
    assert number(value) == text


def test_a_row_is_named_by_target_and_definition():
    assert GLOSSARY.name(score("two-way", "full", 0.5, 0.5, variant="within-run")) == "2-way identification within run"
    assert GLOSSARY.title(score("balanced-accuracy", "full", 0.5, 0.5, target="concept")) == "Concept balanced accuracy"
    fast = score("accuracy", "full", 0.5, 0.5, target="concept").model_copy(update={"subset": "fast clips"})
    assert GLOSSARY.name(fast) == "concept accuracy (fast clips)"
    assert GLOSSARY.name(score("new", "full", 0.5, 0.5, variant="way")) == "new way"  # nobody defined it


def test_published_n_way_scores_are_explained():
    row = score("2-way", "full", 0.8, 0.75, 0.01, chance_kind="analytic")
    assert "takes any of three labels" not in Page(render_report(make_data(make_subject(clear_rows())))).text
    assert "takes any of three labels" in Page(render_report(make_data(make_subject(([row], []))))).text


def sprite(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_small_sprites_are_lossless_large_ones_shrink_and_obey_the_limit():
    rng = np.random.default_rng(0)
    clip = rng.integers(0, 256, (6, 18, 32, 3), dtype=np.uint8)
    assert np.array_equal(sprite(encode_strip(clip)), clip.reshape(-1, 32, 3))
    noise = rng.integers(0, 256, (6, 144, 256, 3), dtype=np.uint8)
    data = encode_strip(noise)
    assert len(data) <= 40_000
    assert sprite(data).shape[0] == 6 * round(sprite(data).shape[1] * 144 / 256)
    assert len(encode_strip(noise, 1500)) <= 1500
    smooth = np.broadcast_to(np.linspace(0, 255, 6).astype(np.uint8)[:, None, None, None], (6, 144, 256, 3))
    frames = sprite(encode_strip(np.ascontiguousarray(smooth))).reshape(6, 108, 192, 3)
    assert np.abs(frames.astype(int) - smooth[:, :108, :192]).max() <= 2  # frames do not bleed into each other


def test_geometry_pads_off_enlarges_and_thins():
    small = geometry_of((2, 6, 40, 64, 3), (36, 64))
    assert (small.tile_width, small.tile_height, small.pixelated) == (192, 108, True)
    large = geometry_of((2, 48, 288, 512, 3), None)
    assert (large.frames, large.tile_width, large.tile_height, large.pixelated) == (8, 192, 108, False)
    clips = np.zeros((1, 48, 4, 6, 3), np.uint8) + np.arange(48, dtype=np.uint8)[None, :, None, None, None]
    kept = read_clip(clips, 0, geometry_of(clips.shape, (3, 5)))
    assert kept.shape == (8, 3, 5, 3)
    assert kept[:, 0, 0, 0].tolist() == [0, 6, 12, 18, 24, 30, 36, 42]
    for shape in ((2, 6, 36, 64), (2, 0, 36, 64, 3), (2, 6, 36, 64, 1)):
        with pytest.raises(BadDataError, match="expected"):
            geometry_of(shape, None)
    with pytest.raises(BadDataError, match="but the frames are"):
        geometry_of((2, 6, 36, 64, 3), (37, 64))


def test_constant_conditions_are_found_per_fold():
    clips = np.zeros((4, 2, 2, 2, 3), np.uint8)
    clips[2:] = 9
    assert is_constant(clips, ["1", "1", "2", "2"])
    assert not is_constant(clips, ["1"] * 4)
    assert not is_constant(clips[1:3], ["1", "2"])  # one clip a fold: nobody can tell


def test_bad_videos_are_named():
    good = make_subject(clear_rows())
    cut = make_subject(clear_rows(), decoded={"full": good.decoded["full"][:5]})
    with pytest.raises(BadDataError, match="Subject 1: the 'full' videos"):
        render_report(make_data(cut))
    floats = make_subject(clear_rows(), truth=good.truth.astype(np.float32))
    with pytest.raises(BadDataError, match="expected uint8"):
        render_report(make_data(floats))
    with pytest.raises(BadDataError, match="no subject"):
        render_report(make_data())


def labels_only(subject="1", note="", **changes):
    own = [
        score("accuracy", "full", 0.2, 0.1, 0.01, subject=subject, target="concept", chance_kind="majority"),
        score("accuracy", "shuffled-runs", 0.02, 0.1, 1.0, subject=subject, target="concept", chance_kind="majority"),
        score("balanced-accuracy", "full", 0.2, 0.025, 0.01, subject=subject, target="concept",
              chance_kind="analytic"),
    ]  # fmt: skip
    own = [row.model_copy(update={"note": note, **changes}) for row in own]
    nothing = np.zeros((0, 6, 27, 48, 3), np.uint8)  # as `report` passes it where no videos were decoded
    return make_subject((own, []), subject, clips=[], truth=nothing, decoded={})


@pytest.mark.parametrize("subjects", [1, 2])
def test_a_recipe_without_videos_has_tables_only(subjects):
    views = [labels_only(str(k + 1)) for k in range(subjects)]
    page = Page(render_report(make_data(*views)))
    for absent in ("clip", "tools", "list", "v"):
        assert page.having(absent) == []
    assert "#clips" not in [attributes.get("href") for _, attributes in page.tags]
    assert "Concept accuracy" in page.text
    assert "test clips" in page.text and "6" in page.text
    assert "a tenth of the time" in page.text
    assert "labels of exchanged runs" in page.text
    assert "Decoded labels first" in page.text
    for words in ("videos", "frames", "fold only", "of two clips", "wrong pairings"):
        assert words not in page.text.split("Conditions decoded")[0].split("Scores", 1)[1], words


def test_shuffled_runs_are_explained():
    explained = "In shuffled-runs no run keeps its own EEG"
    text = Page(render_report(make_data(make_subject(clear_rows())))).text
    assert explained in text
    assert "finds the other run's clips instead of its own and falls below chance" in text
    assert "the verdict looks at both" in text
    text = Page(render_report(make_data(labels_only()))).text
    assert "finds the other run's labels" in text
    assert "the verdict looks at both" not in text  # labels have no differences from controls
    only = [score("ssim", "full", 0.45, 0.3, 0.001)]
    assert explained not in Page(render_report(make_data(make_subject((only, []), decoded={})))).text


def test_folds_are_named_where_there_are_several():
    view = make_subject(clear_rows())
    one = Page(render_report(make_data(view)))
    assert "fold only 7" in one.text
    assert "All test clips are of one fold" in one.text
    assert "exchange whole runs, and" in one.text
    assert ", fold" not in one.text and "· fold" not in one.text
    clips = [replace(clip, fold="1" if k < 4 else "2") for k, clip in enumerate(view.clips)]
    several = Page(render_report(make_data(replace(view, clips=clips))))
    assert "folds 2" in several.text
    assert "All test clips are of one fold" not in several.text
    assert "exchange whole runs within their fold" in several.text
    assert "concept 3 · run r0 · fold 1" in several.text
    assert "grey, fold 2" in several.text


def test_without_an_interval_there_is_a_dot_only():
    scores, contrasts = clear_rows()
    scores = [row.model_copy(update={"low": None, "high": None}) for row in scores]
    contrasts = [row.model_copy(update={"low": None, "high": None}) for row in contrasts]
    html = render_report(make_data(make_subject((scores, contrasts))))
    page = Page(html)
    assert page.having("range") == []
    assert len(page.having("dot")) == len(scores) + len(contrasts)
    assert "A dash (–) in place of an interval" in page.text
    assert not re.search(r"(None|nan)\s*<", html)
    assert (
        verdict([("1", scores, contrasts)], rows.DEFINITIONS)
        .sentences[0]
        .text.endswith(
            "2-way identification .810, chance .500, p = .001; difference from shuffled-runs +.300, p = .001; "
            "better, too, than a grey video (p < .05)."
        )
    )
    whole = Page(render_report(make_data(make_subject(clear_rows()))))
    assert len(whole.having("range")) == len(scores) + len(contrasts)
    assert "A dash" not in whole.text


def test_notes_stand_under_the_table():
    note = "p is approximate: 2 runs change places with runs of another length"
    page = Page(render_report(make_data(labels_only(note=note))))
    assert page.text.count(f"* {note}.") == 1
    assert ".010*" in page.text
    own = labels_only().scores
    assert notes(own, GLOSSARY) == []
    assert notes([own[0], own[2].model_copy(update={"note": note})], GLOSSARY) == [f"Concept balanced accuracy: {note}"]
    unread = [row.model_copy(update={"p": None}) for row in labels_only(note=note).scores]
    assert notes(unread, GLOSSARY) == []


def test_videos_on_disk_are_read_clip_by_clip():
    view = make_subject(clear_rows())

    class OnDisk:
        def __init__(self, array):
            self.array, self.shape = array, array.shape

        def __getitem__(self, index):
            assert isinstance(index, int)
            return self.array[index]

    lazy = make_subject(
        clear_rows(), truth=OnDisk(view.truth), decoded={name: OnDisk(a) for name, a in view.decoded.items()}
    )
    assert render_report(make_data(lazy)) == render_report(make_data(view))


def test_sprites_hold_the_clips():
    view = make_subject(clear_rows())
    html = render_report(make_data(view))
    rule = re.search(r"\.s0\{background-image:url\(data:image/webp;base64,([^)]*)\)", html)
    assert np.array_equal(sprite(base64.b64decode(rule[1])), view.truth[0].reshape(-1, 48, 3))


def test_several_systems_are_judged_one_by_one():
    views = [make_subject(clear_rows(), system="lag-0ms"), make_subject(null_rows(), system="lag-800ms")]
    found = [row.model_copy(update={"value": 0.9}) for row in views[0].scores]
    plot = sweep_plot(("tmin_s",), [((0.0,), views[0].scores), ((0.8,), found)], GLOSSARY)
    page = Page(render_report(make_data(*views, sweeps=(plot,))))
    assert "lag-0ms: The decoded videos carry information about the concept" in page.text
    assert "lag-800ms: No evidence that the decoded videos carry information about the clips." in page.text
    assert "One verdict for each system, and none is picked" in page.text
    assert "subject 1" in page.text and "systems 2" in page.text and "over 2 subjects" not in page.text
    assert "Subject 1, lag-0ms" in page.text and "Subject 1, lag-800ms" in page.text
    assert len(page.having("chart")) == len({row.measure for row in views[0].scores})
    alone = Page(render_report(make_data(make_subject(clear_rows()))))
    assert "systems" not in alone.text and page.having("chart") and not alone.having("chart")
