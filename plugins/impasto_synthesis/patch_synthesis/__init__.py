"""Patch synthesis: one photograph, or a whole map set, becomes an endless texture that never repeats it."""

from __future__ import annotations

from collections.abc import Mapping

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Input

from .parameters import PatchSynthesisParameters


class PatchSynthesis(Generator):
    """Synthesises the subject anew on a torus; all its maps follow one field of positions."""

    name = "patch-synthesis"
    label = "Endless from photo"
    description = (
        "Makes a photograph or a map set seamless, of any size, from small pieces that are laid out anew and fitted "
        "to each other from coarse to fine, in a few seconds"
    )
    rank = 12
    task = "seamless"
    parameters = PatchSynthesisParameters
    inputs = (Input("leave_out", "what of the photograph must not be used: white, the rest black", required=False),)
    needs_source = True

    def apply(
        self, subject: Maps, parameters: PatchSynthesisParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Maps:
        """Seamless maps, whose texels keep their size in the world."""
        from .seamless import synthesised_maps

        return synthesised_maps(subject, parameters, inputs.get("leave_out"), context)
