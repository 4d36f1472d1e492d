"""Figures in or on a surface, which the filter `marks` draws: bands, streaks, thin films, ornaments and studs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from torch import Tensor

from .canvas import Canvas, Look
from .drawing import Drawing
from .motifs import MOTIFS
from .pieces import looks
from .shaping import mix, step


def figure(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor, look: Look) -> Drawing:
    """Places where a field of noise, or the sine of a multiple, is high, in a second colour."""
    field = canvas.noise("figure", size_m, octaves=look.octaves, gain=look.gain, stretch=tuple(look.stretch))
    field = canvas.warp(field, *canvas.sway("fold", look.fold * size_m, 1.5 * size_m))
    if look.bands:
        field = (math.tau * look.bands * field).sin()
    mask = step(field + look.more * (amount - 0.5), look.low, look.high)
    rough = mix(drawing.roughness, look.roughness, mask) if look.roughness else drawing.roughness
    shade = mix(drawing.color, mix(color, color * drawing.color, look.own), mask)
    return replace(drawing, color=shade, roughness=rough)


def rainbow(canvas: Canvas, phase: Tensor) -> Tensor:
    """Linear colours (3, H, W) of a thin film, by its thickness in radians (H, W)."""
    return canvas.stack([0.5 + 0.5 * (phase + shift).cos() for shift in (0.0, 2.1, 4.2)])


def film(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """A thin film with the colours of the rainbow, as on heated metal, nacre and the wings of beetles."""
    hues = rainbow(canvas, 2.2 * canvas.noise("film", size_m, octaves=5, gain=0.4))
    shade = mix(drawing.color, (1.3 * drawing.color.mean(0, keepdim=True) + 0.06) * hues, 0.25 + 0.75 * amount)
    return replace(drawing, color=shade.clamp(0, 0.95))


def ornament(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor, motif: str) -> Drawing:
    """A motif in paint or inlay, with details in a thinner wash of the same colour."""
    second, third = (share.clamp(0, 1) for share in MOTIFS[motif](canvas, size_m))
    wash = mix(color, 0.5 * (color + drawing.color), third)
    paint = replace(drawing, color=wash * (0.92 + 0.08 * canvas.noise("brush", 0.1 * size_m, octaves=3)))
    return drawing.under(paint, (second.maximum(third) * (0.6 + 0.8 * amount)).clamp(0, 1))


def studs(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Domed heads of nails and rivets in rows."""
    heads = canvas.cells("studs", 7 * size_m / (0.5 + amount), jitter=0)
    dome = (1 - (heads.from_center_m / (0.5 * size_m)).square()).clamp_min(0).sqrt()
    there = step(dome, 0.0, 0.25)
    shadow = 1 - 0.4 * step(canvas.blur(there, 0.15 * size_m), 0.0, 0.5) * (1 - there)
    metal = Drawing(color * (0.6 + 0.4 * dome), drawing.height_m + 0.3 * size_m * dome, 0.4, 0.8)
    return drawing.with_tint(shadow).under(metal, there)


FIGURES: Mapping[str, Callable[[Canvas, Drawing, float, float, Tensor], Drawing]] = {
    "film": film,
    "studs": studs,
    **{kind: partial(figure, look=look) for kind, look in looks("figures.toml").items()},
    **{f"painted-{motif}": partial(ornament, motif=motif) for motif in ("flowers", "damask", "scroll")},
}
"""Figures by kind, with the arguments of traces."""
