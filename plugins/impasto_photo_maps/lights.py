"""Relief of one photograph under eight lights and under an unknown one, in pictures: the eye sees which is right."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from impasto.actions import Action, Doing
from impasto.device import choose_device
from impasto.errors import FileError, ParameterError
from impasto.texture import Maps
from impasto.tools import UNKNOWN_AZIMUTH, Result

from .parameters import PhotoMapsParameters

if TYPE_CHECKING:
    from impasto.cli.terminal import Terminal

AZIMUTHS = (UNKNOWN_AZIMUTH, *(45.0 * step for step in range(8)))
LONGEST_PX = 256
"""Longer side at which a photograph is looked at."""
SIDE_PX, GAP_PX = 160, 4
PLACES = (135.0, 90.0, 45.0, 180.0, UNKNOWN_AZIMUTH, 0.0, 225.0, 270.0, 315.0)
"""Azimuths on a sheet of three rows, each where its light comes from."""
RAKING = {"azimuth": 135.0, "elevation": 25.0}
"""Light under which reliefs are compared, low enough to show flat ones."""
FITTING, OTHER = {"strength": 2.5, "sky": 0.15}, {"strength": 0.3, "sky": 0.0}
"""Its strength on reliefs that explain the photograph, and on others."""


def pictures_of_relief(
    photograph: Maps, parameters: PhotoMapsParameters, device: str = "cpu"
) -> dict[float, np.ndarray]:
    """Grey relief (SIDE_PX, SIDE_PX, 3), sRGB-encoded, of a photograph's middle by the azimuth of its light.

    All are lit from one side. Where the photograph's light would not explain the photograph, the picture is dark.
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
    from .network import load_recognition
    from .prior import Brightness, towards
    from .recognition import recognise_under, strength

    small = maps_at_most(Maps({"base_color": photograph["base_color"]}), LONGEST_PX)
    torus = Plane.around(small.size_px, tiles(small, parameters.tiling))
    picture = torch.from_numpy(encoded_pixels(small["base_color"])).to(device).permute(2, 0, 1).contiguous()
    linear = srgb_to_linear(picture)
    brightness = Brightness.of_picture(linear, torus)
    lights = torch.stack([towards(azimuth) * (azimuth >= 0) for azimuth in AZIMUTHS], 1).to(device)
    shown = {}
    for azimuth, toward, found in zip(
        AZIMUTHS, lights.T, recognise_under(load_recognition().to(device), linear, torus.wraps, lights), strict=True
    ):
        if azimuth < 0:
            factor = strength(found, brightness) * sign(found, picture, torus, parameters)
        else:
            factor = strength(found, None)
        slopes = (found.slopes * factor).permute(1, 2, 0).cpu().numpy()
        fits = azimuth < 0 or brightness.is_explained(found.slopes, toward)
        relief = Maps.from_arrays({"normal": _middle(normal_from_slopes(slopes))})
        shown[azimuth] = plane(relief, Light(**RAKING, **(FITTING if fits else OTHER)))
    return shown


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
            raise ParameterError("there is no photograph", "choose one")
        parameters = PhotoMapsParameters.model_validate(step.parameters)
        column = list(pictures_of_relief(photograph, parameters, choose_device(doing.options.device)).values())
        return Result(maps=Maps.from_arrays({"base_color": np.concatenate(column)}), recipe=doing.recipe)


def add_lights(parser: argparse.ArgumentParser) -> None:
    """Add --show-lights to `impasto maps`."""
    text = (
        "write a sheet instead: the relief under eight lights, each where it comes from; choose a --light-azimuth by it"
    )
    parser.add_argument("--show-lights", action="store_true", help=text)
    parser.set_defaults(run=partial(_maps, parser.get_default("run")))


def _maps(maps: Callable[..., None], arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Write sheets of lights if the options ask for them, or else maps as usual."""
    from impasto.cli.options import given_parameters
    from impasto.cli.sources import SOURCE, color_spaces_of, named_sources
    from impasto.io.files import read_maps
    from impasto.surface.thumbnail import cell, grid
    from impasto.system.transaction import replace_files
    from impasto.system.untrusted import is_there
    from impasto.tools import validate

    if not arguments.show_lights:
        maps(arguments, terminal)
        return
    parameters = validate(arguments.tool, given_parameters(arguments, arguments.tool))
    sources = named_sources(arguments.sources, arguments.name)
    paths = {name: arguments.out / f"{name}_lights.png" for name in sources}
    for path in paths.values():
        if is_there(path) and not arguments.force:
            raise FileError("{} is there already", "choose another --out or --name, or add --force", path)
    space = color_spaces_of(arguments, {SOURCE}).get(SOURCE, "")
    with terminal.progress() as on_progress:
        for index, (name, source) in enumerate(sources.items()):
            on_progress(index / len(sources), name)
            shown = pictures_of_relief(
                read_maps(source, color_space=space), parameters, choose_device(arguments.device)
            )
            cells = [cell(_caption(azimuth), shown[azimuth], SIDE_PX) for azimuth in PLACES]
            replace_files({paths[name]: grid(cells, 3, GAP_PX)})
    terminal.report_files(list(paths.values()), [])


def _caption(azimuth: float) -> str:
    return "unknown" if azimuth < 0 else f"{azimuth:.0f}"
