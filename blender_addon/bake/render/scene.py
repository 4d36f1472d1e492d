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

from ...core.errors import ImpastoError
from ..maps.geometry import EMISSIONS, Extent
from ..maps.identity import IDENTITY_MAPS, Identities
from ..maps.thickness import usual_thickness
from ..maps.values import ValueReader
from ..objects.reads import output_node, uses_nodes
from ..objects.sets import BakeSet
from ..settings import BakeOptions
from .cover import TEMPORARY, Cover, make_cover
from .misses import remedy_for
from .parts import Part, copied_parts, evaluated_meshes, local_copy, with_cages
from .tiles import NO_TILES, Tiles, tiles_of
from .windows import Window, with_windows


@dataclass(frozen=True)
class Surface:
    """A copied material's tree, with its own output and a second one for the emission of a map's value."""

    material: str
    tree: NodeTree
    shaded: Node
    emission: Node
    emitted: Node


@dataclass(frozen=True)
class BakeScene:
    """The copies to bake; `made`: all that has to be removed afterwards.

    windows: the parts, each with its place in the image. cover: their faces. Neither is there where one bake of one
    object is all. remedy: for rays that meet no high object.
    """

    scene: Scene
    parts: Sequence[Part]
    image: Image
    surfaces: list[Surface]
    made: list[bpy.types.ID]
    windows: Sequence[tuple[Part, Window]] = ()
    tiles: Tiles = NO_TILES
    cover: Cover | None = None
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
        evaluated = [one.evaluated_get(depsgraph) for part in self.parts for one in part.shown]
        corners = [one.matrix_world @ Vector(at) for one in evaluated for at in one.bound_box]
        return max(max(values) - min(values) for values in zip(*corners, strict=True))


@contextmanager
def bake_scene(given: BakeSet, options: BakeOptions, uv_maps: Sequence[str]) -> Iterator[BakeScene]:
    """Set up all that a bake needs, and remove it at the end, whatever happens. uv_maps: one for each object."""
    scene = bpy.data.scenes.new(TEMPORARY)
    made: list[bpy.types.ID] = []
    try:
        _set_up_cycles(scene)
        size_px = (options.width_px, options.height_px)
        image = bpy.data.images.new(TEMPORARY, *size_px, alpha=True, float_buffer=True, is_data=True)
        made.append(image)
        parts = copied_parts(given, uv_maps, scene, made)
        scene.view_layers[0].objects.active = parts[0].subject
        if given.slots:
            _hide_slots(parts[0].subject, given.slots, made)
        shown = dict.fromkeys(one for part in parts for one in part.shown)
        surfaces = _copied_surfaces(list(shown), image, made)
        meshes = evaluated_meshes(scene, parts)
        if len(parts) == 1 and not given.projections and not given.use_tiles:
            yield BakeScene(scene, parts, image, surfaces, made)
            return
        tiles = tiles_of(meshes) if given.use_tiles else NO_TILES
        image.scale(options.width_px, options.height_px * tiles.count)
        cover = make_cover(meshes, tiles, image, made)
        if given.projections:
            parts = with_cages(parts, given, scene, made)
            for part in parts:
                _receive(part.subject, cover.material)
        scene.collection.objects.link(cover.subject)
        windows = with_windows(scene, parts, tiles, tuple(image.size))
        remedy = remedy_for(given.projections)
        yield BakeScene(scene, parts, image, surfaces, made, windows, tiles, cover, remedy)
    finally:
        bpy.data.scenes.remove(scene)
        bpy.data.batch_remove(made)


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


def _hide_slots(subject: Object, chosen: Collection[int], made: list[bpy.types.ID]) -> None:
    """Give the other slots a material without an image node, so that nothing is baked on their faces."""
    hidden = bpy.data.materials.new(TEMPORARY)
    made.append(hidden)
    for index, slot in enumerate(subject.material_slots):
        if index not in chosen:
            slot.material = hidden


def _copied_surfaces(subjects: Sequence[Object], image: Image, made: list[bpy.types.ID]) -> list[Surface]:
    """Give each slot a copy of its material, shared by slots that share it; unused empty slots get a blank one."""
    copies: dict[Material | None, Material] = {}
    surfaces: list[Surface] = []
    for subject in subjects:
        if not subject.material_slots:
            subject.data.materials.append(None)
    for slot in [slot for subject in subjects for slot in subject.material_slots]:
        original = slot.material
        if original in made:  # hidden
            continue
        if original not in copies:
            copy = copies[original] = local_copy(original) if original else bpy.data.materials.new(TEMPORARY)
            made.append(copy)
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
    shader, output = tree.nodes.new("ShaderNodeBsdfPrincipled"), tree.nodes.new("ShaderNodeOutputMaterial")
    shader.inputs["Base Color"].default_value = material.diffuse_color
    shader.inputs["Roughness"].default_value = material.roughness
    shader.inputs["Metallic"].default_value = material.metallic
    tree.links.new(shader.outputs[0], output.inputs["Surface"])


def _surface(title: str, material: Material, image: Image) -> Surface:
    """Give a material the active image node that Cycles bakes to, and an output with an emission shader."""
    tree = material.node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    tree.nodes.active = node
    shaded = output_node(material)
    emission, emitted = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeOutputMaterial")
    emitted.target = shaded.target if shaded else "ALL"
    tree.links.new(emission.outputs[0], emitted.inputs["Surface"])
    return Surface(title, tree, shaded, emission, emitted)


def extent_of(temporary: BakeScene, share: float, thickness: float) -> Extent:
    """Extent of all that is baked, in the space of a single object, or else the world's.

    share: radius over size. thickness: greatest that a map shows, in Blender units; 0: it is found.
    """
    depsgraph = temporary.scene.view_layers[0].depsgraph
    space = temporary.parts[0].subject if len(temporary.parts) == 1 else None
    to_space = space.matrix_world.inverted_safe() if space else Matrix()
    corners = []
    for shown in (one for part in temporary.parts for one in part.shown):
        placed = Matrix() if shown == space else to_space @ shown.matrix_world
        corners += [tuple(placed @ Vector(corner)) for corner in shown.evaluated_get(depsgraph).bound_box]
    low, high = (tuple(pick(axis) for axis in zip(*corners, strict=True)) for pick in (min, max))
    size = temporary.size
    shown = [one for part in temporary.parts for one in part.shown]
    thickness = thickness or usual_thickness(shown, depsgraph, size)
    return Extent(space, low, high, size, share * size, thickness, is_alone=temporary.is_alone)


def prepare(temporary: BakeScene, name: str, extent: Extent) -> list[str]:
    """Make every surface emit the map's value, or shade as before for normals; return notes for the user."""
    names = tuple(surface.material for surface in temporary.surfaces)
    own = tuple((part.subject, part.uv_map) for part in temporary.parts if not part.highs)
    shown = tuple(one for part in temporary.parts for one in part.shown)
    identities = Identities(shown, own, names)
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
            reader = ValueReader(surface.tree, name, temporary.made)
            value = reader.read(surface.shaded)
            notes += [f"{surface.material}: {note}" for note in reader.notes]
        value = _sign(surface.tree, value) if name == "height" else value
        surface.tree.links.new(value, surface.emission.inputs["Color"])
    return notes


def _sign(tree: NodeTree, value: NodeSocket) -> NodeSocket:
    """Positive values as red, negative ones as green, since no emission is negative."""
    both = tree.nodes.new("ShaderNodeCombineColor")
    for channel, sign in (("Red", 1.0), ("Green", -1.0)):
        node = tree.nodes.new("ShaderNodeMath")
        node.operation, node.inputs[1].default_value = "MULTIPLY", sign
        above = tree.nodes.new("ShaderNodeMath")
        above.operation, above.inputs[1].default_value = "MAXIMUM", 0.0
        tree.links.new(value, node.inputs[0])
        tree.links.new(node.outputs[0], above.inputs[0])
        tree.links.new(above.outputs[0], both.inputs[channel])
    return both.outputs["Color"]
