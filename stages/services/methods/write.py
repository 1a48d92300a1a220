"""The methods of a finished study: gathered from what lies behind its scores, written as Markdown or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from eeg2vid.schemas.choice import Choice
from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import MissingInputError, UnreadableError
from eeg2vid.schemas.splits import LEAK
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.reporting.glossary import listed
from eeg2vid.stages.services.methods.made import Made, settings_of
from eeg2vid.stages.services.methods.table import PARAGRAPHS, SENTENCES
from eeg2vid.stages.services.paper_tables import tex
from eeg2vid.stages.store.layout import Address, find_artifacts, split_variant
from eeg2vid.stages.store.reader import Artifact, open_artifact

_CITED = re.compile(r"\[((?:@[\w-]+)(?:; @[\w-]+)*)\]")
_LONG = 60  # letters of a description that is not told twice
_ENDS = ("score", "report", "quality")


@dataclass
class Methods:
    """Paragraphs by heading, sentences with [@key]; keys in order; what could not be said, in sentences."""

    paragraphs: dict[str, list[str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """Every key that a sentence cites, in order."""
        found = (_keys(group) for some in self.paragraphs.values() for text in some for group in _CITED.findall(text))
        return list(dict.fromkeys(key for some in found for key in some))

    def markdown(self) -> str:
        """Return the paragraphs with Pandoc's citations."""
        return "\n\n".join(f"**{head}.** {' '.join(text)}" for head, text in self.paragraphs.items()) + "\n"

    def latex(self) -> str:
        r"""Return the paragraphs with `\cite`."""
        return (
            "\n\n".join(f"\\paragraph{{{head}}} {_tex(' '.join(text))}" for head, text in self.paragraphs.items())
            + "\n"
        )


def _keys(group: str) -> list[str]:
    return [key.strip().removeprefix("@") for key in group.split(";")]


def _tex(text: str) -> str:
    parts = _CITED.split(text)
    return "".join(rf"\cite{{{','.join(_keys(part))}}}" if k % 2 else tex(part) for k, part in enumerate(parts))


def methods_of(root: Any, stages: Mapping[str, Stage], planned: Iterable[tuple[str, str, str]] = ()) -> Methods:
    """Write the methods of all that lies behind a workspace's scores and reports; of all there is where none are.

    Parameters
    ----------
    root
        The workspace.
    stages
        The registry.
    planned
        Stage, variant and unit of what should be there: what is not is named.

    Raises
    ------
    MissingInputError
        If nothing is finished.
    """
    methods = Methods()
    artifacts = _behind(root, methods.remarks)
    if not artifacts:
        raise MissingInputError(
            f"Nothing is finished in {root}: there are no methods to tell.", "Run first:\n  eeg2vid run"
        )
    groups = _groups(stages, artifacts)
    for head, names in PARAGRAPHS.items():
        sentences = [text for name in names for text in _of_stage(groups.get(name, ()))]
        if sentences:
            methods.paragraphs[head] = _once(sentences)
    methods.paragraphs["Software"] = _software(artifacts)
    if notes := _deviations(artifacts):
        methods.paragraphs["What must be known"] = notes
    methods.remarks += _unfinished(artifacts, planned)
    return methods


def _unfinished(artifacts: Sequence[Artifact], planned: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return a sentence that names what is planned and not there."""
    there = {(one.address.stage, one.address.variant, one.address.unit) for one in artifacts}
    units: dict[str, list[bool]] = {}
    for stage, variant, unit in planned:
        units.setdefault(f"{stage}/{variant}", []).append((stage, variant, unit) in there)
    missing = [
        f"{name} ({done.count(False)} of {len(done)} units)" if any(done) else name
        for name, done in units.items()
        if not all(done)
    ]
    return [f"Not finished, so not told: {', '.join(missing)}. See: eeg2vid status"] if missing else []


def _behind(root: Any, remarks: list[str]) -> list[Artifact]:
    """Return the artifacts behind scores and reports, those made of something that has changed since left out."""
    found: dict[Address, Artifact] = {}
    everything = find_artifacts(root)
    ends = [one for one in everything if one.stage in _ENDS and split_variant(one.variant)[1] == FULL]
    scored = any(one.stage == "score" for one in ends)
    waiting: list[tuple[Address, str | None, str]] = [(one, None, "") for one in (ends if scored else everything)]
    while waiting:
        address, digest, reader = waiting.pop()
        if address in found and digest in (None, found[address].manifest.digest):
            continue
        try:
            one = found.get(address) or open_artifact(root, address)
        except (MissingInputError, UnreadableError) as error:
            remarks.append(f"{address}, behind {reader or 'the study'}, cannot be read, so it is not told: {error}")
            continue
        if digest not in (None, one.manifest.digest):
            remarks.append(f"{reader} was made of another {address} than lies there now: what is told of it is of now.")
        if address not in found:
            found[address] = one
            refs = one.manifest.inputs
            waiting += [(Address(r.stage, r.variant, r.unit, r.role), r.digest, str(address)) for r in refs]
    return sorted(found.values(), key=lambda one: one.address)


def _groups(stages: Mapping[str, Stage], artifacts: Sequence[Artifact]) -> dict[str, list[Made]]:
    """Gather artifacts that were made alike; what was made under a condition differs by what its sentence says."""
    kept: dict[str, dict[str, tuple[str, Any, list[Artifact]]]] = {}
    for one in artifacts:
        base, condition = split_variant(one.address.variant)
        if condition == FULL and one.address.stage in stages:
            settings = settings_of(stages[one.address.stage], one)
            key = f"{base} {one.manifest.provenance} {one.manifest.settings if settings is None else settings!r}"
            kept.setdefault(one.address.stage, {}).setdefault(key, (base, settings, []))[2].append(one)
    return {
        stage: [Made(stages[stage], base, settings, tuple(some)) for base, settings, some in found.values()]
        for stage, found in kept.items()
    }


def _of_stage(variants: Sequence[Made]) -> list[str]:
    """Return the sentences of a stage: what is said of all its variants once, the rest variant by variant."""
    told = [(one.variant, _told(one)) for one in variants]
    shared = [text for text in (told[0][1] if told else ()) if len(told) > 1 and all(text in own for _, own in told)]
    found = []
    for variant, sentences in told:
        own = [text for text in sentences if text not in shared]
        found += [f"Variant {variant}: {own[0]}", *own[1:]] if len(told) > 1 and own else own
    return [*found, *shared]


def _once(sentences: Sequence[str]) -> list[str]:
    """Describe a method at its first mention only: encoder and mapper are often of one kind."""
    described: set[str] = set()
    found = []
    for text in sentences:
        before, by, method = text.partition(" by ")
        if by and len(method) > _LONG and method in described:
            text = f"{before} by the same method."
        described.add(method)
        found.append(text)
    return found


def _told(made: Made) -> list[str]:
    """Return the sentences of one variant, with what it cites."""
    name = f"{made.stage.name}/{made.variant}"
    first = made.artifacts[0].manifest
    if first.provenance == "imported":
        people = f" of {', '.join(made.people)}" if made.people else ""
        return [f"The {listed(sorted({one.address.role for one in made.artifacts}))}{people} ({name}) were imported."]
    if made.settings is None:
        held = ", ".join(f"{key} = {value}" for key, value in first.settings.items())
        return [f"{name} was made by another version of the software, with {held}."]
    return _citing(SENTENCES[made.stage.name](made), _cites(made))


def _cites(made: Made) -> list[str]:
    """Return the keys that a stage and its choices cite."""
    of_data_set = made.stage.name in ("ingest", "preprocess", "score", "quality")  # their sentences cite themselves
    return list(dict.fromkeys([*(() if of_data_set else made.stage.cites), *_of_choices(made.settings)]))


def _of_choices(settings: BaseModel | None) -> Iterable[str]:
    for _, value in settings or ():
        if isinstance(value, Choice):
            yield from type(value).cites
        elif isinstance(value, BaseModel):
            yield from _of_choices(value)


def _citing(sentences: list[str], keys: Sequence[str]) -> list[str]:
    """Put keys that no sentence names at the end of the first."""
    named = {key for text in sentences for group in _CITED.findall(text) for key in _keys(group)}
    left = [f"@{key}" for key in keys if key not in named]
    if not left or not sentences:
        return sentences
    first = sentences[0].removesuffix(".")
    return [f"{first} [{'; '.join(left)}].", *sentences[1:]]


def _software(artifacts: Sequence[Artifact]) -> list[str]:
    versions: dict[str, dict[str, None]] = {}
    for one in artifacts:
        for name, version in one.manifest.software.items():
            if name != "code":
                versions.setdefault(name, {})[version] = None
    order = sorted(versions, key=lambda name: (name != "eeg2vid", name != "python", name))
    told = listed([f"{name} {' and '.join(versions[name])}" for name in order])
    devices = listed(sorted({str(one.manifest.execution["device"]) for one in artifacts if one.manifest.execution}))
    return [f"All was computed with {told}{f' on {devices}' if devices else ''}."]


def _deviations(artifacts: Sequence[Artifact]) -> list[str]:
    """Return what a reader must be told: protocol, leaks, stamps."""
    found = []
    protocols = {one.manifest.protocol for one in artifacts} - {None}
    if protocols:
        kind = next(iter(protocols)) if len(protocols) == 1 else "mixed"
        found.append(
            {
                "corrected": "Known defects of published code are mended (protocol corrected).",
                "published": "What the released code does is done, known defects included (protocol published).",
                "mixed": "Some known defects of published code are mended, some kept (protocol mixed).",
            }[str(kind)]
        )
    stamps = sorted({stamp for one in artifacts for stamp in one.manifest.stamps})
    leaks = [stamp.removeprefix(LEAK) for stamp in stamps if stamp.startswith(LEAK)]
    if leaks:
        found.append(f"The split was forced although it leaks {listed(leaks)}: no score is evidence.")
    if "simulated" in stamps:
        found.append("The data are simulated: no brain was recorded.")
    others = [stamp for stamp in stamps if not stamp.startswith(LEAK) and stamp != "simulated"]
    found += [f"All that descends from it is stamped: {'; '.join(others)}."] if others else []
    return found
