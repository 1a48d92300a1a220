"""Where foreign files become artifacts: joined to the workspace's ids, checked, committed."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from eeg2vid.schemas.base import Attributes, Schema
from eeg2vid.schemas.catalogue import SCHEMAS
from eeg2vid.schemas.entities import Fold
from eeg2vid.schemas.errors import BadDataError, FailedError, UsageError
from eeg2vid.schemas.manifest import Manifest
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.text import did_you_mean, sentence_of
from eeg2vid.stages.services.adoption import Adopted, Origin, adopt
from eeg2vid.stages.services.alike import Alike
from eeg2vid.stages.services.clips_alone import with_clip_index
from eeg2vid.stages.services.known import Join, Target
from eeg2vid.stages.store.layout import STUDY, is_variant, subject_unit
from eeg2vid.stages.store.writer import ArtifactWriter

if TYPE_CHECKING:
    from eeg2vid.stages.exchange.content import Content
    from eeg2vid.stages.exchange.items import Options


_PACKED = 4  # times smaller than in memory is what numbers become on the disk, at the very best
_DERIVED = {"channel_mean", "channel_std"}  # of latents


def target_of(study: Study, schema: str, to: str, subject: str | None, role: str | None) -> Target:
    """Return where `--as SCHEMA --to STAGE/VARIANT` puts an artifact.

    Raises
    ------
    UsageError
        If schema, stage, variant or role do not exist or do not go together.
    """
    if schema not in SCHEMAS:
        raise UsageError(f"--as: there is no schema '{schema}'.{did_you_mean(schema, SCHEMAS)}")
    stage, _, variant = to.partition("/")
    variant = variant or "default"
    writers = [
        f"{name}/default" for name, s in study.stages.items() for w in s.writes.values() if w.schema.name == schema
    ]
    if stage not in study.stages:
        raise UsageError(f"--to: there is no stage '{stage}'.{did_you_mean(stage, study.stages)}")
    if not is_variant(variant):
        raise UsageError(f"--to: '{variant}' is no variant name; use a-z, 0-9 and '-'.")
    study.require_condition(stage, variant)
    roles = {name: write for name, write in study.stages[stage].writes.items() if write.schema.name == schema}
    if not roles:
        known = f" Written by {', '.join(writers)}." if writers else " No stage writes it."
        raise UsageError(f"--to: stage '{stage}' does not write schema '{schema}'.{known}")
    chosen = role or next(iter(roles))
    if chosen not in roles or (role is None and len(roles) > 1):
        raise UsageError(f"--role is needed: {to} writes schema '{schema}' as {' and '.join(roles)}.")
    per = roles[chosen].per
    if (per == "subject") != (subject is not None):
        what = (
            "belongs to one subject; add --subject" if per == "subject" else "belongs to the study; leave out --subject"
        )
        raise UsageError(f"--to {to}: '{chosen}' {what}.")
    unit = STUDY if subject is None else subject_unit(subject)
    return Target(Node(stage, variant, unit), chosen, roles[chosen].schema)


def import_files(
    study: Study,
    target: Target,
    path: Path,
    options: Options,
    given: Mapping[str, Any],
    *,
    container: Literal["zarr", "hdf5"] = "zarr",
) -> tuple[Adopted, list[str]]:
    """Validate foreign files into a committed artifact.

    Parameters
    ----------
    study, target
        The workspace, and where the artifact goes.
    path
        A file, a folder of files, or an exported folder.
    options
        What the user said about the files.
    given
        Attributes stated by the user; they win over all others.

    Returns
    -------
    tuple
        What was committed, and remarks for the user.
    """
    from eeg2vid.stages.exchange.importers import read_foreign

    study, begun = with_clip_index(study, target, path, container)
    join = Join(study, target)
    content = read_foreign(target.schema, path, options, join.known())
    unit = content.facts.get("unit") or target.node.unit
    if unit != target.node.unit:
        raise BadDataError(f"{path}: expected files of {target.node.unit}, found some that were exported from {unit}.")
    _check_folds(target.schema, content, join)
    attributes = _attributes(target, content, given, join)
    facts = {
        "schema": target.schema.name,
        **{name: value for name, value in vars(options).items() if value not in (None, (), False)},
        **content.facts,
        "attributes": attributes.model_dump(mode="json"),
    }
    _require_room(study, path, content)
    alike: list[Alike] = []
    rows: Sequence[Any] = content.tables.get("clips", ()) if target.role == "stimuli" else ()
    clips = [row.clip for row in rows]
    origin = Origin(
        files=content.files,
        facts=facts,
        inputs=join.inputs,
        stamps=[*content.stamps, *join.stamps],
        protocol=content.protocol,
    )
    adopted = adopt(
        study,
        target.node,
        target.role,
        origin,
        lambda writer: _fill(writer, content, attributes, alike, clips),
        container=container,
    )
    remarks = [*begun, *content.remarks, *(found for one in alike if (found := one.remark()))]
    if content.digest:
        same = content.digest == adopted.manifest.digest
        remarks.append(f"The content is {'what was exported' if same else 'not what was exported: it was edited'}.")
    if target.node.variant not in study.again().variants(target.node.stage):
        reference = f"{target.node.stage}/{target.node.variant}"
        remarks.append(f"The recipe plans no variant {reference}: read it with --from {target.role}={reference}.")
    return adopted, remarks


def _require_room(study: Study, path: Path, content: Content) -> None:
    """Refuse what no disk here can hold, by what is declared, before the first number is written."""
    import numpy as np

    size = sum(math.prod(array.shape) * np.dtype(array.dtype).itemsize for array in content.arrays.values())
    here = next(folder for folder in (study.root, *study.root.parents) if folder.is_dir())
    free = shutil.disk_usage(here).free
    if size > _PACKED * free:
        raise FailedError(
            f"{path}: declares {size / 1e9:.0f} GB of numbers; {here} has {free / 1e9:.0f} GB free.",
            "Make room, or look whether the file's shape is what it should be.",
        )


def _fill(
    writer: ArtifactWriter, content: Content, attributes: Attributes, alike: list[Alike], clips: Sequence[str]
) -> None:
    """Write what came; note in `alike` which of its values are the same in every row, or of which true clips."""
    alike.clear()
    for name, array in content.arrays.items():
        if name not in _DERIVED:
            alike.append(Alike(name, array, clips if name == "frames" else ()))
            writer.create(name, array.shape, array.dtype).extend(alike[-1].slabs())
    if "latents" in content.arrays and writer.schema.arrays.keys() >= _DERIVED:
        _summarise(writer, content)
    for name, rows in content.tables.items():
        writer.table(name, rows)
    writer.attributes(attributes)
    for name, source in content.copies.items():
        place = writer.work / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)


def _summarise(writer: ArtifactWriter, content: Content) -> None:
    """Write what `encode-latents` keeps of its latents, computed anew: the latents may have been edited."""
    import numpy as np

    from eeg2vid.stages.pretrained.latent_statistics import channel_statistics

    with np.errstate(invalid="ignore", over="ignore"):  # infinity is found and said at the commit
        slabs = [channel_statistics(slab) for slab in content.arrays["latents"].slabs()]
    if slabs:
        writer.array("channel_mean", np.concatenate([mean for mean, _ in slabs]))
        writer.array("channel_std", np.concatenate([std for _, std in slabs]))


def _check_folds(schema: Schema, content: Content, join: Join) -> None:
    """Refuse folds that leak, wherever they were made."""
    if schema.name != "folds":
        return
    import numpy as np

    from eeg2vid.stages.datasets.splits.leaks import refuse_leaks

    assignment = np.concatenate(list(content.arrays["assignment"].slabs()))
    if not np.isin(assignment, list(Part)).all():
        raise BadDataError("Array 'assignment': expected 0 unused, 1 train, 2 validation, 3 test; found other values.")
    folds = [row for row in content.tables["folds"] if isinstance(row, Fold)]
    if assignment.shape == (len(folds), len(join.events)):
        refuse_leaks(assignment, join.events, folds, clips=join.clips)


def _same_form(manifest: Manifest, schema: Schema) -> bool:
    return (manifest.schema_name, manifest.schema_version) == (schema.name, schema.version)


def _attributes(target: Target, content: Content, given: Mapping[str, Any], join: Join) -> Attributes:
    """Return the attributes: of what is replaced, of the files, of the user, the later winning."""
    model = target.schema.attributes
    replaced = join.replaced() if not content.attributes else None
    base = replaced.attributes if replaced and _same_form(replaced, target.schema) else {}
    try:
        return model.model_validate({**base, **content.attributes, **given})
    except ValidationError as error:
        raise UsageError(
            sentence_of(error, model, target.schema.name).replace("setting", "attribute"),
            "State it with --set NAME=VALUE.",
        ) from error
