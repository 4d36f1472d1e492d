# SPDX-License-Identifier: GPL-3.0-or-later
"""Several materials as one subject. Their textures are tiles of one sheet, which tools process as a whole."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..core.atlas.mesh import Mesh
from ..core.engine.messages import JobInput, JobResult
from ..core.errors import ParameterError
from ..core.udim import FIRST, square, tile_key, tile_numbers, tile_of
from . import images, meshes, naming, surfaces
from .mesh_masks import MeshMask
from .target import Target
from .tiles import TILED

Splitter = Callable[[JobResult], list[tuple[JobResult, Target]]]

PART = "impasto_part"
"""Custom property of an image that was repainted with others: the number of its material, and all names, as JSON.

The names are those of the materials, and of the objects that showed them."""
MOST_CHOICES = 8
"""Most combinations of replaced materials that are tried."""
OPACITY = "opacity"
LARGER = 1.05
"""Width of a UV island, in textures, above which the texture is regarded as repeated."""


@dataclass(frozen=True)
class JoinedMaterials:
    """Materials, each with the objects that show it. names: names of their maps besides the base colour."""

    parts: tuple[meshes.MeshSurface, ...]
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Names of the materials."""
        return " + ".join(part.material.name for part in self.parts if part.material)

    def tiles(self) -> dict[int, tuple[int, int]]:
        """Index of the material, and number of the tile in its own texture (0 if not tiled), by tile of the sheet."""
        own = [(index, number) for index, part in enumerate(self.parts) for number in _numbers(part.material)]
        return {FIRST + index: tile for index, tile in enumerate(own)}

    def textures(self) -> Callable[[], JobInput]:
        """Read the maps that all materials have. The returned function converts them, on any thread."""
        return self._joined([surfaces.read(part.material, self.names) for part in self.parts])

    def mask(self, kind: str) -> JoinedMask:
        """Mask from the meshes. kind: as for `MeshMask`."""
        return JoinedMask(kind, self)

    def read(self, context: bpy.types.Context) -> Callable[[], JobInput]:
        """Read the meshes as an input of a recipe, with UVs on the tiles. ParameterError as for `MeshSurface.mesh`."""
        placed = [(part.mesh(context), part.material) for part in self.parts]
        positions = np.concatenate([mesh.positions for mesh, _ in placed])
        uvs = np.concatenate([self._uvs(index, mesh, material) for index, (mesh, material) in enumerate(placed)])
        return meshes.as_input(Mesh(positions, uvs.astype(np.float32), f"{self.name}.ply"))

    def names_of_all(self) -> tuple[list[str], list[str]]:
        """Names of the materials, and of the objects that show them."""
        objects = {item.name for part in self.parts for item in part.objects}
        return [part.material.name for part in self.parts if part.material], sorted(objects)

    def splitter(self, targets: Sequence[Target], names: Sequence[Sequence[str]] = ()) -> Splitter:
        """Function that splits a joint result into the result and target of each material, which is marked as a part.

        names: names of the materials and objects to store in the marks, if not the present names.
        """
        tiles, names = self.tiles(), names or self.names_of_all()
        marked = [replace(target, part=json.dumps([index, *names])) for index, target in enumerate(targets)]

        def split(result: JobResult) -> list[tuple[JobResult, Target]]:
            found: list[dict[str, np.ndarray]] = [{} for _ in marked]
            for key, data in result.arrays.items():
                name, number = tile_of(key)
                index, own = tiles[number]
                found[index][tile_key(name, own)] = data
            return [(replace(result, arrays=arrays), target) for arrays, target in zip(found, marked, strict=True)]

        return split

    def _uvs(self, index: int, mesh: Mesh, material: bpy.types.Material) -> np.ndarray:
        """UVs (T, 3, 2) of a material's mesh on the sheet. UVs outside the material's own tiles leave the sheet."""
        uvs, first = mesh.uvs.astype(np.float64), _first_tile(mesh, material)
        for number, (owner, own) in self.tiles().items():
            if owner == index:
                is_here = np.full(len(uvs), True) if own == 0 else tile_numbers(np.floor(mesh.uvs.mean(1))) == own
                corner = first[is_here][:, None] if own == 0 else np.array(square(own))
                uvs[is_here] = mesh.uvs[is_here] - corner + square(number)
                first[is_here] = np.nan
        uvs[~np.isnan(first[:, 0])] = -1  # no tile has them
        return uvs

    def _joined(self, parts: Sequence[Callable[[], JobInput]]) -> Callable[[], JobInput]:
        """Function that joins the inputs of all materials to one input on the sheet, with the maps that all have."""
        tiles, name = self.tiles(), self.name

        def read() -> JobInput:
            parts_made = [part() for part in parts]
            arrays = {number: _of_tile(parts_made[index].arrays, own) for number, (index, own) in tiles.items()}
            has_opacity = any(OPACITY in maps for maps in arrays.values())
            whole = {number: _with_opacity(maps) if has_opacity else maps for number, maps in arrays.items()}
            shared = set.intersection(*(set(maps) for maps in whole.values()))
            keys = {tile_key(map_, number): maps[map_] for number, maps in whole.items() for map_ in sorted(shared)}
            return replace(parts_made[0], arrays=keys, name=name)

        return read


@dataclass(frozen=True)
class JoinedMask:
    """Mask from the meshes of several materials."""

    kind: str
    joined: JoinedMaterials

    def read(self, context: bpy.types.Context) -> Callable[[], JobInput]:
        """Read the mask as `MeshMask.read` does. It may be empty for some of the materials, but not for all."""
        parts = self.joined.parts
        masks = [MeshMask(self.kind, part, surfaces.base_color_of(part.material)) for part in parts]
        is_empty = [mask.is_empty(context) for mask in masks]
        if all(is_empty):
            return masks[0].read(context)  # raises the error that says what is missing
        read = self.joined._joined([mask.read(context, may_be_empty=True) for mask in masks])
        return lambda: replace(read(), name=f"{self.joined.name} {self.kind.lower()}")


@dataclass(frozen=True)
class JoinedResult:
    """Image that was made of joined materials. names: names of the materials. objects: names of their objects."""

    image: bpy.types.Image
    names: Sequence[str]
    objects: Sequence[str]

    @classmethod
    def of(cls, image: bpy.types.Image) -> JoinedResult | None:
        """The joint result to which an image belongs; None if the image is a result of its own."""
        return cls(image, *json.loads(image[PART])[1:]) if PART in image else None

    def sources(self) -> list[Callable[[], JobInput]]:
        """Candidates for the joint source: textures of materials with these names, with any number that Blender added.

        Raise ParameterError if there is none for one of the names.
        """
        maps = surfaces.RELIEF if has_relief(self.image) else ()
        choices = itertools.product(*map(self._former, range(len(self.names))))
        found = (JoinedMaterials(self._surfaces(chosen), maps) for chosen in choices)
        return [one.textures() for one in itertools.islice(found, MOST_CHOICES)]

    def shown(self, context: bpy.types.Context) -> JoinedMaterials:
        """Materials of the result, with the objects that show them. Raise ParameterError if a material is missing."""
        objects, chosen = [item for item in context.scene.objects if item.name in self.objects], []
        for index in range(len(self.names)):
            places = [meshes.MeshSurface(item, objects) for item in (*self._new(index), *self._former(index))]
            chosen.append(next((place for place in places if place.is_shown), places[0]))
        return JoinedMaterials(tuple(chosen))

    def splitter(self, target: Target) -> Splitter:
        """Function that splits the result of another run, with targets that are named as in the first run."""
        named = [next(map(naming.of_set, self._part(index)), name) for index, name in enumerate(self.names)]
        joined = JoinedMaterials(self._surfaces([self._former(index)[0] for index in range(len(self.names))]))
        return joined.splitter([replace(target, name=name) for name in named], (self.names, self.objects))

    def _surfaces(self, materials: Sequence[bpy.types.Material]) -> tuple[meshes.MeshSurface, ...]:
        return tuple(meshes.MeshSurface(item, ()) for item in materials)

    def _part(self, index: int) -> list[bpy.types.Image]:
        """Images that the recipe has made of one of the materials."""
        part = json.dumps([index, self.names, self.objects])
        return [image for image in images.made_with(self.image) if image.get(PART) == part]

    def _new(self, index: int) -> list[bpy.types.Material]:
        """Materials that show the result of one of the materials."""
        return [item for image in self._part(index) for item in surfaces.materials_with(image)]

    def _former(self, index: int) -> list[bpy.types.Material]:
        """Materials of which a part may have been made, the likeliest first. Raise ParameterError if none is left.

        They are the materials that the result replaced, and others of the same name.
        """
        name, recipe = self.names[index], images.made_with(self.image)
        held = [one.material for item in self._new(index) for one in item.impasto_former if one.material][::-1]
        called = [item for item in bpy.data.materials if _plain(item.name) == _plain(name)]
        found = dict.fromkeys([*held, *sorted(called, key=lambda item: item.name != name)])
        nodes = {item: surfaces.map_nodes(item).get("base_color") for item in found}
        left = [item for item, node in nodes.items() if node and node.image not in recipe]
        if not left:
            message = "the material {}, which {} was made of, is not in this .blend as it was"
            raise ParameterError(message, "append it from a file that has it", name, self.image.name)
        return left


def _plain(name: str) -> str:
    """Name without the number that Blender added."""
    return naming.NUMBERED.sub("", name)


def has_relief(image: bpy.types.Image) -> bool:
    """Whether the recipe of an image made maps of relief, so that its source had all textures of a material."""
    return any(one.get(images.MAP) in surfaces.RELIEF for one in images.made_with(image))


def _numbers(material: bpy.types.Material) -> list[int]:
    """Numbers of the tiles of a material's base colour; 0 if it is not tiled."""
    image = surfaces.base_color_of(material)
    return [tile.number for tile in image.tiles] if image.source == TILED else [0]


def _of_tile(arrays: Mapping[str, np.ndarray], number: int) -> dict[str, np.ndarray]:
    return {name: array for key, array in arrays.items() for name, own in [tile_of(key)] if own == number}


def _with_opacity(maps: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Maps with a map of opacity, which is opaque if it is added."""
    color = maps["base_color"]
    most = 1 if color.dtype.kind == "f" else 255
    return {OPACITY: np.full((*color.shape[:2], 1), most, color.dtype), **maps}


def _first_tile(mesh: Mesh, material: bpy.types.Material) -> np.ndarray:
    """Column and row (T, 2) of the repeat of the texture in which the island of each triangle begins.

    Raise ParameterError if the texture repeats on an island.
    """
    faces = np.repeat(np.arange(len(mesh)), 3)
    island = meshes.component_numbers(mesh.points.reshape(-1), faces) - 1
    lowest, highest = (np.full((island.max() + 1, 2), limit) for limit in (np.inf, -np.inf))
    np.minimum.at(lowest, island[faces], mesh.uvs.reshape(-1, 2))
    np.maximum.at(highest, island[faces], mesh.uvs.reshape(-1, 2))
    is_tiled = surfaces.base_color_of(material).source == TILED
    if not is_tiled and ((highest - lowest) > LARGER).any():
        raise ParameterError("the texture of {} repeats on its objects", "repaint that material alone", material.name)
    return np.floor(lowest + 1e-6)[island]
