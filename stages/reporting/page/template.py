"""The pages' templates."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from eeg2vid.stages.reporting import titles


@cache
def template(name: str) -> Any:
    """Return one of the pages' templates. Everything printed is escaped unless it was drawn here (`Markup`)."""
    folder = files("eeg2vid.stages") / "reporting" / "page"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["titles"] = titles
    return environment.get_template(name)
