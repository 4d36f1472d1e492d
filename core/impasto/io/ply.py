"""Meshes in PLY files (Turk 1994): text or binary of either byte order, any polygons, UVs of vertices or of corners.

NumPy only, since the extension writes PLY too. trimesh 5.2 refuses Blender's own binary files if faces differ in their
number of corners; plyfile is under the GPL.
"""

from __future__ import annotations

import re
import struct
import warnings
from dataclasses import dataclass

import numpy as np

from ..atlas.mesh import MOST_TRIANGLES, Mesh
from ..atlas.polygons import triangles_of
from ..errors import FileError
from ..system.untrusted import excerpt

MOST_HEADER_BYTES = 2**17
MOST_TEXT_BYTES = 2**28
"""Limit of a PLY in text, whose numbers take more memory than their digits."""
END = re.compile(rb"^end_header[ \t]*(\r\n|\n|\r)", re.MULTILINE)
INTEGERS = {"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4"}
C_TYPES = {**INTEGERS, "float": "f4", "double": "f8"}
TYPES = {**C_TYPES, **{np.dtype(kind).name: kind for kind in C_TYPES.values()}}
"""NumPy's types by their names in C, such as "float", and by names with their bits, such as "float32"."""
ORDERS = {"ascii": "<", "binary_little_endian": "<", "binary_big_endian": ">"}
POSITION = ("x", "y", "z")
DIRECTION = ("direction_x", "direction_y", "direction_z")
"""Properties as which Blender exports the vector attribute `direction` of a mesh."""
UV = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"), ("texcoord_u", "texcoord_v"))
FACES = ("vertex_indices", "vertex_index")
CORNER_UV = ("texcoord", "texcoords")
"""Names of a face's list with U and V of each corner, as MeshLab writes it."""
REMEDY = "export it from Blender again (File > Export), with UV coordinates"


@dataclass(frozen=True)
class Property:
    """A property of an element. length: type of a list's length; "" for a single value."""

    name: str
    type: str
    length: str = ""


@dataclass(frozen=True)
class Element:
    """An element of the header, such as `vertex`, and how many of them follow."""

    name: str
    count: int
    properties: tuple[Property, ...]


def ply_of(mesh: Mesh) -> bytes:
    """The bytes of a PLY file of the mesh. Triangles do not share corners."""
    count = len(mesh)
    columns, parts = [*POSITION, *UV[0]], [mesh.positions, mesh.uvs]
    if mesh.directions is not None:
        columns, parts = [*columns, *DIRECTION], [*parts, mesh.directions]
    properties = "".join(f"property float {name}\n" for name in columns)
    header = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {3 * count}\n{properties}"
        f"element face {count}\nproperty list uchar uint vertex_indices\nend_header\n"
    )
    corners = np.concatenate(parts, 2).astype("<f4")
    faces = np.empty(count, [("count", "|u1"), ("corners", "<u4", 3)])
    faces["count"], faces["corners"] = 3, np.arange(3 * count).reshape(-1, 3)
    return header.encode() + corners.tobytes() + faces.tobytes()


def mesh_of_ply(data: bytes, name: str) -> Mesh:
    """The mesh in the bytes of a PLY file called `name`. Raise FileError, with a remedy, without a mesh or UVs."""
    end = END.search(data[:MOST_HEADER_BYTES])
    lines = [line.split() for line in data[: end.start() if end else 0].decode("ascii", "replace").splitlines()]
    kind = next((line[1] for line in lines if len(line) == 3 and line[0] == "format"), "")
    if end is None or lines[0] != ["ply"] or kind not in ORDERS:
        raise FileError("{} is no PLY file", REMEDY, excerpt(name))
    try:
        elements = _elements(lines)
        body = memoryview(data)[end.end() :]
        if kind == "ascii":
            elements, body = _as_binary(elements, body)
        with np.errstate(invalid="ignore", over="ignore"):  # the mesh refuses such numbers
            return _mesh(_values(elements, body, ORDERS[kind]), name)
    except (IndexError, KeyError, OverflowError, StopIteration, ValueError, struct.error) as error:
        raise FileError("{} is damaged, or no mesh of faces", REMEDY, excerpt(name)) from error


def _elements(lines: list[list[str]]) -> list[Element]:
    """The elements of a header, in order."""
    found: list[Element] = []
    for line in lines:
        if line[:1] == ["element"]:
            _, name, count = line
            if len(count) > 9 or not 0 <= int(count) <= 3 * MOST_TRIANGLES:
                raise ValueError
            found.append(Element(name, int(count), ()))
        elif line[:1] == ["property"]:
            *kinds, name = line[2:] if line[1] == "list" else line[1:]
            *length, type_ = (TYPES[kind] for kind in kinds)
            last = found[-1]
            found[-1] = Element(last.name, last.count, (*last.properties, Property(name, type_, *length)))
    return found


def _as_binary(elements: list[Element], body: memoryview) -> tuple[list[Element], memoryview]:
    """The elements with all properties as doubles, and the numbers of a text in that binary form."""
    if len(body) > MOST_TEXT_BYTES:
        raise ValueError
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # raised for words that are no numbers
        try:
            numbers = np.fromstring(bytes(body), "<f8", sep=" ")  # type: ignore[call-overload]
        except DeprecationWarning as warning:
            raise ValueError from warning
    doubled = [
        Element(one.name, one.count, tuple(Property(p.name, "f8", "f8" if p.length else "") for p in one.properties))
        for one in elements
    ]
    return doubled, memoryview(numbers.tobytes())


def _values(elements: list[Element], body: memoryview, order: str) -> dict[str, np.ndarray]:
    """The properties by "element.name". Lists are concatenated, with their lengths in "element.name.counts"."""
    found: dict[str, np.ndarray] = {}
    for element in elements:
        if all(not one.length for one in element.properties):
            kind = np.dtype([(one.name, order + one.type) for one in element.properties])
            rows = np.frombuffer(body, kind, element.count) if element.properties else np.zeros(0, kind)
            found |= {f"{element.name}.{name}": rows[name] for name in kind.names or ()}
            body = body[element.count * kind.itemsize :]
        else:
            wanted = {one.name for one in element.properties if element.name == "face"}
            lists, size = _lists(element, body, order, wanted & {*FACES, *CORNER_UV})
            found |= {f"{element.name}.{name}": values for name, values in lists.items()}
            body = body[size:]
    return found


def _lists(element: Element, body: memoryview, order: str, wanted: set[str]) -> tuple[dict[str, np.ndarray], int]:
    """Values and counts of the wanted lists of an element that has lists, and the element's length in bytes."""
    counts: dict[str, list[int]] = {name: [] for name in wanted}
    parts = {name: bytearray() for name in wanted}
    sizes = [np.dtype(one.type).itemsize for one in element.properties]
    readers = [struct.Struct(order + np.dtype(one.length).char) if one.length else None for one in element.properties]
    steps = list(zip(element.properties, sizes, readers, strict=True))
    at = 0
    for _ in range(element.count):
        for one, size, reader in steps:
            if reader is None:
                at += size
                continue
            count = int(reader.unpack_from(body, at)[0])
            start, at = at + reader.size, at + reader.size + count * size
            if count < 0 or at > len(body):
                raise ValueError
            if one.name in wanted:
                counts[one.name].append(count)
                parts[one.name] += body[start:at]
    types = {one.name: order + one.type for one in element.properties}
    values = {name: np.frombuffer(parts[name], types[name]) for name in wanted}
    return values | {f"{name}.counts": np.array(counts[name], np.int64) for name in wanted}, at


def _mesh(values: dict[str, np.ndarray], name: str) -> Mesh:
    """The mesh from the properties. Raise ValueError if a face has a vertex that does not exist."""
    faces = next(f"face.{one}" for one in FACES if f"face.{one}" in values)
    counts, numbers = values[f"{faces}.counts"], values[faces].astype(np.int64)
    if not len(numbers) or numbers.min() < 0 or (numbers != values[faces]).any():
        raise ValueError
    positions = _columns(values, POSITION)
    triangles = triangles_of(counts, positions[numbers])
    vertices = numbers[triangles]
    directions = _columns(values, DIRECTION)[vertices] if f"vertex.{DIRECTION[0]}" in values else None
    return Mesh(positions[vertices], _uvs(values, counts, numbers, name)[triangles], name, directions)


def _uvs(values: dict[str, np.ndarray], counts: np.ndarray, numbers: np.ndarray, name: str) -> np.ndarray:
    """UVs (C, 2) of the faces' corners, which may be stored with the vertices. Raise FileError if there are none."""
    for list_ in CORNER_UV:
        if len(uvs := values.get(f"face.{list_}", ())) and (values[f"face.{list_}.counts"] == 2 * counts).all():
            return np.asarray(uvs, np.float32).reshape(-1, 2)
    names = next((pair for pair in UV if f"vertex.{pair[0]}" in values and f"vertex.{pair[1]}" in values), None)
    if names is None:
        raise FileError("the mesh {} has no UVs", REMEDY, excerpt(name))
    return _columns(values, names)[numbers]


def _columns(values: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """Properties of the vertices as columns: (V, N) float32."""
    return np.stack([values[f"vertex.{name}"] for name in names], 1).astype(np.float32)
