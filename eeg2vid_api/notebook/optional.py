"""Packages that only some conversions need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from eeg2vid.schemas.errors import MissingPackageError


def need(package: str, what: str) -> Any:
    """Import an optional package.

    Parameters
    ----------
    package
        Its name, for Python and for pip.
    what
        What needs it, e.g. 'to_pandas()'.

    Raises
    ------
    MissingPackageError
        With the command that installs it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingPackageError(
            f"{what} needs {package}, which cannot be imported ({error}).",
            f"Install it: pip install {package}   (or all that notebooks use: pip install 'eeg2vid[notebook]')",
        ) from error
