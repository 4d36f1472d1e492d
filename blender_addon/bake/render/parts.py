# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a set: copies, in a temporary scene, of the objects that are baked to and of those whose surface is shown.

Cycles goes through all pixels of an image for each object that it bakes. A window is the part of a shared image in
which an object's islands lie. With windows, a hundred objects take as long as their islands, not a hundred images.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np
from bpy.types import Depsgraph, Mesh, Object, Scene

from ...core.errors import ParameterError
from ..maps.identity import OBJECT_COLOR, colors_of
from ..objects.cage import Cage, make_cage
from ..objects.checks import check_evaluated
from ..objects.sets import BakeSet
from .canvas import NO_TILES, TEMPORARY, TemporaryData, Tiles


@dataclass(frozen=True)
class Part:
    """A copy of one object that is baked to, with the object's own name and its UV map.

    highs: copies of those whose surface it shows. cage: where rays to these begin, which go as far as ray_distance.
    """

    name: str
    subject: Object
    uv_map: str
    highs: tuple[Object, ...] = ()
    cage: Object | None = None
    ray_distance: float = 0.0

    @property
    def baked(self) -> tuple[Object, ...]:
        """Objects whose surface is baked."""
        return self.highs or (self.subject,)


def copied_parts(bake_set: BakeSet, uv_maps: Sequence[str], scene: Scene, data: TemporaryData) -> list[Part]:
    """The parts of a set, with copies of the given cages, if any. uv_maps: one for each object."""
    subjects = [_copy(obj, scene, data) for obj in bake_set.objects]
    parts = [Part(obj.name, *one) for obj, *one in zip(bake_set.objects, subjects, uv_maps, strict=True)]
    if not bake_set.projections:
        _tell_apart(bake_set.objects, subjects)
        return parts
    highs = {obj: _copy(obj, scene, data) for obj in bake_set.sources}
    _tell_apart(highs.keys(), highs.values())
    cages = [_copy(one.cage, scene, data) if one.cage else None for one in bake_set.projections]
    return [
        replace(part, highs=tuple(highs[obj] for obj in one.highs), cage=cage)
        for part, one, cage in zip(parts, bake_set.projections, cages, strict=True)
    ]


def _tell_apart(objects: Collection[Object], copies: Collection[Object]) -> None:
    """Give the copies of objects the colours of their names, which masks show."""
    colors = colors_of(obj.name for obj in objects)
    for obj, copy in zip(objects, copies, strict=True):
        copy[OBJECT_COLOR] = colors[obj.name]


def _copy(obj: Object, scene: Scene, data: TemporaryData) -> Object:
    """A copy in the temporary scene that is rendered whatever hides the object."""
    copy = data.add(local_copy(obj))
    copy.data = data.add(local_copy(obj.data))
    for slot in copy.material_slots:  # the mesh may have others than its object
        material, slot.link = slot.material, "DATA"
        slot.material = material
    copy.hide_render = copy.hide_viewport = copy.is_holdout = copy.is_shadow_catcher = False
    copy.instance_type = "NONE"
    for modifier in copy.modifiers:  # evaluated here as it is in the bake
        modifier.show_viewport = modifier.show_render
        if hasattr(modifier, "render_levels"):
            modifier.levels = modifier.render_levels
    scene.collection.objects.link(copy)
    return copy


def local_copy(original: bpy.types.ID) -> bpy.types.ID:
    """A copy that can be changed, also of a library override, whose copies are overrides otherwise."""
    copy = original.copy()
    return copy.make_local(clear_liboverride=True) if copy.override_library else copy


def evaluated_meshes(scene: Scene, parts: Sequence[Part]) -> list[tuple[Mesh, str]]:
    """The evaluated meshes with their UV maps, checked; they are there until the scene changes."""
    layer = scene.view_layers[0]
    layer.update()
    evaluated = [part.subject.evaluated_get(layer.depsgraph) for part in parts]
    for part, one in zip(parts, evaluated, strict=True):
        check_evaluated(part.subject, one.data, part.uv_map, part.name)
    return [(one.data, part.uv_map) for part, one in zip(parts, evaluated, strict=True)]


def cages_of(parts: Sequence[Part], bake_set: BakeSet, depsgraph: Depsgraph) -> Iterator[tuple[Object, Cage]]:
    """Each low object of a set, evaluated, and its cage."""
    for part, one in zip(parts, bake_set.projections, strict=True):
        low = part.subject.evaluated_get(depsgraph)
        given_cage = part.cage.evaluated_get(depsgraph) if part.cage else None
        yield low, make_cage(part.name, low, part.highs, given_cage, one, depsgraph)


def with_cages(parts: Sequence[Part], bake_set: BakeSet, scene: Scene, data: TemporaryData) -> list[Part]:
    """The parts of a set of low objects with the cages that are baked with, in an evaluated scene."""
    depsgraph = scene.view_layers[0].depsgraph
    caged = []
    for part, (low, cage) in zip(parts, cages_of(parts, bake_set, depsgraph), strict=True):
        mesh = data.add(bpy.data.meshes.new_from_object(low, preserve_all_data_layers=False, depsgraph=depsgraph))
        mesh.vertices.foreach_set("co", cage.points().astype("float32").ravel())
        moved = data.add(bpy.data.objects.new(TEMPORARY, mesh))
        caged.append(replace(part, cage=moved, ray_distance=cage.ray_distance))
    for before, part in zip(parts, caged, strict=True):
        scene.collection.objects.link(part.cage)
        if before.cage:
            scene.collection.objects.unlink(before.cage)
    return caged


LARGEST = 0.5
"""Share of the image up to which a window saves time."""
EXACT = 1e-5
"""Difference of UVs, in windows, that is rounding."""


@dataclass(frozen=True)
class Window:
    """Pixels from the left and from the bottom of an image, and the window's own width and height."""

    left: int
    bottom: int
    width: int
    height: int

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Rows and columns of the window in an image (H, W)."""
        return slice(self.bottom, self.bottom + self.height), slice(self.left, self.left + self.width)

    def uvs(self, uvs: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
        """UVs (L, 2) of the image as those of the window."""
        return (uvs * size_px - (self.left, self.bottom)) / (self.width, self.height)


def window_of(uvs: np.ndarray, size_px: tuple[int, int]) -> Window:
    """The window that holds UVs (L, 2), as far as they lie in an image of this width and height."""
    low = np.clip(np.floor(uvs.min(axis=0) * size_px) - 1, 0, np.array(size_px) - 1).astype(int)
    high = np.clip(np.ceil(uvs.max(axis=0) * size_px) + 1, low + 1, size_px).astype(int)
    return Window(*low.tolist(), *(high - low).tolist())


def with_windows(
    scene: Scene, parts: Sequence[Part], tiles: Tiles, size_px: tuple[int, int]
) -> list[tuple[Part, Window]]:
    """The parts, each with a window where that saves time, and UVs for it; a part without one has the whole image.

    Modifiers that change UVs by their name leave those of a window behind: then there is none. Raise ParameterError
    where there must be some, since there are tiles.
    """
    whole = Window(0, 0, *size_px)
    found = [window_of(tiles.canvas(*one), size_px) for one in evaluated_meshes(scene, parts)]
    windows = [one if one.width * one.height < LARGEST * size_px[0] * size_px[1] else whole for one in found]
    for part, window in zip(parts, windows, strict=True):
        mesh = part.subject.data
        if (tiles.numbers or window != whole) and (layer := mesh.uv_layers.new(name=TEMPORARY, do_init=False)):
            uvs = window.uvs(tiles.canvas(mesh, part.uv_map), size_px)
            layer.data.foreach_set("uv", uvs.astype("float32").ravel())
    chosen = []
    for part, window, (mesh, uv_map) in zip(parts, windows, evaluated_meshes(scene, parts), strict=True):
        is_right = TEMPORARY in mesh.uv_layers and _is_same(mesh, window.uvs(tiles.canvas(mesh, uv_map), size_px))
        if tiles.numbers and not is_right:
            message = "the modifiers of {} change its UVs, which tiles must not"
            raise ParameterError(message, "apply them, or bake without UDIM Tiles", part.name)
        chosen.append((replace(part, uv_map=TEMPORARY), window) if is_right else (part, whole))
    return chosen


def _is_same(mesh: Mesh, uvs: np.ndarray) -> bool:
    return bool(abs(NO_TILES.canvas(mesh, TEMPORARY) - uvs).max() < EXACT)
