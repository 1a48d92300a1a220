"""Settings of the generators, one file each, and the table of them."""

from __future__ import annotations

from eeg2vid.schemas.generators.decode import DecodeGenerator
from eeg2vid.schemas.generators.generator import Generator
from eeg2vid.schemas.generators.inflated import InflatedGenerator
from eeg2vid.schemas.generators.sampling import SamplingSettings
from eeg2vid.schemas.generators.table import GENERATORS, AnyGenerator

__all__ = ["GENERATORS", "AnyGenerator", "DecodeGenerator", "Generator", "InflatedGenerator", "SamplingSettings"]
