# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary scene for baking with Cycles: copies of the object, its mesh and its materials.

No setting, selection or mode of the user's is touched, so nothing has to be restored after an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
from bpy.types import Image, Material, Node, NodeSocket, NodeTree, Object, Scene

from ..core.errors import ImpastoError
from .checks import output_node, uses_nodes
from .geometry_maps import EMISSIONS, Extent
from .identity_maps import IDENTITY_MAPS, Identities, colors_of
from .settings import BakeOptions
from .values import ValueReader

TEMPORARY = "Impasto Bake"


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
    """The copies to bake; `made`: all that has to be removed afterwards."""

    scene: Scene
    subject: Object
    image: Image
    uv_map: str
    surfaces: list[Surface]
    made: list[bpy.types.ID]


@contextmanager
def bake_scene(obj: Object, options: BakeOptions, uv_map: str) -> Iterator[BakeScene]:
    """Set up all that a bake needs, and remove it at the end, whatever happens."""
    scene = bpy.data.scenes.new(TEMPORARY)
    made: list[bpy.types.ID] = []
    try:
        _set_up_cycles(scene)
        subject = obj.copy()
        made.append(subject)
        subject.data = obj.data.copy()
        made.append(subject.data)
        subject.hide_render = subject.is_holdout = subject.is_shadow_catcher = False
        subject.instance_type = "NONE"
        subject.color = (*colors_of([obj.name])[obj.name], 1.0)
        scene.collection.objects.link(subject)
        scene.view_layers[0].objects.active = subject
        size_px = (options.width_px, options.height_px)
        image = bpy.data.images.new(TEMPORARY, *size_px, alpha=True, float_buffer=True, is_data=True)
        made.append(image)
        yield BakeScene(scene, subject, image, uv_map, _copied_surfaces(subject, image, made), made)
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


def _copied_surfaces(subject: Object, image: Image, made: list[bpy.types.ID]) -> list[Surface]:
    """Give each slot a copy of its material, shared by slots that share it; unused empty slots get a blank one."""
    copies: dict[Material | None, Material] = {}
    surfaces: list[Surface] = []
    for slot in subject.material_slots:
        original = slot.material
        if original not in copies:
            copy = copies[original] = original.copy() if original else bpy.data.materials.new(TEMPORARY)
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


def prepare(temporary: BakeScene, name: str, extent: Extent) -> list[str]:
    """Make every surface emit the map's value, or shade as before for normals; return notes for the user."""
    names = tuple(surface.material for surface in temporary.surfaces)
    identities = Identities(temporary.subject, temporary.uv_map, names)
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


def cycles_bake(temporary: BakeScene, kind: str, options: BakeOptions) -> None:
    """Bake into the temporary image, cleared by hand because Blender's own clearing makes it opaque."""
    import numpy as np

    scene, subject = temporary.scene, temporary.subject
    layer = scene.view_layers[0]
    scene.cycles.samples = options.samples
    temporary.image.pixels.foreach_set(np.zeros(len(temporary.image.pixels), np.float32))
    with bpy.context.temp_override(
        scene=scene, view_layer=layer, active_object=subject, object=subject, selected_objects=[subject]
    ):
        try:
            result = bpy.ops.object.bake(
                "EXEC_DEFAULT",
                type=kind,
                target="IMAGE_TEXTURES",
                save_mode="INTERNAL",
                margin=options.margin_px,
                margin_type=options.margin_type,
                use_clear=False,
                use_selected_to_active=False,
                normal_space="TANGENT",
                normal_r="POS_X",
                normal_g="POS_Y",
                normal_b="POS_Z",
                uv_layer=temporary.uv_map,
            )
        except RuntimeError as error:
            raise ImpastoError(
                f"Cycles could not bake: {str(error).strip()}", "mend what it names, then bake again"
            ) from error
    if result != {"FINISHED"}:
        raise ImpastoError("Cycles stopped the bake", "see Blender's console for its reason, then bake again")
