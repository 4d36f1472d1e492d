"""Patch synthesis: turns a photograph or a map set into an endless texture without repeats."""

from __future__ import annotations

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Input, Inputs

from .parameters import PatchSynthesisParameters


class PatchSynthesis(Generator):
    """Synthesises the subject anew on a torus, with the same positions for all maps."""

    name = "patch-synthesis"
    label = "Endless from photo"
    description = (
        "Makes a photograph or a map set seamless, of any size, from small pieces that are laid out anew and fitted "
        "to each other from coarse to fine, in a few seconds"
    )
    rank = 12
    subgroup = "From a photo"
    task = "seamless"
    parameters = PatchSynthesisParameters
    inputs = (
        Input("leave_out", "what of the photograph must not be used: white, the rest black", required=False),
        Input("guide", "a picture that the layout follows: its light and dark parts, or its labels", required=False),
        Input("labels", "the photograph with each kind of surface in one colour, as in the guide", required=False),
        Input("others", "further photographs or map sets that are mixed in", required=False, many=True),
        Input("mask", "where its photograph is shown: white", required=False, for_each="others"),
    )
    needs_source = True

    def apply(self, subject: Maps, parameters: PatchSynthesisParameters, inputs: Inputs, context: Context) -> Maps:
        """Seamless maps; texels keep their size in metres."""
        from .seamless import synthesise_maps

        return synthesise_maps(subject, parameters, inputs, context)
