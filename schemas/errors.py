"""Every error a user can meet: a sentence, the command that helps, an exit code."""

from __future__ import annotations

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended."""


class Eeg2VidError(Exception):
    """A failure the user can read.

    Parameters
    ----------
    message
        What went wrong and where, expected versus found.
    hint
        What to do about it, best as a command to paste.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} {self.hint}"


class FailedError(Eeg2VidError):
    """A computation failed, a disk is full, or there is a bug (exit 1)."""


class UsageError(Eeg2VidError):
    """A command, a setting or a subject label is malformed or unknown (exit 2)."""

    exit_code = 2


class MissingInputError(Eeg2VidError):
    """An artifact this step reads does not exist yet or is stale (exit 3)."""

    exit_code = 3


class BadDataError(Eeg2VidError):
    """Input data or an artifact is not what it should be (exit 4)."""

    exit_code = 4


class UnreadableError(BadDataError):
    """An artifact whose manifest cannot be read.

    Attributes
    ----------
    found
        What it is, in short: 'damaged', 'of version 9'.
    """

    def __init__(self, message: str, hint: str | None = None, *, found: str = "damaged") -> None:
        super().__init__(message, hint)
        self.found = found


class SourceError(BadDataError):
    """Files of the data set that a unit reads are gone, or not what they should be, before any of it is made."""


class MissingPackageError(Eeg2VidError):
    """An optional package or a model's weights are absent (exit 5)."""

    exit_code = 5


class LockedError(Eeg2VidError):
    """Another process is making the same unit (exit 6)."""

    exit_code = 6


class StoppedError(Eeg2VidError):
    """Asked to stop by a signal or a time limit; state is saved, run again (exit 75; by Ctrl-C 130).

    Attributes
    ----------
    place
        Where the work was: "fold block-3/latents, epoch 12 of 50". Empty: between two pieces of work.
    saved
        The piece at work goes on from there; else it begins again.
    """

    exit_code = 75

    def __init__(self, message: str, hint: str | None = None, *, place: str = "", saved: bool = False) -> None:
        super().__init__(message, hint)
        self.place, self.saved = place, saved
