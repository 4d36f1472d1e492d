"""Relief of one photograph under eight lights and under an unknown one, in pictures: the eye sees which is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from impasto.actions import Action, Doing
from impasto.device import choose_device
from impasto.errors import Message, ParameterError
from impasto.plugins.registry import registry
from impasto.texture import Maps
from impasto.tools import UNKNOWN_AZIMUTH, Result, validate

from .parameters import PhotoMapsParameters

AZIMUTHS = (135.0, 90.0, 45.0, 180.0, UNKNOWN_AZIMUTH, 0.0, 225.0, 270.0, 315.0)
"""Azimuths in three rows, each where its light comes from."""
LONGEST_PX = 256
"""Longer side at which a photograph is looked at."""
SIDE_PX = 160
RAKING = {"azimuth": 135.0, "elevation": 25.0}
"""Light under which reliefs are compared, low enough to show flat ones."""
FITTING, OTHER = {"strength": 2.5, "sky": 0.15}, {"strength": 0.3, "sky": 0.0}
"""Its strength on reliefs that explain the photograph, and on others."""


def pictures_of_relief(
    photograph: Maps, parameters: Mapping[str, Any], device: str = "cpu"
) -> tuple[dict[float, np.ndarray], tuple[str, ...]]:
    """Grey relief (SIDE_PX, SIDE_PX, 3), sRGB-encoded, of a photograph's middle by the azimuth of its light, and notes.

    All are lit from one side. Where the photograph's light would not explain the photograph, the picture is dark.
    parameters: of `photo-maps`. Raise ParameterError if they are impossible.
    """
    import torch

    from impasto.data.tiling import tiles
    from impasto.numerics.borders import Plane
    from impasto.surface.color import encoded_pixels
    from impasto.surface.color_tensors import srgb_to_linear
    from impasto.surface.heights import normal_from_slopes
    from impasto.surface.resizing import maps_at_most
    from impasto.surface.shading import Light, plane

    from .estimate import sign
    from .network import TOOL, load_recognition
    from .prior import Brightness, towards
    from .recognition import recognise_under, strength

    checked = validate(registry().tool(TOOL), parameters)
    assert isinstance(checked, PhotoMapsParameters)
    small = maps_at_most(Maps({"base_color": photograph["base_color"]}), LONGEST_PX)
    torus = Plane.around(small.size_px, tiles(small, checked.tiling))
    picture = torch.from_numpy(encoded_pixels(small["base_color"])).to(device).permute(2, 0, 1).contiguous()
    linear = srgb_to_linear(picture)
    brightness = Brightness.of_picture(linear, torus)
    lights = torch.stack([towards(azimuth) * (azimuth >= 0) for azimuth in AZIMUTHS], 1).to(device)
    reliefs, fitting = {}, 0
    for azimuth, toward, found in zip(
        AZIMUTHS, lights.T, recognise_under(load_recognition().to(device), linear, torus.wraps, lights), strict=True
    ):
        if azimuth < 0:
            factor = strength(found, brightness) * sign(found, picture, torus, checked)
        else:
            factor = strength(found, None)
        slopes = (found.slopes * factor).permute(1, 2, 0).cpu().numpy()
        fits = azimuth < 0 or brightness.is_explained(found.slopes, toward)
        fitting += fits
        relief = Maps.from_arrays({"normal": _middle(normal_from_slopes(slopes))})
        reliefs[azimuth] = plane(relief, Light(**RAKING, **(FITTING if fits else OTHER)))
    note = Message("no light from one side explains the picture: leave Light Azimuth unknown")
    return reliefs, (note,) if fitting == 1 else ()


def _middle(pixels: np.ndarray) -> np.ndarray:
    """The middle (SIDE_PX, SIDE_PX, C) of a picture (H, W, C), which is repeated if it is smaller."""
    height, width = pixels.shape[:2]
    rows, columns = ((np.arange(SIDE_PX) + (side - SIDE_PX) // 2) % side for side in (height, width))
    return pixels[rows[:, None], columns]


class ShowLights(Action):
    """Shows the relief that `photo-maps`, the last step of the recipe, finds under each of `AZIMUTHS`.

    The result's base colour is a column of these pictures.
    """

    name = "lights"

    def carry_out(self, doing: Doing, values: object) -> Result:
        from impasto.running.inputs import SOURCE
        from impasto.running.runner import run

        if doing.recipe is None:
            raise ParameterError("there is no recipe to run", "give one")
        *below, step = doing.recipe.active_steps
        inputs, options = doing.read(), replace(doing.options, preview_px=LONGEST_PX)
        photograph = inputs.get(SOURCE)
        if below:
            photograph = run(replace(doing.recipe, steps=tuple(below)), inputs, options, doing.host).maps
        if not isinstance(photograph, Maps) or "base_color" not in photograph:
            raise ParameterError("no image is given", "choose a picture")
        reliefs, notes = pictures_of_relief(photograph, step.parameters, choose_device(doing.options.device))
        column = Maps.from_arrays({"base_color": np.concatenate(list(reliefs.values()))})
        return Result(maps=column, recipe=doing.recipe, notes=notes)
