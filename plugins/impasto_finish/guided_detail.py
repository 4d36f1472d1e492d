"""`guided-detail`: fine, medium and coarse detail, separated by edge-preserving guided filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, display_hints

from .data_maps import Which, which_field
from .subject import color_of

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.numerics.borders import Wraps

PARTS = (1 / 256, 1 / 64, 1 / 16)
"""Radii of the filters relative to the picture's shorter side."""
EPSILONS = (0.03**2, 0.06**2, 0.12**2)
"""Variances of lightness above which each filter preserves a difference as an edge."""


def _gain(default: float, text: str) -> Any:
    return Field(default, ge=-1, le=4, description=text, json_schema_extra=display_hints(high=2))


class GuidedDetailParameters(Parameters):
    """Gain of each band of detail."""

    fine: float = _gain(0.6, "Grain and scratches: 0 as they are, 1 twice as strong, -1 none")
    medium: float = _gain(0.4, "Pores and pebbles: 0 as they are, 1 twice as strong, -1 none")
    coarse: float = _gain(0.0, "Stones and stains: 0 as they are, 1 twice as strong, -1 none")
    maps: Which = which_field()
    tiling: Tiling = tiling_field()


class GuidedDetail(Filter):
    """Weights the differences between guided filters of growing width (He et al. 2010), without halos at edges."""

    name, label = "guided-detail", "Detail"
    description = "Strengthens or smooths fine, medium and coarse detail, without halos at edges"
    rank = 45
    example = "gravel.jpg --fine 1 --coarse -0.5 "
    parameters = GuidedDetailParameters
    needs = ("base_color",)

    def apply(self, subject: Maps, parameters: GuidedDetailParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with changed detail; the lightness guides the filters of all maps."""
        from .data_maps import with_others
        from .lightness import lightness_of, with_lightness

        wraps = tiles(subject, parameters.tiling)
        gains = (parameters.fine, parameters.medium, parameters.coarse)
        guide = lightness_of(color_of(subject), context.device)

        def weighted(x: Tensor) -> Tensor:
            result = x
            for index, (gain, part, epsilon) in enumerate(zip(gains, PARTS, EPSILONS, strict=True)):
                context.progress(0.1 + 0.3 * index, "Separating detail")
                if any(gains[index:]):
                    base = filter_by_guide(guide, x, max(1, round(part * min(subject.size_px))), epsilon, wraps)
                    result, x = result + gain * (x - base), base
            return result

        color = with_lightness(color_of(subject), weighted, context.device)
        sharpened = subject.with_arrays({"base_color": color})
        if parameters.maps == "color":
            return sharpened
        return with_others(sharpened, weighted, context.device)


def filter_by_guide(I: Tensor, p: Tensor, radius_px: int, epsilon: float, wraps: Wraps) -> Tensor:  # noqa: E741
    """Guided filter of p (C, H, W) by a guide I (1, H, W), with square windows."""
    from kornia.filters import box_blur

    from impasto.numerics.borders import with_margin
    from impasto.numerics.filters import guided_filter

    inner = slice(radius_px, -radius_px)

    def mean(x: Tensor) -> Tensor:
        return box_blur(with_margin(x, radius_px, wraps), 2 * radius_px + 1, separable=True)[..., inner, inner]

    return guided_filter(I[None], p[None], mean, epsilon)[0]
