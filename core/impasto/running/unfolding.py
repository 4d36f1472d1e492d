"""Recipes on a mesh: tools paint the UV islands of the texture on a canvas, as one continuous surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..atlas.canvas import ChartCanvas
from ..atlas.charts import Charts
from ..atlas.mesh import STEEP, Mesh
from ..atlas.raster import NONE
from ..atlas.seams import erase_seams
from ..context import Context
from ..errors import ParameterError
from ..surface.wrapping import wraps
from ..texture import Maps
from ..tools import Result, Tool
from .inputs import Value
from .steps import Apply, ReadyStep

ASPECT = 0.02
"""Relative difference of aspect ratios above which a tool has changed the shape of the canvas."""
WHOLE = 0.98
"""Share of the texture that a mesh must show for the texture to count as one that tiles."""
CHANGED = 0.5 / 255
"""Difference on the canvas above which a texel counts as changed. Other texels stay as they were."""


@dataclass
class Unfolding:
    """The subject of a recipe, on its texture or on the canvas of a mesh, as the next tool needs it."""

    texture: Maps = field(default_factory=Maps)
    unfolded: Maps = field(default_factory=Maps)
    canvas: ChartCanvas | None = None
    is_tile: bool = False
    is_painted: bool = False

    def around(self, apply: Apply) -> Apply:
        """A step that works on the canvas of the context's mesh, and so across its seams. Unchanged without a mesh."""

        def apply_on_mesh(step: ReadyStep, subject: Maps, context: Context) -> Result:
            if context.mesh is None:
                return apply(step, subject, context)
            subject = self.subject(step.tool, subject, context, context.mesh, step.mask is not None)
            self.is_painted |= step.tool.kind == "stylizer"
            aligned = {"image": self.aligned(step.image), "below": self.aligned(step.below)}
            on_canvas = replace(step, inputs=self.inputs(step.tool, step.inputs), **aligned)
            return apply(on_canvas, subject, self.context(context))

        return apply_on_mesh

    def subject(self, tool: Tool, subject: Maps, context: Context, mesh: Mesh, is_masked: bool) -> Maps:
        """The subject as the tool needs it: on the texture for tools that take a mesh, or else on the canvas.

        Pointwise tools take either, but not under a mask, since a mask may depend on the surroundings of a pixel.
        """
        if takes_mesh(tool):
            return self.on_texture(subject)
        if tool.kind == "generator" or not tool.keeps_size:
            message = "{} makes a new texture, which does not lie on the mesh"
            raise ParameterError(message, "put cover-object after it, or leave the mesh out", tool.name)
        if self.canvas is not None or self.is_tile or (tool.is_pointwise and not is_masked):
            return subject
        context.progress(0.0, "Unfolding the mesh")
        charts = None if mesh.repeats else Charts.of(mesh, subject.size_px)
        is_whole = context.sheet is None and charts is not None and (charts.texels != NONE).mean() > WHOLE
        self.is_tile = charts is None or (is_whole and all(wraps(subject)))
        if charts is None or self.is_tile:
            context.note("its texture repeats on the mesh, so it was changed as a texture that tiles")
            return subject
        self.canvas = _canvas(charts, context)
        self.texture, self.unfolded = subject, self.canvas.unfold(subject)
        return self.unfolded

    def inputs(self, tool: Tool, inputs: Mapping[str, Value]) -> Mapping[str, Value]:
        """The tool's inputs, with the aligned ones unfolded as the subject is."""
        on_subject = {item.name for item in tool.inputs if item.on_subject}
        return {name: self.aligned(value) if name in on_subject else value for name, value in inputs.items()}

    def aligned(self, value: Any) -> Any:
        """Maps that are aligned with the subject, or several, unfolded as the subject is; None stays None."""
        if self.canvas is None or value is None:
            return value
        return tuple(map(self.aligned, value)) if isinstance(value, tuple) else self.canvas.unfold(value)

    def context(self, context: Context) -> Context:
        """The context of a tool, with the canvas if there is one."""
        canvas = self.canvas
        if canvas is None:
            return context
        return replace(context, canvas=canvas, on_preview=lambda maps: context.on_preview(canvas.fold(maps)))

    def on_texture(self, result_maps: Maps) -> Maps:
        """The result of the tools on the texture, without seams. Unchanged texels stay bit-identical."""
        canvas = self.canvas
        if canvas is None:
            return result_maps
        self.canvas = None
        _check_shape(result_maps, canvas)
        before = {name: texture.pixels for name, texture in self.unfolded.items()}
        changed = {name: pixels for name, pixels in result_maps.arrays().items() if pixels is not before.get(name)}
        result = canvas.fold(Maps.from_arrays(changed), is_painted=self.is_painted) if changed else Maps()
        is_resized = result and result.size_px != self.texture.size_px
        parts = None if is_resized else self.texture
        result = result and erase_seams(result, canvas.charts.at(result.size_px), STEEP, parts)
        arrays = {
            name: self._with_unchanged(name, texture.pixels, _difference(changed[name], before.get(name)), canvas)
            for name, texture in result.items()
        }
        scale: dict[str, Any] = {"width_m": self.texture.width_m, "height_range_m": result_maps.height_range_m}
        unchanged = {} if is_resized else {name: self.texture[name] for name in result_maps if name in self.texture}
        return Maps(unchanged, name=result_maps.name, **scale).with_arrays(arrays)

    def _with_unchanged(
        self, name: str, result: np.ndarray, difference: np.ndarray | None, canvas: ChartCanvas
    ) -> np.ndarray:
        """A map on the texture, with the earlier texels where it did not change on the canvas."""
        if difference is None or (difference > CHANGED).all() or result.shape != self.texture[name].pixels.shape:
            return result
        share = canvas.fold(Maps.from_arrays({"opacity": (difference > CHANGED).astype(np.float32)}))
        return np.where(share["opacity"].pixels > 1e-3, result, self.texture[name].pixels)


def takes_mesh(tool: Tool) -> bool:
    """Whether a tool itself works with a mesh."""
    return any(item.kind == "mesh" for item in tool.inputs)


def _canvas(charts: Charts, context: Context) -> ChartCanvas:
    """The canvas of charts. Notes tell the user about islands that overlap."""
    canvas = ChartCanvas.of(charts)
    if canvas.charts.copies:
        copies = canvas.charts.copies
        context.note("islands that show the texels of others, such as mirrored halves, share them: {}", copies)
    if canvas.charts.overlaps:
        context.note("islands that overlap others in part, where one of them decides: {}", canvas.charts.overlaps)
    return canvas


def _difference(result: np.ndarray, before: np.ndarray | None) -> np.ndarray | None:
    """Largest difference (H, W) over the channels of a map; None if it is new or was resized."""
    if before is None or before.shape != result.shape:
        return None
    return np.abs(result - before).max(2)


def _check_shape(result: Maps, canvas: ChartCanvas) -> None:
    """Raise ParameterError if a tool has cropped or turned the canvas."""
    (height, width), (rows, columns) = result.size_px, canvas.size_px
    if abs(height / width * columns / rows - 1) > ASPECT:
        message = "a tool changed the shape of the texture, from {}x{} to {}x{} pixels"
        raise ParameterError(message, "leave it out, or leave the mesh out", columns, rows, width, height)
