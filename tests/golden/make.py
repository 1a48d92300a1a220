"""Write one small artifact of every schema that has none, in both containers: `python tests/golden/make.py`.

Goldens are made once per schema version and then only read: a change that cannot read them is a new version.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
from pydantic_core import PydanticUndefined

from eeg2vid.schemas.base import Family
from eeg2vid.schemas.catalogue import SCHEMAS
from eeg2vid.schemas.checkpoints import CheckpointAttributes
from eeg2vid.schemas.predictions import PredictionAttributes
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.writer import ArtifactWriter

HERE = Path(__file__).parent
ROWS = 3
VALUES: dict[str, Any] = {
    "kind": "video",
    "subjects": ("1", "17"),
    "sfreq": 200.0,
    "tmin_s": 0.0,
    "bands": ((1.0, 4.0), (8.0, 14.0)),
    "window_s": 1.0,
    "method": "corrected",
    "scheme": "leave-one-block-out",
    "inputs": ("de",),
    "fps": 3.0,
    "height": 36,
    "width": 64,
    "scaling_factor": 0.5,
    "subject": "17",
    "verdict": "ok",
    "chance_kind": "analytic",
    "targets": ("concept",),
    "form": "pair",
    "direction": "higher",
}


def example(name: str, annotation: Any, index: int) -> Any:
    """Return a value of a required field: text carries the row's index, so that rows differ."""
    if str(annotation).startswith("tuple[float"):
        return (0.5 + index, None)
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    if name in VALUES and choices and VALUES[name] not in choices:
        return choices[index % len(choices)]
    if name in VALUES:
        return VALUES[name]
    text = str(annotation)
    if "float" in text:
        return 0.5 + index
    if "int" in text:
        return 1 + index
    if "dict" in text:
        return {}
    return "score" if "Literal" in text and "score" in text else ("video" if "Literal" in text else f"{name}-{index}")


def filled(model: Any, index: int = 0) -> Any:
    """Return a model with every required field filled."""
    fields = model.model_fields.items()
    wanted = {name: info for name, info in fields if info.default is PydanticUndefined and not info.default_factory}
    return model(**{name: example(name, info.annotation, index) for name, info in wanted.items()})


FACTS = {
    "checkpoints": CheckpointAttributes(
        inputs=("de",), targets={"concept": TargetFacts(kind="label", classes=("cat", "car"))}
    ),
    "predictions": PredictionAttributes(
        targets={
            "concept": TargetFacts(kind="label", classes=("cat", "car")),
            "latents": TargetFacts(kind="value", attributes={"vae": "sha256:0", "fps": 3.0}),
        }
    ),
}


def fill_family(writer: ArtifactWriter, family: Family, rng: np.random.Generator) -> None:
    """Write two arrays whose names are data: one of a label's shape, one of latents'."""
    for array, shape in (("concept", (ROWS, 2)), ("latents", (ROWS - 1 if family.row else ROWS, 2, 4, 3, 2))):
        writer.array(array, rng.normal(size=shape).astype(family.dtypes[0]))
        if family.row:
            writer.table(array, [filled(family.row, index) for index in range(shape[0])])


def write(name: str, container: str) -> None:
    """Write the golden artifact of one schema."""
    schema = SCHEMAS[name]
    address = Address("golden", container, "sub-17", name)
    target = address.folder(HERE / f"v{schema.version}")
    if target.exists():
        return
    writer = ArtifactWriter(target, schema, HERE / "work")
    rng = np.random.default_rng(20261121)
    sizes: dict[str, int] = dict.fromkeys(schema.index, ROWS)
    for array, spec in schema.arrays.items():
        shape = tuple(sizes.setdefault(dim, 3 if dim == "rgb" else 2 + len(dim) % 3) for dim in spec.dims)
        values = rng.normal(size=shape) if "float" in spec.dtypes[0] else rng.integers(0, 4, size=shape)
        writer.array(array, values.astype(spec.dtypes[0]))
    if schema.family:
        fill_family(writer, schema.family, rng)
    for table, row in schema.tables.items():
        writer.table(table, [filled(row, index) for index in range(ROWS)])
    writer.attributes(FACTS.get(name) or filled(schema.attributes))
    if schema.models:
        (writer.model_folder("block-7/concept") / "config.json").write_text('{"golden": true}\n')
    if schema.media:
        writer.media("note.txt").write_text("golden\n")
    facts = {"stage": "golden", "stage_version": 1, "variant": container, "unit": "sub-17", "role": name}
    created = {"created": "2026-11-21T00:00:00+00:00", "fingerprint": "0" * 64, "provenance": "imported"}
    writer.commit({**facts, **created}, container)  # type: ignore[arg-type]


if __name__ == "__main__":
    for one in SCHEMAS:
        for kind in ("zarr", "hdf5"):
            write(one, kind)
    shutil.rmtree(HERE / "work", ignore_errors=True)
