"""The plan as a Mermaid flow chart, every variant a node: for a Markdown page or https://mermaid.live."""

from __future__ import annotations

from eeg2vid.stages.services.graph.model import NOT_PLANNED, Plan, Variant, state_of

_COLOURS = {
    "done": "fill:#d8f0d8,stroke:#3a7d3a",
    "imported": "fill:#dce6f7,stroke:#3a5a9d",
    "stale": "fill:#fbe3c0,stroke:#b06a00",
    "missing": "fill:#ffffff,stroke:#999999",
    "mixed": "fill:#f7f7d0,stroke:#8a8a20",
}
_DAMAGED = "fill:#f0b0b0,stroke:#a02020"


def mermaid_of(plan: Plan) -> str:
    """Return a node per stage variant with its units' states, an edge per pair of variants with the roles read."""
    names = {one.key: f"n{place}" for place, one in enumerate(plan.variants)}
    lines = ["flowchart LR"]
    for one in plan.variants:
        text = f"{one.stage}<br/>{one.variant}<br/>{units_of(one)}"
        lines.append(f'    {names[one.key]}["{text}"]:::{state_of(one.counts)}')
    for (source, target), roles in plan.edges.items():
        lines.append(f'    {names[source]} -->|"{", ".join(roles)}"| {names[target]}')
    damaged = any("damaged" in one.counts for one in plan.variants)
    colours = _COLOURS | ({"damaged": _DAMAGED} if damaged else {})
    lines += [f"    classDef {state} {colour}" for state, colour in colours.items()]
    return "\n".join(lines) + "\n"


def units_of(one: Variant) -> str:
    """Return a variant's units and their states in words."""
    number = sum(one.counts.values())
    if not number:
        return NOT_PLANNED
    states = ", ".join(f"{count} {state}" if len(one.counts) > 1 else state for state, count in one.counts.items())
    return f"{number} {'unit' if number == 1 else 'units'}: {states}"
