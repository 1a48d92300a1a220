"""What `eeg2vid status` of many people costs: python tests/benchmarks/bench_status.py [--people 400].

A tiny study of one person is made with the command line, and written again under other names: artifacts as `run` leaves
them, all done. Whole-process CPU seconds of `status` and of what only starts: `--help`, `--version`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.store.digest import canonical_json, sha256_json
from eeg2vid.stages.store.layout import STUDY, subject_unit

FIRST = subject_unit("1")


def eeg2vid(*words: str, cwd: Path) -> float:
    """Run a command; return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "eeg2vid.cli", *words]
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def multiply(folder: Path, people: int) -> int:
    """Write the first person's artifacts under all names; return how many units are planned."""
    study = Study(Workspace(folder), STAGES)
    labels = [str(k) for k in range(1, people + 1)]
    judge, nodes = Judge(study, labels), study.plan(labels)
    for node in nodes:
        places = [address.folder(folder) / "manifest.json" for address in judge.outputs(node)]
        bodies = []
        for place in places:
            own = node.unit in (STUDY, FIRST)
            text = (place if own else Path(str(place).replace(f"/{node.unit}/", f"/{FIRST}/"))).read_text("utf-8")
            bodies.append(json.loads(text.replace(f'"{FIRST}"', f'"{node.unit}"') if node.unit != STUDY else text))
            if not own:
                place.parent.mkdir(parents=True)
                place.write_text(text, "utf-8")
        judge.forget(node)
        identity = judge.identity(node)
        for place, body in zip(places, bodies, strict=True):
            del body["manifest_sha256"]
            body |= {
                "inputs": [ref.model_dump() for ref in identity.inputs],
                "sources": [file.model_dump() for file in identity.sources],
                "fingerprint": identity.fingerprint,
            }
            place.write_bytes(canonical_json(body | {"manifest_sha256": sha256_json(body)}))
        judge.forget(node)
    return len(nodes)


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=400)
    people = parser.parse_args().people
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = ("--blocks", "3", "--concepts", "4", "--resolution", "64", "--no-observers")
        eeg2vid("simulate", "--out", "data", "--subjects", "1", *small, cwd=folder)
        for k in range(2, people + 1):
            os.link(folder / "data/EEG/sub1.npy", folder / f"data/EEG/sub{k}.npy")
        eeg2vid("run", "data", "--recipe", "ridge", "--subject", "1", cwd=folder)
        print(f"{multiply(folder, people)} units of {people} people")
        for words in (("status",), ("--help",), ("--version",), ("preprocess", "--help")):
            took = sorted(eeg2vid(*words, cwd=folder) for _ in range(5))
            print(f"eeg2vid {' '.join(words)}: {took[2]:.2f} CPU s ({took[0]:.2f} to {took[-1]:.2f})")


if __name__ == "__main__":
    main()
