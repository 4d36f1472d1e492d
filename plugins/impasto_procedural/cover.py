"""The filter `cover`: a procedural material that lies on any surface, such as snow on rock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Filter, Inputs, Parameters

from .catalogue import FILTERS, parameters_of

if TYPE_CHECKING:
    from torch import Tensor

    from .canvas import Canvas, Look
    from .drawing import Drawing

UNKNOWN_WIDTH_M = 1.0
BIAS = {"hollows": 1.2, "patches": 0.0, "tops": -1.2, "runs": 0.0, "joints": 0.0}
"""Weight of depth below the surroundings, relative to that of random patches."""
QUANTILE_PX = 1024
"""Approximate number of rows and columns for measuring the covered share."""
RUNS_OF_PATCH = 14
"""Number of runs side by side below a patch."""
FEWEST_PARTS = 3
"""Fewest patches across the picture."""
JOINT_M, JOINT_OF_WIDTH = 0.05, 0.05
"""Widest joints that can be filled, in metres and as a share of the picture's width."""
FEW = 0.99
"""Quantile of depth at the bottom of joints or cracks that are filled."""


class Cover(Filter):
    """Lays a procedural material over its subject, in hollows, on tops or in patches, with all maps."""

    name, label = "cover", "Cover"
    description = (
        "Lays snow, moss, grass, leaves, needles, sand, gravel, rust, soil, ivy, verdigris, plaster, lime wash, "
        "metal leaf or clear water over a material, in hollows, on tops, in patches or in runs"
    )
    group = "Age"
    needs = ("base_color", "height")
    parameters = parameters_of("Cover", FILTERS["cover"], Parameters, {})

    def apply(self, subject: Maps, parameters: Look, inputs: Inputs, context: Context) -> Maps:
        """Cover the subject's maps; normals and occlusion follow from the new height."""
        from .canvas import Canvas
        from .catalogue import all_materials
        from .weathering import weather

        context.progress(0.0, "Drawing {}", parameters.material)
        name = FILTERS["cover"]["drawn_by"].get(parameters.material, parameters.material)
        material = next(item for item in all_materials() if item.name == name)
        width_m = subject.width_m or UNKNOWN_WIDTH_M
        canvas = Canvas(subject.size_px, width_m, int(context.rng.integers(2**31)), context.device)
        values = {**FILTERS["cover"]["own"].get(parameters.material, {}), "width_m": min(max(width_m, 0.001), 100.0)}
        own: Any = material.parameters.model_validate({**values, "wetness": parameters.wetness})
        layer = weather(material.drawing(canvas, own), canvas, own, material.stands)
        below = drawing_of(subject, canvas)
        value = layer.color.mean(0, keepdim=True)
        tint = canvas.color(parameters.color) * value / value.mean().clamp_min(1e-6)
        layer = replace(layer, color=layer.color + parameters.tinted * (tint - layer.color))
        if parameters.material == "water":
            layer = _clear_water(canvas, below)
        context.progress(0.6, "Laying it over the surface")
        return redrawn(subject, _cover(below, layer, canvas, parameters), canvas)


def _clear_water(canvas: Canvas, below: Drawing) -> Drawing:
    """Shallow clear water: the ground, bent and tinted, under bright lines of light, and a smooth surface."""
    from .shaping import mix, step

    size_m = canvas.width_m / 7
    warp = canvas.sway("bent", 0.25 * size_m, 1.5 * size_m, 3)
    nets = [canvas.cells(f"light {k}", size_m * scale, warp=warp).to_border_m for k, scale in enumerate((1.0, 0.6))]
    lee_m = 1.5 * canvas.texel_m
    slope = canvas.warp(below.height_m, -lee_m, -lee_m) - canvas.warp(below.height_m, lee_m, lee_m)
    deep = canvas.blur(below.height_m, 0.15 * size_m) - below.height_m
    shade = 1 - 0.22 * (slope / slope.std().clamp_min(1e-9)).clamp(-2, 2)
    shade = shade - 0.2 * (deep / deep.std().clamp_min(1e-9)).clamp(-1, 2)
    light = sum((1 - net / (0.07 * size_m)).clamp_min(0).square() for net in nets)
    ripple = canvas.noise("ripple", 0.6 * size_m, octaves=3)
    shift_m = 0.012 * size_m * ripple
    seen = canvas.warp(below.color * shade.clamp_min(0.15), shift_m, shift_m)
    seen = mix(seen * canvas.color((0.90, 0.96, 0.95)), canvas.color((0.25, 0.50, 0.50)), 0.05)
    seen = seen * (1.0 + 0.12 * ripple) + 0.5 * light * (0.1 + seen)
    sky = step(ripple, 1.3, 2.3) * canvas.color((0.78, 0.86, 0.9))
    return replace(
        below, color=(seen + 0.12 * sky).clamp(0, 1), height_m=0.012 * size_m * ripple, roughness=0.03, metallic=0.0
    )


def redrawn(subject: Maps, drawing: Drawing, canvas: Canvas) -> Maps:
    """Maps of a drawing on a subject, and the subject's other maps as they are."""
    from .maps import maps_of

    maps = maps_of(drawing, canvas)
    other_maps = {name: subject[name].pixels for name in subject if name not in maps}
    return maps.with_arrays(other_maps) if other_maps else maps


def drawing_of(maps: Maps, canvas: Canvas) -> Drawing:
    """Maps as a drawing, without normals and occlusion, which follow from the height."""
    import torch

    from impasto.surface.color import srgb_to_linear
    from impasto.surface.heights import UNKNOWN_RELIEF

    from .drawing import Drawing

    def plane(name: str, default: float) -> Tensor | float:
        return torch.from_numpy(maps[name].pixels[..., 0]).to(canvas.device) if name in maps else default

    range_m = UNKNOWN_RELIEF * canvas.width_m if maps.height_range_m is None else maps.height_range_m
    color = torch.from_numpy(srgb_to_linear(maps["base_color"].pixels)).permute(2, 0, 1).to(canvas.device)
    height_m = torch.from_numpy(maps["height"].pixels[..., 0]).to(canvas.device) * range_m
    light: Tensor | float = 0.0
    if "emission" in maps:
        light = torch.from_numpy(srgb_to_linear(maps["emission"].pixels)).permute(2, 0, 1).to(canvas.device)
    values = (plane("roughness", 0.8), plane("metallic", 0.0), light, plane("transmission_weight", 0.0))
    return Drawing(color, height_m, *values)


def _cover(below: Drawing, layer: Drawing, canvas: Canvas, p: Look) -> Drawing:
    """The drawing below, covered by a layer that follows its coarse relief."""
    from .details import joint_depth
    from .shaping import step

    patch_m = min(p.patch_m, canvas.width_m / FEWEST_PARTS)
    patches = canvas.noise("cover", patch_m, octaves=5, gain=0.6)
    if p.place == "runs":
        lines = canvas.noise("runs", patch_m / RUNS_OF_PATCH, octaves=3, gain=0.7, stretch=(30, 1))
        sources = step(patches, 0.6, 1.4) * step(lines, -0.3, 1.3)
        patches = 12 * canvas.trails(sources, 1.3 * patch_m) + 0.25 * patches
    around = canvas.blur(below.height_m, canvas.width_m / 40)
    depth = around - below.height_m
    field = patches + BIAS[p.place] * depth / depth.std(correction=0).clamp_min(1e-7)
    skip = max(1, min(field.shape) // QUANTILE_PX)
    low = field[::skip, ::skip].flatten().quantile(1 - p.amount)
    spread = (0.02 + 0.6 * p.edge) * field.std(correction=0) + 1e-6
    mask = step(field, low - spread, low + spread) if 0 < p.amount < 1 else p.amount + 0 * field
    if p.place == "joints":
        joint_m = min(JOINT_M, JOINT_OF_WIDTH * canvas.width_m)
        inside = joint_depth(canvas, below.height_m, joint_m, FEW)[1]
        joint = inside.maximum(2 * canvas.blur(inside, 0.3 * joint_m)) + 0.25 * patches
        mask = step(joint, 1.1 - 1.3 * p.amount, 1.2 - 1.3 * p.amount + 0.4 * p.edge)
    smooth = canvas.blur(below.height_m, max(p.thickness_m, canvas.texel_m))
    relief = layer.height_m - layer.height_m.mean()
    return below.under(replace(layer, height_m=smooth + p.thickness_m + relief), mask)
