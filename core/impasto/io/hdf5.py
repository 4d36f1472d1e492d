"""Arrays in HDF5 files from outside. Only plain arrays of numbers within the file are read.

An HDF5 file can refer to other files (external links, external and virtual storage), load filters as plug-ins, and
unpack to any size. All of that is refused before a value is read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import Message, ModelError
from ..system.untrusted import excerpt
from .extra import framework_errors, import_extra

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MOST_BYTES = 2**30
SMALL_BYTES = 2**20
MOST_ITEMS, MOST_DEPTH = 20_000, 16
MOST_PACKED = 10
"""Limit of the arrays' size divided by that of the file. Learned weights hardly compress at all."""
FILTERS = {1, 2, 3}
"""Built-in filters: deflate, shuffle, Fletcher's checksum."""
REMEDY = "choose a file of weights as Keras saves it, or download it again"


def read_hdf5(file: Path | IO[bytes], what: str) -> dict[str, np.ndarray]:
    """All arrays in an HDF5 file, by path such as `layers/conv2d/vars/0`. ModelError says what is wrong."""
    with _open(file, what) as found:
        return {path: array[()] for path, array in found.items()}


def count_hdf5(file: Path | IO[bytes], what: str) -> int:
    """Number of values in an HDF5 file, without reading them. ModelError as for `read_hdf5`."""
    with _open(file, what) as found:
        return sum(array.size for array in found.values())


@contextmanager
def _open(file: Path | IO[bytes], what: str) -> Iterator[dict[str, Any]]:
    """The checked arrays of a file, by path, while it is open. Any error within the block becomes a ModelError."""
    h5py = import_extra("h5py")
    with framework_errors("{} is damaged, or no HDF5 file: {}", REMEDY, what), h5py.File(file, "r") as opened:
        yield dict(_arrays(h5py, opened, what))


def hdf5_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an HDF5 file that holds these arrays by path."""
    h5py = import_extra("h5py")
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for path, array in arrays.items():
            file[path] = array
    return stream.getvalue()


def _arrays(h5py: Any, file: Any, what: str) -> Iterator[tuple[str, Any]]:
    """The arrays of an open file, by path, each after it was checked."""
    waiting, count, size = [("", file, 0)], 0, 0
    most = min(MOST_BYTES, max(SMALL_BYTES, MOST_PACKED * file.id.get_filesize()))
    while waiting:
        path, here, depth = waiting.pop()
        for name in here:
            count += 1
            if count > MOST_ITEMS or depth > MOST_DEPTH:
                raise ModelError("{} has too many groups in each other", REMEDY, what)
            if type(here.get(name, getlink=True)) is not h5py.HardLink:
                raise ModelError("{} refers to data elsewhere ({})", REMEDY, what, excerpt(name))
            item, full = here[name], f"{path}{name}"
            if isinstance(item, h5py.Group):
                waiting.append((f"{full}/", item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                _check(item, Message("{}, {},", what, excerpt(full)))
                size += item.size * item.dtype.itemsize
                if size > most:
                    raise ModelError("{} claims {:,} bytes of numbers, which are not in the file", REMEDY, what, size)
                yield full, item


def _check(array: Any, what: str) -> None:
    """Raise ModelError unless an array holds numbers, and all of them are within the file."""
    if array.dtype.kind not in "fiub" or array.shape is None:
        raise ModelError("{} is no array of numbers", REMEDY, what)
    if array.is_virtual or array.external:
        raise ModelError("{} lies in another file", REMEDY, what)
    properties = array.id.get_create_plist()
    if not {properties.get_filter(index)[0] for index in range(properties.get_nfilters())} <= FILTERS:
        raise ModelError("{} is packed in an unknown way", REMEDY, what)
