"""Meshes in PLY files (Turk 1994, binary little-endian), as Blender and the extension write them.

NumPy only, since the extension writes them too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..atlas.mesh import MOST_TRIANGLES, Mesh
from ..errors import FileError
from ..system.untrusted import excerpt, read_bytes

SUFFIX = ".ply"
MOST_BYTES = MOST_TRIANGLES * 3 * 64
MOST_HEADER_BYTES = 2**14
END = b"end_header\n"
TYPES = {
    **dict.fromkeys(("char", "int8"), "<i1"),
    **dict.fromkeys(("uchar", "uint8"), "|u1"),
    **dict.fromkeys(("short", "int16"), "<i2"),
    **dict.fromkeys(("ushort", "uint16"), "<u2"),
    **dict.fromkeys(("int", "int32"), "<i4"),
    **dict.fromkeys(("uint", "uint32"), "<u4"),
    **dict.fromkeys(("float", "float32"), "<f4"),
    **dict.fromkeys(("double", "float64"), "<f8"),
}
POSITION = ("x", "y", "z")
DIRECTION = ("direction_x", "direction_y", "direction_z")
"""Properties that Blender makes of the attribute `direction` of a mesh, a vector."""
UV = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"))
REMEDY = "export it from Blender as PLY (binary, with UV coordinates and triangulated faces)"


def ply_of(mesh: Mesh) -> bytes:
    """The mesh as a PLY file, each triangle with corners of its own."""
    count = len(mesh)
    columns, parts = [*POSITION, *UV[0]], [mesh.positions, mesh.uvs]
    if mesh.directions is not None:
        columns, parts = [*columns, *DIRECTION], [*parts, mesh.directions]
    properties = "".join(f"property float {name}\n" for name in columns)
    header = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {3 * count}\n{properties}"
        f"element face {count}\nproperty list uchar uint vertex_indices\n"
    )
    corners = np.concatenate(parts, 2).astype("<f4")
    faces = np.empty(count, [("count", "|u1"), ("corners", "<u4", 3)])
    faces["count"], faces["corners"] = 3, np.arange(3 * count).reshape(-1, 3)
    return header.encode() + END + corners.tobytes() + faces.tobytes()


def read_mesh(path: str | Path) -> Mesh:
    """The mesh of a PLY file. FileError, with a remedy, if it is none, or has no UVs."""
    path = Path(path)
    data = read_bytes(path, MOST_BYTES)
    return mesh_of(data, path.name)


def mesh_of(data: bytes, name: str) -> Mesh:
    """The mesh in the bytes of a PLY file called `name`. FileError, with a remedy, if it is none, or has no UVs."""
    end = data[:MOST_HEADER_BYTES].find(END)
    lines = [line.split() for line in data[: max(end, 0)].decode("ascii", "replace").splitlines()]
    if not lines or lines[0] != ["ply"] or ["format", "binary_little_endian", "1.0"] not in lines:
        raise FileError(f"{excerpt(name)} is no binary PLY file", REMEDY)
    try:
        vertices, rest = _vertices(lines, data[end + len(END) :])
        triangles = _triangles(lines, rest)
        corners = vertices[triangles]
        positions = _columns(corners, POSITION)
    except (IndexError, KeyError, StopIteration, ValueError) as error:
        raise FileError(f"{excerpt(name)} is damaged, or no mesh of triangles", REMEDY) from error
    uv = next((names for names in UV if set(names) <= set(corners.dtype.names)), None)
    if uv is None:
        raise FileError(f"the mesh {excerpt(name)} has no UVs", REMEDY)
    directions = _columns(corners, DIRECTION) if set(DIRECTION) <= set(corners.dtype.names) else None
    return Mesh(positions, _columns(corners, uv), name, directions)


def _columns(corners: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Properties of the corners of triangles: (T, 3, N) float32."""
    return np.stack([corners[name] for name in names], 2).astype(np.float32)


def _element(lines: list[list[str]], name: str) -> tuple[int, list[list[str]]]:
    """Count and properties of an element of the header."""
    start = next(index for index, line in enumerate(lines) if line[:2] == ["element", name])
    after = lines[start + 1 :]
    end = next((index for index, line in enumerate(after) if line[:1] != ["property"]), len(after))
    count = int(lines[start][2])
    if not 0 < count <= 3 * MOST_TRIANGLES:
        raise ValueError
    return count, after[:end]


def _vertices(lines: list[list[str]], data: bytes) -> tuple[np.ndarray, bytes]:
    """The vertices, a structured array (V,), and the bytes after them."""
    count, properties = _element(lines, "vertex")
    kind = np.dtype([(line[2], TYPES[line[1]]) for line in properties])
    return np.frombuffer(data, kind, count), data[count * kind.itemsize :]


def _triangles(lines: list[list[str]], data: bytes) -> np.ndarray:
    """Numbers (T, 3) of the vertices of each triangle. ValueError for faces of more corners."""
    count, properties = _element(lines, "face")
    _, _, length, index, _ = properties[0]
    kind = np.dtype([("count", TYPES[length]), ("corners", TYPES[index], 3)])
    faces = np.frombuffer(data, kind, count)
    numbers = faces["corners"]
    if len(properties) != 1 or (faces["count"] != 3).any() or numbers.dtype.kind not in "iu" or (numbers < 0).any():
        raise ValueError
    return numbers.astype(np.int64)
