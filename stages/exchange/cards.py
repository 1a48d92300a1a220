"""The card of trained models: what they are, what of, how well, how to use them; Markdown with a model card's head."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eeg2vid.schemas.manifest import Manifest
from eeg2vid.stages.exchange.bibliography import cited_in

CARD = "card.md"
Rows = Sequence[Mapping[str, Any]]

_STAMPS = {
    "simulated": "learned from simulated data: it decodes no real person",
    "transductive scaling": "standardised by all of a person's EEG, the tested part too",
    "imported": "made elsewhere: how it was trained is not known here",
}
_LEAK = "what it learned from holds events or clips that are tested: its scores are too good"
_LICENSE = (
    "No licence is granted by this file. What is learned from data falls under the terms of the data: look there "
    "before sharing. Weights learned from people's EEG, those of SEED-DV among them, may be personal data: do not "
    "publish them lightly."
)


@dataclass(frozen=True)
class Port:
    """What goes in, or comes out: an array of one event."""

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    unit: str

    def __str__(self) -> str:
        axes = " x ".join(f"{dim} {size}" for dim, size in zip(self.dims, self.shape, strict=True))
        return ", ".join(filter(None, [axes, self.unit]))


@dataclass(frozen=True)
class CardFacts:
    """What manifest and tables do not tell.

    Attributes
    ----------
    stage
        With `name`, `cites`, `Settings`.
    data
        Name of the data set's folder, '' if unknown.
    people
        Labels of those whose data it learned from.
    inputs, outputs
        Of one event.
    """

    stage: Any
    data: str = ""
    people: tuple[str, ...] = ()
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def card(manifest: Manifest, tables: Mapping[str, Rows], facts: CardFacts, command: str) -> str:
    """Return the card of an artifact of trained models.

    Nothing in it says when or how fast it was made: the same models have the same card.

    Parameters
    ----------
    manifest
        The artifact's, without its files.
    tables
        Its 'models' and 'history'.
    facts
        What only the training knows.
    command
        Gives the models out as plain files.
    """
    models, history = list(tables["models"]), list(tables.get("history", ()))
    parts = [
        _front(manifest, models, facts),
        _what(manifest, models, facts),
        _ports(facts),
        _models(models, facts),
        _history(history),
        _settings(manifest),
        _use(manifest, models, command),
        f"## Licence\n\n{_LICENSE}",
        _made(manifest),
        _cites(manifest, facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _address(manifest: Manifest) -> str:
    return f"{manifest.stage}/{manifest.variant}/{manifest.unit}/{manifest.role}"


def _front(manifest: Manifest, models: Rows, facts: CardFacts) -> str:
    scored = {target for row in models for target in row.get("validation_scores", {})}
    metrics = [
        name
        for name, there in (
            ("accuracy", any(target in facts.classes for target in scored)),
            ("r_squared", any(target not in facts.classes for target in scored)),
        )
        if there
    ]
    named = dict.fromkeys(choice.split(" ")[-1] for choice in manifest.choices)
    tags = dict.fromkeys(["eeg", "brain-decoding", "video-reconstruction", manifest.stage, *named, *manifest.stamps])
    lines = ["---", "library_name: eeg2vid", "license: other", "license_name: terms-of-the-data", "tags:"]
    lines += [f"- {json.dumps(tag, ensure_ascii=False)}" for tag in tags]
    lines += ["metrics:", *(f"- {name}" for name in metrics)] if metrics else []
    return "\n".join([*lines, "---"])


def _what(manifest: Manifest, models: Rows, facts: CardFacts) -> str:
    count = len(models)
    folds = list(dict.fromkeys(row["fold"] for row in models))
    sizes = sorted({row["parameters"] for row in models})
    lines = [f"# {_address(manifest)}", ""]
    lines.append(f"{count} {'model' if count == 1 else 'models'} that eeg2vid's `{manifest.stage}` trained.")
    lines += [""]
    for stamp in manifest.stamps:
        meaning = _STAMPS.get(stamp) or (_LEAK if stamp.startswith("leak") else "")
        lines += [f"> **{stamp}**{f': {meaning}' if meaning else ''}.", ""]
    people = ", ".join(facts.people)
    rows = [
        ("made of", ", ".join(f"{name} (version {version})" for name, version in manifest.choices.items())),
        ("parameters", f"{sizes[0]:,} to {sizes[-1]:,}" if len(sizes) > 1 else "".join(f"{n:,}" for n in sizes)),
        ("data set", facts.data),
        ("people", people if len(facts.people) != 1 else f"subject {people}"),
        ("pooled", "one model of everybody" if manifest.settings.get("pooled") else ""),
        ("folds", ", ".join(folds)),
        ("condition", manifest.variant.partition("~")[2]),
        ("protocol", manifest.protocol or ""),
        ("seed", str(manifest.settings["seed"]) if "seed" in manifest.settings else ""),
    ]
    lines += _table(("", ""), [row for row in rows if row[1]])
    return "\n".join(lines)


def _ports(facts: CardFacts) -> str:
    rows = [("in", port.name, str(port)) for port in facts.inputs]
    rows += [("out", port.name, _out(port, facts)) for port in facts.outputs]
    if not rows:
        return ""
    return "\n".join(["## In and out, of one event", "", *_table(("", "name", "axes and unit"), rows)])


def _out(port: Port, facts: CardFacts) -> str:
    classes = facts.classes.get(port.name)
    return f"probability of each class: {', '.join(classes)}" if classes else str(port)


def _models(models: Rows, facts: CardFacts) -> str:
    lines = ["## Models", ""]
    if not any("validation_scores" in row for row in models):
        learned = ("models/", "clips learned", "steps", "training loss", "validation loss")
        tuned = [
            (row["path"], row["clips"], row["steps"], _number(row["train_loss"]), _number(row["validation_loss"]))
            for row in models
        ]
        return "\n".join([*lines, *_table(learned, tuned)])
    head = ("models/", "events learned", "to validate", "epoch", "validation score", "one in N")
    rows = [
        (
            row["path"],
            row["train_events"],
            row["validation_events"],
            "closed form" if row["best_epoch"] is None else row["best_epoch"],
            _scores(row["validation_scores"].values()),
            _scores(_chance(target, facts) for target in row["validation_scores"]),
        )
        for row in models
    ]
    told = (
        "The score is the accuracy of a class (chance: one in so many classes, as if each were as frequent), or the "
        "share of a value's variance that is explained (0: the mean). It may have chosen the epoch or "
        "the penalty and is no test: for that, `eeg2vid score`."
    )
    return "\n".join([*lines, *_table(head, rows), "", told])


def _chance(target: str, facts: CardFacts) -> float:
    return 1 / len(facts.classes[target]) if facts.classes.get(target) else 0.0


def _scores(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values) or "none"


def _history(history: Rows) -> str:
    """Say where each training ended, and where its validation loss was lowest."""
    by_path: dict[str, list[Mapping[str, Any]]] = {}
    for row in history:
        by_path.setdefault(f"{row['path']} {row['phase']}" if "phase" in row else row["path"], []).append(row)
    if not by_path:
        return ""
    rows = []
    for path, steps in by_path.items():
        unit = "epoch" if "epoch" in steps[-1] else "step"
        told = [row for row in steps if row["validation_loss"] is not None]
        best = min(told, key=lambda row: row["validation_loss"]) if told else None
        lowest = f"{_number(best['validation_loss'])} at {unit} {best[unit]}" if best else "none"
        rows.append((path, f"{unit} {steps[-1][unit]}", _number(steps[-1]["train_loss"]), lowest))
    return "\n".join(
        ["## Training", "", *_table(("model", "ended at", "training loss then", "lowest validation loss"), rows)]
    )


def _settings(manifest: Manifest) -> str:
    if not manifest.origins:
        return ""
    other = {path: origin for path, origin in manifest.origins.items() if origin != "default"}
    if not other:
        return "## Settings\n\nAll are as they are by default."
    rows = [(f"`{path}`", f"`{json.dumps(_at(manifest.settings, path))}`", origin) for path, origin in other.items()]
    return "\n".join(
        ["## Settings that were said; all others are default", "", *_table(("setting", "value", "said by"), rows)]
    )


def _at(settings: Mapping[str, Any], path: str) -> Any:
    found: Any = settings
    for key in path.split("."):
        found = found[key]
    return found


def _use(manifest: Manifest, models: Rows, command: str) -> str:
    address = _address(manifest)
    lines = ["## Use", "", "```bash", f"{command}  # plain files, safetensors", "```"]
    if manifest.schema_name == "checkpoints" and models:
        fold = json.dumps(models[0]["fold"])
        lines += ["", "```python", "import eeg2vid", "", 'study = eeg2vid.open("WORKSPACE")']
        lines += [f'decoder = eeg2vid.load_decoder(study, "{address}", fold={fold})', "decoder.predict(array)", "```"]
    return "\n".join(lines)


def _made(manifest: Manifest) -> str:
    rows = [("digest", manifest.digest), ("fingerprint", manifest.fingerprint)]
    rows += [(f"read: {ref.role}", f"{ref.stage}/{ref.variant}/{ref.unit}, {ref.digest}") for ref in manifest.inputs]
    rows += [(f"model: {ref.role}", f"{ref.name}, {ref.identity}") for ref in manifest.models]
    rows += list(manifest.software.items())
    return "\n".join(["## Made of and with", "", *_table(("", ""), rows)])


def _cites(manifest: Manifest, facts: CardFacts) -> str:
    found = cited_in(facts.stage, manifest.settings)
    if not found:
        return ""
    entries = "\n\n".join(one["bibtex"] for one in found.values())
    return f"## Cite\n\n{', '.join(found)}\n\n```bibtex\n{entries}\n```"


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"


def _cell(value: Any) -> str:
    return str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
