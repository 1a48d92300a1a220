"""The words that stand over columns and beside rows, in the terminal as on the pages."""

from __future__ import annotations

from eeg2vid.schemas.conditions import FULL

DECODED = "decoded"
"""What people read where the data say `full`: what was decoded, and nothing put in its place."""

MEASURE, CONDITION, SUBJECT, PEOPLE = "measure", "condition", "subject", "people"
VALUE, MEAN, SD, INTERVAL = "value", "mean", "SD", "95 %"
CHANCE, CHANCE_FROM = "chance", "chance from"
P, P_ADJUSTED, PREVALENCE, ALONE = "p", "p adj.", "people >", "pass alone"
DIFFERENCE, CONTROL = "difference", "best control"
CLIPS, RUNS = "clips", "runs"

ONE_PERSON = (VALUE, INTERVAL, CHANCE, CHANCE_FROM, P, CLIPS, RUNS)
"""Columns of the page's table of one person."""
OVER_PEOPLE = (MEAN, INTERVAL, CHANCE, P, ALONE, PEOPLE)
"""Columns of the page's table over people."""
AGAINST = (DIFFERENCE, INTERVAL, P)
"""Columns of the page's table of differences from controls."""


def said(condition: str) -> str:
    """Return a condition as people read it."""
    return DECODED if condition == FULL else condition


def asked(word: str) -> str:
    """Return the condition that somebody names: what the data call `full` goes by both names."""
    return FULL if word == DECODED else word
