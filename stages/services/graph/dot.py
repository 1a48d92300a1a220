"""The plan for Graphviz, every variant a node: `eeg2vid status --graph-to dot | dot -Tpdf`."""

from __future__ import annotations

from eeg2vid.stages.services.graph.mermaid import units_of
from eeg2vid.stages.services.graph.model import Plan, state_of

_COLOURS = {
    "done": "#d8f0d8",
    "imported": "#dce6f7",
    "stale": "#fbe3c0",
    "missing": "#ffffff",
    "mixed": "#f7f7d0",
    "damaged": "#f0b0b0",
}


def dot_of(plan: Plan) -> str:
    """Return a directed graph in the DOT language."""
    lines = [f"digraph {_quoted(plan.recipe)} {{", "    node [shape=box, style=filled, fontname=monospace]"]
    for one in plan.variants:
        text = "\\n".join(map(_escaped, (one.stage, one.variant, units_of(one))))
        name = _quoted("/".join(one.key))
        lines.append(f'    {name} [label="{text}", fillcolor="{_COLOURS[state_of(one.counts)]}"]')
    for (source, target), roles in plan.edges.items():
        label = _quoted(", ".join(roles))
        lines.append(f"    {_quoted('/'.join(source))} -> {_quoted('/'.join(target))} [label={label}]")
    return "\n".join([*lines, "}"]) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'
