"""`cube-faces` and `panorama-from-cube`: turn a panorama into six faces on one sheet, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.surface.color import linear_pixels, linear_to_srgb
from impasto.texture import COLOR_MAPS, Maps, Texture
from impasto.tools import Field, Filter, Input, Inputs, Parameters, zero_means

if TYPE_CHECKING:
    from torch import Tensor

Layout = Literal["row", "cross", "grid"]
PLACES: Mapping[str, tuple[tuple[int, int], tuple[tuple[int, int], ...]]] = {
    "row": ((1, 6), ((0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5))),
    "cross": ((3, 4), ((1, 2), (1, 0), (0, 1), (2, 1), (1, 1), (1, 3))),
    "grid": ((2, 3), ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2))),
}
"""Rows and columns of faces on the sheet of each layout, and the place of each, in the order of `sphere.FACES`."""
ROWS_AT_ONCE = 128
LARGEST_PX = 8192
MOST_SAMPLES = 8
"""Most samples per pixel along each side, where a panorama is shrunk."""


class CubeFacesParameters(Parameters):
    """Parameters of the faces and their layout."""

    face_px: int = Field(
        0,
        ge=0,
        le=LARGEST_PX,
        description="Side of a face in pixels; 0: as fine as the panorama is at its horizon",
        json_schema_extra=zero_means("as the panorama", 1024),
    )
    layout: Layout = Field(
        "row", description="Places of right, left, up, down, front and back: one row, a cross, or two rows of three"
    )


class CubeFaces(Filter):
    """Samples a panorama in each pixel's direction; faces meet without seams, since it continues across all edges."""

    name, label = "cube-faces", "Cube faces"
    description = "Makes the six faces of a cube from an equirectangular panorama, on one sheet"
    rank = 57
    group = "Shape"
    keeps_size = False
    example = "sky.png --layout cross "
    parameters = CubeFacesParameters
    needs_source = True
    takes_light = True

    def apply(self, subject: Maps, parameters: CubeFacesParameters, inputs: Inputs, context: Context) -> Maps:
        """The sheet; pixels between the arms of a cross are 0."""
        import torch

        from .sphere import Panorama, face_directions

        width = subject.size_px[1]
        side = parameters.face_px or max(1, round(width / 4))
        (rows, columns), places = PLACES[parameters.layout]
        samples = min(MOST_SAMPLES, max(1, round(width / 4 / side)))
        textures = {}
        for count, name in enumerate(subject):
            panorama, mode = Panorama(_linear(subject[name], name)), _mode(subject[name])
            array = np.zeros((rows * side, columns * side, subject[name].pixels.shape[2]), np.float32)
            for face, (row, column) in enumerate(places):

                def directions(top: int, bottom: int, face: int = face) -> Tensor:
                    v, u = (_places(first, last, samples) * 2 / side - 1 for first, last in ((top, bottom), (0, side)))
                    return face_directions(face, *reversed(torch.meshgrid(v, u, indexing="ij")))

                on_progress = _part(context, (6 * count + face) / (6 * len(subject)))
                faces = _in_bands(side, directions, partial(panorama.samples, mode=mode), samples, on_progress)
                array[row * side : (row + 1) * side, column * side : (column + 1) * side] = _encode(
                    faces, name, subject[name]
                )
            textures[name] = replace(subject[name], pixels=array)
        return replace(subject, textures=textures, width_m=None)


class PanoramaFromCubeParameters(Parameters):
    """Parameters of the panorama."""

    height_px: int = Field(
        0,
        ge=0,
        le=LARGEST_PX,
        description="Height of the panorama in pixels, half its width; 0: two faces",
        json_schema_extra=zero_means("two faces", 2048),
    )


class PanoramaFromCube(Filter):
    """Samples the face in each pixel's direction, with the neighbours' colours beyond its edges."""

    name, label = "panorama-from-cube", "Panorama from cube"
    description = "Makes an equirectangular panorama from the six faces of a cube on one sheet"
    rank = 58
    group = "Shape"
    keeps_size = False
    example = "faces.png "
    parameters = PanoramaFromCubeParameters
    needs_source = True
    takes_any_picture = False
    takes_light = True
    inputs = (
        Input(
            "others",
            "left, up, down, front and back face, if the source is the right one and no sheet",
            required=False,
            many=True,
        ),
    )

    def apply(self, subject: Maps, parameters: PanoramaFromCubeParameters, inputs: Inputs, context: Context) -> Maps:
        """The panorama. Raise ParameterError if the proportions fit no layout, or if the faces differ in size."""
        import torch

        from .sphere import Cube, panorama_directions

        others = inputs.get("others", ())
        sheet = in_a_row(subject, others) if others else subject
        layout = layout_of(sheet.size_px)
        (rows, _), places = PLACES[layout]
        side = sheet.size_px[0] // rows
        if not others:
            context.note("the faces are laid out as a {}", layout)
        height = parameters.height_px or 2 * side
        samples = min(MOST_SAMPLES, max(1, round(2 * side / height)))
        across = _places(0, 2 * height, samples)

        def directions(top: int, bottom: int) -> Tensor:
            return panorama_directions(_places(top, bottom, samples), across, height, 2 * height)

        textures = {}
        for count, name in enumerate(subject):
            x = _linear(sheet[name], name)
            faces = [x[:, r * side : (r + 1) * side, c * side : (c + 1) * side] for r, c in places]
            on_progress = _part(context, count / len(subject))
            sampled = partial(Cube(torch.stack(faces)).samples, mode=_mode(sheet[name]))
            panorama = _in_bands(height, directions, sampled, samples, on_progress)
            textures[name] = replace(sheet[name], pixels=_encode(panorama, name, sheet[name]))
        return replace(subject, textures=textures, width_m=None)


def in_a_row(right: Maps, others: Sequence[Maps]) -> Maps:
    """The faces on one sheet. Raise ParameterError unless they are six squares of one size with the same maps."""
    faces = (right, *others)
    height, width = right.size_px
    alike = all(face.size_px == (width, width) and set(right) <= set(face) for face in faces)
    if len(faces) != 6 or height != width or not alike:
        message = "{} pictures are given, or they are no squares of {} px with the same maps"
        remedy = "give the right face as source, and left, up, down, front and back, of one size"
        raise ParameterError(message, remedy, len(faces), width)
    textures = {}
    for name in right:
        row = [face[name] for face in faces]
        if any(one.color_space == "linear" for one in row):  # dark enough values are encoded
            row = [Texture(linear_pixels(one), "linear") for one in row]
        textures[name] = replace(row[0], pixels=np.concatenate([one.pixels for one in row], axis=1))
    return replace(right, textures=textures)


def layout_of(size_px: tuple[int, int]) -> str:
    """The layout of a sheet of this size. Raise ParameterError if there is none."""
    height, width = size_px
    for layout, ((rows, columns), _) in PLACES.items():
        if height % rows == 0 and height // rows * columns == width:
            return layout
    remedy = "give one of 6:1 (a row), 4:3 (a cross) or 3:2 (two rows), such as cube-faces makes"
    raise ParameterError("a picture of {}x{} px is no sheet of six square faces", remedy, width, height)


def _linear(texture: Texture, name: str) -> Tensor:
    """A map (C, H, W); colours as light."""
    import torch

    pixels = linear_pixels(texture) if name in COLOR_MAPS else texture.pixels
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32))


def _mode(texture: Texture) -> str:
    """Interpolation of a map; not cubic for light, since that leaves dark rings around a sun."""
    return "bilinear" if texture.color_space == "linear" else "bicubic"


def _encode(x: Tensor, name: str, source: Texture) -> np.ndarray:
    """Pixels (H, W, C) in the source's form: light, or encoded colours and other values in [0, 1]."""
    is_light = source.color_space == "linear"
    pixels = x.clamp(0, None if is_light else 1).permute(1, 2, 0).numpy()
    return np.ascontiguousarray(linear_to_srgb(pixels) if name in COLOR_MAPS and not is_light else pixels)


def _places(first: int, last: int, samples: int) -> Tensor:
    """Centres of `samples` parts of each pixel from `first` to `last`."""
    import torch

    return (torch.arange(first * samples, last * samples) + 0.5) / samples


def _part(context: Context, done: float) -> Callable[[float], None]:
    return lambda fraction: context.progress(min(1.0, done + fraction * 0.1), "Projecting")


def _in_bands(
    height: int,
    directions: Callable[[int, int], Tensor],
    sampled: Callable[[Tensor], Tensor],
    samples: int,
    on_progress: Callable[[float], None],
) -> Tensor:
    """Means (C, height, width) of `samples` per pixel along each side, in directions of bands of rows."""
    import torch
    from torch.nn.functional import avg_pool2d

    bands = []
    for top in range(0, height, ROWS_AT_ONCE):
        on_progress(top / height)
        bands.append(avg_pool2d(sampled(directions(top, min(height, top + ROWS_AT_ONCE))), samples))
    return torch.cat(bands, 1)
