"""Arrays of HDF5 files from outside. Only plain arrays of numbers within the file are read.

HDF5 can refer to other files (external links, external and virtual storage), load filters as plug-ins and unpack to any
size: all of that is refused before a value is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import ModelError
from ..system.outside import shown
from .extra import imported

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MOST_BYTES = 2**31
MOST_ITEMS, MOST_DEPTH = 20_000, 16
MOST_PACKED = 100
"""Largest ratio of an array's size to its size in the file; floats that were learned hardly shrink at all."""
FILTERS = {1, 2, 3}
"""Built-in filters: deflate, shuffle, Fletcher's checksum."""
REMEDY = "choose a file of weights as Keras saves it, or download it again"


def read_hdf5(file: Path | IO[bytes], what: str, most_bytes: int = MOST_BYTES) -> dict[str, np.ndarray]:
    """All arrays of numbers in an HDF5 file, by path such as `layers/conv2d/vars/0`. ModelError says what is wrong."""
    h5py = imported("h5py")
    try:
        with h5py.File(file, "r") as opened:
            found = dict(_arrays(h5py, opened, what))
            if sum(array.size * array.dtype.itemsize for array in found.values()) > most_bytes:
                raise ModelError(f"{what} holds more than {most_bytes:,} bytes of numbers", REMEDY)
            return {path: array[()] for path, array in found.items()}
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{what} is damaged, or no HDF5 file: {error}", REMEDY) from error


def _arrays(h5py: Any, group: Any, what: str) -> Iterator[tuple[str, Any]]:
    """Checked arrays below a group, by path."""
    waiting, count = [("", group, 0)], 0
    while waiting:
        path, here, depth = waiting.pop()
        for name in here:
            count += 1
            if count > MOST_ITEMS or depth > MOST_DEPTH:
                raise ModelError(f"{what} has too many groups in each other", REMEDY)
            if type(here.get(name, getlink=True)) is not h5py.HardLink:
                raise ModelError(f"{what} refers to data elsewhere ({shown(name)})", REMEDY)
            item, full = here[name], f"{path}{name}"
            if isinstance(item, h5py.Group):
                waiting.append((f"{full}/", item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                _check(item, f"{what}, {shown(full)},")
                yield full, item


def _check(array: Any, what: str) -> None:
    """ModelError unless an array is of numbers, within the file, and of about the size that it takes there."""
    if array.dtype.kind not in "fiub" or array.shape is None:
        raise ModelError(f"{what} is no array of numbers", REMEDY)
    if array.is_virtual or array.external:
        raise ModelError(f"{what} lies in another file", REMEDY)
    properties = array.id.get_create_plist()
    if not {properties.get_filter(index)[0] for index in range(properties.get_nfilters())} <= FILTERS:
        raise ModelError(f"{what} is packed in an unknown way", REMEDY)
    size = array.size * array.dtype.itemsize
    if size > 2**20 and size > MOST_PACKED * max(array.id.get_storage_size(), 1):
        raise ModelError(f"{what} claims {size:,} bytes, which are not in the file", REMEDY)
