"""Meshes in files of any format that is read, whole or the part with one material: PLY, glTF and Wavefront OBJ.

An OBJ has any polygons, with UVs of each corner, and Y up, as Blender writes it.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..atlas.mesh import MOST_TRIANGLES, Mesh
from ..atlas.polygons import triangles_of
from ..errors import FileError
from ..system.untrusted import excerpt, read_bytes
from .datablocks import GLTF, Datablock
from .gltf import Gltf
from .gltf_maps import material_at
from .gltf_mesh import mesh_in
from .ply import REMEDY, mesh_of_ply

MOST_BYTES = MOST_TRIANGLES * 3 * 64
MOST_LINE_BYTES = 2**20
NONE = -1
"""Number of no UV."""


def mesh_of_obj(data: bytes, name: str) -> Mesh:
    """The mesh in the bytes of an OBJ file called `name`; faces without UVs are left out.

    FileError, with a remedy, if it is none, or no face has UVs.
    """
    numbers: dict[bytes, array[float]] = {b"v": array("d"), b"vt": array("d")}
    counts, corners = array("q"), array("q")
    try:
        for words in _lines(data):
            if words[0] in numbers:
                size = 3 if words[0] == b"v" else 2
                numbers[words[0]].extend(map(float, [*words[1:], b"0"][:size]))  # a texture's line has U only
            elif words[0] == b"f":
                have = len(numbers[b"v"]) // 3, len(numbers[b"vt"]) // 2
                counts.append(len(words) - 1)
                for word in words[1:]:
                    corners.extend(_corner(word, have))
                if len(corners) > 6 * MOST_TRIANGLES:
                    raise ValueError
        places = np.frombuffer(numbers[b"v"], np.float64).reshape(-1, 3)
        uvs = np.frombuffer(numbers[b"vt"], np.float64).reshape(-1, 2)
        with np.errstate(invalid="ignore", over="ignore"):  # of numbers that the mesh then refuses
            return _mesh_of_corners(places[:, [0, 2, 1]] * (1, -1, 1), uvs, counts, corners, name)
    except (IndexError, OverflowError, ValueError) as error:
        raise FileError(f"{excerpt(name)} is damaged, or no OBJ file", REMEDY) from error


def _lines(data: bytes) -> Iterator[list[bytes]]:
    """The words of each line, of which one that ends with a backslash goes on in the next."""
    stream, before = io.BytesIO(data), b""
    while line := stream.readline(MOST_LINE_BYTES):
        if len(line) + len(before) >= MOST_LINE_BYTES:
            raise ValueError
        line, before = before + line, b""
        if line.rstrip(b"\r\n").endswith(b"\\"):
            before = line.rstrip(b"\r\n")[:-1] + b" "
        elif words := line.split(b"#", 1)[0].split():
            yield words


def _corner(word: bytes, have: tuple[int, int]) -> tuple[int, int]:
    """Numbers of a corner's vertex and UV, of "7/3/1"; negative ones count back from those that are there so far."""
    vertex, _, rest = word.partition(b"/")
    uv = rest.partition(b"/")[0]
    found = [int(number) if number else 0 for number in (vertex, uv)]
    first, second = (one - 1 if one >= 0 else one + count for one, count in zip(found, have, strict=True))
    if not found[0] or first < 0 or second < (NONE if not found[1] else 0):
        raise ValueError
    return first, second


def _mesh_of_corners(places: np.ndarray, uvs: np.ndarray, counts: array[int], corners: array[int], name: str) -> Mesh:
    numbers = np.frombuffer(corners, np.int64).reshape(-1, 2)
    triangles = triangles_of(np.frombuffer(counts, np.int64), places[numbers[:, 0]])
    triangles = triangles[(numbers[triangles, 1] != NONE).all(1)]
    if not len(numbers):
        raise ValueError
    if not len(triangles):
        raise FileError(f"the mesh {excerpt(name)} has no UVs", REMEDY)
    vertices, points = numbers[triangles].transpose(2, 0, 1)
    return Mesh(places[vertices].astype(np.float32), uvs[points].astype(np.float32), name)


READERS: dict[str, Callable[[bytes, str], Mesh]] = {
    ".ply": mesh_of_ply,
    ".obj": mesh_of_obj,
    **dict.fromkeys(GLTF, lambda data, name: mesh_in(Gltf.of(data, name))),
}
"""Readers of the bytes of a file of each format, and of its name."""


def read_mesh(path: str | Path) -> Mesh:
    """The mesh of a file, or the part of FILE.glb/Material/NAME with that material.

    FileError, with a remedy, if it is none, or has no UVs.
    """
    path = Path(path)
    datablock = Datablock.at(path)
    if datablock and datablock.is_gltf:
        gltf = Gltf.at(datablock.file)
        gltf.name = datablock.title
        return mesh_in(gltf, material_at(gltf, datablock) if datablock.name else None)
    _check(path.name)
    return mesh_of(read_bytes(path, MOST_BYTES), path.name)


def mesh_of(data: bytes, name: str) -> Mesh:
    """The mesh in the bytes of a file called `name`. FileError, with a remedy, if it is none, or has no UVs."""
    return READERS[_check(name)](data, name)


def _check(name: str) -> str:
    """The suffix of a mesh's name. FileError for another file."""
    if (suffix := Path(name).suffix.lower()) not in READERS:
        raise FileError(f"{excerpt(name)} is no mesh that is read", f"export it as {', '.join(READERS)}")
    return suffix
