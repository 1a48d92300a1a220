"""The report's pages: what they say, and that they stand by themselves."""

from __future__ import annotations

import importlib.util
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.scores import Look
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.numbers import number
from eeg2vid.stages.reporting.page.sweeps import sweep_plot
from eeg2vid.stages.reporting.page.tables import notes
from eeg2vid.stages.reporting.page.views import TRUE, ClipView, Shown
from eeg2vid.stages.reporting.words import verdict

_spec = importlib.util.spec_from_file_location("_report_pages", Path(__file__).with_name("_report_pages.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
make_subject, make_data, render_report, Page, rows = (
    made.make_subject, made.make_data, made.render_report, made.Page, made.rows
)  # fmt: skip
score, contrast, clear_rows, null_rows = rows.score, rows.contrast, rows.clear_rows, rows.null_rows
GLOSSARY = Glossary.of(rows.DEFINITIONS)


HOSTILE = "<script>alert('x')</script>\"&"


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
    shown = [Shown("e", "c", HOSTILE, HOSTILE)] * 6
    clips = [ClipView(one, HOSTILE, HOSTILE, {HOSTILE: 0.5, "nan": math.nan}, HOSTILE) for one in shown]
    own = [score(HOSTILE, HOSTILE, 0.4, 0.3), score(HOSTILE, "full", 0.5, 0.3, 0.001)]
    view = make_subject(
        (own, [contrast(HOSTILE, HOSTILE, 0.1, 0.5)]),
        subject=HOSTILE,
        shown=shown,
        told=lambda: clips,
        films={**view.films, HOSTILE: view.films["full"][::-1]},
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
    assert [tag for tag, _ in page.tags].count("script") == 2
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


def test_bad_videos_are_named():
    good = make_subject(clear_rows())
    cut = make_subject(clear_rows(), films={**good.films, "full": good.films["full"][:5]})
    with pytest.raises(BadDataError, match="Subject 1: the 'full' videos"):
        render_report(make_data(cut))
    floats = make_subject(clear_rows(), films={**good.films, TRUE: good.films[TRUE].astype(np.float32)})
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
    return make_subject((own, []), subject, shown=[], films={})


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
    assert explained not in Page(render_report(make_data(make_subject((only, []), films={})))).text


def test_folds_are_named_where_there_are_several():
    view = make_subject(clear_rows())
    one = Page(render_report(make_data(view)))
    assert "fold only 7" in one.text
    assert "All test clips are of one fold" in one.text
    assert "exchange whole runs, and" in one.text
    assert ", fold" not in one.text and "· fold" not in one.text
    shown = [one._replace(fold="1" if k < 4 else "2") for k, one in enumerate(view.shown)]
    clips = [replace(clip, shown=one) for clip, one in zip(view.told(), shown, strict=True)]
    means = np.repeat(view.films["mean-video"][:2] + np.arange(2, dtype=np.uint8)[:, None, None, None, None], (4, 2), 0)
    films = {**view.films, "mean-video": means}
    several = Page(render_report(make_data(replace(view, shown=shown, told=lambda: clips, films=films))))
    assert "folds 2" in several.text
    assert "All test clips are of one fold" not in several.text
    assert "exchange whole runs within their fold" in several.text
    assert "concept 3 · run r0 · fold 1" in several.text
    assert "mean-video, fold 2" in several.text
    assert "grey" in several.text and "grey, fold" not in several.text  # the same in all folds: shown once


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


def test_looks_are_told_apart_and_seldom_wanted_measures_stand_folded():
    scores, contrasts = clear_rows()
    view = make_subject((scores, contrasts))
    facts = {"subject": "1", "metric": "mmd", "n_events": 6, "detail": "true clips against each other 0.01"}
    seen = [Look(condition=one, value=v, **facts) for one, v in (("full", 0.3), ("shuffled-runs", 0.31))]
    told = rows.definition("mmd", title="MMD", form="set", look=True)
    folded = [one.model_copy(update={"lead": one.metric != "ssim"}) for one in rows.DEFINITIONS]
    data = replace(make_data(replace(view, looks=seen)), definitions=[*folded, told])
    page = Page(render_report(data))
    assert (
        "How the clips look, no evidence: 1 measure" in page.text and "true clips against each other 0.01" in page.text
    )
    assert ".310" in page.text and "More measures: 1" in page.text
    assert not any("SSIM" in one.claim for one in verdict([("1", scores, contrasts)], data.definitions).sentences)


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
