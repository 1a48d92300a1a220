"""A model's folder on a disk that was at a Mac: what the system leaves beside its files is no part of the model."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save_file

from eeg2vid.stages.engine.profile import folder_identity
from eeg2vid.stages.pretrained.shards import check_shards
from eeg2vid.stages.services.weights import problems


def test_companions_are_no_part_of_a_model(tmp_path):
    save_file({"weight": np.zeros(3, np.float32)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    identity = folder_identity(tmp_path)
    assert problems(tmp_path) == []
    for name in ("model.safetensors", "config.json"):
        (tmp_path / f"._{name}").write_bytes(b"\x00\x05\x16\x07" + bytes(4092))
    assert problems(tmp_path) == []
    assert folder_identity(tmp_path) == identity
    for name in (".model.safetensors.index.json", "._model.safetensors.index.json"):
        (tmp_path / name.replace(".model", "._model")).write_bytes(b"\x00\x05\x16\x07")
    assert problems(tmp_path) == []
    check_shards("model", tmp_path, index_first=True)
    (tmp_path / "config.json").write_text("{")
    assert len(problems(tmp_path)) == 1
    assert folder_identity(tmp_path) != identity
