"""Synthesis by example: a photograph, or a map set, becomes a larger or an endless one, made of its own pieces.

`quilt` makes it seamless in about a second: image quilting and graph cuts (Efros & Freeman 2001; Kwatra et al. 2003) on
a torus. The folder `patch_synthesis` has the tool that lays out smaller pieces, and corrects their cuts from coarse to
fine; `histogram_blending` has the one for materials without a pattern, whose pieces fade into each other.
"""

from __future__ import annotations

from impasto import hookimpl
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Inputs, Tool

from .histogram_blending import HistogramBlending
from .inpaint import Extend, FindLandmarks, Inpaint, MendTiling
from .parameters import QuiltParameters
from .patch_synthesis import PatchSynthesis


class Quilt(Generator):
    """Quilts pieces of the subject on a torus; all its maps are cut along the same seams."""

    name = "quilt"
    label = "Seamless from photo"
    description = (
        "Makes a photograph or a map set seamless, larger or smaller, from pieces of itself, in about a second"
    )
    rank = 10
    subgroup = "From a photo"
    task = "seamless"
    parameters = QuiltParameters
    needs_source = True

    def apply(self, subject: Maps, parameters: QuiltParameters, inputs: Inputs, context: Context) -> Maps:
        """Seamless maps, whose texels keep their size in the world."""
        from .seamless import make_seamless

        return make_seamless(subject, parameters, context)


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Quilt(), PatchSynthesis(), HistogramBlending(), Inpaint(), FindLandmarks(), MendTiling(), Extend()]
