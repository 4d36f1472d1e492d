# SPDX-License-Identifier: GPL-3.0-or-later
"""Bakes of a temporary scene's parts with Cycles, into one image with one margin."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
from bpy.types import Image, Object, Scene

from ...core.errors import ImpastoError
from ..settings import BakeOptions
from .canvas import TEMPORARY, CoverMesh, check_missed, clear, fill, pixels_of
from .parts import Part, Window
from .scene import BakeScene

CLEAR = 0.01
"""Greatest alpha of a pixel on which nothing is baked."""


def cycles_bake(temporary: BakeScene, name: str, options: BakeOptions, covered: np.ndarray | None) -> np.ndarray | None:
    """Bake a map into the temporary image, cleared by hand because Blender's own clearing makes it opaque.

    Of several objects one is baked after the other, rather than joined: so each keeps its own generated and object
    coordinates, UV maps and attributes. The margin comes last, or it would cover islands of others. covered (H, W):
    pixels of low objects, which high ones should fill. Returns those (H, W) that they did not. Raise ParameterError if
    none was filled.
    """
    clear(temporary.image)
    kind = "NORMAL" if name == "normal" else "EMIT"
    if temporary.cover is None:
        _bake(temporary.scene, temporary.parts[0], kind, options)
        return None
    pixels = pixels_of(temporary.image)
    together = {one for part in temporary.parts for one in part.baked} if name == "ambient_occlusion" else set()
    for part, window in temporary.windows:
        _show_only(temporary.scene, {part.subject, part.cage, *part.baked, *(() if part.highs else together)})
        baked = _window_pixels(temporary, part, window, kind, options)
        place = pixels[window.pixels]
        place[baked[..., 3] > CLEAR] = baked[baked[..., 3] > CLEAR]
    missed = None
    if covered is not None:
        missed = covered & (pixels[..., 3] <= CLEAR)
        check_missed(missed, covered, temporary.remedy)
        fill(pixels, missed)
    _bake_cover(temporary, temporary.cover, pixels, options)
    return missed


def covered_pixels(temporary: BakeScene, options: BakeOptions) -> np.ndarray | None:
    """Pixels (H, W) that faces of low objects cover; None where each object shows itself."""
    if temporary.cover is None or not temporary.parts[0].highs:
        return None
    _bake_cover(temporary, temporary.cover, pixels_of(temporary.image), replace(options, margin_px=0))
    return pixels_of(temporary.image)[..., 3] > CLEAR


def _show_only(scene: Scene, visible: set[Object | None]) -> None:
    for item in scene.collection.objects:
        item.hide_render = item not in visible


def _window_pixels(temporary: BakeScene, part: Part, window: Window, kind: str, options: BakeOptions) -> np.ndarray:
    """Pixels (H, W, 4) of one part in its window, without a margin."""
    size_px = (window.width, window.height)
    image = bpy.data.images.new(TEMPORARY, *size_px, alpha=True, float_buffer=True, is_data=True)
    try:
        clear(image)
        _aim(temporary, image)
        _bake(temporary.scene, part, kind, replace(options, margin_px=0))
        return pixels_of(image)
    finally:
        _aim(temporary, temporary.image)
        bpy.data.images.remove(image)


def _aim(temporary: BakeScene, image: Image) -> None:
    """Have all materials baked to an image."""
    trees = [one.tree for one in temporary.surfaces]
    for tree in [*trees, temporary.cover.material.node_tree] if temporary.cover else trees:
        tree.nodes.active.image = image


def _bake_cover(temporary: BakeScene, cover: CoverMesh, pixels: np.ndarray, options: BakeOptions) -> None:
    """Bake these pixels (H, W, 4), where the cover has faces, and the margin."""
    pixels[..., 3] = 1.0
    cover.picture.pixels.foreach_set(pixels.ravel())
    clear(temporary.image)
    _show_only(temporary.scene, {cover.subject})
    _bake(temporary.scene, Part(TEMPORARY, cover.subject, TEMPORARY), "EMIT", replace(options, samples=1))


def _bake(scene: Scene, part: Part, kind: str, options: BakeOptions) -> None:
    """Bake one object into the image of its materials' active nodes, over what is there."""
    layer, subject = scene.view_layers[0], part.subject
    scene.cycles.samples = options.samples
    with bpy.context.temp_override(
        scene=scene, view_layer=layer, active_object=subject, object=subject, selected_objects=[*part.highs, subject]
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
                use_selected_to_active=bool(part.highs),
                use_cage=part.cage is not None,
                cage_object=part.cage.name if part.cage else "",
                max_ray_distance=part.ray_distance,
                normal_space="TANGENT",
                normal_r="POS_X",
                normal_g="POS_Y",
                normal_b="POS_Z",
                uv_layer=part.uv_map,
            )
        except RuntimeError as error:
            message = "Cycles could not bake: {}"
            raise ImpastoError(message, "mend what it names, then bake again", str(error).strip()) from error
    if result != {"FINISHED"}:
        raise ImpastoError("Cycles stopped the bake", "see Blender's console for its reason, then bake again")
