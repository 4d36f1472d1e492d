"""Histogram-preserving tiling and blending: a stochastic material of any size that does not repeat."""

from __future__ import annotations

from collections.abc import Iterator

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Inputs, Tile

from .parameters import HistogramBlendingParameters


class HistogramBlending(Generator):
    """Blends random pieces of the subject on a grid of triangles (Heitz & Neyret 2018), the same for all maps."""

    name = "histogram-blending"
    label = "Endless without pattern"
    description = (
        "Makes a material without a pattern, such as gravel or plaster, seamless and of any size in seconds, from "
        "random pieces that fade into each other with their colours and contrast kept"
    )
    rank = 14
    subgroup = "From a photo"
    task = "endless"
    parameters = HistogramBlendingParameters
    needs_source = True

    def apply(self, subject: Maps, parameters: HistogramBlendingParameters, inputs: Inputs, context: Context) -> Maps:
        """Seamless maps; texels keep their size in metres."""
        from .blending import blended_maps

        return blended_maps(subject, parameters, context)

    def tiles(
        self, subject: Maps, parameters: HistogramBlendingParameters, inputs: Inputs, context: Context
    ) -> Iterator[Tile]:
        """The same result in tiles, for results larger than memory."""
        from .blending import tiles_of

        yield from tiles_of(subject, parameters, context)
