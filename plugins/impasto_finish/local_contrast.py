"""`local-contrast`: adaptive histogram equalisation with limited contrast (CLAHE)."""

from __future__ import annotations

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, display_hints

from .subject import color_of


class LocalContrastParameters(Parameters):
    """Parameters of the equalisation."""

    strength: float = Field(0.7, ge=0, le=1, description="How much of the equalised lightness is mixed in")
    limit: float = Field(
        2.5,
        ge=1,
        le=16,
        description="Largest gain in contrast; 1: none. It keeps the noise of plain areas down",
        json_schema_extra=display_hints(high=5),
    )
    size: float = Field(
        0.2, ge=0.02, le=1, description="Size of the surroundings that count, relative to the picture's shorter side"
    )
    tiling: Tiling = tiling_field()


class LocalContrast(Filter):
    """Equalises lightness within its surroundings, so that dark and light parts both show detail."""

    name, label = "local-contrast", "Local contrast"
    description = "Brings out detail in dark and light parts alike, by adaptive histogram equalisation (CLAHE)"
    rank = 43
    example = "gravel.jpg --strength 0.7 "
    parameters = LocalContrastParameters
    needs = ("base_color",)
    neutral_at_zero = ("strength",)

    def apply(self, subject: Maps, parameters: LocalContrastParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with another lightness; hue and chroma are kept."""
        from .equalization import equalize
        from .lightness import with_lightness

        context.progress(0.1, "Counting lightness")
        wraps = tiles(subject, parameters.tiling)
        sigma_px = parameters.size * min(subject.size_px) / 2
        changed = with_lightness(
            color_of(subject),
            lambda L: L.lerp(equalize(L[0], sigma_px, parameters.limit, wraps)[None], parameters.strength),
            context.device,
        )
        return subject.with_arrays({"base_color": changed})
