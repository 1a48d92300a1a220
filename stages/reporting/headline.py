"""The headline in words, and the note under it."""

from __future__ import annotations

from eeg2vid.schemas.words import counted
from eeg2vid.stages.reporting.evidence import ALPHA, at_least
from eeg2vid.stages.reporting.findings import Headline
from eeg2vid.stages.reporting.glossary import listed
from eeg2vid.stages.reporting.numbers import number

_RULE = "A subject counts if a score passes all of its tests at p < .05 after Holm's correction."
_SHARED = "the concept, or what else a run shares"
_THINGS = {
    "video": "decoded videos carry information about {what}",
    "classification": "EEG tells the labels",
    "value": "decoded values carry information about {what}",
}
_IMPORTED = "imported videos carry information about {what}"


def say_headline(found: Headline, *, imported: bool = False) -> tuple[str, str]:
    """Return the headline and the note under it; of videos that were `imported` it says so."""
    if found.leaks:
        note = (
            "The split was forced although it leaks (--allow-leak). Split along whole runs and clips to learn anything."
        )
        return f"The split leaks {' and '.join(found.leaks)}: no score here is evidence.", note
    if not found.tested:
        return "Nothing was tested, so nothing can be concluded.", ""
    headline, note = (_of_several if found.several else _of_one)(found, _things(found, imported))
    if not found.timed:
        return headline, note
    names = listed([item.name for item in found.timed])
    note = f"{note} But the time in the block, without EEG, tells {names} as well."
    return "What is decoded may be the order of presentation, or drift.", note


def _things(found: Headline, imported: bool) -> str:
    """Return what is claimed: of clips only where clips of one run are told apart. Where nothing passes, of any."""
    things = _IMPORTED if imported and found.kind == "video" else _THINGS[found.kind]
    return things.format(what="the clips" if found.clips or found.tone == "no" else _SHARED)


def _of_one(found: Headline, things: str) -> tuple[str, str]:
    counted = f"{found.tested} score{'s' * (found.tested > 1)}"
    if found.passed:
        names = ", ".join(item.name for item in found.passed)
        note = f"Better than chance on {names} ({counted} tested; p < .05 after Holm's correction for their number)."
        return f"The {things}.", note
    if found.tone == "caution":
        note = f"Some tests pass, but no score passes all of its tests after Holm's correction ({counted} tested)."
        return f"At best weak evidence that the {things}.", note
    return f"No evidence that the {things}.", f"None of the {counted} tested is better than chance at p < .05."


def _of_several(found: Headline, things: str) -> tuple[str, str]:
    n, hits = found.tested, found.hits
    if found.whose:
        return _together(found, things)
    if not hits:
        return f"No evidence in any of {counted(n, 'subject')} that the {things}.", _RULE
    luck = at_least(hits, n)
    note = f"{_RULE} By chance alone, {hits} or more of {n} would pass with probability at most {_probability(luck)}."
    if luck >= ALPHA:
        return f"Weak evidence, in {hits} of {counted(n, 'subject')}, that the {things}.", note
    return f"In {hits} of {counted(n, 'subject')} the {things}.", note


def _probability(p: float) -> str:
    return ".001" if p < 0.001 else number(p)


def _together(found: Headline, things: str) -> tuple[str, str]:
    """Return the headline over people who were tested together."""
    note = (
        "One test of all: the runs of all people are relabeled alike (p < .05 after Holm's correction for the scores "
        "that lead). "
    )
    if found.whose == "nobody":
        return f"No evidence over {counted(found.tested, 'person')} that the {things}.", note.strip()
    note += f"It rests on {listed([item.name for item in found.passed])}. Tested one by one, {found.hits} "
    note += f"of {found.tested} have a score that passes after the same correction; "
    note += "'pass alone' counts score by score, uncorrected."
    if found.whose == "somebody":
        return f"In at least one of {counted(found.tested, 'person')} the {things}; that people do, is not shown.", note
    return f"Over {counted(found.tested, 'person')}, the {things}: in {found.share}.", note
