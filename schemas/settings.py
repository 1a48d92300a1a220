"""Bases of settings. What changes a result is a Settings field; how it is run is an Execution field."""

from __future__ import annotations

import typing
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Settings(BaseModel):
    """Result settings of a stage: frozen, fingerprinted, unknown keys refused.

    Attributes
    ----------
    renamed
        What earlier versions called a setting, and what it is called now: for the sentence that refuses it.
    """

    renamed: ClassVar[dict[str, str]] = {}

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _none_is_a_word(cls, given: Any) -> Any:
        """Take "none" for no value where a setting may have none: neither TOML nor a command line can write it."""
        if not isinstance(given, dict) or not any(
            isinstance(value, str) and value == "none" for value in given.values()
        ):
            return given
        optional = {name for name, info in cls.model_fields.items() if type(None) in typing.get_args(info.annotation)}
        return {name: None if name in optional and value == "none" else value for name, value in given.items()}


class Execution(BaseModel):
    """How a command runs. Never fingerprinted: no field here may change a result.

    Device and threads are no exception in kind: sums in another order differ in last digits, so both are recorded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$", description="auto, cpu, cuda[:n], mps")
    threads: int = Field(1, ge=1, le=256, description="1 to 256 CPU threads of the numerical libraries")
    jobs: int = Field(1, ge=1, le=256, description="1 to 256 units of a stage at once, each in a process of its own")
    force: bool = Field(False, description="recompute even if nothing changed")
    dry_run: bool = Field(False, description="print the plan with reasons, do nothing")
    keep_going: bool = Field(False, description="make what does not hang on what failed")
    container: Literal["zarr", "hdf5"] = Field("zarr", description="how new artifacts keep their arrays")
    save_every: float = Field(30.0, ge=0, le=86_400, description="seconds between saves in a training; 0: every step")
    memory_gb: float = Field(8.0, gt=0, le=65_536, description="above this much, inputs go to a scratch file, GB")
    shard: str = Field("1/1", pattern=r"^\d+/\d+$", description="I/N: make only every N-th part, from the I-th on")

    @property
    def shard_of(self) -> tuple[int, int]:
        """Index of this shard, from 0, and the number of shards."""
        index, count = (int(part) for part in self.shard.split("/"))
        return index - 1, count

    @model_validator(mode="after")
    def _shard_exists(self) -> Execution:
        index, count = self.shard_of
        if not 0 <= index < count <= 100_000:
            raise ValueError(f"shard {self.shard} does not exist; shards are 1/N to N/N")
        return self


Protocol = Literal["published", "corrected"]
