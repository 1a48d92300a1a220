"""Stopping on request: the handler sets a flag, loops look at it, state is saved, exit 75."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from eeg2vid.schemas.errors import StoppedError

_SIGNALS = ("SIGTERM", "SIGUSR1", "SIGXCPU")
_request: list[str] = []


def requested() -> bool:
    """Tell whether a signal has asked this process to stop."""
    return bool(_request)


def request(name: str) -> None:
    """Ask this process to stop, as a signal of this name would."""
    _request.append(name)


def check(*, saved: bool) -> None:
    """Stop here if asked to.

    Raises
    ------
    StoppedError
        Exit 75: run the same command again.
    """
    if _request:
        kept = "What is finished is saved" if saved else "Finished artifacts are kept"
        raise StoppedError(f"Stopped by {_request[0]}. {kept}; run the same command again to go on.")


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Turn the signals that schedulers send into a request; loader workers inherit nothing that saves."""

    def note(number: int, _: object) -> None:
        _request.append(signal.Signals(number).name)

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    try:
        before = {number: signal.signal(number, note) for number in numbers}
    except ValueError:  # not the main thread: nobody sends signals here
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _request.clear()
