"""`sharpen`: unsharp masking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, display_hints

from .data_maps import Which, which_field
from .subject import color_of

if TYPE_CHECKING:
    from torch import Tensor


class SharpenParameters(Parameters):
    """Parameters of the mask."""

    amount: float = Field(
        0.6, ge=0, le=5, description="How much of the fine detail is added", json_schema_extra=display_hints(high=2)
    )
    radius_px: float = Field(
        1.5,
        ge=0.3,
        le=64,
        description="Size of the detail in pixels: the standard deviation of the blur",
        json_schema_extra=display_hints(high=8),
    )
    threshold: float = Field(
        0.01,
        ge=0,
        le=0.5,
        description="Detail fainter than this is taken for noise and stays as it is",
        json_schema_extra=display_hints(high=0.1),
    )
    maps: Which = which_field()
    tiling: Tiling = tiling_field()


class Sharpen(Filter):
    """Adds the detail that a blur removes, to lightness only, so that edges get no coloured fringes."""

    name, label = "sharpen", "Sharpen"
    description = "Sharpens a picture or a material, by unsharp masking"
    rank = 44
    example = "gravel.jpg --amount 1.2 "
    parameters = SharpenParameters
    needs = ("base_color",)
    neutral_at_zero = ("amount",)

    def apply(self, subject: Maps, parameters: SharpenParameters, inputs: Inputs, context: Context) -> Maps:
        """The sharpened subject; with all maps, fine relief gets steeper too."""
        from impasto.numerics.filters import bordered_blur

        from .data_maps import with_others
        from .lightness import with_lightness

        context.progress(0.1, "Sharpening the picture")
        wraps = tiles(subject, parameters.tiling)

        def unsharp_mask(L: Tensor) -> Tensor:
            mask = L - bordered_blur(L, parameters.radius_px, wraps)
            strong = mask.sign() * (mask.abs() - parameters.threshold).clamp_min(0)
            return L + parameters.amount * strong

        color = with_lightness(color_of(subject), unsharp_mask, context.device)
        sharpened = subject.with_arrays({"base_color": color})
        if parameters.maps == "color":
            return sharpened
        context.progress(0.6, "Sharpening the relief")
        sharper = lambda x: x + parameters.amount * (x - bordered_blur(x, parameters.radius_px, wraps))  # noqa: E731
        return with_others(sharpened, sharper, context.device)
