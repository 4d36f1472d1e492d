"""A full set of maps from a subject: each map is the subject's own, or estimated from the maps before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from impasto.context import Context
from impasto.data.tiling import tiles
from impasto.errors import ParameterError
from impasto.numerics.borders import Plane
from impasto.surface.color_tensors import linear_to_srgb, luma, srgb_to_linear
from impasto.surface.heights import UNKNOWN_RELIEF, integrate, slopes_from_normal
from impasto.surface.illumination import delight, illumination
from impasto.surface.relief import normal_from_height, without_rounding
from impasto.surface.resizing import few_colors
from impasto.texture import Maps

from . import relief
from .decisions import decisions
from .network import load_recognition
from .parameters import PhotoMapsParameters
from .prior import Brightness, towards
from .recognition import Recognition, recognise, strength
from .shading import ambient_occlusion, roughness

WIDTH_M = 1.0  # of a picture whose width is not stated
MOST_PX = 36_000_000
"""Most pixels of a picture, since its relief is computed all at once."""
COMPLETE = {"base_color", "height", "normal", "roughness", "ambient_occlusion"}


def estimate_maps(subject: Maps, parameters: PhotoMapsParameters, context: Context) -> Maps:
    """All maps of the subject's surface; see `PhotoMaps`."""
    context.progress(0.0, "looking at the picture")
    _check_size(subject.size_px)
    if parameters.keep_given and set(subject) >= COMPLETE:
        return _with_metallic(subject, parameters.metallic)
    tensors = _tensors(subject, context.device)
    base_color = tensors["base_color"]
    fixed = tensors if parameters.keep_given else {}
    plane = Plane.around(subject.size_px, tiles(subject, parameters.tiling))
    arrays: dict[str, np.ndarray] = {}
    if parameters.delight > 0 and not few_colors(subject):
        context.progress(0.1, "evening the light")
        base_color = _delight(base_color, plane, parameters.delight)
        arrays["base_color"] = _array(base_color)
        context.preview(Maps.from_arrays({"base_color": arrays["base_color"]}))
    context.progress(0.3, "finding the height")
    L = luma(base_color)
    del base_color
    found = _recognition(tensors.pop("base_color"), fixed, plane, parameters, context)
    height, span_px = _height(found, fixed, plane, parameters)
    range_m = _range_m(subject, fixed, span_px, parameters)
    scale_px = range_m / (subject.width_m or WIDTH_M) * subject.size_px[1]  # from height 0 to height 1
    arrays["height"] = _array(height)
    context.progress(0.5, "turning height into normals")
    height_px = plane.extend(without_rounding(height) * scale_px)
    arrays["normal"] = _array(plane.crop(normal_from_height(height_px)))
    context.progress(0.7, "shading the crevices")
    radius_px = parameters.occlusion_radius * subject.size_px[1]
    arrays["ambient_occlusion"] = _array(plane.crop(ambient_occlusion(height_px, radius_px, parameters.occlusion)))
    context.progress(0.9, "finding the roughness")
    base = plane.extend(found.roughness) if found and not parameters.roughness else parameters.roughness
    arrays["roughness"] = _array(
        plane.crop(roughness(plane.extend(L), height_px, plane.scale_px, base, parameters.roughness_variation))
    )
    arrays["metallic"] = np.full(subject.size_px, parameters.metallic, np.float32)
    if found and not {"height", "normal"} & set(fixed):
        arrays["confidence"] = _array(found.confidence)
    new = {name: x for name, x in arrays.items() if name not in fixed}
    context.progress(1.0)
    return replace(subject.with_arrays(new), height_range_m=range_m)


def _check_size(size_px: tuple[int, int]) -> None:
    height, width = size_px
    if height * width > MOST_PX:
        share = (MOST_PX / (height * width)) ** 0.5
        message = "the picture has {}x{} px, and the limit for a relief is {:g} million"
        raise ParameterError(message, "crop it, or scale it by {:.2f} or less", width, height, MOST_PX / 1e6, share)


def _with_metallic(subject: Maps, metallic: float) -> Maps:
    """A complete set with a `metallic` map if it had none. Light is removed only from photographs."""
    if "metallic" in subject:
        return subject
    return subject.with_arrays({"metallic": np.full((*subject.size_px, 1), metallic, np.float32)})


def _tensors(subject: Maps, device: str) -> dict[str, torch.Tensor]:
    """The maps that describe the surface, as (C, H, W), or (H, W) for one channel; base colour as sRGB."""
    tensors = {}
    for name in ("base_color", "height", "normal", "roughness", "metallic", "ambient_occlusion"):
        if name in subject:
            x = torch.from_numpy(subject[name].pixels).to(device).permute(2, 0, 1).contiguous()
            x = linear_to_srgb(x) if subject[name].color_space == "linear" else x
            tensors[name] = x if name in ("base_color", "normal") else x[0]
    return tensors


def _array(x: torch.Tensor) -> np.ndarray:
    """A copy of a map (C, H, W) or (H, W) as an array (H, W, C) or (H, W)."""
    return (x.permute(1, 2, 0) if x.ndim == 3 else x).contiguous().cpu().numpy()


def _delight(base_color: torch.Tensor, plane: Plane, strength: float) -> torch.Tensor:
    albedo = srgb_to_linear(base_color)
    light = plane.crop(illumination(plane.extend(albedo), plane.scale_px))
    return linear_to_srgb(delight(albedo, light, strength))


def _recognition(
    picture: torch.Tensor,
    fixed: dict[str, torch.Tensor],
    plane: Plane,
    parameters: PhotoMapsParameters,
    context: Context,
) -> Recognition | None:
    """Findings about an sRGB-encoded picture (3, H, W) with its light; None if none of them is needed."""
    has_relief = bool({"height", "normal"} & set(fixed))
    if has_relief and ("roughness" in fixed or parameters.roughness > 0):
        return None
    network, linear = load_recognition().to(picture.device), srgb_to_linear(picture)
    if is_lit := parameters.light_azimuth >= 0:
        toward = towards(parameters.light_azimuth).to(picture)
        found = recognise(network, linear, plane.wraps, toward)
        if not (is_lit := Brightness.of_picture(linear, plane).is_explained(found.slopes, toward)):
            context.note(
                "a light at {:.0f}° does not explain the picture, so its light was treated as unknown: check "
                "Light Azimuth",
                parameters.light_azimuth,
            )
    if is_lit:
        factor = strength(found, None)
    else:
        found = recognise(network, linear, plane.wraps, picture.new_zeros(2))
        factor = strength(found, Brightness.of_picture(linear, plane))
        del linear  # free this memory, since the next steps need much
        factor *= sign(found, picture, plane, parameters)
    found = replace(found, slopes=found.slopes * factor)
    if not has_relief:
        context.note(decisions(found, parameters))
    return found


def sign(found: Recognition, picture: torch.Tensor, plane: Plane, parameters: PhotoMapsParameters) -> int:
    """-1 if what lies low is known to be the light parts of an sRGB-encoded picture, or its dark ones, and the slopes
    say the contrary; else 1."""
    light = plane.extend(luma(picture))
    is_low = {"dark": False, "light": True, "auto": None}[parameters.low_parts]
    if is_low is None and relief.pale_is_deep(light, plane.scale_px):
        is_low = True
    if is_low is None:
        return 1
    rising = torch.stack([torch.roll(light, -1, axis) - torch.roll(light, 1, axis) for axis in (1, 0)])
    stands_out = bool((plane.crop(rising) * found.slopes).sum() > 0)
    return -1 if stands_out == is_low else 1


def _height(
    found: Recognition | None, fixed: dict[str, torch.Tensor], plane: Plane, parameters: PhotoMapsParameters
) -> tuple[torch.Tensor, float]:
    """Height (H, W) in [0, 1] and its range in pixels: given, from given normals, or recognised."""
    if "height" in fixed:
        return fixed["height"], UNKNOWN_RELIEF * plane.scale_px
    if "normal" in fixed or found is None:
        normal_slopes = slopes_from_normal(fixed["normal"].permute(1, 2, 0).cpu().numpy())
        return _integrate(normal_slopes, plane, fixed["normal"].device)
    slopes = relief.rebalance(found.slopes * parameters.relief, plane.scale_px, parameters.shape_size)
    if parameters.invert_height:
        slopes = -slopes
    height, span_px = _integrate(slopes.permute(1, 2, 0).cpu().numpy(), plane, slopes.device)
    return relief.with_contrast(height, parameters.height_contrast), span_px


def _integrate(slopes: np.ndarray, plane: Plane, device: torch.device) -> tuple[torch.Tensor, float]:
    """Height (H, W) in [0, 1] and its range in pixels, from slopes (H, W, 2)."""
    height_px = torch.from_numpy(integrate(slopes, plane.wraps)).to(device, torch.float32)
    height, span = relief.as_height(height_px / plane.scale_px)
    return height, span * plane.scale_px


def _range_m(subject: Maps, fixed: dict[str, torch.Tensor], span_px: float, parameters: PhotoMapsParameters) -> float:
    """Height range in metres: as requested, as stated with the given height, or estimated."""
    if parameters.height_range_m > 0:
        return parameters.height_range_m
    if "height" in fixed and subject.height_range_m is not None:
        return subject.height_range_m
    return span_px / subject.size_px[1] * (subject.width_m or WIDTH_M)
