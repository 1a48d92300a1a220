"""The plan as a picture: a Mermaid flow chart of stage variants, what they hand on, and how far they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from eeg2vid.stages.engine.plan import Judge, Verdict

_COLOURS = {
    "done": "fill:#d8f0d8,stroke:#3a7d3a",
    "imported": "fill:#dce6f7,stroke:#3a5a9d",
    "stale": "fill:#fbe3c0,stroke:#b06a00",
    "missing": "fill:#ffffff,stroke:#999999",
    "mixed": "fill:#f7f7d0,stroke:#8a8a20",
}
_DAMAGED = "fill:#f0b0b0,stroke:#a02020"


def flow_chart(judge: Judge, verdicts: Sequence[Verdict]) -> str:
    """Return the plan as a Mermaid flow chart, for a Markdown page or https://mermaid.live.

    Parameters
    ----------
    judge
        Of the study and its subjects.
    verdicts
        One per unit, in the order of the plan.

    Returns
    -------
    One node per stage variant with its units' states, one edge per pair of variants with the roles read.
    """
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault((verdict.node.stage, verdict.node.variant), []).append(verdict)
    edges: dict[tuple[tuple[str, str], tuple[str, str]], dict[str, None]] = {}
    for key, group in groups.items():
        for verdict in group:
            for role, addresses in judge.study.inputs(verdict.node, judge.subjects).items():
                for address in addresses:
                    edges.setdefault(((address.stage, address.variant), key), {})[role] = None
    order = list(judge.study.stages)
    keys = {*groups, *(source for source, _ in edges)}
    names = {key: f"n{k}" for k, key in enumerate(sorted(keys, key=lambda key: order.index(key[0])))}
    lines = ["flowchart LR"]
    for key, name in names.items():
        state, text = _state(groups.get(key, []))
        lines.append(f'    {name}["{key[0]}<br/>{key[1]}<br/>{text}"]:::{state}')
    for (source, target), roles in edges.items():
        lines.append(f'    {names[source]} -->|"{", ".join(roles)}"| {names[target]}')
    damaged = any(verdict.state == "damaged" for verdict in verdicts)
    colours = _COLOURS | ({"damaged": _DAMAGED} if damaged else {})
    lines += [f"    classDef {state} {colour}" for state, colour in colours.items()]
    return "\n".join(lines)


def _state(group: Sequence[Verdict]) -> tuple[str, str]:
    """Return the colour of a stage variant, and its units' states in words."""
    if not group:
        return "missing", "not planned"
    counts = Counter("missing" if verdict.state == "waiting" else verdict.state for verdict in group)
    state = next(iter(counts)) if len(counts) == 1 else "mixed"
    units = "unit" if len(group) == 1 else "units"
    return state, f"{len(group)} {units}: " + ", ".join(
        f"{count} {name}" if len(counts) > 1 else name for name, count in counts.items()
    )
