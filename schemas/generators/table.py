"""The table of generators: one line each."""

from __future__ import annotations

from typing import Annotated

from eeg2vid.schemas.choice import ChoiceOf
from eeg2vid.schemas.generators.decode import DecodeGenerator
from eeg2vid.schemas.generators.generator import Generator
from eeg2vid.schemas.generators.inflated import InflatedGenerator

GENERATORS: dict[str, type[Generator]] = {"decode": DecodeGenerator, "inflated": InflatedGenerator}

AnyGenerator = Annotated[Generator, ChoiceOf(GENERATORS)]
