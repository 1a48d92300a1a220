#!/usr/bin/env bash
# zarr 3.1.6: an array of strings with two axes in Fortran's order of memory is stored transposed.
#
# Seen: a 2 x 3 array of strings made by `np.asfortranarray` and written into a Zarr v3 group is read back of the same
# shape, with its values in another order; the same array in C's order comes back as it was. Numbers come back right in
# both orders. Tables of names (session by electrode) turned round by `.T` on the way are such arrays.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zarr==3.1.6 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import zarr

names = np.array([["Fp1", "Fz", "Fp2"], ["O1", "Oz", "O2"]], dtype=np.dtypes.StringDType())
numbers = np.arange(6).reshape(2, 3)
group = zarr.open_group("names.zarr", mode="w")


def back(name, values):
    group.create_array(name, data=values)
    return group[name][:]


print("C order:      ", back("c", names).tolist())
turned = back("f", np.asfortranarray(names))
print("Fortran order:", turned.tolist())
assert (group["c"][:] == names).all()
assert (back("n", np.asfortranarray(numbers)) == numbers).all()
assert turned.shape == names.shape and not (turned == names).all(), "strings keep their places now"
assert turned.ravel().tolist() == names.T.ravel().tolist(), turned
PY
