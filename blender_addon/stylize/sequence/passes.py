# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting up a scene to have its frames repainted: a view layer with vectors, objects and positions, in EXR files.

Cycles only: its vectors are tested here. EEVEE has a pass of that name too, which no test without a window can render.
"""

from __future__ import annotations

import re
from pathlib import Path

import bpy

from ...core.errors import ParameterError
from ...paths import absolute

LAYER = "Impasto Film"
"""Name of the view layer."""
FOLDER = "film"
"""Folder of the frames, if the scene's output path has no frame numbers."""
DEPTH = 2
"""Objects that Cryptomatte keeps for each pixel; only the largest is used."""
PROBE = 999983
"""Frame number that no shot has; its path shows where Blender writes the digits."""


def set_up(context: bpy.types.Context) -> list[str]:
    """Set the scene up, and return notes on what has changed. ParameterError if Blender has no Cycles."""
    scene = context.scene
    notes = _set_up_render(scene)
    _set_up_layer(context)
    if rendered := [layer.name for layer in scene.view_layers if layer.use and layer.name != LAYER]:
        notes.append(f"{', '.join(rendered)} is rendered too, unless its Use for Rendering is turned off")
    return [*notes, *_set_up_files(scene)]


def motion_poll_message(scene: bpy.types.Scene) -> str:
    """Reason why frames of this scene would have no motion vectors; empty if they have. Cheap enough for a panel."""
    if scene.render.use_motion_blur:
        return "With motion blur, all motion vectors are 0"
    has_vectors = any(layer.use and layer.use_pass_vector for layer in scene.view_layers)
    return "" if has_vectors and scene.render.engine == "CYCLES" else "This scene renders no motion vectors yet"


def pattern_of(scene: bpy.types.Scene) -> Path:
    """Pattern of the scene's rendered files. ParameterError for a relative path in a file that was never saved."""
    absolute(scene.render.filepath)
    path = bpy.path.abspath(scene.render.frame_path(frame=PROBE))
    return Path(re.sub(rf"0*{PROBE}", "####", path))


def _set_up_render(scene: bpy.types.Scene) -> list[str]:
    """Render with Cycles, without motion blur, all view layers."""
    notes = []
    if scene.render.engine != "CYCLES":
        try:
            scene.render.engine = "CYCLES"
        except TypeError as error:  # so Blender says that the add-on is not enabled
            raise ParameterError("Blender has no Cycles", "enable it among the add-ons in the preferences") from error
        notes.append("the render engine is Cycles")
    if scene.render.use_motion_blur:
        scene.render.use_motion_blur = False
        notes.append("motion blur is off")
    scene.render.use_single_layer = False
    return notes


def _set_up_layer(context: bpy.types.Context) -> None:
    """Add a copy of the current view layer, unless there is one, with the passes; the current one stays current."""
    scene, current = context.scene, context.view_layer
    if LAYER not in scene.view_layers:
        before, name = set(scene.view_layers.keys()), current.name
        bpy.ops.scene.view_layer_add(type="COPY")
        (added,) = set(scene.view_layers.keys()) - before
        scene.view_layers[added].name = LAYER
        context.window.view_layer = scene.view_layers[name]
    scene.view_layers.move(scene.view_layers.find(LAYER), 0)  # an image shows the first layer of its file
    layer = scene.view_layers[LAYER]
    layer.use = layer.use_pass_combined = layer.use_pass_vector = layer.use_pass_cryptomatte_object = True
    layer.use_pass_position = True
    layer.pass_cryptomatte_depth = DEPTH
    layer.use_pass_object_index = any(item.pass_index for item in layer.objects)


def _set_up_files(scene: bpy.types.Scene) -> list[str]:
    """Write OpenEXR MultiLayer; keep the output path if it has frame numbers."""
    render, settings = scene.render, scene.render.image_settings
    if hasattr(settings, "media_type"):  # from Blender 5.0 on
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"
    render.use_file_extension = True
    if "#" not in render.filepath:
        folder = "//" if bpy.data.filepath else f"{Path(bpy.path.abspath(render.filepath)).parent.as_posix()}/"
        name = bpy.path.clean_name(Path(bpy.data.filepath).stem or scene.name)
        render.filepath = f"{folder}{FOLDER}/{name}_####"
    return [f"frames are written to {render.filepath}"]
