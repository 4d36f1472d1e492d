# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary scene for baking with Cycles: copies of the objects, their meshes and their materials.

No setting, selection or mode of the user's is touched, so nothing has to be restored after an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
from bpy.types import Image, Material, Node, NodeSocket, NodeTree, Object, Scene
from mathutils import Matrix, Vector

from ...bridge.shader_tree import NodeGraph
from ...core.errors import ImpastoError, Message
from ..maps.geometry import EMISSIONS, Extent, usual_thickness
from ..maps.identity import IDENTITY_MAPS, Identities
from ..maps.values import ValueReader
from ..objects.reads import output_node, uses_nodes
from ..objects.sets import BakeSet
from ..settings import BakeOptions
from .canvas import (
    NO_TILES,
    TEMPORARY,
    CoverMesh,
    TemporaryData,
    Tiles,
    make_cover,
    remedy_for,
    temporary_scene,
    tiles_of,
)
from .parts import Part, Window, copied_parts, evaluated_meshes, local_copy, with_cages, with_windows


@dataclass(frozen=True)
class CopiedMaterial:
    """A copied material's tree, with its own output and a second one for the emission of a map's value."""

    material: str
    tree: NodeTree
    shaded: Node
    emission: Node
    emitted: Node


@dataclass(frozen=True)
class BakeScene:
    """The copies to bake; `data`: all that has to be removed afterwards.

    windows: the parts, each with its place in the image. cover: their faces. Neither is there where one bake of one
    object is all. remedy: for rays that meet no high object.
    """

    scene: Scene
    parts: Sequence[Part]
    image: Image
    surfaces: list[CopiedMaterial]
    data: TemporaryData
    windows: Sequence[tuple[Part, Window]] = ()
    tiles: Tiles = NO_TILES
    cover: CoverMesh | None = None
    remedy: str = ""

    @property
    def is_alone(self) -> bool:
        """Whether one object shows itself."""
        return len(self.parts) == 1 and not self.parts[0].highs

    @property
    def size(self) -> float:
        """Longest side of the box around all that is baked, along the axes of a single object or of the world."""
        if self.is_alone:
            return max(self.parts[0].subject.dimensions)
        depsgraph = self.scene.view_layers[0].depsgraph
        evaluated = [one.evaluated_get(depsgraph) for part in self.parts for one in part.baked]
        corners = [one.matrix_world @ Vector(at) for one in evaluated for at in one.bound_box]
        return max(max(values) - min(values) for values in zip(*corners, strict=True))


@contextmanager
def bake_scene(bake_set: BakeSet, options: BakeOptions, uv_maps: Sequence[str]) -> Iterator[BakeScene]:
    """Set up all that a bake needs, and remove it at the end, whatever happens. uv_maps: one for each object."""
    with temporary_scene() as (scene, temporary):
        _set_up_cycles(scene)
        size_px = (options.width_px, options.height_px)
        image = temporary.add(bpy.data.images.new(TEMPORARY, *size_px, alpha=True, float_buffer=True, is_data=True))
        parts = copied_parts(bake_set, uv_maps, scene, temporary)
        scene.view_layers[0].objects.active = parts[0].subject
        if bake_set.slots:
            _hide_slots(parts[0].subject, bake_set.slots, temporary)
        objects = dict.fromkeys(one for part in parts for one in part.baked)
        surfaces = _copied_surfaces(list(objects), image, temporary)
        meshes = evaluated_meshes(scene, parts)
        if len(parts) == 1 and not bake_set.projections and not bake_set.use_tiles:
            yield BakeScene(scene, parts, image, surfaces, temporary)
            return
        tiles = tiles_of(meshes) if bake_set.use_tiles else NO_TILES
        image.scale(options.width_px, options.height_px * tiles.count)
        cover = make_cover(meshes, tiles, image, temporary)
        if bake_set.projections:
            parts = with_cages(parts, bake_set, scene, temporary)
            for part in parts:
                _receive(part.subject, cover.material)
        scene.collection.objects.link(cover.subject)
        windows = with_windows(scene, parts, tiles, tuple(image.size))
        remedy = remedy_for(bake_set.projections)
        yield BakeScene(scene, parts, image, surfaces, temporary, windows, tiles, cover, remedy)


def _set_up_cycles(scene: Scene) -> None:
    try:
        scene.render.engine = "CYCLES"
    except TypeError:
        raise ImpastoError("Baking needs Cycles", "enable Cycles Render Engine in Preferences > Add-ons") from None
    scene.cycles.use_adaptive_sampling = scene.cycles.use_denoising = False
    scene.frame_set(bpy.context.scene.frame_current, subframe=bpy.context.scene.frame_subframe)


def _receive(low: Object, material: Material) -> None:
    """Give all faces of a low object the material whose image is baked to."""
    if not low.material_slots:
        low.data.materials.append(material)
    for slot in low.material_slots:
        slot.material = material


def _hide_slots(subject: Object, chosen: Collection[int], data: TemporaryData) -> None:
    """Give the other slots a material without an image node, so that nothing is baked on their faces."""
    hidden = data.add(bpy.data.materials.new(TEMPORARY))
    for index, slot in enumerate(subject.material_slots):
        if index not in chosen:
            slot.material = hidden


def _copied_surfaces(subjects: Sequence[Object], image: Image, data: TemporaryData) -> list[CopiedMaterial]:
    """Give each slot a copy of its material, shared by slots that share it; unused empty slots get a blank one."""
    copies: dict[Material | None, Material] = {}
    surfaces: list[CopiedMaterial] = []
    for subject in subjects:
        if not subject.material_slots:
            subject.data.materials.append(None)
    for slot in [slot for subject in subjects for slot in subject.material_slots]:
        original = slot.material
        if original in data:  # hidden
            continue
        if original not in copies:
            copy = copies[original] = data.add(local_copy(original) if original else bpy.data.materials.new(TEMPORARY))
            _make_nodes(copy)
            copy.displacement_method = "BUMP"
            surfaces.append(_surface(original.name if original else "", copy, image))
        slot.material = copies[original]
    return surfaces


def _make_nodes(material: Material) -> None:
    """Give a material without nodes equivalent nodes."""
    if uses_nodes(material) and output_node(material) is not None:
        return
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    graph = NodeGraph(tree)
    shader = graph.node("BsdfPrincipled", material.diffuse_color, material.metallic, material.roughness)
    graph.node("OutputMaterial", shader.outputs[0])


def _surface(title: str, material: Material, image: Image) -> CopiedMaterial:
    """Give a material the active image node that Cycles bakes to, and an output with an emission shader."""
    tree, graph, shaded = material.node_tree, NodeGraph(material.node_tree), output_node(material)
    tree.nodes.active = graph.node("TexImage", image=image)
    emission = graph.node("Emission")
    emitted = graph.node("OutputMaterial", emission.outputs[0], target=shaded.target if shaded else "ALL")
    return CopiedMaterial(title, tree, shaded, emission, emitted)


def extent_of(temporary: BakeScene, share: float, thickness: float) -> Extent:
    """Extent of all that is baked, in the space of a single object, or else the world's.

    share: radius over size. thickness: greatest that a map shows, in Blender units; 0: it is found.
    """
    depsgraph = temporary.scene.view_layers[0].depsgraph
    space = temporary.parts[0].subject if len(temporary.parts) == 1 else None
    to_space = space.matrix_world.inverted_safe() if space else Matrix()
    corners = []
    for obj in (one for part in temporary.parts for one in part.baked):
        placed = Matrix() if obj == space else to_space @ obj.matrix_world
        corners += [tuple(placed @ Vector(corner)) for corner in obj.evaluated_get(depsgraph).bound_box]
    low, high = (tuple(pick(axis) for axis in zip(*corners, strict=True)) for pick in (min, max))
    size = temporary.size
    obj = [one for part in temporary.parts for one in part.baked]
    thickness = thickness or usual_thickness(obj, depsgraph, size)
    return Extent(space, low, high, size, share * size, thickness, is_alone=temporary.is_alone)


def prepare(temporary: BakeScene, name: str, extent: Extent) -> list[str]:
    """Make every surface emit the map's value, or shade as before for normals; return notes for the user."""
    names = tuple(surface.material for surface in temporary.surfaces)
    own = tuple((part.subject, part.uv_map) for part in temporary.parts if not part.highs)
    objects = tuple(one for part in temporary.parts for one in part.baked)
    identities = Identities(objects, own, names)
    notes: list[str] = identities.notes(name)
    for surface in temporary.surfaces:
        (surface.shaded if name == "normal" else surface.emitted).is_active_output = True
        if name == "normal":
            continue
        if name in EMISSIONS:
            value = EMISSIONS[name](surface.tree, extent)
        elif name in IDENTITY_MAPS:
            value = identities.color(name, surface.tree, surface.material)
        else:
            reader = ValueReader(surface.tree, name, temporary.data)
            value = reader.read(surface.shaded)
            notes += [Message("{}: {}", surface.material, note) for note in reader.notes]
        value = _sign(surface.tree, value) if name == "height" else value
        surface.tree.links.new(value, surface.emission.inputs["Color"])
    return notes


def _sign(tree: NodeTree, value: NodeSocket) -> NodeSocket:
    """Positive values as red, negative ones as green, since no emission is negative."""
    graph = NodeGraph(tree)
    red, green = (graph.math("MAXIMUM", graph.math("MULTIPLY", value, sign), 0.0) for sign in (1.0, -1.0))
    return graph.node("CombineColor", red, green, 0.0).outputs["Color"]
