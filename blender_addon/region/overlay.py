# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures over the image editors: the shown image shifted by half, its region, and what is being painted.

They are only drawn: the image does not change. The texture of a region is made again when the region has changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from . import regions
from .shapes import Position
from .view import EditorView, Tile, settings_of

LONGEST_PX = 2048
"""Longer side of a region's texture."""
COLOR = (1.0, 0.15, 0.1, 0.45)
EDGE = (1.0, 1.0, 1.0, 0.9)
GROUND = (0.1, 0.1, 0.1, 1.0)
LINE = (1.0, 1.0, 1.0, 0.9)
IMAGE_SHADER = "IMAGE" if bpy.app.version < (5, 0) else "IMAGE_SCENE_LINEAR_TO_REC709_SRGB"
"""Textures of images are scene-linear, also those of Non-Color images, which Blender's editor shows encoded as well.
Before 5.0, the framebuffer encodes what is written to it."""
STEPS = 48
VERTEX = "void main() { shown = uv; gl_Position = matrix * vec4(position, 0.0, 1.0); }"
TINT = """
void main()
{
  float within = texture(picture, shown).r;
  float border = step(0.05, fwidth(within));
  result = mix(vec4(color.rgb, color.a * within), edge, border);
}
"""


@dataclass
class Painting:
    """The region that is being painted: its image by session id, its mask, and the outline at the mouse.

    revision: counts the changes of the mask. outline: pixels of the editor's region. area: pointer of the editor.
    """

    image: int
    area: int
    mask: np.ndarray
    revision: int = 0
    outline: Sequence[Position] = ()


@dataclass
class _RegionOverlay:
    """State of what is drawn: the handler, the shader, and the texture with the key of what it shows."""

    handler: Any = None
    shader: Any = None
    key: tuple = ()
    texture: Any = None
    painting: Painting | None = None


_drawing = _RegionOverlay()


def painting() -> Painting | None:
    """The region that is being painted, if any."""
    return _drawing.painting


def show_painting(now: Painting | None) -> None:
    """Draw this region instead of the kept one of its image; None: the kept ones again."""
    _drawing.painting = now


def circle(middle: Position, radius: Position) -> list[Position]:
    """Outline of the brush."""
    angles = (math.tau * step / STEPS for step in range(STEPS + 1))
    return [(middle[0] + radius[0] * math.cos(angle), middle[1] + radius[1] * math.sin(angle)) for angle in angles]


def _draw() -> None:
    """Draw over the image editor that Blender is drawing."""
    context = bpy.context
    space, region = context.space_data, context.region
    image, settings = space.image, settings_of(context)
    if image is None or space.mode == "MASK" or image.source == "VIEWER" or not all(image.size):
        return
    view = EditorView.of(region, space, settings.is_shifted)
    if not all(view.scale):
        return
    tiles = view.tiles((region.width, region.height))
    if view.is_shifted:
        _draw_picture(image, tiles)
    if space.overlay.show_overlays:
        _draw_region(image, tiles)
    if _drawing.painting and _drawing.painting.area == context.area.as_pointer():
        _draw_outline(_drawing.painting.outline)


def _draw_picture(image: bpy.types.Image, tiles: Sequence[Tile]) -> None:
    """The image in these tiles, over Blender's own picture, on a plain ground where it is transparent."""
    gpu.state.blend_set(_blending(image))
    ground = gpu.shader.from_builtin("UNIFORM_COLOR")
    ground.bind()
    ground.uniform_float("color", GROUND)
    corners, parts = _triangles(tiles)
    batch_for_shader(ground, "TRIS", {"pos": corners}).draw(ground)
    shader = gpu.shader.from_builtin(IMAGE_SHADER)
    shader.bind()
    shader.uniform_sampler("image", gpu.texture.from_image(image))
    batch_for_shader(shader, "TRIS", {"pos": corners, "texCoord": parts}).draw(shader)
    gpu.state.blend_set("NONE")


def _blending(image: bpy.types.Image) -> str:
    """Blend mode for the texture of an image; Blender keeps its alpha premultiplied or straight, as in the pixels."""
    is_premultiplied = image.is_float if image.source == "GENERATED" else image.alpha_mode == "PREMUL"
    return "ALPHA_PREMULT" if is_premultiplied else "ALPHA"


def _draw_region(image: bpy.types.Image, tiles: Sequence[Tile]) -> None:
    """The region of the image: a tint with a border."""
    texture = _texture_of(image)
    if texture is None:
        return
    shader, (corners, parts) = _shader(), _triangles(tiles)
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_float("matrix", gpu.matrix.get_projection_matrix() @ gpu.matrix.get_model_view_matrix())
    shader.uniform_float("color", COLOR)
    shader.uniform_float("edge", EDGE)
    shader.uniform_sampler("picture", texture)
    batch_for_shader(shader, "TRIS", {"position": corners, "uv": parts}).draw(shader)
    gpu.state.blend_set("NONE")


def _triangles(tiles: Sequence[Tile]) -> list[list[Position]]:
    """Corners of two triangles for each tile: in pixels, and in the picture."""
    return [
        [
            corner
            for x0, y0, x1, y1 in rectangles
            for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y0), (x1, y1), (x0, y1))
        ]
        for rectangles in zip(*tiles, strict=True)
    ]


def _draw_outline(outline: Sequence[Position]) -> None:
    if len(outline) < 2:
        return
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_float("color", LINE)
    batch_for_shader(shader, "LINE_STRIP", {"pos": list(outline)}).draw(shader)
    gpu.state.blend_set("NONE")


def _texture_of(image: bpy.types.Image) -> Any:
    """Texture of the image's region, or of the one that is being painted; None if it has none."""
    now = _drawing.painting
    if now and now.image == image.session_uid:
        key: tuple = (now.image, id(now), now.revision)
    elif regions.has_region(image):
        now, key = None, (image.session_uid, regions.size_of(image), image[regions.REGION])
    else:
        return None
    if key != _drawing.key:
        _drawing.texture, _drawing.key = _texture(now.mask if now else regions.region_of(image)), key
    return _drawing.texture


def _texture(mask: np.ndarray) -> Any:
    """Texture of a mask (H, W), subsampled where it is large, in the row order of the graphics card."""
    step = -(-max(mask.shape) // LONGEST_PX)
    small = np.ascontiguousarray(mask[::-step, ::step], np.float32)
    height, width = small.shape
    buffer = gpu.types.Buffer("FLOAT", height * width, small.ravel())
    return gpu.types.GPUTexture((width, height), format="R8", data=buffer)


def _shader() -> Any:
    """The shader of a region, made when it is first drawn."""
    if _drawing.shader is None:
        passed = gpu.types.GPUStageInterfaceInfo("impasto_region")
        passed.smooth("VEC2", "shown")
        info = gpu.types.GPUShaderCreateInfo()
        info.push_constant("MAT4", "matrix")
        info.push_constant("VEC4", "color")
        info.push_constant("VEC4", "edge")
        info.sampler(0, "FLOAT_2D", "picture")
        info.vertex_in(0, "VEC2", "position")
        info.vertex_in(1, "VEC2", "uv")
        info.vertex_out(passed)
        info.fragment_out(0, "VEC4", "result")
        info.vertex_source(VERTEX)
        info.fragment_source(TINT)
        _drawing.shader = gpu.shader.create_from_info(info)
    return _drawing.shader


def register() -> None:
    if not bpy.app.background:
        _drawing.handler = bpy.types.SpaceImageEditor.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    if _drawing.handler is not None:
        bpy.types.SpaceImageEditor.draw_handler_remove(_drawing.handler, "WINDOW")
    _drawing.handler = _drawing.shader = _drawing.texture = _drawing.painting = None
    _drawing.key = ()
