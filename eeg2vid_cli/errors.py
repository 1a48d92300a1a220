"""Errors become a sentence, a hint and an exit code; tracebacks only with --debug. Every command takes --quiet."""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Collection, Sequence
from typing import Any

import typer

from eeg2vid.cli import log
from eeg2vid.cli.completion import completed
from eeg2vid.cli.globals import QuietOption, wants_json
from eeg2vid.cli.output import complain, quietly, visible
from eeg2vid.cli.pasting import pasteable
from eeg2vid.schemas.errors import INTERRUPTED, Eeg2VidError, StoppedError, UsageError
from eeg2vid.stages.store.disk import disk_failure


def guarded(command: Callable[..., Any], settings: Collection[str] = ()) -> Callable[..., Any]:
    """Wrap a command so that every failure ends in a sentence and the right exit code, and give it --quiet.

    Parameters
    ----------
    command
        The function behind it.
    settings
        Names of the settings that are its options.
    """

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        with log.logging(getattr(kwargs["ctx"], "info_name", None) or "", visible(log.typed_command())):
            try:
                with quietly(_quiet(kwargs)):
                    return command(*args, **kwargs)
            except (typer.Exit, typer.Abort, typer.BadParameter):
                raise
            except KeyboardInterrupt as stop:
                report_stop("Stopped by Ctrl-C.", getattr(stop, "__notes__", None) or ["Finished artifacts are kept."])
                raise typer.Exit(INTERRUPTED) from None
            except BrokenPipeError:
                raise typer.Exit(0) from None
            except Exception as error:
                trace = visible(traceback.format_exc())
                log.said(trace)
                if _debug(kwargs):
                    sys.stderr.write(trace)
                raise typer.Exit(report(error, settings, kwargs["ctx"])) from None

    signature = inspect.signature(command, eval_str=True)
    quiet = inspect.Parameter("quiet", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=QuietOption)
    completed(signature)
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), quiet])  # type: ignore[attr-defined]
    run.__annotations__ = {**command.__annotations__, "quiet": QuietOption}
    return run


def report_stop(what: str, kept: Sequence[str] = ()) -> None:
    """Say that the command was stopped, what is kept, and how to go on: by the very command."""
    console = complain()
    console.print(what, style="yellow", end=" " if kept else "\n")
    if kept:
        console.print(" ".join(kept))
    console.print(f"Go on with:\n  {log.typed_command()}")


def report(error: Exception, settings: Collection[str] = (), ctx: typer.Context | None = None) -> int:
    """Print an error for people and return its exit code.

    Parameters
    ----------
    error
        What was raised.
    settings
        Fields that are options of the command: their names, in backticks, are printed as options.
    ctx
        The call, whose options the commands in the message repeat.
    """
    console = complain()
    if isinstance(error, StoppedError):
        report_stop(error.message)
        return error.exit_code
    if isinstance(error, Eeg2VidError):
        console.print("Error:", style="bold red", end=" ")
        console.print(pasteable(as_options(error.message, settings), ctx))
        if error.hint:
            console.print(pasteable(as_options(error.hint, settings), ctx))
        return error.exit_code
    refused = disk_failure(error)
    if refused:
        console.print("Error:", style="bold red", end=" ")
        console.print(f"{refused[0].upper()}{refused[1:]}.")
        return 1
    console.print("Internal error:", style="bold red", end=" ")
    console.print(f"{type(error).__name__}: {error}")
    kept = log.log_file()
    trace = f"Report it with the traceback in {kept}" if kept else "Run it again with --debug and report the traceback"
    console.print(f"This is a bug. {trace}.")
    return 1


def as_options(text: str, settings: Collection[str]) -> str:
    """Turn the backticked names of settings into the options that set them, nested ones by --set.

    Science speaks of its parameters, `tmin_s`; who calls it by command sees --tmin-s.
    """

    def option(found: re.Match[str]) -> str:
        name, nested = found[1], found[2]
        if name not in settings:
            return found[0]
        return f"--set {name}{nested}" if nested else f"--{name.replace('_', '-')}"

    return re.sub(r"`([a-z0-9_]+)((?:\.[a-z0-9_]+)*)`", option, text)


def _debug(kwargs: dict[str, Any]) -> bool:
    before = getattr(kwargs["ctx"].obj, "debug", False)  # every command has a `ctx`
    asked = os.environ.get("EEG2VID_DEBUG", "") not in ("", "0")
    return bool(asked or before or kwargs.get("debug"))


def _quiet(kwargs: dict[str, Any]) -> bool:
    """Take --quiet out of a command's options: whether it stood before or after the command.

    Raises
    ------
    UsageError
        If --json was given, too: ids alone, or all.
    """
    ctx = kwargs["ctx"]
    quiet = bool(kwargs.pop("quiet", False) or getattr(ctx.obj, "quiet", False))
    if quiet and wants_json(ctx, bool(kwargs.get("json"))):
        raise UsageError("--quiet prints ids only, --json everything.", "Give one of them.")
    return quiet
