"""Random surfaces with their true maps, for training: materials at random, mixed, warped, recoloured and painted on.

Colour must not give the relief away, so many mixtures have the colours of something else: another material's, a
photograph's, or a flat surface's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import numpy as np
from pydantic.fields import FieldInfo
from torch import Tensor
from torch.nn.functional import interpolate

from impasto_procedural.canvas import Canvas
from impasto_procedural.catalogue import all_materials
from impasto_procedural.drawing import Drawing
from impasto_procedural.parameters import WeatheringLayers
from impasto_procedural.shaping import gradient, mix, step
from impasto_procedural.weathering import weather

DEFAULT_SHARE, WEATHERED_SHARE = 0.4, 0.25
"""Shares of parameters that keep their defaults, and of layers of weathering that are there."""
WIDTHS = (0.3, 1.3)
"""Range of the tile's width, relative to the material's own."""
MIXED, WARPED, RECOLOURED, PAINTED, FLAT, METAL = 0.35, 0.3, 0.5, 0.25, 0.12, 0.06
"""Shares of mixtures of two materials, and of those that are warped, recoloured, painted on, flat, and metal."""


def mixture(side_px: int, seed: int, pictures: Sequence[Tensor] = (), device: str = "cpu") -> tuple[Drawing, Canvas]:
    """A random periodic surface (side_px, side_px), always the same for a seed.

    pictures: linear colours (3, H, W) of photographs, which some surfaces are painted with; their relief is not known,
    so they are laid on another one.
    """
    rng = np.random.default_rng(seed)
    drawing, canvas = _draw(rng, side_px, device)
    if rng.random() < MIXED:
        drawing = drawing.under(_draw(rng, side_px, device, canvas.width_m)[0], _mask(rng, canvas, drawing))
    if rng.random() < WARPED:
        drawing = _warp(rng, canvas, drawing)
    if rng.random() < RECOLOURED:
        drawing = replace(drawing, color=_recolor(rng, canvas, drawing.color))
    if rng.random() < PAINTED:
        drawing = _paint_over(rng, canvas, drawing, pictures)
    if rng.random() < FLAT:
        drawing = _flat(rng, canvas, drawing, pictures)
    elif rng.random() < 0.5:
        drawing = replace(drawing, height_m=drawing.height_m * math.exp(rng.normal(0, 0.4)))
    if rng.random() < METAL:
        drawing = replace(drawing, metallic=1.0, color=drawing.color.clamp_min(0).sqrt())
    return _with_roughness(rng, canvas, drawing), canvas


def _draw(rng: np.random.Generator, side_px: int, device: str, width_m: float = 0.0) -> tuple[Drawing, Canvas]:
    """One material with random parameters, on a canvas of the given width, or one that suits it."""
    material = all_materials()[rng.integers(len(all_materials()))]
    values = {name: _random_value(rng, name, field) for name, field in material.parameters.model_fields.items()}
    values |= {"width_px": side_px, "height_px": side_px}
    own_m = material.parameters.model_fields["width_m"].default
    values["width_m"] = width_m or own_m * math.exp(rng.uniform(*np.log(WIDTHS)))
    parameters: Any = material.parameters.model_validate(values)
    canvas = Canvas((side_px, side_px), parameters.width_m, int(rng.integers(2**31)), device)
    return weather(material.drawing(canvas, parameters), canvas, parameters), canvas


def _random_value(rng: np.random.Generator, name: str, field: FieldInfo) -> Any:
    """A random valid value of a parameter, often near its default."""
    if name in WeatheringLayers.model_fields:
        return rng.random() ** 1.5 if rng.random() < WEATHERED_SHARE else 0.0
    default, kind = field.default, field.annotation
    if get_origin(kind) is Literal:
        return get_args(kind)[rng.integers(len(get_args(kind)))]
    if isinstance(default, tuple):
        return tuple(np.clip(np.array(default) * (1 + rng.normal(0, 0.25)) + rng.normal(0, 0.06, 3), 0.02, 0.98))
    if isinstance(default, bool) or isinstance(kind, UnionType) or not isinstance(default, float):
        return default
    if rng.random() < DEFAULT_SHARE:
        return default
    low, high = _limits(field)
    if default > 0 and high > 20 * max(low, default / 20):  # a length
        return float(np.clip(default * math.exp(rng.normal(0, 0.5)), low, high))
    return float(np.clip(rng.uniform(low, high), low, high))


def _limits(field: FieldInfo) -> tuple[float, float]:
    limits = {key: getattr(item, key) for item in field.metadata for key in ("ge", "le") if hasattr(item, key)}
    return float(limits.get("ge", 0.0)), float(limits.get("le", 1.0))


def _mask(rng: np.random.Generator, canvas: Canvas, drawing: Drawing) -> Tensor:
    """Mask (H, W) of the second material: in patches, or in what is low or high."""
    patches = canvas.noise("mixture", canvas.width_m / rng.uniform(2, 8), octaves=6, gain=rng.uniform(0.4, 0.7))
    relief = drawing.height_m - drawing.height_m.mean()
    cover = patches + rng.uniform(-1.5, 1.5) * relief / relief.std().clamp_min(1e-7)
    low = float(rng.normal(0, 0.7))
    return step(cover, low, low + rng.uniform(0.02, 0.6))


def _warp(rng: np.random.Generator, canvas: Canvas, drawing: Drawing) -> Drawing:
    """All maps, warped by the same field."""
    size_m = canvas.width_m / rng.uniform(2, 8)
    amount_m = size_m * rng.uniform(0.03, 0.25)
    y_m, x_m = (amount_m * canvas.noise(name, size_m, octaves=2) for name in ("bend y", "bend x"))
    fields = [*drawing.color.expand(3, *canvas.size_px), drawing.height_m]
    fields += [drawing.height_m * 0 + value for value in (drawing.roughness, drawing.metallic)]
    bent = canvas.warp(canvas.stack(fields), y_m, x_m)
    return Drawing(bent[:3], bent[3], bent[4], bent[5])


def _recolor(rng: np.random.Generator, canvas: Canvas, color: Tensor) -> Tensor:
    """The colour (3, H, W) with other hues, contrast and brightness; sometimes as a negative."""
    logs = (color.clamp_min(0) + 0.01).log()
    means = logs.mean((1, 2), keepdim=True)
    shuffle = rng.dirichlet((0.6, 0.6, 0.6), 3) if rng.random() < 0.5 else np.eye(3)
    detail = (logs.new_tensor(shuffle) @ (logs - means).flatten(1)).view_as(logs)
    contrast = rng.uniform(0.2, 1.6) * (-1 if rng.random() < 0.3 else 1)
    base = means if rng.random() < 0.5 else logs.new_tensor(np.log(_random_color(rng)))[:, None, None]
    return (base + contrast * detail).exp().clamp(0.005, 0.95)


def _random_color(rng: np.random.Generator) -> np.ndarray:
    """Linear reflectances (3,): rarely saturated."""
    return np.clip(rng.uniform(0.03, 0.7) * np.exp(rng.normal(0, 0.3, 3)), 0.02, 0.9)


def _paint_over(rng: np.random.Generator, canvas: Canvas, drawing: Drawing, pictures: Sequence[Tensor]) -> Drawing:
    """The surface with colours that have nothing to do with its relief, all over or in patches."""
    paint = _paint(rng, canvas, pictures)
    patches = canvas.noise("painted", canvas.width_m / rng.uniform(1, 6), octaves=3)
    mask = 1.0 if rng.random() < 0.5 else step(patches, 0.0, 0.3)
    return replace(drawing, color=mix(drawing.color, paint, mask))


def _paint(rng: np.random.Generator, canvas: Canvas, pictures: Sequence[Tensor]) -> Tensor:
    """Colour (3, H, W): a photograph's, another material's, or a pattern of noise."""
    kind = rng.random()
    if pictures and kind < 0.5:
        picture = pictures[int(rng.integers(len(pictures)))].to(canvas.device)
        side = int(rng.integers(min(canvas.size_px[0], *picture.shape[1:]) // 2, min(picture.shape[1:])))
        top, left = (int(rng.integers(length - side + 1)) for length in picture.shape[1:])
        part = picture[None, :, top : top + side, left : left + side]
        return interpolate(part, canvas.size_px, mode="bilinear", antialias=True)[0].rot90(int(rng.integers(4)), (1, 2))
    if kind < 0.8:
        return _draw(rng, canvas.size_px[0], canvas.device, canvas.width_m)[0].color
    shades = [canvas.color(tuple(rng.random(3))) for _ in range(rng.integers(2, 5))]
    field = canvas.noise("paint", canvas.width_m / rng.uniform(2, 40), octaves=int(rng.integers(1, 6)))
    sharpness = rng.uniform(0.3, 8)
    return gradient(0.5 + 0.2 * field, shades) if sharpness < 2 else gradient(step(field, 0.0, 1 / sharpness), shades)


def _flat(rng: np.random.Generator, canvas: Canvas, drawing: Drawing, pictures: Sequence[Tensor]) -> Drawing:
    """A nearly flat surface in the same or other colours."""
    color = _paint(rng, canvas, pictures) if rng.random() < 0.5 else drawing.color
    return replace(drawing, color=color, height_m=drawing.height_m * (rng.random() ** 3 * 0.1))


def _with_roughness(rng: np.random.Generator, canvas: Canvas, drawing: Drawing) -> Drawing:
    """The surface, sometimes polished or dull."""
    rough = drawing.roughness + drawing.height_m * 0
    if rng.random() < 0.4:
        rough = rng.uniform(0.05, 0.95) + rng.uniform(0.2, 1.2) * (rough - rough.mean())
    return replace(drawing, roughness=rough.clamp(0.02, 1), metallic=drawing.metallic + drawing.height_m * 0)
