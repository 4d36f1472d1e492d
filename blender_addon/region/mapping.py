# SPDX-License-Identifier: GPL-3.0-or-later
"""Mapping of a mesh's UVs to positions in a material's textures, as its nodes have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix

from ..bridge import surfaces
from ..core.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np

REMEDY = "let UVs give the coordinates of its textures, by a Mapping node of the type Point at most, or bake it first"


@dataclass(frozen=True)
class Mapping:
    """UV map that textures follow ("": the one that is rendered), and the matrix from it to the texture."""

    uv_map: str
    matrix: Matrix

    def to_texture(self, uvs: np.ndarray) -> np.ndarray:
        """Positions in the texture of UVs (…, 2)."""
        import numpy as np

        matrix = np.array(self.matrix)
        return uvs @ matrix[:2, :2].T + matrix[:2, 3]


def of(material: bpy.types.Material) -> Mapping:
    """Mapping of a material's base colour. ParameterError if its nodes do more than that."""
    node = surfaces.map_nodes(material)["base_color"].node
    uv_map, matrix, links = "", Matrix.Identity(4), node.inputs["Vector"].links
    is_flat = node.projection == "FLAT" and node.extension != "MIRROR"
    while is_flat and links:
        source, socket = links[0].from_node, links[0].from_socket
        if source.type == "UVMAP" or (source.type == "TEX_COORD" and socket.name == "UV"):
            uv_map = getattr(source, "uv_map", "")
            break
        is_flat = source.type == "REROUTE" or (source.type == "MAPPING" and source.vector_type == "POINT")
        if is_flat:
            matrix = matrix @ _matrix(source) if source.type == "MAPPING" else matrix
            links = source.inputs[0].links
            is_flat = bool(links)  # else one position for all
    if not is_flat:
        raise ParameterError(f"the textures of {material.name} are not mapped by UVs alone", REMEDY)
    return Mapping(uv_map, matrix)


def _matrix(node: bpy.types.Node) -> Matrix:
    """Matrix of a Mapping node. ParameterError if other nodes give its values."""
    sockets = [node.inputs[name] for name in ("Location", "Rotation", "Scale")]
    if any(socket.is_linked for socket in sockets):
        raise ParameterError(f"other nodes set the values of {node.name}", REMEDY)
    return Matrix.LocRotScale(*(socket.default_value for socket in sockets))
