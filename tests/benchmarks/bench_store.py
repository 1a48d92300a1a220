"""What writing and reading one full-size person's epochs costs: python tests/benchmarks/bench_store.py.

CPU seconds of one thread, wall seconds of shuffled reading; every figure beside that of a plain `.npy` file. For two
builds in one run, call it in turn under each one's PYTHONPATH: it uses nothing but `ArtifactWriter` and `Artifact`.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.features import EPOCHS, EpochAttributes, EpochKey
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import Artifact, damage
from eeg2vid.stages.store.writer import ArtifactWriter

SHAPE = (1400, 62, 400)
ADDRESS = Address("preprocess", "default", "sub-1", "epochs")
FACTS = {
    "stage": "preprocess",
    "stage_version": 1,
    "variant": "default",
    "unit": "sub-1",
    "role": "epochs",
    "fingerprint": "f" * 64,
    "created": "2026-01-01T00:00:00+00:00",
}


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time, times: int = 5) -> float:
    """Return the least of several runs."""
    took = []
    for _ in range(times):
        start = clock()
        work()
        took.append(clock() - start)
    return min(took)


def write(workspace: Path, values: np.ndarray) -> None:
    """Write an artifact of epochs as `preprocess` does."""
    target = ADDRESS.folder(workspace)
    writer = ArtifactWriter(target, EPOCHS, target.parent / "work" / "epochs")
    writer.array("epochs", values)
    writer.table("events", [EpochKey(event=f"e{k}", clip=f"c{k}") for k in range(SHAPE[0])])
    writer.table("electrodes", [Electrode(electrode=f"E{k}") for k in range(SHAPE[1])])
    writer.attributes(EpochAttributes(sfreq=200, tmin_s=0, span="clip", cleaning=(), fold=None))
    writer.commit(FACTS)


def main() -> None:
    """Print all figures."""
    rng = np.random.default_rng(0)
    values = (3 * np.cumsum(rng.standard_normal(SHAPE), axis=2)).astype(np.float32)
    shuffled = rng.permutation(SHAPE[0])[:256].tolist()
    with tempfile.TemporaryDirectory() as name:
        folder, plain = Path(name), Path(name) / "plain.npy"
        found = {"written, CPU s": seconds(lambda: write(folder, values))}
        np.save(plain, values)
        artifact = Artifact(ADDRESS.folder(folder), ADDRESS)
        stored, npy = artifact.arrays["epochs"], np.load(plain, mmap_mode="r")
        assert np.array_equal(stored[...], values)
        whole = seconds(lambda: stored[...], time.perf_counter)
        found |= {
            "read whole, MB/s": values.nbytes / 1e6 / whole,
            "read whole as npy, MB/s": values.nbytes / 1e6 / seconds(lambda: np.array(npy), time.perf_counter),
            "256 shuffled, ms": 1e3 * seconds(lambda: [stored[k] for k in shuffled], time.perf_counter),
            "256 shuffled at once, ms": 1e3 * seconds(lambda: stored[shuffled], time.perf_counter),
            "256 shuffled as npy, ms": 1e3 * seconds(lambda: [np.array(npy[k]) for k in shuffled], time.perf_counter),
            "verified, CPU s": seconds(lambda: damage(artifact.folder)),
            "files": float(sum(path.is_file() for path in artifact.folder.rglob("*"))),
            "on disk by values": sum(p.stat().st_size for p in artifact.folder.rglob("*")) / values.nbytes,
        }
    print(json.dumps({key: float(f"{value:.4g}") for key, value in found.items()}, indent=1))


if __name__ == "__main__":
    main()
