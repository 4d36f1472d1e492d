"""`cut-decal`: cuts an object, a leaf, a crack or lettering out of a photograph, with alpha."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.surface.color import encoded_pixels
from impasto.surface.resizing import resize
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Inputs, Parameters, display_hints

SOLID = 0.98
"""Pixels from this alpha on have the object's own colour."""
VISIBLE = 1.5 / 255
LOOKING = "Finding the object"
PREVIEW_PX = 512
MASK = Input("mask", "what is cut out: white; without it, what differs from the border of the picture", required=False)


class CutParameters(Parameters):
    """Parameters of the edge between an object and its background."""

    tolerance: float = Field(
        1.0,
        ge=0.1,
        le=10,
        description="How far from the background's colour the object begins: below 1 more is kept, above 1 less",
        json_schema_extra=display_hints(high=3),
    )
    edge_px: int = Field(
        3, ge=0, le=64, description="Width in pixels to either side in which the edge may be soft; 0: hard"
    )
    fill_holes: bool = Field(True, description="Keep what the object encloses, whatever its colour")


class CutDecalParameters(CutParameters):
    """Parameters of the edge, and of the picture around the object."""

    islands: Literal["all", "largest"] = Field("all", description="Parts that are kept, if there are several")
    margin_px: int = Field(
        8, ge=0, le=1024, description="Transparent margin in pixels", json_schema_extra=display_hints(high=64)
    )
    power_of_two: bool = Field(False, description="Enlarge the margin until both sides are powers of two")


class CutDecal(Filter):
    """Finds the object by the distance of its colours from the border's, and extends them under its edge."""

    name, label = "cut-decal", "Decal"
    description = "Cuts an object out of a photograph, with a soft edge, and opacity around it"
    rank = 52
    group = "Shape"
    keeps_size = False
    example = "leaf.jpg --margin-px 16 "
    parameters = CutDecalParameters
    needs = ("base_color",)
    inputs = (MASK,)

    def apply(self, subject: Maps, parameters: CutDecalParameters, inputs: Inputs, context: Context) -> Maps:
        """The object, cropped to it. Raise ParameterError for a mask that shows nothing or everything."""
        from .islands import box_of, labels_of

        alpha = cut(subject, parameters, inputs.get("mask"), context)
        if alpha.min() > VISIBLE:
            return subject if "opacity" in subject else subject.with_arrays({"opacity": np.ones_like(alpha)})
        if parameters.islands == "largest":
            alpha = alpha * (labels_of(alpha > VISIBLE) == 1)
        context.progress(0.7, "Bleeding colours under the edge")
        box = box_of(alpha > VISIBLE)
        return crop(subject, alpha[box], box, parameters.margin_px, parameters.power_of_two)


def color_of(maps: Maps) -> np.ndarray:
    """The base colour (H, W, 3), sRGB-encoded in [0, 1]."""
    return np.clip(encoded_pixels(maps["base_color"]), 0, 1)


def cut(subject: Maps, parameters: CutParameters, mask: Maps | None, context: Context) -> np.ndarray:
    """Alpha (H, W): from a mask, or the subject's opacity, or else 1 where it differs from its border.

    It is 1 everywhere if nothing differs. Raise ParameterError if it is 0 everywhere, as with an edge that is too wide.
    """
    alpha = _alpha(subject, parameters, mask, context)
    if alpha.max() <= VISIBLE:
        raise ParameterError("nothing of the picture would be visible", "choose a smaller edge_px, or another mask")
    return alpha


def _alpha(subject: Maps, parameters: CutParameters, mask: Maps | None, context: Context) -> np.ndarray:
    from scipy.ndimage import binary_fill_holes

    from .matting import alpha_of, object_in

    context.progress(0.1, LOOKING)
    if mask is None and "opacity" in subject and subject["opacity"].pixels.min() < SOLID:
        return subject["opacity"].pixels[..., 0]
    color = color_of(subject)
    if mask is None:
        found = object_in(color, parameters.tolerance, lambda done: context.progress(0.1 + 0.3 * done, LOOKING))
    else:
        found = visible_area(mask, subject.size_px)
    if parameters.fill_holes:
        found = binary_fill_holes(found)
    if mask is None and (not found.any() or found.all()):
        context.note("nothing stands out from the border of the picture, so all of it is kept")
        return np.ones(subject.size_px, np.float32)
    step = -(-max(found.shape) // PREVIEW_PX)
    context.preview(Maps.from_arrays({"base_color": color[::step, ::step] * found[::step, ::step, None]}))
    return alpha_of(
        color, found, parameters.edge_px, lambda done: context.progress(0.4 + 0.3 * done, "Softening the edge")
    )


def visible_area(mask: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Whether a mask shows a pixel (H, W) of a picture. Raise ParameterError if it shows all or none."""
    name = "base_color" if "base_color" in mask else next(iter(mask))
    is_visible = resize(mask[name].pixels, size_px).mean(2) > 0.5
    if is_visible.all() or not is_visible.any():
        remedy = "paint white what is cut out, and leave the rest black"
        raise ParameterError("the mask shows {}", remedy, "everything" if is_visible.all() else "nothing")
    return is_visible


def crop(
    subject: Maps, alpha: np.ndarray, box: tuple[slice, slice], margin_px: int, power_of_two: bool = False
) -> Maps:
    """The maps and alpha in a box, with a margin of alpha 0; colours extend under the edge."""
    from .bleeding import bleed

    height, width = (side.stop - side.start for side in box)
    sides = [size + 2 * margin_px for size in (height, width)]
    if power_of_two:
        sides = [1 << (size - 1).bit_length() for size in sides]
    top, left = (sides[0] - height) // 2, (sides[1] - width) // 2
    around = ((top, sides[0] - height - top), (left, sides[1] - width - left))
    arrays = {name: np.pad(array[box], (*around, (0, 0)), "edge") for name, array in subject.arrays().items()}
    alpha = np.pad(alpha, around)
    known = np.clip((alpha - 0.9) / (SOLID - 0.9), 0, 1)
    if not known.any():  # faint everywhere
        known = (alpha > alpha.max() / 2).astype(np.float32)
    cropped = replace(subject, textures={}).with_arrays({**arrays, "opacity": alpha})
    width_m = subject.width_m and subject.width_m * sides[1] / subject.size_px[1]
    return replace(bleed(cropped, known), width_m=width_m)
