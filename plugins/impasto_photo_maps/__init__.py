"""Photo maps: one picture becomes a full PBR set: base colour without its light, height, normal, roughness, occlusion.

Relief is what brightness suggests, by shading or as height, so far as a small network that judges statistics of the
picture takes it for relief and not for paint. It learned from photographs of measured sets and of random materials.
"""

from __future__ import annotations

from pathlib import Path

from impasto import hookimpl
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Estimator, Inputs

from .parameters import PhotoMapsParameters


class PhotoMaps(Estimator):
    """Estimates every map that its subject lacks, from its base colour."""

    name = "photo-maps"
    label = "Maps from photo"
    description = (
        "Makes height, normal, roughness and occlusion from one picture, and takes the light out of its colour"
    )
    rank = 30
    parameters = PhotoMapsParameters

    def apply(self, subject: Maps, parameters: PhotoMapsParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with all maps and the range of its height in metres; an unknown width counts as 1 m."""
        from .estimate import estimate_maps

        return estimate_maps(subject, parameters, context)


@hookimpl
def impasto_models() -> Path:
    """Folder of the bundled network."""
    return Path(__file__).with_name("models")


@hookimpl
def impasto_tools() -> list[PhotoMaps]:
    """The tools of this plugin."""
    return [PhotoMaps()]
