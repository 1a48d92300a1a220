"""The numbers under a page's title."""

from __future__ import annotations

from collections.abc import Sequence

from eeg2vid.stages.reporting.page.views import SubjectView


def facts(views: Sequence[SubjectView], frames: int, fps: float) -> list[tuple[str, str]]:
    """Return how many subjects, clips, runs and folds the page tells of, each with its name."""
    folds = folds_of(views)
    people, systems = len({view.subject for view in views}), len({view.system for view in views})
    found = [("subject" if people == 1 else "subjects", str(people))]
    if systems > 1:
        found.append(("systems", str(systems)))
    each = "" if len(views) == 1 else " each"
    for name, counts in (
        ("test clips", [len(view.shown) or max((row.n_events for row in view.scores), default=0) for view in views]),
        (
            "runs",
            [len({s.run for s in view.shown}) or max((r.n_runs for r in view.scores), default=0) for view in views],
        ),
        ("folds", [len({shown.fold for shown in view.shown}) if len(folds) > 1 else 0 for view in views]),
    ):
        if not any(counts):
            continue
        low, high = min(counts), max(counts)
        word = name.removesuffix("s") if high == 1 else name
        found.append((word + each, str(low) if low == high else f"{low} to {high}"))
    if len(folds) == 1:
        found.append(("fold", f"only {folds[0]}"))
    if frames:
        found.append(("frames a clip", f"{frames} at {fps:g}/s"))
    return found


def folds_of(views: Sequence[SubjectView]) -> list[str]:
    """Return the folds that test some clip."""
    return list(dict.fromkeys(shown.fold for view in views for shown in view.shown if shown.fold))
