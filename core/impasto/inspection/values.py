"""Checks of values: albedo of dielectrics and metals, metallic, roughness, height, occlusion."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ..surface.color import LUMINANCE, srgb_to_linear
from ..surface.heights import fit_scale, slopes_from_normal
from ..surface.resizing import resized_map
from .finding import Finding, Fix
from .map_set import InspectedSet

DARKEST, BRIGHTEST = 0.01, 0.9
"""Limits of the albedo of dielectrics. Real ones lie between charcoal (0.02) and fresh snow (0.9)."""
BEYOND = 0.2
"""Share of pixels outside these limits that makes a map implausible. Of measured sets, only white cloth has 0.59."""
DARKEST_METAL = 0.2
"""Lower limit of the median luminance of metal. Bare metals have 0.4 to 0.98, and dirt lowers it."""
METAL = 0.9
HALF_METAL = 0.15
"""Limit of the share of pixels between dielectric and metal, which filtering along edges causes."""
CONSTANT = 0.002
OCCLUSION_PX = 256
OCCLUSION_FITS = 0.15
"""Lower limit of the correlation of occlusion with that of the height. Measured sets have 0.52 to 0.88."""
UPSIDE_DOWN = 0.3


def checked_values(found: InspectedSet) -> Iterator[Finding]:
    """Findings about the values of all maps but normals."""
    yield from _base_color(found)
    yield from _metallic(found)
    for name in ("roughness", "height", "ambient_occlusion"):
        if (pixels := found.pixels(name)) is not None:
            yield _range(name, pixels, "normal" in found.textures)
    yield from _occlusion_against_height(found)


def _metal_mask(found: InspectedSet, size_px: tuple[int, int]) -> np.ndarray:
    """Whether each pixel (H, W) is metal; none if there is no metallic map."""
    metallic = found.textures.get("metallic")
    if metallic is None:
        return np.zeros(size_px, bool)
    return resized_map("metallic", metallic, size_px).pixels[..., 0] > METAL


def _base_color(found: InspectedSet) -> Iterator[Finding]:
    texture = found.textures.get("base_color")
    if texture is None:
        remedy = "add it: a material without it is grey"
        yield Finding("missing", "base_color", "note", "there is no base colour", remedy)
        return
    linear = srgb_to_linear(texture.pixels) if texture.color_space == "srgb" else texture.pixels
    is_metal = _metal_mask(found, texture.size_px)
    luminance = linear @ LUMINANCE
    if not is_metal.all():
        yield _dielectric(linear[~is_metal], luminance[~is_metal], float((~is_metal).mean()))
    if is_metal.mean() > 0.01:
        yield _metal(luminance[is_metal])


def _dielectric(linear: np.ndarray, luminance: np.ndarray, share: float) -> Finding:
    """A finding about the albedo (n, 3) of dielectrics, which are this share of the picture."""
    dark = share * float((linear.max(1) < DARKEST).mean())
    bright = share * float((linear.min(1) > BRIGHTEST).mean())
    figures = {"median": float(np.median(luminance)), "too_dark": dark, "too_bright": bright}
    finding = partial(Finding, "albedo", "base_color", figures=figures)
    if dark > BEYOND:
        message = f"{dark:.0%} of it is darker than charcoal (albedo below {DARKEST:g})"
        return finding("warning", message, "brighten it: no light comes back")
    if bright > BEYOND:
        message = f"{bright:.0%} of it is brighter than fresh snow (albedo above {BRIGHTEST:g})"
        return finding("warning", message, "darken it: it glows indoors")
    return finding("ok", f"median albedo {figures['median']:.2f}")


def _metal(luminance: np.ndarray) -> Finding:
    """A finding about the reflectance (n) of metal."""
    median = float(np.median(luminance))
    figures = {"median": median}
    if median < DARKEST_METAL:
        message = f"metal is darker than any bare metal: it reflects {median:.2f}, real ones 0.4 and more"
        remedy = "brighten it, or lower metallic where it is painted, rusty or dirty"
        return Finding("reflectance", "base_color", "warning", message, remedy, figures=figures)
    return Finding("reflectance", "base_color", "ok", f"metal reflects {median:.2f}", figures=figures)


def _metallic(found: InspectedSet) -> Iterator[Finding]:
    pixels = found.pixels("metallic")
    if pixels is None:
        return
    share = float(((pixels > 1 - METAL) & (pixels < METAL)).mean())
    finding = partial(Finding, "metallic", "metallic", figures={"between": share, "mean": float(pixels.mean())})
    if share > HALF_METAL:
        message = f"{share:.0%} of it is neither metal nor not (0.1 to 0.9)"
        yield finding("warning", message, "make it black and white; wear and dirt on metal are dielectrics")
    else:
        yield finding("ok", f"{1 - share:.0%} is either metal or not")


def _range(name: str, pixels: np.ndarray, has_normals: bool) -> Finding:
    """A finding about the range of a map of one channel."""
    low, mean, high = float(pixels.min()), float(pixels.mean()), float(pixels.max())
    figures = {"lowest": low, "mean": mean, "highest": high}
    finding = partial(Finding, "range", name, figures=figures)
    if name == "roughness" and high < CONSTANT:
        return finding("error", "roughness is black everywhere", "export it again: a perfect mirror has no map")
    if name == "ambient_occlusion" and mean < 0.05:
        remedy = "invert or bake it again: white is open to the sky"
        return finding("error", "occlusion is black almost everywhere", remedy)
    if float(pixels.std()) < CONSTANT:
        message = f"it is {mean:.2f} everywhere"
        if name == "height":
            fix: Fix = "derive height" if has_normals else ""
            return finding("warning", message, "derive it from the normals, or leave it out", fix)
        return finding("note", message, "leave the map out, and use the value")
    return finding("ok", f"{low:.2f} to {high:.2f}, {mean:.2f} on average")


def _occlusion_against_height(found: InspectedSet) -> Iterator[Finding]:
    """A finding about whether occlusion follows from the height, at a small size."""
    import torch

    from ..surface.relief import sky_over

    height, occlusion = found.textures.get("height"), found.textures.get("ambient_occlusion")
    if height is None or occlusion is None or min(float(np.std(t.pixels)) for t in (height, occlusion)) < CONSTANT:
        return
    size_px = (OCCLUSION_PX, OCCLUSION_PX)
    h = resized_map("height", height, size_px).pixels[..., 0]
    drawn = resized_map("ambient_occlusion", occlusion, size_px).pixels.ravel()
    scale_px = _scale_px(found, h)
    upright, inverted = (
        _correlation(sky_over(torch.from_numpy(sign * scale_px * h).float(), 0.06 * OCCLUSION_PX).occlusion, drawn)
        for sign in (1, -1)
    )
    figures = {"correlation": upright, "upside_down": inverted}
    finding = partial(Finding, "occlusion and height", "ambient_occlusion", figures=figures)
    if inverted > UPSIDE_DOWN and inverted > upright + UPSIDE_DOWN:
        yield finding("error", "occlusion darkens what is high: it or the height is upside down", "invert it")
    elif upright < -UPSIDE_DOWN:
        yield finding("error", "occlusion is inverted: crevices are light", "invert it")
    elif upright < OCCLUSION_FITS:
        message = f"occlusion does not follow from the height (correlation {upright:.2f})"
        yield finding("warning", message, "`impasto apply height-to-occlusion` makes one that does")
    else:
        yield finding("ok", f"correlation {upright:.2f} with the height's")


def _scale_px(found: InspectedSet, height: np.ndarray) -> float:
    """Range of heights in pixels that fits the normals, or else a usual one."""
    from ..surface.heights import UNKNOWN_RELIEF

    usual = UNKNOWN_RELIEF * OCCLUSION_PX
    if "normal" not in found.textures:
        return usual
    normal = resized_map("normal", found.textures["normal"], height.shape).pixels
    slopes = slopes_from_normal(normal)
    scale_px, correlation = fit_scale(height, slopes - slopes.mean((0, 1)))
    return scale_px if correlation > 0.2 else usual


def _correlation(one: object, other: np.ndarray) -> float:
    a, b = np.asarray(one, np.float64).ravel(), other.astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-12))
