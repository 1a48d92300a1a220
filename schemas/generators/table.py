"""The table of generators: one line each."""

from __future__ import annotations

from typing import Annotated

from eeg2vid.schemas.choice import ChoiceOf
from eeg2vid.schemas.generators.decode import DecodeGenerator
from eeg2vid.schemas.generators.generator import Generator

GENERATORS: dict[str, type[Generator]] = {"decode": DecodeGenerator}

AnyGenerator = Annotated[Generator, ChoiceOf(GENERATORS)]
