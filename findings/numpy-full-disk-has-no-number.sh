#!/usr/bin/env bash
# numpy 2.4.6: an array that does not fit on the disk fails with an OSError that has no number.
#
# Seen: `numpy.save` (by `ndarray.tofile`) meets a full disk, a quota or, as here, a limit on the size of files; the error
# says "1000000 requested and 12484 written" and its `errno` is None, so that no program can tell a full disk from a bug
# by its number. Plain `file.write` says EFBIG (ENOSPC on a full disk) as it should.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import errno
import resource
import signal

import numpy as np

print("numpy", np.__version__)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
values = np.zeros(1_000_000)
try:
    with open("plain.bin", "wb") as file:
        file.write(values.data)
except OSError as error:
    print("file.write:", error)
    assert error.errno == errno.EFBIG
try:
    np.save("values.npy", values)
except OSError as error:
    print("numpy.save:", error)
    assert error.errno is None, "the number is told now"
    assert "requested and" in str(error)
else:
    raise SystemExit("numpy.save wrote everything")
PY
