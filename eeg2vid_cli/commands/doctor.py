"""`eeg2vid doctor`: whether this machine is fit to work."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from importlib import metadata
from typing import Any

import typer

from eeg2vid.cli.options import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.output import emit, table
from eeg2vid.schemas.errors import MissingPackageError

_REQUIRED = ("torch", "diffusers", "transformers", "mne", "zarr", "h5py", "scipy", "av", "pydantic", "typer")
_LINKED_TO_TORCH = ("torchvision", "torchaudio")


def doctor(
    ctx: typer.Context, workspace: WorkspaceOption = None, json: JsonOption = False, debug: DebugOption = False
) -> None:
    """Check Python, packages, devices, video codecs and the workspace's disk."""
    root = workspace_path(ctx, workspace)
    rows = [_python(), *_packages(), *_shadowed(), _device(), _codec(), _disk(root), _leftovers(root)]
    emit(rows, table(rows, columns=("check", "found", "verdict")), as_json=wants_json(ctx, json))
    failed = [row["check"] for row in rows if row["verdict"] == "FAIL"]
    if failed:
        raise MissingPackageError(f"Not fit to work: {', '.join(failed)}.", "pip install -e . -c constraints.txt")


def _line(check: str, found: Any, verdict: str = "ok") -> dict[str, str]:
    return {"check": check, "found": str(found), "verdict": verdict}


def _python() -> dict[str, str]:
    return _line("Python", platform.python_version(), "ok" if sys.version_info >= (3, 11) else "FAIL")


def _packages() -> list[dict[str, str]]:
    rows = []
    for name in _REQUIRED:
        try:
            rows.append(_line(name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            rows.append(_line(name, "not installed", "FAIL"))
    for name in _LINKED_TO_TORCH:  # a broken one makes transformers and diffusers fail to import
        if importlib.util.find_spec(name) is not None:
            try:
                __import__(name)
            except Exception as error:
                rows.append(_line(name, f"installed but broken ({error}): pip uninstall {name}", "FAIL"))
    return rows


def _shadowed() -> list[dict[str, str]]:
    spec = importlib.util.find_spec("eeg2vid.stages")
    origin = spec.origin if spec else None
    return [_line("eeg2vid", origin, "ok" if origin else "FAIL")]


def _device() -> dict[str, str]:
    try:
        import torch
    except Exception as error:
        return _line("device", f"torch does not import ({error})", "FAIL")
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        return _line("device", f"{', '.join(names)} (CUDA {torch.version.cuda})")
    return _line("device", f"CPU only, {os.cpu_count()} cores", "ok")


def _codec() -> dict[str, str]:
    import av

    missing = [name for name in ("libx264", "h264") if name not in av.codecs_available]
    return _line(
        "H.264", f"PyAV {av.__version__}" + (f", missing {missing}" if missing else ""), "FAIL" if missing else "ok"
    )


def _disk(root: Any) -> dict[str, str]:
    existing = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    writable = os.access(existing, os.W_OK)
    verdict = "FAIL" if not writable else "ok" if free > 5 else "warning"
    return _line("workspace", f"{root}: {free:.0f} GB free{'' if writable else ', not writable'}", verdict)


def _leftovers(root: Any) -> dict[str, str]:
    left = [path for path in root.glob("artifacts/*/*/*/*.*") if ".work-" in path.name or ".old-" in path.name]
    return _line("left-over work folders", len(left), "warning" if left else "ok")
