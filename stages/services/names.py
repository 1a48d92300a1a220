"""Names that a workspace holds, from names of folders alone: quick enough to be asked at every press of a key."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from eeg2vid.stages.store.layout import MANIFEST, unit_subject

_METRIC = re.compile(rb'"metric":"([a-z0-9-]+)"')
_READ = 1_000_000  # bytes of a table of scores: it names its metrics early


def subjects(root: Path) -> list[str]:
    """Return the labels of everybody who has an artifact, numbers in their order.

    Those of `ingest` where there are any: it has everybody, and one folder is looked at instead of hundreds.
    """
    artifacts = root / "artifacts"
    stages = ["ingest", *(name for name in _folders(artifacts) if name != "ingest")]
    found: dict[str, None] = {}
    for stage in stages:
        for variant in _folders(artifacts / stage):
            found |= dict.fromkeys(
                label for unit in _folders(artifacts / stage / variant) if (label := unit_subject(unit))
            )
        if found and stage == "ingest":
            break
    return sorted(found, key=lambda label: (not label.isdecimal(), int(label) if label.isdecimal() else 0, label))


def spans(typed: str, labels: Sequence[str]) -> list[str]:
    """Return the values of --subject that go on from what is typed: '1,' with another label, '3-' with a later one.

    Parameters
    ----------
    typed
        What stands there so far.
    labels
        Of the study.
    """
    before, comma, last = typed.rpartition(",")
    begun = re.fullmatch(r"(\d+)-\d*", last)
    if begun:
        later = [label for label in labels if label.isdecimal() and int(label) > int(begun[1])]
        return [f"{before}{comma}{begun[1]}-{label}" for label in later]
    named = before.split(",")
    whole = [] if comma else ["all", "@array"]
    return [f"{before}{comma}{label}" for label in labels if label not in named] + whole


def artifacts(root: Path, typed: str) -> list[str]:
    """Return addresses that go on from what is typed, a part at a time: stage, variant, unit, role.

    Where only one goes on, what lies below it is returned: a shell would put a blank behind it otherwise.
    """
    above = typed.rpartition("/")[0]
    found = [name for name in _below(root, above) if name.startswith(typed)]
    while len(found) == 1 and (below := _below(root, found[0])):
        found = below
    return found


def _below(root: Path, address: str) -> list[str]:
    depth = len(address.split("/")) if address else 0
    folder = root / "artifacts" / address
    if depth >= 4 or ".." in address.split("/"):
        return []
    names = _folders(folder)
    if depth == 3:
        names = [name for name in names if (folder / name / MANIFEST).is_file()]
    return [f"{address}/{name}" if address else name for name in names]


def variants(root: Path, stage: str) -> list[str]:
    """Return the variants of a stage that have a folder."""
    return _folders(root / "artifacts" / stage)


def folds(root: Path) -> list[str]:
    """Return the names of the folds of the first person, or the study, of each variant of `split`."""
    found: dict[str, None] = {}
    for unit in _first_units(root, "split"):
        for line in _head(unit / "folds" / "folds.jsonl").splitlines():
            try:
                found[str(json.loads(line)["fold"])] = None
            except (ValueError, KeyError, TypeError):
                continue
    return list(found)


def metrics(root: Path) -> list[str]:
    """Return the metrics that the first person's scores of each system have."""
    found: dict[str, None] = {}
    for unit in _first_units(root, "score"):
        found |= dict.fromkeys(name.decode() for name in _METRIC.findall(_head(unit / "scores" / "scores.jsonl")))
    return list(found)


def _first_units(root: Path, stage: str) -> Iterator[Path]:
    for variant in variants(root, stage):
        folder = root / "artifacts" / stage / variant
        yield from (folder / unit for unit in _folders(folder)[:1])


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_READ)
    except OSError:
        return b""


def _folders(folder: Path) -> list[str]:
    """Return the names of the folders in a folder, but for hidden ones and work that goes on."""
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in entries if one.is_dir()]
    except OSError:
        return []
    return sorted(name for name in names if not name.startswith((".", "work-")) and "." not in name)
