"""A study in a notebook: what is there, opened by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from eeg2vid.notebook.artifact import StudyArtifact
from eeg2vid.notebook.kinds import KINDS
from eeg2vid.notebook.show import MOST, html_table, text_table
from eeg2vid.schemas.errors import MissingInputError, UnreadableError, UsageError
from eeg2vid.stages.engine.ingested import people_with_artifacts
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.engine.workspace import CONFIG
from eeg2vid.stages.services.finding import matching_addresses
from eeg2vid.stages.services.listing import line_of
from eeg2vid.stages.store.layout import STUDY, Address, find_artifacts, split_variant, unit_subject
from eeg2vid.stages.store.reader import load_manifest

if TYPE_CHECKING:
    from eeg2vid.notebook.dataset import FoldDataset


class Listing(Sequence[str]):
    """Addresses of some artifacts; shown as a table of what is in each."""

    def __init__(self, root: Path, addresses: Sequence[Address]) -> None:
        self._root, self._addresses = root, tuple(addresses)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Listing: ...
    def __getitem__(self, index: int | slice) -> str | Listing:
        """Return an address, or some."""
        if isinstance(index, slice):
            return Listing(self._root, self._addresses[index])
        return str(self._addresses[index])

    def __len__(self) -> int:
        return len(self._addresses)

    def rows(self) -> list[dict[str, Any]]:
        """Return what is in each, as `eeg2vid inspect --json` has it."""
        return [line_of(address.folder(self._root)) for address in self._addresses]

    def _shown(self) -> list[dict[str, Any]]:
        kept = ("artifact", "schema", "content", "MB", "stamps")
        return [{name: row[name] for name in kept} for row in self[:MOST].rows()]

    def __repr__(self) -> str:
        return text_table(self._shown(), _count(len(self)), len(self))

    def _repr_html_(self) -> str:
        return html_table(self._shown(), _count(len(self)), len(self))


class Study:
    """A workspace: lists artifacts, opens them by name, joins them for a network.

    `study["stage/variant/unit/role"]`, or any beginning of it that names one artifact.

    Attributes
    ----------
    root
        The workspace's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def subjects(self) -> tuple[str, ...]:
        """Labels of the people of whom there is any artifact."""
        return tuple(people_with_artifacts(self.root))

    def list(
        self,
        stage: str | None = None,
        *,
        variant: str | None = None,
        subject: str | int | None = None,
        role: str | None = None,
        condition: str | None = None,
        schema: str | None = None,
    ) -> Listing:
        """List the artifacts that fit all that is named.

        Parameters
        ----------
        stage, variant, role, schema
            As in addresses and listings.
        subject
            A label, or 'study' for what belongs to nobody alone.
        condition
            'full', 'shuffled-runs', ...; with `variant`, its name without the condition.

        Raises
        ------
        MissingInputError
            If nothing is of such a name.
        """
        found = find_artifacts(self.root)
        whole = condition is None  # a variant is named with its condition
        asked: dict[str, tuple[str | None, Callable[[Address], str]]] = {
            "stage": (stage, lambda one: one.stage),
            "variant": (variant, lambda one: one.variant if whole else split_variant(one.variant)[0]),
            "subject": (None if subject is None else str(subject).removeprefix("sub-"), _whose),
            "role": (role, lambda one: one.role),
            "condition": (condition, lambda one: split_variant(one.variant)[1]),
            "schema": (schema, self._schema_of),
        }
        for name, (wanted, of) in asked.items():
            if wanted is None:
                continue
            known = {one: of(one) for one in found}
            if wanted not in known.values():
                near = did_you_mean(wanted, dict.fromkeys(known.values()))
                raise MissingInputError(f"Nothing that fits is of {name} '{wanted}' in {self.root}.{near}")
            found = [one for one in found if known[one] == wanted]
        return Listing(self.root, found)

    def _schema_of(self, address: Address) -> str:
        try:
            return load_manifest(address.folder(self.root)).schema_name
        except UnreadableError:
            return ""

    def __getitem__(self, name: str) -> Any:
        """Open the artifact that an address, or its beginning, names.

        Raises
        ------
        MissingInputError
            If it names nothing.
        UsageError
            If it names several.
        UnreadableError
            If the artifact's manifest is damaged, or of another version of eeg2vid.
        """
        if not isinstance(name, str):
            raise UsageError(f"An artifact is named by text, not by {name!r}.", "List them: study.list()")
        found = matching_addresses(self.root, name)
        if len(found) > 1:
            named = "\n".join(f"  {one}" for one in found[:20])
            more = f"\n  ... and {len(found) - 20} more" if len(found) > 20 else ""
            raise UsageError(f"'{name}' names {len(found)} artifacts.", f"Name one:\n{named}{more}")
        kind = KINDS.get(load_manifest(found[0].folder(self.root)).schema_name, StudyArtifact)
        return kind(self.root, found[0])

    def __contains__(self, name: object) -> bool:
        return any(str(one) == name for one in find_artifacts(self.root))

    def __iter__(self) -> Iterator[str]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(find_artifacts(self.root))

    def dataset(
        self,
        subject: str | int | Sequence[str | int],
        fold: str | int,
        *,
        part: str = "train",
        inputs: str | Sequence[str] = "de",
        target: str | Sequence[str] = "concept",
        standardise: bool = True,
        sources: Mapping[str, str] | None = None,
        fast_scores: str = "data-set",
        fast_threshold: float | None = None,
    ) -> FoldDataset:
        """Return a part of a fold for a torch `DataLoader`: what the training stages hand to a network.

        Parameters
        ----------
        subject
            A label, several, or as `--subject`: '1-5,9', 'all'. Several people stand one after another.
        fold
            Its name, e.g. 'block-7'.
        part
            'train', 'validation', 'test', or 'learned' for the first two. Rejected epochs are in none but the test.
        inputs
            'epochs' in µV, 'de', 'psd', or several; 'features' is the latter two.
        target
            One or several: 'concept', 'group', 'color', 'fast', 'number', 'human', 'face', 'latents', 'text', 'pooled',
            'image', 'percept:EYE'. Events that a target does not ask about are left out.
        standardise
            By mean and deviation of each person's training events in this fold, whatever the part: electrode by
            electrode, of features also band by band. Else as stored.
        sources
            Role to 'stage/variant', where a role has several variants and none is called default:
            `{"features": "preprocess/clean", "folds": "split/fixed"}`.
        fast_scores, fast_threshold
            Of target 'fast', as of `eeg2vid train-encoder`.

        Raises
        ------
        UsageError, MissingInputError, BadDataError
            If a name is unknown, an artifact is not there, or people cannot be joined.
        """
        from eeg2vid.notebook.dataset import fold_dataset

        return fold_dataset(
            self.root,
            ",".join(map(str, subject))
            if isinstance(subject, Sequence) and not isinstance(subject, str)
            else str(subject),
            str(fold),
            part,
            inputs,
            target,
            standardise=standardise,
            sources=sources or {},
            settings={"fast_scores": fast_scores, "fast_threshold": fast_threshold},
        )

    def _ipython_key_completions_(self) -> Sequence[str]:
        return [str(one) for one in find_artifacts(self.root)]

    def _shown(self) -> Sequence[dict[str, Any]]:
        """Return a row for each stage and variant: its roles, and of whom."""
        rows: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
        for one in find_artifacts(self.root):
            roles, units = rows.setdefault(f"{one.stage}/{one.variant}", ({}, {}))
            roles[one.role] = units[_whose(one)] = None
        return [
            {"stage/variant": name, "artifacts": ", ".join(roles), "of": ", ".join(units)}
            for name, (roles, units) in rows.items()
        ]

    def _head(self) -> str:
        people = self.subjects
        return (
            f"Study {self.root}: {_count(len(self))}, {'1 subject' if len(people) == 1 else f'{len(people)} subjects'}"
        )

    def __repr__(self) -> str:
        return text_table(self._shown(), self._head())

    def _repr_html_(self) -> str:
        return html_table(self._shown(), self._head())


def open_study(workspace: str | Path = ".") -> Study:
    """Open a workspace that the command line has written.

    Parameters
    ----------
    workspace
        Its folder, as `eeg2vid -w` takes it.

    Returns
    -------
    Study: `study.list()`, `study["preprocess/default/sub-1/features"]`, `study.dataset("1", fold="block-7")`.

    Raises
    ------
    MissingInputError
        If the folder does not exist or is no workspace.
    """
    root = Path(workspace).expanduser().resolve()
    if not root.is_dir():
        what = "is a file; a workspace is a folder" if root.exists() else "does not exist"
        raise MissingInputError(f"{root} {what}.", "Make a study to look at: eeg2vid demo")
    if not (root / "artifacts").is_dir() and not (root / CONFIG).is_file():
        inside = [path.parent for path in sorted(root.glob("*/artifacts"))[:3]]
        near = f" Did you mean {', or '.join(map(str, inside))}?" if inside else ""
        raise MissingInputError(
            f"{root} is no workspace: it has neither artifacts nor {CONFIG}.{near}",
            None if inside else f"Begin one: eeg2vid ingest DATA -w {root}",
        )
    return Study(root)


def _whose(address: Address) -> str:
    return unit_subject(address.unit) or STUDY


def _count(number: int) -> str:
    return "1 artifact" if number == 1 else f"{number} artifacts"
