"""Covers an object with a pattern, unrolled or projected, or with texture grown from an example."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from impasto.atlas.canvas import ChartCanvas
from impasto.atlas.charts import NONE, Charts, slopes_of
from impasto.atlas.mesh import Mesh
from impasto.atlas.sampling import in_frame, samples
from impasto.atlas.seams import REACH_PX, erase_seams
from impasto.atlas.unrolling import unrolled_charts
from impasto.context import Context
from impasto.data.prepare import maps_at_scale
from impasto.errors import Message, ParameterError
from impasto.plugins.registry import registry
from impasto.texture import NORMAL_MAPS, Maps
from impasto.tools import validate

from .directed import pattern_places
from .parameters import CoverObjectParameters
from .projection import triplanar

SYNTHESIS = "patch-synthesis"
"""Tool that synthesises a texture from an example, also on a mesh's canvas."""
LEAST_DENSITY = 0.25
"""Smallest texel density of a canvas for a coarse example, relative to the texture's."""
USUAL_SHARE = 0.5
"""Default width of one repeat, relative to the object's longest side."""
CUT_PX = 1.0
"""Reach of corrections at the seams of a laid pattern. Where it cannot continue, as at a verge, it ends with a soft
edge; a longer reach would show the patterns of both sides over each other."""
STRETCH, LEAST_STRETCHED = 1.25, 0.05
"""UVs stretch a pattern above this factor, and a note says so above this share of the surface."""
MOST_REPEATS = 1000.0
"""With more repeats along the object's longest side, the width was meant in other units."""


def covering(subject: Maps, mesh: Mesh, parameters: CoverObjectParameters, context: Context) -> Maps:
    """The subject's maps as a mesh's texture. Raise ParameterError for a repeat far smaller than the object."""
    longest_m = float(np.ptp(mesh.positions.reshape(-1, 3), axis=0).max())
    repeat_m = parameters.repeat_m or subject.width_m or USUAL_SHARE * longest_m
    if longest_m > MOST_REPEATS * repeat_m:
        message = Message("the object is {:g} m long, and one repeat of the texture only {:g} m", longest_m, repeat_m)
        raise ParameterError(message, "give the width of a repeat in metres, or apply the object's scale")
    if not parameters.repeat_m:
        context.note("one repeat of the texture is {:.3g} m wide", repeat_m)
    charts = Charts.of(mesh, parameters.size_px(subject))
    if parameters.way == "triplanar":
        context.progress(0.1, "Projecting")
        covered = triplanar(subject, charts, repeat_m, parameters.turn, parameters.sharpness)
        return erase_seams(covered, charts, reach_px=CUT_PX)
    if (share := _stretched_share(charts)) > LEAST_STRETCHED:
        context.note("the UVs stretch what lies on {:.0%} of the surface: unwrap it with a smaller angle limit", share)
    context.progress(0.05, "Unrolling the object")
    laid_out = unrolled_charts(charts, parameters.turn)
    cover, reach_px = (_synthesis, REACH_PX) if parameters.way == "grown" else (_cover_of_plane, CUT_PX)
    covered = cover(subject, laid_out, repeat_m, context)
    context.progress(0.95, "Joining seams")
    return erase_seams(covered, charts, reach_px=reach_px)


def _stretched_share(charts: Charts) -> float:
    """Share of the surface on which a pattern's size is wrong by more than the factor `STRETCH`."""
    scales = np.linalg.svd(slopes_of(charts.in_metres, charts.mesh.positions, 1e-30), compute_uv=False)
    is_off = (np.abs(np.log(np.maximum(scales, 1e-9))) > np.log(STRETCH)).any(1) & (charts.chart != NONE)
    return float(charts.mesh.areas[is_off].sum() / charts.mesh.areas.sum())


def _synthesis(example: Maps, charts: Charts, width_m: float, context: Context) -> Maps:
    """The texture of these charts, synthesised on their canvas from an example of this width."""
    tool = registry().tool(SYNTHESIS)
    canvas, density = ChartCanvas.of(charts), example.size_px[1] / width_m
    if density < canvas.density:
        canvas = ChartCanvas.of(charts, max(density, LEAST_DENSITY * canvas.density))
    example = maps_at_scale(example, canvas.density / density)
    own = replace(
        context,
        canvas=canvas,
        on_progress=lambda fraction, message: context.progress(0.1 + 0.85 * fraction, message),
        on_preview=lambda maps: None,  # folding each would take as long as growing it
    )
    result = tool.apply(example, validate(tool, {}), {}, own)
    assert isinstance(result, Maps)
    return canvas.fold(result)


def _cover_of_plane(subject: Maps, charts: Charts, repeat_m: float, context: Context) -> Maps:
    """The texture of these charts, cut out of a plane covered with the pattern."""
    context.progress(0.4, "Laying the texture out")
    canvas = ChartCanvas.of(charts)
    height, width = subject.size_px
    in_metres, turns = pattern_places(canvas) if charts.is_directed.any() else (canvas.in_metres, None)
    places = in_metres / (repeat_m, repeat_m * height / width)
    finer = width / repeat_m / canvas.density
    laid = {name: samples(texture.pixels, places, finer) for name, texture in subject.items()}
    if turns is not None:
        laid |= {name: in_frame(laid[name], turns) for name in NORMAL_MAPS & laid.keys()}
    return canvas.fold(subject.with_arrays(laid), fades=False)
