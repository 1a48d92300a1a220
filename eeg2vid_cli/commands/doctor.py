"""`eeg2vid doctor`: whether this machine is fit to work."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.options import Request
from eeg2vid.cli.output import emit, table, talk
from eeg2vid.cli.workspace_checks import Row, left_over, line, lost_runs, room
from eeg2vid.schemas.errors import MissingInputError, MissingPackageError, UnreadableError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.services.leftovers import PROBE
from eeg2vid.stages.store.layout import find_artifacts
from eeg2vid.stages.store.locks import Lock, without_locks
from eeg2vid.stages.store.reader import load_manifest

_REQUIRED = ("torch", "diffusers", "transformers", "mne", "zarr", "h5py", "scipy", "av", "pydantic", "typer")
_LINKED_TO_TORCH = ("torchvision", "torchaudio")
_ALSO_IMPORTED = ("numpy", "filelock", "safetensors", "huggingface_hub", "jinja2", "matplotlib", "PIL", "rich")
_SKEW_S = 2.0  # file systems keep time to a second or two
_ROOM_GB = 5.0


def doctor(
    ctx: typer.Context,
    clean: Annotated[
        bool,
        typer.Option("--clean", help="Remove left-over work that is dead; what is alive or can be resumed stays"),
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check Python, packages, devices, codecs, and the workspace's disk, locks, clock, left-over work, manifests.

    Left-over work is alive (a process is at it), resumable (a command goes on from it, and is named), unknown, or dead:
    of other settings, inputs or code, so that nothing would use it. `--clean` removes what is dead and says so.
    """
    root = workspace_path(ctx, workspace)

    def open_study() -> Study:
        return Request(ctx, workspace).study()

    here = next(path for path in (root, *root.parents) if path.is_dir())
    checks: dict[str, Callable[[], list[Row]]] = {
        "Python": _python,
        "packages": _packages,
        "torch's companions": _linked_to_torch,
        "of other packages": _plugins,
        "current folder": lambda: _shadowed(Path.cwd()),
        "device": _device,
        "H.264": _codec,
        "workspace": lambda: _disk(root, here),
        "room": lambda: room(root, here, open_study),
        "file locks": lambda: _locks(here),
        "clock": lambda: _clock(here),
        "left-over work": lambda: left_over(root, open_study, clean=clean),
        "failed runs": lambda: lost_runs(root),
        "manifests": lambda: _manifests(root),
        "SLURM": _slurm,
    }
    rows = [row for name, check in checks.items() for row in _survive(name, check)]
    bad = dict.fromkeys(row["check"] for row in rows if row["verdict"] != "ok")
    shown = table(rows, columns=("check", "found", "verdict"), wraps=("found",))
    emit(rows, shown, as_json=wants_json(ctx, json), ids=bad)
    if not wants_json(ctx, json):
        commands = dict.fromkeys(row["command"] for row in rows if row.get("command"))
        if commands:
            talk().print("What is left over is gone on with, or cleared away, by:\n  " + "\n  ".join(commands))
    failed = [row["check"] for row in rows if row["verdict"] == "FAIL"]
    if failed:
        raise MissingPackageError(
            f"Not fit to work: {', '.join(failed)}.", "For packages: pip install -e . -c constraints.txt"
        )


def _survive(name: str, check: Callable[[], list[Row]]) -> list[Row]:
    """Run a check; one that cannot even run has failed, and the others still run."""
    try:
        return check()
    except Exception as error:
        return [line(name, f"{type(error).__name__}: {error}", "FAIL")]


def _python() -> list[Row]:
    return [line("Python", platform.python_version(), "ok" if sys.version_info >= (3, 11) else "FAIL")]


def _packages() -> list[Row]:
    rows = []
    for name in _REQUIRED:
        try:
            rows.append(line(name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            rows.append(line(name, "not installed", "FAIL"))
    return rows


def _linked_to_torch() -> list[Row]:
    """Import what binds to torch's binary: built for another torch, it breaks transformers and diffusers."""
    rows = []
    for name in _LINKED_TO_TORCH:
        if importlib.util.find_spec(name) is not None:
            try:
                importlib.import_module(name)
            except Exception as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                rows.append(line(name, f"installed but broken ({reason}): pip uninstall {name}", "FAIL"))
            else:
                rows.append(line(name, "imports"))
    return rows


def _plugins() -> list[Row]:
    """Name the networks and generators of other packages; a broken one breaks nothing but itself."""
    from eeg2vid.schemas.generators import GENERATORS
    from eeg2vid.schemas.networks import NETWORKS
    from eeg2vid.schemas.plugins import Brought

    rows = []
    found: list[Brought[Any]] = [*NETWORKS.brought(), *GENERATORS.brought()]
    for one in found:
        name = f"{one.kind} '{one.name}' of {one.owner}"
        rows.append(line("of other packages", f"{name}: {one.fault}" if one.fault else name, _verdict(one.fault)))
    return rows or [line("of other packages", "no networks, no generators")]


def _verdict(fault: str) -> str:
    return "warning" if fault else "ok"


def _shadowed(folder: Path) -> list[Row]:
    """Look for files here that are called like a package: `python -m`, notebooks and pytest would import those."""
    names = {*_REQUIRED, *_LINKED_TO_TORCH, *_ALSO_IMPORTED, "eeg2vid", *sys.stdlib_module_names}
    found = [
        path
        for name in sorted(names)
        for path in (folder / f"{name}.py", folder / name / "__init__.py")
        if path.is_file()
    ]
    on_path = folder in {Path(entry or ".").resolve() for entry in sys.path}
    if not found:
        return [line("current folder", "shadows no package")]
    rename = "rename: Python may import it instead of the package"
    verdict = "FAIL" if on_path else "warning"
    return [line("current folder", f"{path.relative_to(folder)}: {rename}", verdict) for path in found]


def _device() -> list[Row]:
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        return [line("device", f"{', '.join(names)} (CUDA {torch.version.cuda})")]
    return [line("device", f"CPU only, {os.cpu_count()} cores")]


def _codec() -> list[Row]:
    """Ask for what mp4 files are written and read with."""
    import av
    from av.codec.codec import UnknownCodecError

    missing = []
    for name, mode in (("libx264", "w"), ("h264", "r")):
        try:
            av.Codec(name, mode)  # type: ignore[arg-type]
        except UnknownCodecError:
            missing.append(name)
    lacking = f", without {' and '.join(missing)}" if missing else ""
    return [line("H.264", f"PyAV {av.__version__}{lacking}", "FAIL" if missing else "ok")]


def _disk(root: Path, here: Path) -> list[Row]:
    free = shutil.disk_usage(here).free / 1e9
    try:
        with tempfile.TemporaryFile(dir=here) as file:
            file.write(b"\0" * 4096)
    except OSError as error:
        return [line("workspace", f"{root}: cannot be written ({error.strerror})", "FAIL")]
    return [line("workspace", f"{root}: {free:.0f} GB free", "ok" if free > _ROOM_GB else "warning")]


def _locks(here: Path) -> list[Row]:
    """Take a lock twice: the second must be refused, or two processes could make one unit."""
    with tempfile.TemporaryDirectory(prefix=PROBE, dir=here) as folder:
        path = Path(folder) / "lock"
        first, second = Lock(path), Lock(path)
        try:
            if not first.take() or second.take():
                found = "hold nobody off on this file system: run one command at a time"
                return [line("file locks", found, "FAIL")]
        finally:
            second.release()
            first.release()
    without = without_locks()
    return [line("file locks", without or "work here", "warning" if without else "ok")]


def _clock(here: Path) -> list[Row]:
    """Compare the file system's clock with this machine's: signs of life are times of files."""
    before = time.time()
    with tempfile.NamedTemporaryFile(dir=here) as file:
        file.write(b"\0")
        file.flush()
        stamp = Path(file.name).stat().st_mtime
    skew = max(before - stamp, stamp - time.time(), 0.0)
    text = f"the file system's is {skew:.1f} s off" if skew > _SKEW_S else "agrees with the file system's"
    return [line("clock", text, "warning" if skew > _SKEW_S else "ok")]


def _manifests(root: Path) -> list[Row]:
    """List artifacts whose manifest cannot be read; `verify` looks at all other files."""
    rows = []
    for address in find_artifacts(root):
        try:
            load_manifest(address.folder(root))
        except UnreadableError as error:
            rows.append(line("manifests", f"{address} is {error.found}: {error}", "warning"))
        except MissingInputError:  # just replaced by another process
            continue
    return rows or [line("manifests", "can be read")]


def _slurm() -> list[Row]:
    tools = [name for name in ("sbatch", "srun", "scontrol") if shutil.which(name)]
    return [line("SLURM", "found" if len(tools) == 3 else "not on this machine")]
