"""Hostile weights: pickles that would run a program, archives that lie, safetensors that are no network's."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch

from .corpus import Corpus, Maker, Reader, endless, written
from .models import safetensors


class Program:
    """Object whose pickle runs a command if it is unpickled unsafely."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch '{self.folder / 'owned'}'",)


def program(path: Path) -> None:
    path.write_bytes(pickle.dumps(Program(path.parent)))


def program_of_torch(path: Path) -> None:
    """The same as torch writes it."""
    torch.save({"weight": Program(path.parent)}, path)


def saved(content: object) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def bomb() -> bytes:
    """An archive like torch's whose tensor inflates to 4 GiB of zeros, from 4 MB: cut off after 64 MiB here."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"weight": [0] * 10}))
        archive.writestr("archive/version", "3")
        archive.writestr("archive/data/0", bytes(2**26))
    return stream.getvalue()


def shaped(shape: list[int], end: int, dtype: str = "F32") -> Maker:
    """A safetensors file that claims one tensor of this shape, up to byte `end`."""
    return written(
        safetensors({"features.0.weight": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}, bytes(8))
    )


def there(end: int) -> Maker:
    """A safetensors file with a tensor of so many bytes, all of them there, and none of them written."""

    def make(path: Path) -> None:
        shaped([end // 4], end)(path)
        os.truncate(path, path.stat().st_size - 8 + end)

    return make


def list_of_a_million(path: Path) -> None:
    """An archive that lists a million parts, all of them one."""
    count, part = 10**6, b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    about = b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0)
    listed = b"".join(about + b"%08d" % index for index in range(count))
    place = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, len(listed), len(part))
    last = struct.pack("<IQI", 0, len(part) + len(listed), 1)
    end = struct.pack("<HHHHIIH", 0, 0, 2**16 - 1, 2**16 - 1, 2**32 - 1, 2**32 - 1, 0)
    path.write_bytes(part + listed + b"PK\6\6" + place + b"PK\6\7" + last + b"PK\5\6" + end)


SAFETENSORS: dict[str, Maker] = {
    "claims terabytes": shaped([2**40], 2**42),
    "shape is negative": shaped([-2], 8),
    "header claims terabytes": written(struct.pack("<Q", 2**42) + b"{}"),
    "no tensors": written(safetensors({})),
    **endless({"another header": safetensors({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8))}),
}
if sys.platform == "linux":  # elsewhere the bytes would be written
    SAFETENSORS["terabytes are there"] = there(2**40)
PICKLES: dict[str, Maker] = {
    "a program": program,
    "a program of torch": program_of_torch,
    "not finite": written(saved({"features.0.weight": torch.full((4,), torch.nan)})),
    "cut off": written(saved({"weight": torch.zeros(100)})[:-40]),
    "a bomb": lambda path: path.write_bytes(bomb()) and None,
    "a list of a million parts": list_of_a_million,
    "no pickle": written(b"<html>404</html>"),
}


def as_installed(make: Maker) -> Maker:
    """The same file under the name of weights that are known."""

    def make_both(path: Path) -> None:
        make(path)
        os.link(path, path.parent / "squeezenet.safetensors")

    return make_both


LIBRARY = {"IMPASTO_WEIGHTS": "{folder}"}
INSTALL = Reader("install", ("weights", "install", "{file}"), environment={"IMPASTO_WEIGHTS": "{out}"})

CORPORA = [
    Corpus("published", ".pth", PICKLES, (INSTALL,)),
    Corpus("weights", ".safetensors", SAFETENSORS, (INSTALL,)),
    Corpus(
        "installed",
        ".safetensors",
        {name: as_installed(make) for name, make in SAFETENSORS.items()},
        (
            Reader("list", ("weights", "list"), environment=LIBRARY, may_accept=True),
            Reader("show", ("weights", "show", "squeezenet"), environment=LIBRARY, may_accept=True),
        ),
        only=True,
    ),
]
