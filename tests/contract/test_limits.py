"""What a checkout may weigh: weights, pictures, and any file."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LARGEST_FILE, LARGEST_PICTURE, ALL_WEIGHTS = 8_000_000, 250_000, 30_000_000  # bytes
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"}


def tracked():
    """Return the files of the checkout that git tracks; in an unpacked source tree, those of the package."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [
        path for folder in ("stages", "schemas", "examples") for path in (ROOT / folder).rglob("*") if path.is_file()
    ]


def above(limit, paths):
    """Return the files above a limit with their sizes in bytes."""
    sizes = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in paths}
    return {name: size for name, size in sizes.items() if size > limit}


def test_no_file_is_too_large():
    assert above(LARGEST_FILE, tracked()) == {}


def test_no_picture_is_too_large():
    assert above(LARGEST_PICTURE, [path for path in tracked() if path.suffix.lower() in PICTURES]) == {}


def test_weights_of_the_package_stay_small():
    weights = list((ROOT / "stages").rglob("*.safetensors"))
    assert weights
    assert sum(path.stat().st_size for path in weights) <= ALL_WEIGHTS
