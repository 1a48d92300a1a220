"""Manifests that cannot be read: always a sentence and what it is, never an error of some library."""

import json

import numpy as np
import pytest

from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.errors import MissingInputError, UnreadableError
from eeg2vid.schemas.latents import LATENTS, LatentAttributes
from eeg2vid.stages.store import reader
from eeg2vid.stages.store.digest import sha256_json
from eeg2vid.stages.store.reader import damage, load_manifest
from eeg2vid.stages.store.writer import ArtifactWriter

FACTS = {"stage": "draw", "stage_version": 1, "variant": "default", "unit": "study", "role": "latents"}
OTHER = "of another version of eeg2vid"


@pytest.fixture
def artifact(tmp_path):
    writer = ArtifactWriter(tmp_path / "latents", LATENTS, tmp_path / "work")
    writer.attributes(LatentAttributes(fps=3, height=24, width=24, scaling_factor=1))
    writer.array("latents", np.zeros((1, 2, 4, 3, 3), np.float32))
    writer.table("clips", [ClipKey(clip="c0")])
    writer.commit({**FACTS, "fingerprint": "0" * 64, "created": "2026-01-01T00:00:00+00:00"})
    load_manifest(tmp_path / "latents")
    return tmp_path / "latents"


def check(artifact, found):
    with pytest.raises(UnreadableError) as caught:
        load_manifest(artifact)
    assert caught.value.found == found and caught.value.exit_code == 4 and "--force" in caught.value.hint
    assert str(artifact / "manifest.json") in caught.value.message
    assert damage(artifact) == [caught.value.message]


TEXTS = {
    "empty": b"",
    "not JSON": b"\x00\xff not JSON",
    "a list": b"[1, 2]",
    "a number": b"3",
    "a word": b'"manifest"',
    "null": b"null",
    "an empty object": b"{}",
    "too deep": b"[" * 100_000,
    "not a number": b'{"manifest_sha256": "x", "seconds": NaN}',
    "half a character": b'{"manifest_sha256": "x", "unit": "\\ud800"}',
    "a number too long": b'{"seconds": ' + b"9" * 5000 + b"}",
    "no hash": b'{"format": "eeg2vid"}',
    "hash of another type": b'{"format": "eeg2vid", "manifest_sha256": [1]}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_no_manifest(artifact, text):
    (artifact / "manifest.json").write_bytes(text)
    check(artifact, "damaged")


@pytest.mark.parametrize("left", [1, 100, -40, -1])
def test_a_truncated_one(artifact, left):
    path = artifact / "manifest.json"
    path.write_bytes(path.read_bytes()[:left])
    check(artifact, "damaged")


def test_one_that_cannot_be_opened(artifact, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(reader.Path, "read_bytes", refuse)
        check(artifact, "damaged")
    (artifact / "manifest.json").unlink()
    with pytest.raises(MissingInputError):
        load_manifest(artifact)
    (artifact / "manifest.json").mkdir()
    check(artifact, "damaged")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"schema_version": 9}, "of version 9"),
        ({"schema_name": "dreams"}, "of unknown schema dreams"),
        ({"moon": "full"}, OTHER),
        ({"schema_version": "x"}, OTHER),
        ({"format": "eeg3vid"}, OTHER),
        ({"files": 3}, OTHER),
        ({"created": None}, OTHER),
    ],
)
def test_one_of_another_version(artifact, fields, found):
    path = artifact / "manifest.json"
    data = json.loads(path.read_bytes()) | fields
    data.pop("manifest_sha256")
    path.write_text(json.dumps(data | {"manifest_sha256": sha256_json(data)}))
    check(artifact, found)


def test_a_file_that_cannot_be_read_is_damage(artifact, monkeypatch):
    def refuse(path, _):
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(reader, "is_proved", refuse)
    assert "clips.jsonl: cannot be read (Input/output error)" in damage(artifact)
