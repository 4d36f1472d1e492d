"""Synthesis by example: makes a photograph or a map set larger or endless, from its own pieces.

`quilt` makes it seamless in about a second, by image quilting and graph cuts (Efros & Freeman 2001; Kwatra et al. 2003)
on a torus. The tool in `patch_synthesis` lays out smaller pieces, and corrects their cuts from coarse to fine. The one
in `histogram_blending` is for materials without a pattern; its pieces fade into each other.
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
        """Seamless maps; texels keep their size in metres."""
        from .seamless import make_seamless

        return make_seamless(subject, parameters, context)


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Quilt(), PatchSynthesis(), HistogramBlending(), Inpaint(), FindLandmarks(), MendTiling(), Extend()]
