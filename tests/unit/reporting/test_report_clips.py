"""The clips of the report: every one on its subject's page, a sample by rule on the index, in files or inside."""

from __future__ import annotations

import base64
import importlib.util
import re
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.reporting.page.filming import CLIPS, Films, film, is_constant
from eeg2vid.stages.reporting.page.sample import sample_of
from eeg2vid.stages.reporting.page.sheets import COLUMNS, Sheets
from eeg2vid.stages.reporting.page.sprites import geometry_of, sprite_of, webp
from eeg2vid.stages.reporting.page.views import TRUE, Shown, Slot, SubjectView

_spec = importlib.util.spec_from_file_location("_report_pages", Path(__file__).with_name("_report_pages.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
make_subject, make_data, write_pages, Page, pixels, rows = (
    made.make_subject, made.make_data, made.write_pages, made.Page, made.pixels, made.rows
)  # fmt: skip
clear_rows = rows.clear_rows


def two_subjects():
    return make_subject(clear_rows()), make_subject(clear_rows("2"), "2", seed=1)


def sheet_of(html, folder, number):
    """Return the picture of one sheet as a page names it, and how many clips it holds."""
    url = re.search(rf"\.near \.s{number},[^{{]*{{background-image:url\(([^)]*)\)}}", html)[1]
    columns = int(re.search(rf"\.s{number}{{--columns:(\d+)}}", html)[1])
    inside = url.startswith("data:image/webp;base64,")
    return pixels(base64.b64decode(url.partition(",")[2]) if inside else (folder / url).read_bytes()), columns


def shown_on(html, folder):
    """Return the sprites of every clip of a page, in order: for each article those of its conditions."""
    sheets, found = {}, []
    for article in re.findall(r"<article.*?</article>", html, re.S):
        sprites = []
        for number, column in re.findall(r'class="v s(\d+)" style="--column:(\d+)"', article):
            picture, columns = sheets.setdefault(number, sheet_of(html, folder, number))
            width = picture.shape[1] // columns
            sprites.append(picture[:, int(column) * width : (int(column) + 1) * width])
        found.append(sprites)
    return found


@pytest.mark.parametrize("inline", [0, 10**9])
def test_every_clip_of_every_subject_is_on_its_page(tmp_path, inline):
    """What a page shows at each place is the clip itself, to the last value, whichever way it is stored."""
    views = two_subjects()
    pages = write_pages(make_data(*views, inline=inline), tmp_path / "media")
    assert list(pages) == ["index.html", "sub-1.html", "sub-2.html"]
    assert (tmp_path / "media" / CLIPS).is_dir() == (inline == 0)
    for view in views:
        shown = shown_on(pages[view.page], tmp_path / "media")
        assert len(shown) == 6
        for k, sprites in enumerate(shown):
            for name, sprite in zip((TRUE, "full", "shuffled-runs"), sprites, strict=True):
                assert np.array_equal(sprite, view.films[name][k].reshape(-1, 48, 3)), (k, name)
        text = Page(pages[view.page]).text
        assert all(f"event e{k}" in text for k in range(6)) and "all 6 test clips" in text


def test_the_index_shows_a_sample_and_leads_to_all(tmp_path):
    views = two_subjects()
    pages = write_pages(make_data(*views, inline=0), tmp_path / "media")
    index = Page(pages["index.html"])
    assert "A sample of the clips" in index.text and "every clip, in the order of presentation" in index.text
    links = {attributes.get("href") for _, attributes in index.tags}
    assert {"sub-1.html", "sub-2.html"} <= links
    first = [sprites[1] for sprites in shown_on(pages["index.html"], tmp_path / "media")]
    expected = [view.films["full"][k].reshape(-1, 48, 3) for view in views for k in range(6)]
    assert all(np.array_equal(a, b) for a, b in zip(first, expected, strict=True))
    ways = {attributes.get("href") for _, attributes in Page(pages["sub-1.html"]).tags}
    assert {"index.html", "sub-2.html"} <= ways


@pytest.mark.parametrize("inline", [0, 10**9])
def test_links_resolve_nothing_comes_from_outside_and_bytes_repeat(tmp_path, inline):
    for name, threads in (("a", 1), ("b", 3)):
        data = make_data(*two_subjects(), inline=inline)
        write_pages(data, tmp_path / name, quality=85, threads=threads)
    files = {path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()}
    assert files == {path.relative_to(tmp_path / "b") for path in (tmp_path / "b").rglob("*") if path.is_file()}
    assert all((tmp_path / "a" / one).read_bytes() == (tmp_path / "b" / one).read_bytes() for one in files)
    used = set()
    for page in (tmp_path / "a").glob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert "http:" not in html and "https:" not in html and "@import" not in html
        named = [a.get(name) for _, a in Page(html).tags for name in ("src", "href")]
        targets = {target for target in named if target} | set(re.findall(r"url\(([^)]*)\)", html))
        assert all(not Path(target).is_absolute() for target in targets)
        used |= {target for target in targets if not target.startswith(("#", "data:"))}
    assert all((tmp_path / "a" / target).is_file() for target in used)
    sheets = {one.as_posix() for one in files if one.suffix == ".webp"}
    assert sheets == {target for target in used if target.endswith(".webp")}  # and none is left over


def test_one_subject_has_one_page_while_its_clips_are_light(tmp_path):
    view = make_subject(clear_rows())
    inside = write_pages(make_data(view), tmp_path / "in")
    assert list(inside) == ["index.html"] and len(shown_on(inside["index.html"], tmp_path)) == 6
    write_pages(make_data(view, inline=0), tmp_path / "files")
    weight = sum(path.stat().st_size for path in (tmp_path / "files").rglob("*.webp") if "sample" not in path.parts)
    just = write_pages(make_data(view, inline=weight), tmp_path / "just")
    over = write_pages(make_data(view, inline=weight - 1), tmp_path / "over")
    assert list(just) == ["index.html"] and not (tmp_path / "just" / CLIPS).exists()
    assert list(over) == ["index.html", "sub-1.html"] and (tmp_path / "over" / CLIPS).is_dir()
    assert "A sample of the clips" in over["index.html"] and "Every clip" in over["sub-1.html"]


def test_true_clips_are_written_once_for_all_subjects(tmp_path):
    write_pages(make_data(*two_subjects(), inline=0), tmp_path / "media")
    sheets = sorted(path.relative_to(tmp_path / "media" / CLIPS) for path in (tmp_path / "media").rglob("*.webp"))
    assert [one.parent.as_posix() for one in sheets] == [
        "sample/sub-1", "sample/sub-2", "sub-1/full", "sub-1/grey", "sub-1/mean-video", "sub-1/shuffled-runs",
        "sub-2/full", "sub-2/grey", "sub-2/mean-video", "sub-2/shuffled-runs", "true",
    ]  # fmt: skip
    columns = {
        one.parent.as_posix(): pixels((tmp_path / "media" / CLIPS / one).read_bytes()).shape[1] // 48 for one in sheets
    }
    assert columns["true"] == 6 and columns["sub-1/grey"] == 1  # the same for every clip: written once


class Counted:
    """Clips that may be read one at a time, and are counted."""

    def __init__(self, array):
        self.array, self.shape, self.read = array, array.shape, []

    def __getitem__(self, index):
        assert isinstance(index, int)
        self.read.append(index)
        return self.array[index]


def test_each_clip_is_read_once_one_at_a_time(tmp_path):
    view = make_subject(clear_rows())
    films = {name: Counted(frames) for name, frames in view.films.items()}
    pages = write_pages(make_data(replace(view, films=films)), tmp_path / "a")
    assert pages == write_pages(make_data(view), tmp_path / "b")
    assert all(one.read == [0, 1, 2, 3, 4, 5] for one in films.values())


def test_sheets_hold_so_many_clips_and_equal_ones_once(tmp_path):
    rng = np.random.default_rng(0)
    clips = rng.integers(0, 256, (2 * COLUMNS + 3, 2, 4, 40, 3), dtype=np.uint8)
    clips[5], clips[-1] = clips[2], clips[0]
    slots = []
    with Sheets(tmp_path, geometry_of(clips.shape), 100, 2) as sheets:
        for _ in sheets.film("a", (clip for clip in clips), slots):
            pass
    assert [sheet.columns for sheet in sheets.files] == [COLUMNS, COLUMNS, 1]
    assert slots[5] == slots[2] == Slot(0, 2) and slots[-1] == slots[0] and len(set(slots)) == 2 * COLUMNS + 1
    for clip, slot in zip(clips, slots, strict=True):
        picture = pixels((tmp_path / sheets.files[slot.sheet].path).read_bytes())
        assert np.array_equal(picture[:, slot.column * 40 : slot.column * 40 + 40], clip.reshape(-1, 40, 3))


def test_a_clip_that_is_none_ends_the_filming(tmp_path):
    clips = [np.zeros((2, 4, 40, 3), np.uint8), np.zeros((2, 4, 40, 3), np.float32)]
    with (
        pytest.raises(BadDataError, match="expected uint8"),
        Sheets(tmp_path, geometry_of((2, 2, 4, 40, 3)), 85, 2) as sheets,
    ):
        list(sheets.film("a", iter(clips), []))


def test_filming_that_is_stopped_leaves_no_thread_that_writes(tmp_path):
    clips = np.random.default_rng(0).integers(0, 256, (3 * COLUMNS, 2, 90, 160, 3), dtype=np.uint8)
    shown = [Shown(f"e{k}", f"c{k}", "r", "1") for k in range(len(clips))]
    view = SubjectView("1", [], [], shown, {TRUE: clips, "full": clips})
    before = threading.active_count()
    films = Films.of([view])
    filming = film(films, [view], [sample_of(len(clips))], tmp_path / CLIPS, quality=85, threads=2, inline=0)
    for _ in range(2 * COLUMNS):
        next(filming)
    filming.close()
    assert threading.active_count() == before


def test_the_sample_is_what_its_rule_says():
    """Ten clips of ten ranks: those at 0, 0.9, 2.25, 4.5, 6.75, 8.1 and 9 of 0..9, rounded half up."""
    values = [0.5, 0.0, 0.9, 0.3, 0.7, 0.1, 0.6, 0.8, 0.2, 0.4]
    found = sample_of(10, "SSIM", values)
    assert [values[row] for row in found.rows] == [0.0, 0.1, 0.2, 0.5, 0.7, 0.8, 0.9]
    assert found.marks == ("worst", "10 %", "25 %", "median", "75 %", "90 %", "best")
    assert "ranked by SSIM" in found.rule and "10 %, 25 %, 50 %, 75 %, 90 % of the way" in found.rule
    lower = sample_of(10, "error", values, lower_is_better=True)
    assert [values[row] for row in lower.rows] == [0.9, 0.8, 0.7, 0.4, 0.2, 0.1, 0.0]
    assert sample_of(4, "m", [1.0, 1.0, float("nan"), 0.0]).rows == (3, 0, 1)  # of equal ones the earlier first
    assert sample_of(3, "m", [1.0, 1.0, 1.0]).rows == (0, 1, 2)


def test_without_a_measure_the_sample_is_every_nth():
    assert sample_of(20).rows == (0, 3, 6, 9, 12, 15, 18)
    assert sample_of(20).rule == "one clip in 3, from the first on, in the order of presentation"
    assert sample_of(5, "m", [float("nan")] * 5).rows == (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("width", "tile"),
    [
        (20, 160),
        (48, 192),
        (64, 192),
        (80, 160),
        (112, 224),
        (128, 256),
        (129, 129),
        (160, 160),
        (192, 192),
        (512, 192),
    ],
)
def test_no_clip_is_narrower_than_160_px_unless_it_is_small(width, tile):
    found = geometry_of((2, 6, width // 2, width, 3))
    assert found.tile_width == tile
    assert found.tile_width % width == 0 or width > tile >= 160
    assert found.stored[1] == min(width, tile)


def test_geometry_thins_and_refuses_what_are_no_clips():
    large = geometry_of((2, 48, 288, 512, 3))
    assert (large.frames, large.tile_width, large.tile_height, large.pixelated) == (8, 192, 108, False)
    clip = np.zeros((48, 3, 5, 3), np.uint8) + np.arange(48, dtype=np.uint8)[:, None, None, None]
    kept = sprite_of(clip, geometry_of((1, *clip.shape)))
    assert kept.shape == (8 * 3, 5, 3)
    assert kept[::3, 0, 0].tolist() == [0, 6, 12, 18, 24, 30, 36, 42]
    for shape in ((2, 6, 36, 64), (2, 0, 36, 64, 3), (2, 6, 36, 64, 1), (2, 8, 3000, 100, 3)):
        with pytest.raises(BadDataError, match="expected"):
            geometry_of(shape)


def test_large_clips_are_reduced_frame_by_frame():
    """Against Pillow's own filter without its shortcut; frames do not bleed into each other."""
    from PIL import Image

    smooth = np.broadcast_to(np.linspace(0, 255, 6).astype(np.uint8)[:, None, None, None], (6, 288, 512, 3))
    geometry = geometry_of((1, 6, 288, 512, 3))
    frames = pixels(webp(sprite_of(smooth, geometry), 85)).reshape(6, 108, 192, 3)
    assert np.abs(frames.astype(int) - smooth[:, :108, :192]).max() <= 2
    y, x = np.mgrid[0:288, 0:512]
    wave = (127 + 60 * np.sin(x / 40) + 60 * np.cos(y / 25)).astype(np.uint8)
    clip = np.repeat(np.repeat(wave[None, :, :, None], 6, 0), 3, 3)
    exact = np.asarray(Image.fromarray(clip[0]).resize((192, 108), Image.Resampling.BILINEAR))
    assert np.abs(sprite_of(clip, geometry)[:108].astype(int) - exact).max() <= 2


def test_a_smaller_quality_weighs_less_and_100_keeps_every_value():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    sizes = [len(webp(picture, quality)) for quality in (20, 60, 85)]
    assert sizes == sorted(sizes) and len(set(sizes)) == 3
    assert np.array_equal(pixels(webp(picture, 100)), picture)


def test_constant_conditions_are_found_per_fold():
    a, b, c = Slot(0, 0), Slot(0, 1), Slot(0, 2)
    assert is_constant([a, a, b, b], ["1", "1", "2", "2"])
    assert not is_constant([a, a, b, b], ["1"] * 4)
    assert not is_constant([a, b], ["1", "2"])  # one clip a fold: nobody can tell
    assert not is_constant([a, a, b, c], ["1", "1", "2", "2"])
