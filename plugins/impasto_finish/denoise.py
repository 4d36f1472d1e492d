"""`denoise`: thresholds of cosine transforms, from each map's own noise."""

from __future__ import annotations

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, display_hints

from .data_maps import Which, which_field
from .subject import color_of, pixels_of, tensor_of


class DenoiseParameters(Parameters):
    """Parameters of the thresholds."""

    strength: float = Field(
        1.0,
        ge=0,
        le=8,
        description="1: as much as the measured noise needs; more also smooths faint texture",
        json_schema_extra=display_hints(high=3),
    )
    maps: Which = which_field()
    tiling: Tiling = tiling_field()


class Denoise(Filter):
    """Measures the noise, and keeps only patterns above it."""

    name, label = "denoise", "Denoise"
    description = "Takes the noise out of a photograph, and keeps its texture"
    rank = 46
    example = "gravel.jpg --strength 1.5 "
    parameters = DenoiseParameters
    needs = ("base_color",)
    neutral_at_zero = ("strength",)

    def apply(self, subject: Maps, parameters: DenoiseParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject without noise, which is measured for each map."""
        from .data_maps import with_others
        from .shrinkage import colors_apart, colors_together, denoise, noise_of

        wraps = tiles(subject, parameters.tiling)
        color = colors_apart(tensor_of(color_of(subject), context.device))
        context.note("the noise measured is {:.1f} % of white", 100 * noise_of(color[0]) / 3**0.5)

        def report(fraction: float) -> None:
            context.progress(fraction, "Removing noise")

        denoised = colors_together(denoise(color, parameters.strength, wraps, report)).clamp(0, 1)
        subject = subject.with_arrays({"base_color": pixels_of(denoised)})
        if parameters.maps == "color":
            return subject
        return with_others(subject, lambda x: denoise(x, parameters.strength, wraps, report), context.device)
