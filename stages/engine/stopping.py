"""Stopping on request: the handler sets a flag, loops look at it, state is saved, exit 75."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from typing import Any

from eeg2vid.schemas.errors import INTERRUPTED, StoppedError

_SIGNALS = ("SIGTERM", "SIGUSR1", "SIGXCPU")
_CTRL_C = "Ctrl-C"
_ATTENTIVE_SECONDS = 5.0  # a loop that has looked this lately is waited for
_AGAIN = "Run the same command again to go on."
_request: list[str] = []
_looked = float("-inf")


def requested() -> bool:
    """Tell whether a signal has asked this process to stop."""
    return bool(_request)


def request(name: str) -> None:
    """Ask this process to stop, as a signal of this name would."""
    _request.append(name)


def check(*, saved: bool) -> None:
    """Stop here if asked to; `saved`: what was being made is kept.

    Raises
    ------
    StoppedError
        Exit 75, by Ctrl-C 130: run the same command again.
    """
    if _request:
        raise stopped("What is finished is saved." if saved else "Finished artifacts are kept.", saved=saved)


def stopped(text: str, *, place: str = "", saved: bool = False) -> StoppedError:
    """Return the error for a request to stop, after its name."""
    error = StoppedError(f"{stopped_by()}{f' in {place}' if place else ''}. {text}", _AGAIN, place=place, saved=saved)
    if _request and _request[0] == _CTRL_C:
        error.exit_code = INTERRUPTED
    return error


def stopped_by() -> str:
    """Say who asked to stop: "Stopped by SIGTERM"."""
    return f"Stopped by {_request[0]}" if _request else "Stopped"


@contextlib.contextmanager
def at(place: str) -> Iterator[None]:
    """Let a stop within tell where it was."""
    try:
        yield
    except StoppedError as error:
        error.place = ", ".join(filter(None, (place, error.place)))
        raise


def attended() -> bool:
    """Tell, to a loop that saves its state, whether this process was asked to stop.

    While such a loop looks, the first Ctrl-C is a request, too; the second ends it where it is.
    """
    global _looked
    _looked = time.monotonic()
    return requested()


def _interrupted(_number: int, _frame: object) -> None:
    if requested() or time.monotonic() - _looked > _ATTENTIVE_SECONDS:
        raise KeyboardInterrupt
    request(_CTRL_C)


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Turn the signals that schedulers send into a request; loader workers inherit nothing that saves."""

    def note(number: int, _: object) -> None:
        _request.append(signal.Signals(number).name)

    handlers: dict[int, Any] = {getattr(signal, name): note for name in _SIGNALS if hasattr(signal, name)}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handlers[signal.SIGINT] = _interrupted
    try:
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    except ValueError:  # not the main thread: nobody sends signals here
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _request.clear()
