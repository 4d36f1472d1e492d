"""Maps from a drawing; normals and occlusion follow from its height."""

from __future__ import annotations

from impasto.surface.color import linear_to_srgb
from impasto.surface.relief import with_relief
from impasto.texture import Maps

from .canvas import Canvas
from .drawing import Drawing, is_there

FLATTEST_M = 1e-6


def maps_of(surface: Drawing, canvas: Canvas) -> Maps:
    """All maps of a drawing; emission and transmission only if it has any."""
    color = linear_to_srgb(surface.color.clamp(0, 1).expand(3, *canvas.size_px).permute(1, 2, 0).cpu().numpy())
    low = surface.height_m.min()
    range_m = max(float(surface.height_m.max() - low), FLATTEST_M)
    flat = surface.height_m.new_zeros(canvas.size_px)
    arrays = {
        "base_color": color,
        "height": ((surface.height_m - low) / range_m).expand(canvas.size_px).cpu().numpy(),
        "roughness": (flat + surface.roughness).clamp(0.02, 1).cpu().numpy(),
        "metallic": (flat + surface.metallic).clamp(0, 1).cpu().numpy(),
    }
    if is_there(surface.emission):
        light = (flat + surface.emission).clamp(0, 1).expand(3, *canvas.size_px)
        arrays["emission"] = linear_to_srgb(light.permute(1, 2, 0).cpu().numpy())
    if is_there(surface.transmission):
        arrays["transmission_weight"] = (flat + surface.transmission).clamp(0, 1).cpu().numpy()
    maps = Maps.from_arrays(arrays, width_m=canvas.width_m, height_range_m=range_m)
    return with_relief(maps, canvas.device)
