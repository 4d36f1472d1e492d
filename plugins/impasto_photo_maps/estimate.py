"""A full set of maps from a subject: each map is the subject's own, or estimated from those before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from impasto.context import Context
from impasto.data.tiling import tiles
from impasto.errors import ParameterError
from impasto.numerics.borders import Plane
from impasto.surface.color_tensors import linear_to_srgb, luma, srgb_to_linear
from impasto.surface.heights import integrate, slopes_from_normal
from impasto.surface.illumination import delight, illumination
from impasto.surface.relief import UNKNOWN_RELIEF, normal_from_height, without_rounding
from impasto.texture import Maps

from . import relief
from .parameters import PhotoMapsParameters
from .prior import Brightness, towards
from .shading import ambient_occlusion, roughness
from .shares import likely_slopes, load_network
from .steepness import fitted_steepness

WIDTH_M = 1.0  # of a picture whose width is not stated
HALF_TRUSTED_DEGREES = 10.0
"""Expected angle between normals and true ones at which confidence is a half."""
BLANK_DEGREES = 1.0
"""Mean tilt below which a note says that there is hardly any relief."""
MOST_PX = 36_000_000
"""Limit of a picture, whose relief is found as a whole."""
COMPLETE = {"base_color", "height", "normal", "roughness", "ambient_occlusion"}


def estimate_maps(subject: Maps, parameters: PhotoMapsParameters, context: Context) -> Maps:
    """All maps of the subject's surface; see `PhotoMaps`."""
    context.progress(0.0, "looking at the picture")
    _check_size(subject.size_px)
    if parameters.keep_given and set(subject) >= COMPLETE:
        return _with_metallic(subject, parameters.metallic)
    given = _tensors(subject, context.device)
    base_color = given["base_color"]
    kept = given if parameters.keep_given else {}
    plane = Plane.around(subject.size_px, tiles(subject, parameters.tiling))
    made: dict[str, torch.Tensor] = {}
    if parameters.delight > 0:
        context.progress(0.1, "evening the light")
        made["base_color"] = base_color = _delight(base_color, plane, parameters.delight)
        context.preview(Maps.from_arrays(_arrays({"base_color": base_color})))
    context.progress(0.3, "finding the height")
    L = luma(base_color)
    height, span_px, error = _height(given["base_color"], kept, plane, parameters, context)
    range_m = _range_m(subject, kept, span_px, parameters)
    scale_px = range_m / (subject.width_m or WIDTH_M) * subject.size_px[1]  # from height 0 to height 1
    made["height"] = height
    context.progress(0.5, "turning height into normals")
    height_px = plane.extend(without_rounding(height) * scale_px)
    made["normal"] = plane.crop(normal_from_height(height_px * parameters.normal_strength))
    context.progress(0.7, "shading the crevices")
    radius_px = parameters.occlusion_radius * subject.size_px[1]
    made["ambient_occlusion"] = plane.crop(ambient_occlusion(height_px, radius_px, parameters.occlusion))
    context.progress(0.9, "finding the roughness")
    made["roughness"] = plane.crop(
        roughness(plane.extend(L), height_px, plane.scale_px, parameters.roughness, parameters.roughness_variation)
    )
    made["metallic"] = torch.full_like(L, parameters.metallic)
    if error is not None:
        made["confidence"] = 1 / (1 + (error.rad2deg() / HALF_TRUSTED_DEGREES).square())
    new = {name: x for name, x in made.items() if name == "base_color" or name not in kept}
    context.progress(1.0)
    return replace(subject.with_arrays(_arrays(new)), height_range_m=range_m)


def _check_size(size_px: tuple[int, int]) -> None:
    height, width = size_px
    if height * width > MOST_PX:
        share = (MOST_PX / (height * width)) ** 0.5
        raise ParameterError(
            f"the picture has {width}x{height} px, more than the {MOST_PX / 1e6:g} million that a relief is read of",
            f"crop it, or scale it by {share:.2f} or less",
        )


def _with_metallic(subject: Maps, metallic: float) -> Maps:
    """A complete set, with a map of `metallic` if it has none; light is taken out of photographs only."""
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


def _arrays(tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: (x.permute(1, 2, 0) if x.ndim == 3 else x).cpu().numpy() for name, x in tensors.items()}


def _delight(base_color: torch.Tensor, plane: Plane, strength: float) -> torch.Tensor:
    albedo = srgb_to_linear(base_color)
    light = plane.crop(illumination(plane.extend(albedo), plane.scale_px))
    return linear_to_srgb(delight(albedo, light, strength))


def _slopes(
    picture: torch.Tensor, plane: Plane, parameters: PhotoMapsParameters, context: Context
) -> tuple[torch.Tensor, torch.Tensor]:
    """Slopes (2, H, W) to the right and down the rows, and the angle (H, W) in radians that normals may be wrong by.

    picture: sRGB-encoded (3, H, W), with its light.
    """
    extended = relief.smooth_grain(plane.extend(luma(picture)))
    is_low = parameters.low_parts == "light" or (
        parameters.low_parts == "auto" and relief.pale_is_deep(extended, plane.scale_px)
    )
    brightness = Brightness.of_picture(srgb_to_linear(picture), plane)
    unknown = picture.new_zeros(2)
    toward = towards(parameters.light_azimuth).to(picture) if parameters.light_azimuth >= 0 else unknown
    slopes, judgement = likely_slopes(load_network(), brightness, toward, parameters.boldness, is_low)
    if parameters.light_azimuth >= 0 and slopes.any():
        factor = fitted_steepness(slopes, brightness, toward)
        if factor is None:
            context.note(
                f"a light at {parameters.light_azimuth:.0f}° does not explain the picture, so its relief was found as"
                " of an unknown light: check Light Azimuth"
            )
            slopes, judgement = likely_slopes(load_network(), brightness, unknown, parameters.boldness, is_low)
        else:
            slopes = slopes * factor
    angle = slopes.square().sum(0).sqrt().atan()
    _note_blank(float(angle.mean().rad2deg()), parameters, context)
    slopes = relief.rebalance(slopes, plane.scale_px, parameters.shape_size)
    error = judgement.expected_error(angle.cpu()[None])[0].to(angle.device)
    return -slopes if parameters.invert_height else slopes, error


def _note_blank(degrees: float, parameters: PhotoMapsParameters, context: Context) -> None:
    """A note of what to do where surfaces lean by fewer than `BLANK_DEGREES` on average."""
    if degrees >= BLANK_DEGREES:
        return
    if parameters.light_azimuth < 0:
        context.note(
            f"hardly any relief was found ({degrees:.1f}° on average): give Light Azimuth if the photograph was lit"
            " from one side, or raise Boldness"
        )
    else:
        context.note(f"hardly any relief was found ({degrees:.1f}° on average): raise Boldness if there is more")


def _height(
    picture: torch.Tensor,
    kept: dict[str, torch.Tensor],
    plane: Plane,
    parameters: PhotoMapsParameters,
    context: Context,
) -> tuple[torch.Tensor, float, torch.Tensor | None]:
    """Height (H, W) in [0, 1] and its range in pixels: as given, from given normals, or from the picture; then also the
    angle (H, W) in radians that normals may be wrong by.

    picture: sRGB-encoded (3, H, W), with its light.
    """
    if "height" in kept:
        return kept["height"], UNKNOWN_RELIEF * plane.scale_px, None
    if "normal" in kept:
        slopes = slopes_from_normal(kept["normal"].permute(1, 2, 0).cpu().numpy())
        return *_integrate(slopes, plane, picture.device), None
    found, error = _slopes(picture, plane, parameters, context)
    height, span_px = _integrate(found.permute(1, 2, 0).cpu().numpy(), plane, picture.device)
    return relief.with_contrast(height, parameters.height_contrast), span_px, error


def _integrate(slopes: np.ndarray, plane: Plane, device: torch.device) -> tuple[torch.Tensor, float]:
    """Height (H, W) in [0, 1] and its range in pixels, from slopes (H, W, 2)."""
    height_px = torch.from_numpy(integrate(slopes, plane.wraps)).to(device, torch.float32)
    height, span = relief.as_height(height_px / plane.scale_px)
    return height, span * plane.scale_px


def _range_m(subject: Maps, kept: dict[str, torch.Tensor], span_px: float, parameters: PhotoMapsParameters) -> float:
    """Difference in metres of heights 1 and 0: as requested, as stated with the given height, or as estimated."""
    if parameters.height_range_m > 0:
        return parameters.height_range_m
    if "height" in kept and subject.height_range_m is not None:
        return subject.height_range_m
    return span_px / subject.size_px[1] * (subject.width_m or WIDTH_M)
