"""`remove-light`: takes cast shadows out of a photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.surface.color import encoded_pixels, linear_pixels
from impasto.surface.resizing import grey_mask, maps_at_most
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Inputs, Parameters, Result

if TYPE_CHECKING:
    from torch import Tensor

LOOKED_AT_PX = 384
SURE, SHARES = 0.5, (0.02, 0.45)
"""Probability of a shadow, and its shares of the picture, at which a photograph surely needs the tool."""


class RemoveLightParameters(Parameters):
    """Share of the shadows to remove, or to show."""

    strength: float = Field(1.0, ge=0, le=1, description="How much of the cast shadows is removed, with their tint")
    show_light: bool = Field(False, description="Show the light that is removed instead of the picture without it")
    tiling: Tiling = tiling_field()

    @classmethod
    def of_earlier(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Shadows had a strength of their own; shading, of which the network has learned none, did nothing."""
        values.pop("shading", None)
        strength, shadows = values.get("strength", 1.0), values.get("shadows")
        if all(isinstance(one, int | float) and 0 <= one <= 1 for one in (strength, shadows)):
            values["strength"] = strength * values.pop("shadows")
        return values


class RemoveLight(Filter):
    """Divides linear colours by the shadows that a network finds; a picture without any stays as it is."""

    name, label = "remove-light", "Remove light"
    description = "Takes cast shadows, with their tint, out of a photograph of a surface"
    rank = 25
    group = "Prepare"
    parameters = RemoveLightParameters
    needs = ("base_color",)
    neutral_at_zero = ("strength",)
    takes_seed = False
    inputs = (
        Input("mask", "where shadows are, roughly: white; without it, they are found", required=False, on_subject=True),
    )

    def is_needed_by(self, photograph: Maps) -> bool:
        """Whether there is surely a shadow, and light beside it."""
        from .light import lighting, load_light

        small = maps_at_most(photograph, LOOKED_AT_PX)
        found = lighting(load_light().to("cpu"), _linear(small, "cpu"), tiles(small, "auto"))
        share = float(found.covered.float().mean())
        return found.shadowed >= SURE and SHARES[0] <= share <= SHARES[1]

    def apply(
        self, subject: Maps, parameters: RemoveLightParameters, inputs: Inputs, context: Context
    ) -> Maps | Result:
        """The subject without shadows. Figures: the share of it in shadow, and the depth of the shadows in stops."""
        import torch

        from impasto.surface.color_tensors import linear_to_srgb

        from .light import lighting, load_light

        context.progress(0.1, "Looking for shadows")
        texture = subject["base_color"]
        rgb = _linear(subject, context.device)
        mask = None
        if "mask" in inputs:
            mask = torch.from_numpy(grey_mask(inputs["mask"], subject.size_px)[..., 0]).to(rgb)
        found = lighting(load_light().to(rgb.device), rgb, tiles(subject, parameters.tiling), mask)
        removed = parameters.strength * found.shadow
        covered = found.covered
        if not bool(removed.any()):
            context.note("no shadow was found, so the picture stays as it is")
            return subject
        context.progress(0.7, "Removing the light")
        made = ((-removed).exp() if parameters.show_light else rgb * removed.exp()).clamp(0, 1)
        pixels = linear_to_srgb(made).permute(1, 2, 0).contiguous().cpu().numpy()
        if not parameters.show_light:
            untouched = (removed == 0).all(0).cpu().numpy()
            pixels[untouched] = encoded_pixels(texture)[untouched]
        stops = float(found.shadow.mean(0)[covered].mean() / np.log(2)) if bool(covered.any()) else 0.0
        figures = {"shadow_share": float(covered.float().mean()), "shadow_stops": stops}
        return Result(subject.with_arrays({"base_color": pixels}), figures=figures)


def _linear(maps: Maps, device: str) -> Tensor:
    """Linear base colour (3, H, W)."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(linear_pixels(maps["base_color"]).transpose(2, 0, 1))).to(device)
