"""What the shell offers at a press of Tab: subjects, artifacts, variants, choices, settings. Light until asked."""

from __future__ import annotations

import inspect
import os
import re
import typing
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from eeg2vid.stages.engine.graph import Study

Offer = tuple[str, str]
"""A word, and what is said of it where the shell shows that."""

Offers = Callable[[typer.Context, str], Iterable[Offer | str]]
"""From a command line and the word at hand to the words it might become."""

SHELL = "_EEG2VID_COMPLETE"
_BREAKS = re.compile(r"[=:]+")


class _Typed:
    """What of the word at hand bash keeps to itself: it breaks words at = and :, and wants only what follows."""

    before = ""


def completed(signature: inspect.Signature) -> None:
    """Give a command's parameters their completions, by name.

    Parameters
    ----------
    signature
        Its annotations are evaluated; those of Typer are changed in place.
    """
    for parameter in signature.parameters.values():
        if parameter.name in _BY_NAME:
            for info in typing.get_args(parameter.annotation)[1:]:
                if isinstance(info, typer.models.ParameterInfo):
                    info.autocompletion = _completion(_BY_NAME[parameter.name])


def _completion(offers: Offers) -> Callable[..., list[Any]]:
    """Return what Typer asks: the words that go on from the one at hand; none where that cannot be told."""

    def complete(ctx: typer.Context, incomplete: str) -> list[Any]:
        typed = _Typed.before + incomplete
        try:
            found = [(one, "") if isinstance(one, str) else one for one in offers(ctx, typed)]
        except Exception:  # no error at a press of Tab
            return []
        kept = dict.fromkeys((word[len(_Typed.before) :], about) for word, about in found if word.startswith(typed))
        return [(word, about) if about else word for word, about in kept]

    return complete


def mend_words() -> None:
    """Join for Typer what bash has broken: `--from mappers=train`, `--subject=1`, `percept:motion`."""
    _Typed.before = ""
    if os.environ.get(SHELL) != "complete_bash":
        return
    text = os.environ.get("COMP_WORDS", "")
    tokens = text.split("\n") if "\n" in text else text.split()
    at = int(os.environ.get("COMP_CWORD", "0"))
    tokens = [*tokens[: at + 1], ""][: at + 1]
    words: list[str] = []
    glue = False
    for place, token in enumerate(tokens):
        breaks = bool(_BREAKS.fullmatch(token))
        if words and (glue or breaks):
            words[-1] += token
        else:
            words.append(token)
        if place == at and (glue or breaks):
            _Typed.before = words[-1] if breaks else words[-1].removesuffix(token)
        glue = breaks or token == "@"
    if _Typed.before.startswith("-"):
        option, _, _Typed.before = _Typed.before.partition("=")
        words = [*words[:-1], option, words[-1].removeprefix(f"{option}=")]
    words[-1] = words[-1].removeprefix(_Typed.before)
    os.environ["COMP_WORDS"] = "\n".join(words)
    os.environ["COMP_CWORD"] = str(len(words) - 1)


# -- where we are --------------------------------------------------------------------------------


def _root(ctx: typer.Context) -> Path:
    """Return the workspace: of the line, wherever -w stands, of the environment, or the current folder."""
    at: Any = ctx
    while at is not None:
        if at.params.get("workspace"):
            return Path(at.params["workspace"]).expanduser()
        at = at.parent
    return Path(os.environ.get("EEG2VID_WORKSPACE") or ".")


def _study(ctx: typer.Context, **chosen: Any) -> Study:
    from eeg2vid.stages.engine.graph import Study
    from eeg2vid.stages.engine.nodes import Choices
    from eeg2vid.stages.engine.workspace import Workspace
    from eeg2vid.stages.registry import STAGES

    choices = Choices(recipe=ctx.params.get("recipe"), models=ctx.params.get("models"), **chosen)
    return Study(Workspace(_root(ctx)), STAGES, choices)


def _stage(ctx: typer.Context) -> str:
    """Return the stage that the line is about: its command, or a word of it."""
    from eeg2vid.stages.registry import STAGES

    words = [ctx.params.get("stage"), str(ctx.params.get("which") or "").split(".")[0]]
    named = [ctx.command.name, *words, *ctx.args]  # where an option still waits for its value, arguments are left there
    return next((name for name in named if name in STAGES), "")


# -- what is offered -----------------------------------------------------------------------------


def _subjects(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.services.names import spans, subjects

    return spans(typed, subjects(_root(ctx)))


def _artifacts(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.services.names import artifacts

    return artifacts(_root(ctx), typed)


def _variants(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    return _variants_of(ctx, _stage(ctx))


def _variants_of(ctx: typer.Context, stage: str) -> list[Offer]:
    """Return the variants of a stage that are planned, and those that are there."""
    from eeg2vid.stages.services.names import variants

    there = variants(_root(ctx), stage)
    try:
        planned = list(_study(ctx).variants(stage))
    except Exception:  # a recipe with a mistake: what is there can be named all the same
        planned = []
    names = dict.fromkeys([*planned, *there])
    return [(name, ", ".join([*["planned"] * (name in planned), *["made"] * (name in there)])) for name in names]


def _conditions(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.schemas.conditions import CONDITIONS, FULL

    every = [("all", "every condition")] if ctx.command.name == "compare" else []
    return [*every, (FULL, "the system itself"), *((name, one.kind) for name, one in CONDITIONS.items())]


def _stages(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.registry import STAGES

    return [(name, stage.summary()) for name, stage in STAGES.items()]


def _recipes(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.engine.recipe import builtin_recipes, recipe_path
    from eeg2vid.stages.engine.workspace import read_toml

    return [(name, read_toml(recipe_path(name))["recipe"]["title"]) for name in builtin_recipes()]


def _profiles(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.engine.profile import builtin_profiles

    return builtin_profiles()


def _choices(field: str, ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    """Offer the choices of a setting with their first sentences."""
    from eeg2vid.schemas.choice import choices_of
    from eeg2vid.stages.registry import STAGES

    members = choices_of(STAGES[_stage(ctx)].Settings.model_fields[field])
    return [(name, (inspect.getdoc(one) or "").split("\n")[0]) for name, one in members.items()]


def _targets(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.schemas.eyes.table import EYES
    from eeg2vid.stages.targets.table import TARGETS

    return [*((name, one.doc) for name, one in TARGETS.items()), *(f"percept:{eye}" for eye in EYES)]


def _folds(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.services.names import folds

    before, comma, _ = typed.rpartition(",")
    names = folds(_root(ctx))
    return [*([] if comma else ["all", "last"]), *(f"{before}{comma}{name}" for name in names)]


def _one_fold(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.services.names import folds

    return folds(_root(ctx))


def _metrics(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.services.names import metrics

    return metrics(_root(ctx))


def _systems(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.services.names import variants

    return [name for name in variants(_root(ctx), "score") if "~" not in name]


def _inputs(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    """Offer roles, and when one is named where it may come from."""
    from eeg2vid.stages.registry import STAGES

    roles = [role for role in STAGES[_stage(ctx)].reads if f"{role}=".startswith(typed) or typed.startswith(f"{role}=")]
    if len(roles) > 1:
        return [f"{role}=" for role in roles]
    makers = [(role, name) for role in roles for name, one in STAGES.items() if role in one.writes]
    found = [(f"{role}={name}/{word}", about) for role, name in makers for word, about in _variants_of(ctx, name)]
    return [*found, *((f"{role}=none", "do without") for role in roles)]


def _assignments(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    """Offer settings, nested ones of the choices on the line, and when one is named the words that it takes."""
    from eeg2vid.stages.services.in_force import values_of

    stage = _stage(ctx)
    named = {key.removeprefix("setting_"): value for key, value in ctx.params.items() if key.startswith("setting_")}
    fields = {key: {"name": value} for key, value in named.items() if value and key in ("network", "generator", "eye")}
    study = _study(ctx, stage=stage, variant=ctx.params.get("variant"), settings=fields)
    values = values_of(study, stage, study.bases(stage)[0])
    kept = [one for one in values if f"{one.setting}=".startswith(typed) or typed.startswith(f"{one.setting}=")]
    if len(kept) == 1 and kept[0].allowed.startswith(("one of ", "true or ")):
        words = kept[0].allowed.removeprefix("one of ").replace(" or ", ", ").split(", ")
        return [f"{kept[0].setting}={word}" for word in words]
    return [(f"{one.setting}=", one.meaning) for one in kept]


def _settings_shown(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    """Offer stages, and behind a full stop their variants, for `config show`."""
    stage, stop, _ = typed.partition(".")
    if stop:
        return [f"{stage}.{word}" for word, _ in _variants_of(ctx, stage) if "~" not in word]
    return _stages(ctx, typed)


def _destinations(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    """Offer where an import may go: STAGE/VARIANT."""
    from eeg2vid.stages.registry import STAGES

    if "/" in typed:
        stage = typed.partition("/")[0]
        return [f"{stage}/{word}" for word, _ in _variants_of(ctx, stage)]
    return [(f"{name}/", stage.summary()) for name, stage in STAGES.items()]


def _schemas(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    from eeg2vid.stages.registry import STAGES

    return [(write.schema.name, write.schema.doc) for stage in STAGES.values() for write in stage.writes.values()]


def _words(*words: str) -> Offers:
    return lambda ctx, typed: words


def _order(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    return ("published", "random", "same") if ctx.command.name == "simulate" else ("presentation", "concept")


def _forms(ctx: typer.Context, typed: str) -> Iterable[Offer | str]:
    if ctx.command.name == "compare":
        return ("terminal", "csv", "markdown", "latex")
    return ("npy", "npz", "jsonl", "csv", "mp4")


_BY_NAME: dict[str, Offers] = {
    "subject": _subjects,
    "artifact": _artifacts,
    "variant": _variants,
    "condition": _conditions,
    "until": _stages,
    "stage": _stages,
    "recipe": _recipes,
    "name": _recipes,  # of `recipe show` and `recipe copy`
    "models": _profiles,
    "protocol": _words("corrected", "published"),
    "inputs": _inputs,
    "assignments": _assignments,
    "systems": _systems,
    "metric": _metrics,
    "adjust": _words("holm", "fdr"),
    "which": _settings_shown,
    "to": _destinations,
    "schema": _schemas,
    "device": _words("auto", "cpu", "cuda", "mps"),
    "container": _words("zarr", "hdf5"),
    "form": _forms,
    "by": _words("subject", "system"),
    "sort": _words("table", "name", "value", "p"),
    "preset": _words("demo", "seed-like", "none"),
    "drift": _words("none", "free", "locked"),
    "dtype": _words("float32", "float64"),
    "order": _order,
    "setting_network": partial(_choices, "network"),
    "setting_generator": partial(_choices, "generator"),
    "setting_eye": partial(_choices, "eye"),
    "setting_targets": _targets,
    "setting_folds": _folds,
    "setting_fold": _one_fold,
}
