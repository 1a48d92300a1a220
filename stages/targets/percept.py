"""What an eye (a judge network) sees in the true clips, as a target: `percept:EYE`, `percept:EYE:ARRAY`, `image`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.eyes import EYES
from eeg2vid.schemas.percepts import PERCEPTS, PerceptAttributes
from eeg2vid.stages.cohort.people import Cohort
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.targets.target import Loaded, Target
from eeg2vid.stages.targets.values import ClipValue

PREFIX = "percept:"


@dataclass(frozen=True)
class Percept(Target):
    """An array that an eye made of each clip.

    Attributes
    ----------
    eye
        Its name.
    array
        Its array; empty: the only one.
    """

    eye: str
    array: str = ""
    kind: Literal["label", "value"] = field(default="value", init=False)

    def reads(self, settings: Any) -> dict[str, Read]:
        """Read what the eye saw."""
        return {"percepts": Read(PERCEPTS, variant=self.eye)}

    def load(self, ctx: Context, cohort: Cohort) -> Loaded:
        """Read each clip's value once, and note whose eyes saw it.

        Raises
        ------
        BadDataError
            If another eye looked.
        UsageError
            If the eye made several arrays and none is named.
        """
        artifact = ctx.read("percepts")
        facts: PerceptAttributes = artifact.attributes()
        if facts.eye != self.eye:
            raise BadDataError(
                f"{artifact.address}: target '{self.name}' expects what eye '{self.eye}' saw, found '{facts.eye}'.",
                f"Choose with --from percepts=encode-clips/VARIANT, or make it: {self._command()}",
            )
        names = [self.array] if self.array else sorted(artifact.entries)
        if len(names) > 1:
            known = ", ".join(f"{PREFIX}{self.eye}:{name}" for name in names)
            raise UsageError(f"Target '{self.name}': eye '{self.eye}' made several arrays.", f"Name one of {known}.")
        values = ClipValue(self.name, self.doc, "percepts", PERCEPTS, names[0], self._command())
        loaded: Any = values.load(ctx, cohort)
        found: Loaded = replace(loaded, attributes={"eye": facts.eye, "eye_version": facts.version, **facts.models})
        return found

    def _command(self) -> str:
        return f"eeg2vid encode-clips --eye {self.eye}"


def percept_of(name: str) -> Percept:
    """Return the target of a name `percept:EYE` or `percept:EYE:ARRAY`.

    Raises
    ------
    UsageError
        If there is no such eye, or it says nothing of a clip alone.
    """
    eye, _, array = name.removeprefix(PREFIX).partition(":")
    if eye not in EYES:
        raise UsageError(f"Target '{name}': there is no eye '{eye}'.{did_you_mean(eye, EYES)}")
    if EYES[eye].compares:
        raise UsageError(
            f"Target '{name}': eye '{eye}' compares decoded with true clips; of a clip alone it says nothing."
        )
    return Percept(name, f"what eye {eye} sees", eye, array)
