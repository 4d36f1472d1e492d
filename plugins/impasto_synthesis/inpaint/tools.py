"""The tools that repair pictures and map sets."""

from __future__ import annotations

from collections.abc import Mapping

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Filter, Input

from .parameters import InpaintParameters


class Inpaint(Filter):
    """Fills the white parts of a mask from the rest of the subject; all its maps follow one field of positions."""

    name, label = "inpaint", "Fill region"
    description = "Fills regions of a picture or a map set from the rest of it, so that nobody sees where they were"
    rank = 20
    task = "fill"
    parameters = InpaintParameters
    inputs = (
        Input("mask", "white where the picture is to be filled, the rest black"),
        Input("labels", "flat colours: each is filled only from where its own colour is", required=False),
        Input(
            "islands",
            "UV islands, each in a flat colour: nothing is taken from another one or continued into it",
            required=False,
        ),
    )
    needs_source = True

    def apply(self, subject: Maps, parameters: InpaintParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        """The subject, of which only the masked parts are changed."""
        from .repair import inpainted

        return inpainted(subject, parameters, inputs, context)
