"""Meshes in files of any format that is read: PLY, OBJ and glTF, whole or the part with one material."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..atlas.mesh import MOST_TRIANGLES, Mesh
from ..errors import FileError
from ..system.untrusted import excerpt, read_bytes
from .datablocks import GLTF, Datablock
from .gltf import Gltf
from .gltf_maps import material_at
from .gltf_mesh import mesh_in
from .obj import mesh_of_obj
from .ply import mesh_of_ply

MOST_BYTES = MOST_TRIANGLES * 3 * 64
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
