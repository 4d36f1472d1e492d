"""Quilt: one photograph, or a whole map set, becomes a seamless texture of any size in about a second.

Image quilting and graph cuts (Efros & Freeman 2001; Kwatra et al. 2003) on a torus.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from impasto import hookimpl
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Generator, SizeParameters


class QuiltParameters(SizeParameters):
    """How the photograph is cut up and sewn together."""

    block_px: int = Field(
        0, ge=0, le=4096, description="Size of the pieces in pixels; larger keeps larger shapes whole; 0: automatic"
    )
    overlap: float = Field(
        0.25,
        ge=0.1,
        le=0.5,
        description="How far pieces overlap, in parts of a piece: room for the cut to find its way",
    )
    variety: float = Field(
        0.5, ge=0, le=1, description="Avoid using a part of the photograph twice (1), or choose the best fit only (0)"
    )
    even_light: float = Field(
        0.6, ge=0, le=1, description="Remove broad differences in light and colour across the photograph"
    )
    pattern: Literal["auto", "regular", "stochastic"] = Field(
        "auto", description="Keep bricks, tiles and weaves in step: if a pattern is found, always, or never"
    )


class Quilt(Generator):
    """Sews pieces of the subject together on a torus; all its maps are cut along the same seams."""

    name = "quilt"
    label = "Seamless from photo"
    description = (
        "Makes a photograph or a map set seamless, larger or smaller, from pieces of itself, in about a second"
    )
    rank = 10
    parameters = QuiltParameters
    needs_source = True

    def apply(self, subject: Maps, parameters: QuiltParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        """The seamless maps; the size of a texel in the world stays as it was."""
        from .seamless import make_seamless

        return make_seamless(subject, parameters, context)


@hookimpl
def impasto_tools() -> list[Quilt]:
    """The tools of this plugin."""
    return [Quilt()]
