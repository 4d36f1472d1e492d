"""The stylizers, and a generator that shares their code; torch is imported only when they run."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Inputs, Stylizer, Tool

from .fast.tool import FastStyle, TrainFastStyle
from .gatys.parameters import CnnTextureParameters, GatysParameters
from .neighbours.parameters import NeighboursParameters
from .patches.parameters import PatchesStyleParameters
from .shared.controls import NETWORKS, STYLE, STYLE_INPUTS
from .wct.parameters import DISTILLED, WctParameters


class PaintingStylizer(Stylizer):
    """A stylizer that paints a `StyleTask`. All of them share masks, colours, sizes and relief."""

    inputs = STYLE_INPUTS
    method: ClassVar[str]
    """Folder of the method; its `painting.paint` paints a task, see `restyle`."""

    def apply(self, subject: Maps, parameters: Any, inputs: Inputs, context: Context) -> Maps:
        """The subject, repainted."""
        from .shared.restyle import restyle

        method = import_module(f".{self.method}.painting", __package__)
        return restyle(method.paint, subject, parameters, inputs, context)


class PatchesStyle(PaintingStylizer):
    """Style transfer by patches, refined by the bundled encoder."""

    method = "patches"
    name, label = "patches-style", "Repaint by patches"
    description = "Repaints a picture with the strokes of another; needs no weights"
    rank = 10
    preview_px = 256
    parameters = PatchesStyleParameters

    def apply(self, subject: Maps, parameters: PatchesStyleParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject, repainted with the settings of the kind of style."""
        from .kinds.choosing import with_kind

        return super().apply(subject, with_kind(parameters, subject, inputs[STYLE], context), inputs, context)


class Neighbours(PaintingStylizer):
    """Replaces each feature of the picture by its nearest neighbour in the style, and paints a picture with those."""

    method = "neighbours"
    name, label = "neighbours", "Repaint by neighbours"
    description = (
        "Repaints a picture from the pieces of the style that are nearest to it; better with weights of a large network"
    )
    rank = 20
    parameters = NeighboursParameters
    weights = NETWORKS


class Wct(PaintingStylizer):
    """Style transfer by whitening and colouring a network's features."""

    method = "wct"
    name, label, description = "wct", "Repaint at Once", "Repaints a picture in about a second; the strokes are rougher"
    rank = 30
    preview_px = 384
    parameters = WctParameters
    weights = (DISTILLED,)


class Gatys(PaintingStylizer):
    """Optimises a picture until its features have the style's means and covariances, and coarse ones the picture's."""

    method = "gatys"
    name, label = "gatys", "Repaint by features"
    description = (
        "Repaints a picture until a network sees the style's statistics in it; better with weights of a large network"
    )
    rank = 40
    parameters = GatysParameters
    weights = NETWORKS


class CnnTexture(Generator):
    """Optimises noise until its features have the picture's statistics (Gatys et al. 2015)."""

    name, label = "cnn-texture", "Texture from features"
    description = (
        "Makes a texture in which a network sees the picture's statistics; better with weights of a large network"
    )
    rank = 70
    subgroup = "From a photo"
    parameters = CnnTextureParameters
    weights = NETWORKS
    needs = ("base_color",)

    def apply(self, subject: Maps, parameters: CnnTextureParameters, inputs: Inputs, context: Context) -> Maps:
        """The texture's base colour, with texels of the same real-world size as the picture's."""
        from .gatys.painting import generate_texture

        return generate_texture(subject, parameters, context)


def style_tools() -> list[Tool]:
    """The stylizers, with the default first, the texture generator, and the trainer."""
    return [PatchesStyle(), Gatys(), Neighbours(), Wct(), CnnTexture(), FastStyle(), TrainFastStyle()]
