"""Maps from a drawing; normals and occlusion follow from its height."""

from __future__ import annotations

from impasto.surface.color import linear_to_srgb
from impasto.surface.relief import with_relief
from impasto.texture import Maps

from .canvas import Canvas
from .drawing import Drawing, is_there

FLATTEST_M = 1e-6


def maps_of(drawing: Drawing, canvas: Canvas) -> Maps:
    """All maps of a drawing; emission and transmission only if it has any."""
    color = linear_to_srgb(drawing.color.clamp(0, 1).expand(3, *canvas.size_px).permute(1, 2, 0).cpu().numpy())
    low = drawing.height_m.min()
    range_m = max(float(drawing.height_m.max() - low), FLATTEST_M)
    flat = drawing.height_m.new_zeros(canvas.size_px)
    arrays = {
        "base_color": color,
        "height": ((drawing.height_m - low) / range_m).expand(canvas.size_px).cpu().numpy(),
        "roughness": (flat + drawing.roughness).clamp(0.02, 1).cpu().numpy(),
        "metallic": (flat + drawing.metallic).clamp(0, 1).cpu().numpy(),
    }
    if is_there(drawing.emission):
        light = (flat + drawing.emission).clamp(0, 1).expand(3, *canvas.size_px)
        arrays["emission"] = linear_to_srgb(light.permute(1, 2, 0).cpu().numpy())
    if is_there(drawing.transmission):
        arrays["transmission_weight"] = (flat + drawing.transmission).clamp(0, 1).cpu().numpy()
    maps = Maps.from_arrays(arrays, width_m=canvas.width_m, height_range_m=range_m)
    return with_relief(maps, canvas.device)
