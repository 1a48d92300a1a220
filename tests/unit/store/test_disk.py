"""A full disk is called so, whatever library met it: real errors, by a limit on the size of files or a tiny disk."""

import errno
import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from eeg2vid.schemas.errors import BadDataError, FailedError
from eeg2vid.stages.store import disk
from eeg2vid.stages.store.disk import disk_failure, room_left, writing_to
from eeg2vid.stages.store.files import reserve, write_synced

WRITERS = {  # each meets a limit of 100 kB on the size of a file with a million bytes
    "NumPy": "with (here / 'a.npy').open('wb') as file: np.lib.format.write_array(file, big)",
    "text": "(here / 'a.txt').write_text('x' * 1_000_000)",
    "safetensors": "safetensors.numpy.save_file({'a': big}, here / 'a.safetensors')",
    "PyTorch": "torch.save(torch.from_numpy(big), here / 'a.pt')",
    "Pillow": "Image.fromarray(big.reshape(1000, 1000)).save(here / 'a.png')",
    "HDF5": "h5py.File(here / 'a.h5', 'w').create_dataset('x', data=big)",
    "Zarr": "zarr.open_group(here / 'z').create_array('x', shape=big.shape, dtype='u1')[...] = big",
    "PyAV": "write_mp4(here / 'a.mp4', big.reshape(10, 100, 1000)[..., :999].reshape(10, 100, 333, 3), fps=1)",
    "copy": "shutil.copyfile(sys.argv[2], here / 'a')",
}
LIMITED = """
import resource, shutil, signal, sys
from pathlib import Path
import h5py, numpy as np, safetensors.numpy, torch, zarr
from PIL import Image
from eeg2vid.stages.stimuli.mp4 import write_mp4
from eeg2vid.stages.store.disk import disk_failure
here, big = Path(sys.argv[1]), np.random.default_rng(0).integers(0, 255, 1_000_000).astype("u1")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for name, code in eval(sys.argv[3]).items():
    try:
        exec(code)
    except Exception as error:
        print(name, "->", disk_failure(error, here))
    else:
        print(name, "-> wrote everything")
"""
KINDS = [
    (errno.ENOSPC, "the disk is full"),
    (errno.EDQUOT, "the disk quota is used up"),
    (errno.EFBIG, "larger than its file system or a limit"),
    (errno.EROFS, "the file system is read-only"),
    (errno.EACCES, "permission was refused"),
]


def test_real_errors_of_every_library(tmp_path):
    (tmp_path / "large").write_bytes(bytes(300_000))
    words = [sys.executable, "-c", LIMITED, str(tmp_path), str(tmp_path / "large"), repr(WRITERS)]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split(" -> ")[0] for line in said] == list(WRITERS)
    for line in said:
        assert "limit of this process" in line or "the disk is full" in line, line
        assert str(tmp_path) in line


@pytest.mark.parametrize(("number", "words"), KINDS)
def test_what_the_system_says(tmp_path, number, words):
    plain = OSError(number, os.strerror(number))
    assert words in disk_failure(plain, tmp_path) and str(tmp_path) in disk_failure(plain, tmp_path)
    named = OSError(number, os.strerror(number), str(tmp_path / "x.bin"))
    assert f"at {tmp_path / 'x.bin'}" in disk_failure(named)
    with pytest.raises(OSError), writing_to(tmp_path):
        raise named
    with pytest.raises(FailedError, match=f"(?i){words}"), writing_to(tmp_path):
        raise plain


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize(
    "text",
    [
        "Can't write data (file write failed: errno = {number}, error message = '{words}', buf = 0x7f)",
        "Error while serializing: I/O error: {words} (os error {number})",
        "[Errno {number}] {words}",
        "failed: {words}",
    ],
)
def test_what_libraries_say_in_words(tmp_path, number, text):
    error = RuntimeError(text.format(number=number, words=os.strerror(number)))
    assert disk_failure(error, tmp_path).startswith(dict(KINDS)[number])
    wrapped = RuntimeError("the download failed")
    wrapped.__cause__ = error
    assert disk_failure(wrapped, tmp_path).startswith(dict(KINDS)[number])


@pytest.mark.parametrize(
    "error",
    [ValueError("no"), OSError(errno.ENOENT, "No such file"), KeyError(28), OSError("truncated file"), EOFError()],
)
def test_what_is_not_the_disks_doing(tmp_path, error):
    assert disk_failure(error, tmp_path) is None
    with pytest.raises(type(error)), writing_to(tmp_path):
        raise error


def test_our_own_sentences_pass(tmp_path):
    with pytest.raises(BadDataError), writing_to(tmp_path):
        raise BadDataError("no") from OSError(errno.ENOSPC, "full")


def test_free_space_is_that_of_the_nearest_folder(tmp_path, monkeypatch):
    asked = []
    usage = shutil.disk_usage("/")._replace(free=12_300_000)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: asked.append(path) or usage)
    assert room_left(OSError(errno.ENOSPC, ""), tmp_path / "not" / "yet") == "Now 12 MB are free there. "
    assert asked == [tmp_path]
    assert room_left(OSError(errno.EROFS, ""), tmp_path) == room_left(ValueError("no"), tmp_path) == ""


def test_nothing_half_written_stays(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a").write_bytes(b"before")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_synced(tmp_path / "a", b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["a"] and (tmp_path / "a").read_bytes() == b"before"


def test_room_is_taken_before_a_file_is_mapped(tmp_path):
    reserve(tmp_path / "a", 100_000)
    assert (tmp_path / "a").stat().st_size == 100_000 <= (tmp_path / "a").stat().st_blocks * 512
    with pytest.raises(OSError, match=r".") as refused:
        reserve(tmp_path / "b", 2**62)
    assert disk_failure(refused.value, tmp_path)


SCRIPT = textwrap.dedent(
    """
    mount -t tmpfs -o size=200k tmpfs "$1" || exit 77
    cd "$1" && "$2" "$3" "$1" 1/1 0
    code=$?
    find artifacts -name manifest.json -o -name '*.old-*' -o -path '*/done/*' | sort
    exit $code
    """
)


def test_a_full_disk_keeps_the_parts_that_are_done(tmp_path):
    """On a real disk of 200 kB, in a mount space of its own, where the system lets us have one."""
    from pathlib import Path

    words = ["unshare", "-rm", "bash", "-c", SCRIPT, "-", str(tmp_path), sys.executable]
    toy = str(Path(__file__).with_name("_toy_study.py"))
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare")
    done = subprocess.run([*words, toy], capture_output=True, text=True, check=False)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no mount space of its own")
    assert (done.returncode, done.stdout.splitlines()[0]) == (FailedError.exit_code, "FailedError")
    left = done.stdout.splitlines()[1:]
    assert left and all("/done/" in name for name in left)
