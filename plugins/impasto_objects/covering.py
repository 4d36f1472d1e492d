"""Covering of an object: each texel of its texture gets a place in a pattern, by unrolling it or by projection."""

from __future__ import annotations

import numpy as np

from impasto.atlas.canvas import ChartCanvas
from impasto.atlas.charts import Charts
from impasto.atlas.erasure import erase_seams
from impasto.atlas.mesh import Mesh
from impasto.atlas.sampling import sampled, turned
from impasto.context import Context
from impasto.errors import ParameterError
from impasto.texture import NORMAL_MAPS, Maps

from .parameters import CoverObjectParameters
from .projection import triplanar
from .unrolling import Unrolling

USUAL_SHARE = 0.5
"""Width of one repeat, relative to the object's longest side, where nothing states it."""
MOST_REPEATS = 1000.0
"""Repeats along the object's longest side above which a width in other units is meant."""


def covering(subject: Maps, mesh: Mesh, parameters: CoverObjectParameters, context: Context) -> Maps:
    """The subject's maps as the texture of a mesh. ParameterError for a repeat that is far smaller than the object."""
    longest_m = float(np.ptp(mesh.positions.reshape(-1, 3), axis=0).max())
    repeat_m = parameters.repeat_m or subject.width_m or USUAL_SHARE * longest_m
    if longest_m > MOST_REPEATS * repeat_m:
        message = f"the object is {longest_m:g} m long, and one repeat of the texture only {repeat_m:g} m"
        raise ParameterError(message, "give the width of a repeat in metres, or apply the object's scale")
    if not parameters.repeat_m:
        context.note(f"one repeat of the texture is {repeat_m:.3g} m wide")
    charts = Charts.of(mesh, parameters.size_px(subject))
    if parameters.way == "triplanar":
        context.progress(0.1, "Projecting")
        made = triplanar(subject, charts, repeat_m, parameters.turn, parameters.sharpness)
        return erase_seams(made, charts)
    context.progress(0.1, "Unrolling the object")
    canvas = ChartCanvas.of(charts)
    unrolling = Unrolling.of(charts)
    context.progress(0.4, "Laying the texture out")
    laid = _laid_out(subject, canvas, unrolling, repeat_m, np.deg2rad(parameters.turn))
    context.progress(0.7, "Joining seams")
    return erase_seams(canvas.fold(laid), charts)


def _laid_out(subject: Maps, canvas: ChartCanvas, unrolling: Unrolling, repeat_m: float, turn: float) -> Maps:
    """The subject's maps on the canvas, each chart at its place on the unrolled object."""
    chart, here_m = canvas.charts_in_metres()
    turns = unrolling.turns * np.exp(1j * turn)
    z = turns[chart] * (here_m[..., 0] + 1j * here_m[..., 1]) + unrolling.offsets[chart] * np.exp(1j * turn)
    height, width = subject.size_px
    places = np.stack([z.real / repeat_m, z.imag / (repeat_m * height / width)], -1)
    finer = width / repeat_m / canvas.density
    back = np.stack([np.stack([turns.real, turns.imag], 1), np.stack([-turns.imag, turns.real], 1)], 1)
    arrays = {}
    for name, texture in subject.items():
        values = sampled(texture.pixels, places, finer)
        arrays[name] = turned(values, back[chart]) if name in NORMAL_MAPS else values
    return Maps.from_arrays(arrays, height_range_m=subject.height_range_m)
