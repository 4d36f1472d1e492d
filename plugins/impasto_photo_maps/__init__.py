"""Photo maps: turns one picture into a full PBR set: unlit base colour, height, normal, roughness and occlusion.

Brightness suggests relief, by shading or as height, and a small network decides how much of it is relief and not paint.
The network learned from photographs of measured sets and of random materials.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from impasto import hookimpl
from impasto.actions import Action
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Estimator, Inputs, Tool

from .lights import ShowLights
from .parameters import PhotoMapsParameters
from .remove_light import RemoveLight


class PhotoMaps(Estimator):
    """Estimates every map that the subject lacks from its base colour."""

    name = "photo-maps"
    label = "Maps from photo"
    description = (
        "Makes height, normal, roughness and occlusion from one picture, and takes the light out of its colour"
    )
    rank = 30
    parameters = PhotoMapsParameters

    def apply(self, subject: Maps, parameters: PhotoMapsParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with all maps and its height range in metres; an unknown width counts as 1 m."""
        from .estimate import estimate_maps

        return estimate_maps(subject, parameters, context)


@hookimpl
def impasto_models() -> Path:
    """Folder of the bundled network."""
    return Path(__file__).with_name("models")


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [PhotoMaps(), RemoveLight()]


@hookimpl
def impasto_actions() -> list[Action]:
    """The action that shows the relief under several lights."""
    return [ShowLights()]


@hookimpl
def impasto_options(command: str, parser: argparse.ArgumentParser) -> None:
    """Add --show-lights to `impasto maps`."""
    if command == "maps":
        from .command import add_lights

        add_lights(parser)
