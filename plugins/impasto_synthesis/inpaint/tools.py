"""The tools that repair pictures and map sets."""

from __future__ import annotations

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Filter, Input, Inputs, Result

from .parameters import ExtendParameters, FindLandmarksParameters, InpaintParameters, MendTilingParameters


class Inpaint(Filter):
    """Fills the white parts of a mask from the rest of the subject, with the same positions for all maps."""

    name, label = "inpaint", "Fill region"
    description = "Fills regions of a picture or a map set from the rest of it, so that nobody sees where they were"
    rank = 20
    group = "Repair"
    task = "fill"
    parameters = InpaintParameters
    inputs = (
        Input("mask", "white where the picture is to be filled, the rest black", on_subject=True),
        Input(
            "labels", "flat colours: each is filled only from where its own colour is", required=False, on_subject=True
        ),
        Input(
            "islands",
            "UV islands, each in a flat colour: nothing is taken from another one or continued into it",
            required=False,
            on_subject=True,
        ),
    )
    needs_source = True

    def apply(self, subject: Maps, parameters: InpaintParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject, changed only in the masked parts."""
        from .repair import inpaint_maps

        return inpaint_maps(subject, parameters, inputs, context)


class FindLandmarks(Filter):
    """Makes a mask of places that draw the eye, to look at, to edit, and to fill."""

    name, label = "find-landmarks", "Find landmarks"
    description = "Finds blemishes and landmarks that are seen again and again where a texture repeats, as a mask"
    rank = 22
    group = "Repair"
    task = "landmarks"
    parameters = FindLandmarksParameters
    needs_source = True

    def apply(self, subject: Maps, parameters: FindLandmarksParameters, inputs: Inputs, context: Context) -> Result:
        """The mask as base colour, and the figures `landmarks` (number) and `salience` (in σ)."""
        from .landmarks import landmarks_of

        return landmarks_of(subject, parameters, context)


class MendTiling(Filter):
    """Replaces bands along borders that do not continue each other, as narrow as possible."""

    name, label = "mend-tiling", "Mend tiling"
    description = "Makes a picture or a map set tile by replacing bands along its borders; patterns get whole periods"
    rank = 24
    group = "Repair"
    task = "mend"
    parameters = MendTilingParameters
    needs_source = True

    def apply(self, subject: Maps, parameters: MendTilingParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject, made seamless, or unchanged if it was."""
        from .mending import mend_maps

        return mend_maps(subject, parameters, context)


class Extend(Filter):
    """Adds margins to any side of the subject, which continue it."""

    name, label = "extend", "Extend"
    description = "Extends a picture or a map set beyond its borders, with more of the same"
    rank = 26
    group = "Repair"
    task = "extend"
    example = "wall.jpg --right 0.25 "
    parameters = ExtendParameters
    needs_source = True

    def apply(self, subject: Maps, parameters: ExtendParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject inside its margins; its width in metres grows with them."""
        from .extending import extend_maps

        return extend_maps(subject, parameters, context)
