"""Numbers as the report prints them."""

from __future__ import annotations

from eeg2vid.schemas.scores import ChanceKind, Contrast, Score


def number(value: float, signed: bool = False) -> str:
    """Return a value with three decimals below 10, else two: .812, 10.53, −.004."""
    text = f"{abs(value):.{3 if abs(value) < 10 else 2}f}"
    text = text.removeprefix("0") if text.startswith("0.") else text
    sign = "" if not text.strip("0.") else "−" if value < 0 else "+" if signed else ""
    return sign + text


def level(chance: float, baseline: float | None) -> float:
    """Return what a score must pass: chance, or what always naming the commonest class gets where that is more."""
    return chance if baseline is None else max(chance, baseline)


def level_of(row: Score) -> float:
    """Return what a row's value must pass, as it stands under `chance` everywhere."""
    return level(row.chance, row.baseline)


def level_kind(row: Score) -> ChanceKind:
    """Return how that was found."""
    return "majority" if level_of(row) > row.chance else row.chance_kind


def plain_p(p: float | None) -> str:
    """Return a p-value as it stands in a column: .012, < .001."""
    return p_value(p).removeprefix("= ")


def interval(row: Score | Contrast) -> str:
    """Return a row's 95 % interval, [.772, .851], or a dash where there is none."""
    return bounds(row.low, row.high)


def bounds(low: float | None, high: float | None) -> str:
    """Return [.772, .851], or a dash where there is no interval."""
    none = low is None or high is None or low != low
    return "–" if none else f"[{number(low)}, {number(high)}]"  # type: ignore[arg-type]


def p_value(p: float | None) -> str:
    """Return "= .012", "< .001", or a dash where there is none."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else f"= {number(p)}"


def with_interval(value: float, row: Score | Contrast, signed: bool = False) -> str:
    """Return a value and its interval, if it has one, in words."""
    return number(value, signed) if row.low is None else f"{number(value, signed)} {interval(row)}"
