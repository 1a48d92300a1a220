"""`[sweep]` in a recipe: one table of a variant becomes one per value, from the sweep's stage on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.engine.settings import merge
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.text import did_you_mean, sentence_of
from eeg2vid.stages.store.layout import join_variant, split_variant

Tables = dict[str, dict[str, dict[str, Any]]]

_NAME = re.compile(r"[a-z0-9-]+")
_SETTING = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_PLACE = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")


class SweepTable(BaseModel):
    """The `[sweep]` table as it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    variant: str = Field(description="the variant whose tables are repeated")
    stage: str = Field(description="where the values differ; later stages are repeated too")
    settings: str | tuple[str, ...] = Field(description="what differs: a setting, dotted if nested, or several")
    values: tuple[Any, ...] = Field(min_length=2, description="one value per point; of several settings, one list each")
    names: str | tuple[str, ...] = Field(description="the variants' names: a pattern, as 'lag-{tmin_s:ms}', or all")
    select: Literal["validation"] | None = Field(
        None, description="a tuning: what reads the trained points takes the best on the validation block"
    )


class Point(NamedTuple):
    """One variant of a sweep and the values of its settings."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Sweep:
    """Which variant is repeated, where, and under which names.

    Attributes
    ----------
    variant
        The name before: that of whatever is not repeated and reads all points.
    stage, settings
        Where the points differ, and in which settings, dotted.
    points
        In the order of the recipe.
    select
        'validation' where the points are candidates of which one is taken.
    stages
        Those that have a variant per point.
    selecting
        Those with a setting `select`, which is the sweep's in the tables of its variant unless they have their own.
    """

    variant: str
    stage: str
    settings: tuple[str, ...]
    points: tuple[Point, ...]
    select: Literal["validation"] | None
    stages: tuple[str, ...]
    selecting: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The points' names."""
        return [point.name for point in self.points]

    def spread(self, tables: Tables, *, values: bool = False) -> Tables:
        """Repeat the variant's tables, once per point; a point's own table lies over what it inherits.

        Parameters
        ----------
        tables
            `[stage.variant]` tables, not changed.
        values
            Also put the points' values into the tables of the sweep's stage, which exist even if none was written, and
            `select` where a selection is made.
        """
        found: Tables = {}
        if values:
            tables = {**tables, self.stage: {self.variant: {}, **tables.get(self.stage, {})}}
        for stage, variants in tables.items():
            of_stage = found.setdefault(stage, {})
            for variant, table in variants.items():
                if stage not in self.stages or variant != self.variant:
                    if values and stage in self.selecting and variant == self.variant:
                        table = {"select": self.select, **table}
                    of_stage[variant] = merge(of_stage.get(variant, {}), self._rewired(table, self.names))
                    continue
                for point in self.points:
                    own = self._rewired(table, [point.name])
                    if values and stage == self.stage:
                        for setting, value in zip(self.settings, point.values, strict=True):
                            own = _with_value(own, setting.split("."), value, f"[{stage}.{variant}]")
                    of_stage[point.name] = merge(own, of_stage.get(point.name, {}))
        return found

    def kin(self, base: str, bases: list[str]) -> list[str]:
        """Return which variants of another stage belong to a variant: its point, all its points, or what they share."""
        if base == self.variant:
            return [name for name in self.names if name in bases]
        return [self.variant] if base in self.names and self.variant in bases else []

    def _rewired(self, table: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
        """Return a table whose `from` names points where it named the repeated variant."""
        if not isinstance(table.get("from"), Mapping):
            return table
        named = {role: list(self._points_of(found, names)) for role, found in table["from"].items()}
        return {**table, "from": {role: found[0] if len(found) == 1 else found for role, found in named.items()}}

    def _points_of(self, named: Any, names: Sequence[str]) -> Iterator[Any]:
        for text in [named] if isinstance(named, str) else named:
            stage, _, variant = str(text).partition("/")
            base, condition = split_variant(variant or "default")
            if stage in self.stages and base == self.variant:
                yield from (f"{stage}/{join_variant(name, condition)}" for name in names)
            else:
                yield text


def read_sweep(data: Any, where: str, tables: Tables, stages: Mapping[str, Stage]) -> Sweep:
    """Check a `[sweep]` table and name its points.

    Raises
    ------
    UsageError
        If a stage or variant is unknown, values and settings do not fit, or names are illegal or stand twice.
    """
    try:
        table = SweepTable.model_validate(data)
    except ValidationError as error:
        raise UsageError(f"{where}: {sentence_of(error, SweepTable, 'sweep')}") from error
    where = f"{where}, [sweep]"
    if table.stage not in stages:
        raise UsageError(f"{where}: there is no stage '{table.stage}'.{did_you_mean(table.stage, stages)}")
    spread = _repeated(table, where, stages)
    variants = dict.fromkeys(variant for stage in stages for variant in tables.get(stage, {}))
    if table.variant not in variants:
        known = did_you_mean(table.variant, variants)
        raise UsageError(f"{where}: no table of the recipe is of variant '{table.variant}'.{known}")
    settings = (table.settings,) if isinstance(table.settings, str) else table.settings
    for setting in settings:
        if not _SETTING.fullmatch(setting):
            raise UsageError(f"{where}: '{setting}' is no setting; nested ones are dotted, as 'training.epochs'.")
    values = [_values_of(value, table, where) for value in table.values]
    names = _names(table, settings, values, where)
    for name in names:
        taken = next((stage for stage in spread if name in tables.get(stage, {})), None)
        if taken or name == table.variant:
            owner = "the sweep's variant" if name == table.variant else f"[{taken}.{name}]"
            raise UsageError(f"{where}: the name '{name}' is taken by {owner}.")
    points = tuple(Point(name, found) for name, found in zip(names, values, strict=True))
    takes = [name for name, stage in stages.items() if table.select and "select" in stage.Settings.model_fields]
    return Sweep(table.variant, table.stage, settings, points, table.select, spread, tuple(takes))


def _repeated(table: SweepTable, where: str, stages: Mapping[str, Stage]) -> tuple[str, ...]:
    """Return the stages with a variant per point: from the sweep's on, but for the last, which reads all.

    In a tuning only what is trained is repeated: what reads it takes one.
    """
    order = list(stages)
    later = order[order.index(table.stage) :]
    if table.select:
        trained = [name for name in later if stages[name].trains]
        if table.stage not in trained:
            those = ", ".join(name for name in order if stages[name].trains)
            raise UsageError(
                f"{where}: `select` takes the best of what was trained, and {table.stage} trains nothing.",
                f"Stages that train: {those}.",
            )
        return tuple(trained)
    if table.stage == order[-1]:
        raise UsageError(f"{where}: {table.stage} is the last stage, which reads all points; sweep an earlier one.")
    return tuple(name for name in later if name != order[-1])


def _values_of(value: Any, table: SweepTable, where: str) -> tuple[Any, ...]:
    if isinstance(table.settings, str):
        return (value,)
    if not isinstance(value, list | tuple) or len(value) != len(table.settings):
        raise UsageError(
            f"{where}: each of `values` is a list of {len(table.settings)}, for {', '.join(table.settings)}; "
            f"found {value!r}."
        )
    return tuple(value)


def _names(table: SweepTable, settings: tuple[str, ...], values: list[tuple[Any, ...]], where: str) -> tuple[str, ...]:
    if isinstance(table.names, str):
        names = tuple(_name(table.names, dict(zip(settings, found, strict=True)), where) for found in values)
    else:
        names = table.names
    if len(names) != len(values):
        raise UsageError(f"{where}: {counted(len(names), 'name')} for {counted(len(values), 'value')}.")
    for name in names:
        if not _NAME.fullmatch(name):
            raise UsageError(f"{where}: '{name}' is no variant name; use a-z, 0-9 and '-', or list `names`.")
        if names.count(name) > 1:
            raise UsageError(
                f"{where}: {counted(names.count(name), 'point')} are called '{name}'; each needs a name of its own."
            )
    return names


def _name(pattern: str, values: dict[str, Any], where: str) -> str:
    """Fill a pattern; a place names a setting, dotted or by its last part, and a format."""
    known = {**{setting.rsplit(".", 1)[-1]: value for setting, value in values.items()}, **values}

    def fill(place: re.Match[str]) -> str:
        setting, form = place[1], place[2]
        if setting not in known:
            raise UsageError(f"{where}: `names` speaks of '{setting}'.{did_you_mean(setting, known)}")
        if form is not None and form not in _FORMATS:
            raise UsageError(f"{where}: `names` has a format '{form}'.{did_you_mean(form, _FORMATS)}")
        text = _FORMATS[form or ""](known[setting])
        if text is None:
            raise UsageError(
                f"{where}: {known[setting]!r} cannot be written into a name as '{place[0]}'.",
                "Formats: `ms` of whole milliseconds, `e` as 3e-4, none for whole numbers and words; or list `names`.",
            )
        return text

    return _PLACE.sub(fill, pattern)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _signed(text: str) -> str:
    return f"minus-{text[1:]}" if text.startswith("-") else text


def _plain(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    number = _number(value)
    if number is not None:
        return _signed(str(int(number))) if number.is_integer() else None
    return value if isinstance(value, str) else None


def _milliseconds(value: Any) -> str | None:
    number = _number(value)
    if number is None or abs(number * 1000 - round(number * 1000)) > 1e-6:
        return None
    return f"{_signed(str(round(number * 1000)))}ms"


def _exponent(value: Any) -> str | None:
    number = _number(value)
    if number is None:
        return None
    digits, power = f"{number:.6e}".split("e")
    whole = float(digits)
    return f"{_signed(str(int(whole)))}e{int(power)}" if whole.is_integer() else None


_FORMATS = {"": _plain, "ms": _milliseconds, "e": _exponent}


def _with_value(table: dict[str, Any], path: list[str], value: Any, where: str) -> dict[str, Any]:
    """Return a table with a nested value set."""
    first, *rest = path
    if not rest:
        return {**table, first: value}
    inner = table.get(first, {})
    if not isinstance(inner, dict):
        raise UsageError(f"{where}: '{first}' has a value of its own ({inner!r}); [sweep] sets a part of it.")
    return {**table, first: _with_value(inner, rest, value, where)}
