# SPDX-License-Identifier: GPL-3.0-or-later
"""The Export panel's settings in each scene, which are also the operator's properties."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, PointerProperty, StringProperty

from ..paths import RELATIVE_PATH

CUSTOM = "custom"
PRESETS = (
    ("gltf", "glTF 2.0", "Occlusion, roughness and metallic in one picture; OpenGL normals"),
    ("unreal", "Unreal Engine", "Occlusion, roughness and metallic in one picture; DirectX normals"),
    ("unity-urp", "Unity URP", "Metallic and smoothness in one picture; OpenGL normals"),
    ("unity-hdrp", "Unity HDRP", "A mask map; OpenGL normals"),
    ("godot", "Godot 4", "Occlusion, roughness and metallic in one picture; OpenGL normals"),
    ("materialx", "MaterialX", "A picture for each map, and a document with a standard surface"),
)
"""Presets of the engine's `impasto export`."""
FORMATS = (
    ("png", "PNG, 8 bits", "Small and fast"),
    ("png16", "PNG, 16 bits", "Smooth heights"),
    ("exr", "OpenEXR", "Half float"),
)


class ExportProperties:
    """Settings of an export: in each scene, and as properties of the operator."""

    preset: EnumProperty(
        name="Engine",
        description="Files, channels and normals as this engine expects them",
        items=(*PRESETS, (CUSTOM, "Custom", "Only the packed textures below")),
    )
    pictures: StringProperty(
        name="Packed Textures",
        description="Further textures with a map in each channel: NAME=CHANNEL,CHANNEL,…, of maps, 1-MAP, MAP.g or "
        "numbers, such as orm=ambient_occlusion,roughness,metallic smooth=1-roughness",
    )
    out_dir: StringProperty(
        name="Folder", description="Folder for the files", subtype="DIR_PATH", options=RELATIVE_PATH
    )
    format: EnumProperty(name="Format", description="Format of the files", items=FORMATS)
    replace: BoolProperty(
        name="Replace", description="Replace files of the same name in the folder, which otherwise get a number"
    )


class ExportSettings(ExportProperties, bpy.types.PropertyGroup):
    """Settings of the Export panel, in each scene."""


def register() -> None:
    bpy.utils.register_class(ExportSettings)
    bpy.types.Scene.impasto_export = PointerProperty(type=ExportSettings)


def unregister() -> None:
    del bpy.types.Scene.impasto_export
    bpy.utils.unregister_class(ExportSettings)
