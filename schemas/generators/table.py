"""The table of generators: one line each."""

from __future__ import annotations

from typing import Annotated

from eeg2vid.schemas.choice import ChoiceOf
from eeg2vid.schemas.generators.decode import DecodeGenerator
from eeg2vid.schemas.generators.generator import Generator
from eeg2vid.schemas.generators.inflated import InflatedGenerator
from eeg2vid.schemas.plugins import ChoiceTable

_OURS: dict[str, type[Generator]] = {"decode": DecodeGenerator, "inflated": InflatedGenerator}
GENERATORS: ChoiceTable[Generator] = ChoiceTable("generator", "eeg2vid.generators", Generator, _OURS, says="targets")

AnyGenerator = Annotated[Generator, ChoiceOf(GENERATORS)]
