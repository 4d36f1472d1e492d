"""Small pictures of a material, for comparison with a photograph."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.context import step_rngs
from impasto.surface.color_tensors import linear_to_oklab

from ..canvas import Canvas
from ..material import Material
from ..weathering import weather
from .features import SIDE_PX

DRAWN_PX = 2 * SIDE_PX
"""Materials are drawn at twice the size and averaged, as a camera's pixel averages its area."""


def draw(material: Material, parameters: Any, seed: int) -> Tensor:
    """Linear base colour (3, SIDE_PX, SIDE_PX) of a material."""
    canvas = Canvas((DRAWN_PX, DRAWN_PX), parameters.width_m, seed)
    drawing = weather(material.drawing(canvas, parameters), canvas, parameters, material.stands)
    color = drawing.color.clamp(0, 1).expand(3, DRAWN_PX, DRAWN_PX)
    return avg_pool2d(color, 2)


def picture_of(material: Material, parameters: Any, seed: int) -> Tensor:
    """The material's picture (3, SIDE_PX, SIDE_PX) in Oklab."""
    return linear_to_oklab(draw(material, parameters, seed))


def canvas_seed(seed: int) -> int:
    """Seed of the canvas that `run` draws on for a recipe of one material with this seed.

    Stones and bricks are few, so other random numbers would give the match other shares of its colours.
    """
    return int(step_rngs(seed)[0].integers(2**31))
