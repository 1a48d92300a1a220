"""Commands in messages become commands to paste: they repeat what this call said of workspace, recipe and models."""

from __future__ import annotations

import re
import shlex
from typing import Any

import typer

_SHARED = {"workspace": "-w", "recipe": "--recipe", "models": "--models", "protocol": "--protocol"}
_COMMAND = re.compile(r"(?m)(^[ \t]*|: |, |; |` ?|`)eeg2vid (?P<name>[a-z-]+)(?P<rest>[^\n`]*)")


def pasteable(text: str, ctx: typer.Context | None) -> str:
    """Return a message whose commands work when they are pasted as they stand.

    A command is what begins a line, follows a colon, a comma or a semicolon, or stands in backticks. It is given those
    options of the call `ctx` that it takes and does not have.
    """
    said = _said(ctx) if ctx is not None else {}
    if ctx is None or not said:
        return text
    return _COMMAND.sub(lambda found: _completed(found, said, ctx.find_root()), text)


def _said(ctx: typer.Context) -> dict[str, str]:
    """Return what the call said, as it was written; the environment need not be repeated."""
    given = {name: ctx.params.get(name) for name in _SHARED}
    given["workspace"] = given["workspace"] or getattr(ctx.obj, "workspace", None)  # given before the command
    return {name: str(value) for name, value in given.items() if value is not None}


def _completed(found: re.Match[str], said: dict[str, str], top: Any) -> str:
    name, rest = found["name"], found["rest"]
    command = top.command.get_command(top, name)
    before = ""
    if command is None:
        return found[0]
    if hasattr(command, "commands"):
        word = re.match(r" ([a-z-]+)", rest)
        if word is None or word[1] not in command.commands:
            return found[0]
        command, before, rest = command.commands[word[1]], word[0], rest[word.end() :]
    takes = {parameter.name: parameter.opts for parameter in command.params}
    words = [
        f" {option} {shlex.quote(said[name])}"
        for name, option in _SHARED.items()
        if name in said and name in takes and not any(re.search(rf" {one}(?![\w-])", rest) for one in takes[name])
    ]
    return f"{found[1]}eeg2vid {name}{before}{''.join(words)}{rest}"
