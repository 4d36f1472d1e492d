"""Meshes in PLY, glTF and Wavefront OBJ files: whole, or for glTF the part with one material.

A glTF mesh is read as it lies in its scene, with the UVs that its materials' textures use. An OBJ has polygons with a
UV at each corner, and Y up, as Blender writes it.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..atlas.mesh import MOST_TRIANGLES, Mesh
from ..atlas.polygons import triangles_of
from ..errors import FileError
from ..system.untrusted import excerpt, read_bytes
from .datablocks import GLTF, Datablock
from .gltf import Gltf, Placement, placement_of, reading
from .gltf_maps import material_at
from .ply import REMEDY, mesh_of_ply

MOST_BYTES = MOST_TRIANGLES * 3 * 64
MOST_LINE_BYTES = 2**20
NONE = -1
"""Index of a corner without UV."""
UNWRAP = "unwrap it, and export it with UVs"
MOST_PARTS = 100_000
"""Limit of mesh parts in a scene. A part counts as often as it is placed."""
TRIANGLES, STRIP, FAN = 4, 5, 6
UPRIGHT = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float64)
"""Rotation from glTF's axes, where Y points up, to axes where Z points up."""


def mesh_of_obj(data: bytes, name: str) -> Mesh:
    """The mesh in the bytes of an OBJ file called `name`, without faces that have no UVs.

    Raise FileError, with a remedy, if it is no OBJ, or no face has UVs.
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
        raise FileError("{} is damaged, or no OBJ file", REMEDY, excerpt(name)) from error


def _lines(data: bytes) -> Iterator[list[bytes]]:
    """The words of each line. A line that ends with a backslash continues in the next one."""
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
    """Indexes of a corner's vertex and UV from text such as "7/3/1". Negative numbers count back from the last ones."""
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
        raise FileError("the mesh {} has no UVs", REMEDY, excerpt(name))
    vertices, points = numbers[triangles].transpose(2, 0, 1)
    return Mesh(places[vertices].astype(np.float32), uvs[points].astype(np.float32), name)


def mesh_in(gltf: Gltf, material: int | None = None) -> Mesh:
    """The triangles of all meshes in a glTF scene, or only of the parts that have the material at this index.

    Raise FileError if there are none, or if they have no UVs.
    """
    with reading(gltf.name), np.errstate(invalid="ignore", over="ignore"):  # of numbers that the mesh then refuses
        parts, count, has_any = [], 0, False
        for matrix, primitive in _placed_parts(gltf):
            if material is None or material in _materials(primitive):
                has_any = True
                primitive = {**primitive, "material": material} if material is not None else primitive
                if part := _part(gltf, matrix, primitive):
                    parts.append(part)
                    count += len(part[0])
                    if count > MOST_TRIANGLES or len(parts) > MOST_PARTS:
                        message = "{} has more than {:,} triangles or {:,} parts"
                        remedy = "simplify it, or join its parts"
                        raise FileError(message, remedy, excerpt(gltf.name), MOST_TRIANGLES, MOST_PARTS)
        if parts:
            positions, uvs = (np.concatenate(one).astype(np.float32) for one in zip(*parts, strict=True))
            return Mesh(positions, uvs, gltf.name)
    if has_any:
        raise FileError("the mesh {} has no UVs", UNWRAP, excerpt(gltf.name))
    raise FileError("{} has no mesh in its scene", UNWRAP, excerpt(gltf.name))


def is_shown(path: Path) -> bool:
    """Whether the scene of a glTF file uses the material at a path; also True if the path names no material."""
    if not (datablock := Datablock.at(path)) or not datablock.name:
        return True
    gltf = Gltf.at(datablock.file)
    material = material_at(gltf, datablock)
    with reading(gltf.name):
        return any(material in _materials(primitive) for _, primitive in _placed_parts(gltf))


def _materials(primitive: Mapping[str, Any]) -> set[int]:
    """Indexes of the materials of a mesh part: its own, and those of its variants."""
    variants = primitive.get("extensions", {}).get("KHR_materials_variants", {}).get("mappings", [])
    return {one["material"] for one in (primitive, *variants) if "material" in one}


def _placed_parts(gltf: Gltf) -> Iterator[tuple[np.ndarray, Mapping[str, Any]]]:
    """The matrix (4, 4) and the JSON of each mesh part that the nodes of the scene place.

    Parts of a skinned mesh lie where its bones were bound. Raise ValueError if a node is reached twice.
    """
    waiting = [(np.eye(4), node) for node in _roots(gltf)]
    seen = set()
    while waiting:
        above, index = waiting.pop()
        node = gltf.item("nodes", index)
        if index in seen:
            raise ValueError
        seen.add(index)
        matrix = above @ _matrix(node)
        waiting += [(matrix, child) for child in reversed(node.get("children", []))]
        if "mesh" in node:
            for primitive in gltf.item("meshes", node["mesh"])["primitives"]:
                yield np.eye(4) if "skin" in node else matrix, primitive


def _roots(gltf: Gltf) -> list[int]:
    """Root nodes of the default scene, or of the whole file if it has no scenes."""
    if gltf.list_of("scenes"):
        return list(reversed(gltf.item("scenes", gltf.json.get("scene", 0)).get("nodes", [])))
    below = {child for node in gltf.list_of("nodes") for child in node.get("children", [])}
    return [index for index in range(len(gltf.list_of("nodes"))) if index not in below]


def _matrix(node: Mapping[str, Any]) -> np.ndarray:
    """The matrix (4, 4) of a node, given as such or as scale, rotation and translation."""
    from scipy.spatial.transform import Rotation

    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    rotation = node.get("rotation", ())
    turn = Rotation.from_quat(rotation if any(rotation) else (0, 0, 0, 1)).as_matrix()  # zeros mean no rotation
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    matrix[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64)
    return matrix


def _part(gltf: Gltf, matrix: np.ndarray, primitive: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """Positions (T, 3, 3) and UVs (T, 3, 2) of a mesh part; None if it has no triangles, or no UVs."""
    places = primitive["attributes"]
    material = gltf.item("materials", primitive["material"]) if "material" in primitive else {}
    placement = placement_of(material) or Placement()
    uvs = places.get(f"TEXCOORD_{placement.uv_set}")
    if uvs is None or "POSITION" not in places:
        return None
    faces = _faces(gltf, primitive, len(gltf.accessor(places["POSITION"])))
    if faces is None or not len(faces):
        return None
    upright = UPRIGHT @ matrix[:3]
    positions = gltf.accessor(places["POSITION"])[faces].astype(np.float64) @ upright[:, :3].T + upright[:, 3]
    found = placement.uvs(gltf.accessor(uvs)[faces].astype(np.float64))
    is_mirrored = np.linalg.det(upright[:, :3]) < 0
    return (positions[:, ::-1], found[:, ::-1]) if is_mirrored else (positions, found)


def _faces(gltf: Gltf, primitive: Mapping[str, Any], vertices: int) -> np.ndarray | None:
    """Vertex indexes (T, 3) of triangles, without the degenerate ones that join strips; None for points and lines."""
    mode = primitive.get("mode", TRIANGLES)
    if mode not in (TRIANGLES, STRIP, FAN):
        return None
    numbers = gltf.accessor(primitive["indices"])[:, 0] if "indices" in primitive else np.arange(vertices)
    if numbers.dtype.kind not in "ui" or len(numbers) > 3 * MOST_TRIANGLES:
        raise ValueError
    if len(numbers) and (numbers.max() >= vertices or numbers.min() < 0):
        raise ValueError
    if mode == TRIANGLES:
        return numbers[: len(numbers) // 3 * 3].reshape(-1, 3)
    first, second, third = numbers[:-2], numbers[1:-1], numbers[2:]
    if mode == FAN:
        return np.stack([np.broadcast_to(numbers[:1], third.shape), second, third], 1)
    is_odd = np.arange(len(third)) % 2 == 1
    faces = np.stack([first, np.where(is_odd, third, second), np.where(is_odd, second, third)], 1)
    return faces[(faces != np.roll(faces, 1, 1)).all(1)]


READERS: dict[str, Callable[[bytes, str], Mesh]] = {
    ".ply": mesh_of_ply,
    ".obj": mesh_of_obj,
    **dict.fromkeys(GLTF, lambda data, name: mesh_in(Gltf.of(data, name))),
}
"""Readers of each format, by suffix: from the bytes of a file and its name."""


def read_mesh(path: str | Path) -> Mesh:
    """The mesh in a file, or for FILE.glb/Material/NAME the part with that material.

    Raise FileError, with a remedy, if it is no mesh, or has no UVs.
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
    """The mesh in the bytes of a file called `name`. Raise FileError, with a remedy, without a mesh or UVs."""
    return READERS[_check(name)](data, name)


def _check(name: str) -> str:
    """The suffix of a mesh file's name. Raise FileError if it is of no format that is read."""
    if (suffix := Path(name).suffix.lower()) not in READERS:
        raise FileError("{} is no mesh that is read", "export it as {}", excerpt(name), ", ".join(READERS))
    return suffix
