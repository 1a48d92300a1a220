"""Score and contrast rows of imaginary subjects, for the tests of the report."""

from eeg2vid.schemas.scores import Contrast, Definition, Score


def definition(metric, variant="", title="", **facts):
    return Definition(
        **{"metric": metric, "variant": variant, "form": "pair", "direction": "higher", "low": None, "high": None,
           "title": title or metric, "definition": f"What {metric} is.", **facts}
    )  # fmt: skip


DEFINITIONS = [
    definition("two-way", title="2-way identification", among="the test clips"),
    definition("two-way", "within-run", "2-way identification within run", among="the clips of its run", apart=True),
    definition("ssim", title="SSIM", definition="Structural similarity."),
    definition("mse", title="MSE", direction="lower"),
    definition("accuracy", form="event"),
    definition("accuracy", "top-1", "top-1", form="event"),
    definition("balanced-accuracy", title="balanced accuracy", form="set"),
    definition("2-way", lenient=True),
]


def score(
    metric, condition, value, chance, p=None, *, subject="1", target="", variant="", chance_kind="pairing", spread=0.04
):
    return Score(
        subject=subject, target=target, metric=metric, variant=variant, condition=condition,
        kind="classification" if target else "video", value=value, low=value - spread,
        high=value + spread, chance=chance, chance_kind=chance_kind, p=p, n_events=6, n_runs=3,
    )  # fmt: skip


def contrast(metric, control, difference, p, subject="1"):
    return Contrast(
        subject=subject, metric=metric, control=control, difference=difference, low=difference - 0.01,
        high=difference + 0.01, p=p,
    )  # fmt: skip


def clear_rows(subject="1"):
    """Signal on both metrics; simple controls beaten."""
    scores = [
        score("two-way", "full", 0.81, 0.5, 0.001, subject=subject, chance_kind="analytic"),
        score("two-way", "shuffled-runs", 0.51, 0.5, 0.4, subject=subject, chance_kind="analytic"),
        score("two-way", "grey", 0.5, 0.5, subject=subject, chance_kind="analytic"),
        score("ssim", "full", 0.45, 0.3, 0.001, subject=subject),
        score("ssim", "shuffled-runs", 0.31, 0.3, 0.3, subject=subject),
        score("ssim", "grey", 0.41, 0.41, subject=subject),
        score(
            "accuracy",
            "full",
            0.2,
            0.1,
            0.004,
            subject=subject,
            target="concept",
            variant="top-1",
            chance_kind="majority",
        ),
    ]
    contrasts = [
        contrast("two-way", "shuffled-runs", 0.3, 0.001, subject),
        contrast("two-way", "grey", 0.31, 0.001, subject),
        contrast("ssim", "shuffled-runs", 0.14, 0.002, subject),
        contrast("ssim", "grey", 0.04, 0.01, subject),
    ]
    return scores, contrasts


def null_rows(subject="1"):
    scores = [
        score("two-way", "full", 0.503, 0.5, 0.45, subject=subject, chance_kind="analytic"),
        score("two-way", "shuffled-runs", 0.5, 0.5, 0.5, subject=subject, chance_kind="analytic"),
        score("two-way", "grey", 0.5, 0.5, subject=subject, chance_kind="analytic"),
    ]
    return scores, [contrast("two-way", "shuffled-runs", 0.003, 0.6, subject)]
