"""Artifacts of version 1 of every schema, as first written: still read, in both containers, with equal digests."""

from pathlib import Path

import numpy as np
import pytest

from eeg2vid.schemas.catalogue import SCHEMAS
from eeg2vid.stages.store.digest import sha256_array
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import damage, open_artifact

GOLDEN = Path(__file__).parent / "v1"


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("container", ["zarr", "hdf5"])
def test_golden_is_read_as_it_was_written(name, container):
    artifact = open_artifact(GOLDEN, Address("golden", container, "sub-17", name))
    assert damage(artifact.folder) == []
    schema = SCHEMAS[name]
    assert (artifact.manifest.schema_name, artifact.manifest.schema_version) == (name, 1)
    assert set(artifact.arrays) == set(schema.arrays)
    for array, entry in artifact.manifest.arrays.items():
        values = artifact.read(array)
        assert sha256_array(values) == entry.sha256
        assert artifact.arrays[array].dims == schema.arrays[array].dims
    for table, row in schema.tables.items():
        assert len(artifact.table(table, row)) == 3
    artifact.attributes()


@pytest.mark.parametrize("name", SCHEMAS)
def test_both_containers_have_one_digest(name):
    zarr, hdf5 = (open_artifact(GOLDEN, Address("golden", kind, "sub-17", name)) for kind in ("zarr", "hdf5"))
    assert zarr.digest == hdf5.digest
    assert all(np.array_equal(zarr.read(array), hdf5.read(array)) for array in zarr.arrays)


def test_every_schema_has_goldens():
    kept = {path.parent.name for path in GOLDEN.glob("artifacts/golden/zarr/sub-17/*/manifest.json")}
    assert kept == set(SCHEMAS)
