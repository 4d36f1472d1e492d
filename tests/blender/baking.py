# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the tests of baking: a strip of faces with materials, the operator, and what it must not change."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from conftest import MODULE, refused

SIZE_PX = 64
COLOR = (0.8, 0.2, 0.1)
ALL_MAPS = {"base_color", "roughness", "metallic", "emission", "opacity", "normal"}
BYTE = 0.51 / 255
"""Rounding to 8 bits, and a little for float32."""


def module(name: str):
    return importlib.import_module(f"{MODULE}.{name}")


def bake(**properties: object) -> set[str]:
    """Bake in this Blender: with a worker it would be done in another."""
    module("jobs.session").jobs.close()
    return bpy.ops.impasto.bake(**{"width_px": SIZE_PX, "height_px": SIZE_PX, "samples": 1, **properties})


def bake_refused(match: str, **properties: object) -> None:
    """Ask for a bake that is refused in these words and changes nothing."""
    before = state()
    refused(match, bake, **properties)
    assert state() == before


def pixels(name: str) -> np.ndarray:
    """An image's stored values (H, W, 4), row 0 at the bottom."""
    image = bpy.data.images[name]
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], 4)


def stored(path: Path) -> np.ndarray:
    """The values (H, W, 4) that a file stores, row 0 at the bottom."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    found = pixels(image.name)
    bpy.data.images.remove(image)
    return found


def about(name: str) -> dict:
    """The record of its bake in a baked image."""
    return json.loads(bpy.data.images[name]["impasto_baked"])


def srgb(linear: object) -> np.ndarray:
    linear = np.asarray(linear, np.float64)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def baked(map_name: str, **properties: object) -> np.ndarray:
    """The colour of the plane's centre in one map."""
    assert bake(maps={map_name}, **properties) == {"FINISHED"}
    return pixels(f"Strip_{map_name}")[SIZE_PX // 2, SIZE_PX // 2, :3]


def state() -> dict[str, object]:
    """All that a bake could have changed: settings, selection, mode, slots, nodes, and every datablock's name."""
    scene, layer = bpy.context.scene, bpy.context.view_layer
    settings = (scene, scene.render, scene.render.bake, scene.cycles, scene.view_settings, scene.display_settings)
    seen: dict[str, object] = {
        f"{index} {key}": value for index, owner in enumerate(settings) for key, value in rna(owner)
    }
    seen["active"] = layer.objects.active and layer.objects.active.name
    for obj in bpy.data.objects:
        slots = [(slot.link, slot.material and slot.material.name) for slot in obj.material_slots]
        seen[obj.name] = (obj.mode, obj.select_get(), obj.hide_render, obj.active_material_index, slots)
    for owner in bpy.data.materials:
        nodes = owner.node_tree.nodes if owner.node_tree else ()
        seen[f"material {owner.name}"] = (
            [(node.name, node.select, node == nodes.active, node.mute) for node in nodes],
            owner.displacement_method,
        )
    for kind in ("scenes", "objects", "meshes", "materials", "node_groups", "images", "cameras", "worlds", "texts"):
        seen[kind] = sorted(getattr(bpy.data, kind).keys())
    return seen


@contextmanager
def unchanged() -> Iterator[None]:
    """The block changes nothing but images."""
    before = state()
    yield
    after = state()
    assert {**after, "images": None} == {**before, "images": None}


def rna(owner: bpy.types.bpy_struct) -> Iterator[tuple[str, object]]:
    for prop in owner.bl_rna.properties:
        if prop.type in ("BOOLEAN", "INT", "FLOAT", "STRING", "ENUM") and prop.identifier != "use_nodes":
            value = getattr(owner, prop.identifier)
            yield prop.identifier, tuple(value) if getattr(prop, "is_array", False) else value


def in_background(sets: list, **options: object) -> tuple[object, list[tuple], list[np.ndarray]]:
    """Bake sets in one background Blender; return the result, and the progress and the pictures that were told."""
    process, told, pictures = module("bake.process.background"), [], []

    class Told(module("jobs.task").Task):
        def say(self, message: str, fraction: float) -> None:
            told.append((message, fraction))
            super().say(message, fraction)

        def show(self, preview: np.ndarray) -> None:
            super().show(preview)
            pictures.append(self.preview)

    sizes = {"width_px": SIZE_PX, "height_px": SIZE_PX}
    given = process.prepare(sets, module("bake.settings").BakeOptions(**{**sizes, **options}))
    task = Told("Bake", lambda task: process.bake_all(task, given), lambda baked: baked)
    task.start()
    assert task.wait(120)
    assert not given.folder.exists()
    return task.conclude(), told, pictures
