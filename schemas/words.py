"""Words for people: numbers with the right form of what they count."""

from __future__ import annotations

_IRREGULAR = {
    "person": "people",
    "process": "processes",
    "class": "classes",
    "axis": "axes",
    "is": "are",
    "was": "were",
    "has": "have",
}


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and what it counts: '1 subject', '2 subjects'.

    Parameters
    ----------
    number
        How many.
    one
        What one of them is called, or several words whose last is counted: 'other subject'.
    many
        What more or none are called; empty: as most words, or as a few irregular ones.
    """
    return f"{number} {plural(number, one, many)}"


def plural(number: int, one: str, many: str = "") -> str:
    """Return a word in the form that a number asks for: a noun, or 'is', 'was', 'has'."""
    if number == 1:
        return one
    before, blank, last = one.rpartition(" ")
    return many or f"{before}{blank}{_IRREGULAR.get(last, f'{last}s')}"
