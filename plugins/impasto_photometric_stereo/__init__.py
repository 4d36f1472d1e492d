"""Photometric stereo: relief and colour measured from photographs of one surface under several lights.

After Woodham 1980, with robust weights against shadows and highlights; unknown lights are estimated.
"""

from __future__ import annotations

from impasto import hookimpl
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Inputs, Result, Tool

from .parameters import PHOTO, PHOTOS, PhotometricStereoParameters


class PhotometricStereo(Generator):
    """Measures the maps of a surface from photographs of it under different lights."""

    name, label = "photometric-stereo", "Relief from several lights"
    description = "Measures colour, normals, height and roughness from photographs of one surface under several lights"
    example = "--photo a.jpg --photo b.jpg --photo c.jpg --clock 12 --clock 4 --clock 8 --out textures"
    rank, task = 35, "stereo"
    group = "Maps"
    uses_subject = False
    inputs = (PHOTOS,)
    parameters = PhotometricStereoParameters

    def apply(self, subject: Maps, parameters: PhotometricStereoParameters, inputs: Inputs, context: Context) -> Result:
        """The maps, with the mean residual and confidence as figures, and the estimated lights in a note."""
        from .measure import measure

        return measure(inputs[PHOTO], parameters, context)


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tool of this plugin."""
    return [PhotometricStereo()]
