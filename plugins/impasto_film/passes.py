"""Frames that Blender renders as multilayer EXR: their colour, opacity, motion vectors and object indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from impasto.errors import FileError
from impasto.io.color_conversion import matrix_of
from impasto.io.formats import NO_TIME, exr_attributes
from impasto.io.scanlines import MAX_PARTS, MEMORY_BYTES, Scanlines, damage_error, open_scanlines
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.system.untrusted import excerpt

RENDER_AGAIN = "render it as OpenEXR MultiLayer with the passes Combined and Vector, without motion blur"
"""Remedy for files without the passes that are needed."""
COLOR, ALPHA, VECTOR, POSITION = "RGB", "A", "XYZW", "XYZ"
"""Letters of the channels of the passes Combined (colour and opacity), Vector and Position."""
COMPOSITE = "Composite"
"""Layer that Blender's compositor writes before all others. Image viewers show it."""
INDEX_PASSES = {"Object Index": "X", "IndexOB": "X", "CryptoObject00": "R"}
"""Channel of each pass that identifies objects, the best pass first. Blender 5.0 and later write Object Index."""
MOST_BROKEN = 0.01
"""Largest share of pixels that may be NaN or infinite. They get the values of the nearest valid pixels."""
MOST_PX = 1e5
"""Longest plausible motion."""
OUTLINE_PX = 1.0
"""Neighbouring pixels whose motion differs by more belong to two objects."""
BROAD_PX, BROAD_REACH_PX = 2.0, 6
"""Standard deviation and radius of the blur that leaves only the broad colours of a frame."""
Layers = dict[str, dict[str, dict[str, np.ndarray]]]
"""Channels (H, W) by view layer, pass and channel."""


@dataclass(frozen=True)
class _Part:
    """A part of an EXR, with all its channels (H, W, C), float32."""

    spec: Any
    pixels: np.ndarray

    def without(self, layer: str) -> _Part | None:
        """The part without the channels of a layer; None if no channels are left."""
        numbers = [number for number, name in enumerate(self.spec.channelnames) if not name.startswith(f"{layer}.")]
        if len(numbers) == self.spec.nchannels:
            return self
        spec = self.spec.copy()
        spec.nchannels = len(numbers)
        spec.channelnames = [self.spec.channelnames[number] for number in numbers]
        if self.spec.channelformats:  # empty if they are all the same
            spec.channelformats = [self.spec.channelformats[number] for number in numbers]
        return _Part(spec, np.ascontiguousarray(self.pixels[..., numbers])) if numbers else None

    def with_color(self, prefix: str, color: np.ndarray) -> _Part:
        """The part with new colours (H, W, 3) in the RGB channels whose names have this prefix, if there are any."""
        names = [name[len(prefix) :].upper() if name.startswith(prefix) else "" for name in self.spec.channelnames]
        channels = [names.index(one) for one in COLOR if one in names]
        if not channels:
            return self
        pixels = self.pixels.copy()
        pixels[..., channels] = color
        return _Part(self.spec, pixels)


@dataclass(frozen=True)
class FilePasses:
    """All passes of a file, as they were read. layer: name of the view layer with the motion vectors.

    matrix (3, 3): from the file's linear colours to linear sRGB; None if the file has linear sRGB.
    """

    parts: list[_Part]
    layer: str
    matrix: np.ndarray | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the passes in bytes."""
        return sum(part.pixels.nbytes for part in self.parts)


@dataclass(frozen=True)
class ShotFrame:
    """A frame (H, W): color (H, W, 3) sRGB in [0, 1], opacity (H, W, 1), motion, and the object of each pixel.

    to_previous, to_next: offsets (H, W, 2), rows down and columns right, in pixels, to the same surface point one frame
    before and after. index (H, W): object indices; 0 everywhere without such a pass. is_estimated: whether the motion
    was estimated from pictures, not rendered. position: world positions (H, W, 3) at pixel centres; 0 where there is no
    surface; None without such a pass. passes: all passes of the file, for the repainted copy; None for a picture.
    mended_px: number of pixels that were NaN or infinite, and got the values of the nearest valid pixels.
    """

    color: np.ndarray
    opacity: np.ndarray
    to_previous: np.ndarray
    to_next: np.ndarray
    index: np.ndarray
    is_estimated: bool = False
    position: np.ndarray | None = None
    passes: FilePasses | None = None
    mended_px: int = 0

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width)."""
        return self.color.shape[0], self.color.shape[1]

    @cached_property
    def reversed(self) -> ShotFrame:
        """This frame for the shot played backwards: motion is swapped, and outlines stay the same."""
        turned = replace(self, to_previous=self.to_next, to_next=self.to_previous)
        shared = ("outline_distance_px", "appearance", *(["broad_color"] if self.is_estimated else []))
        vars(turned).update({name: getattr(self, name) for name in shared})  # slow to compute
        return turned

    def crop(self, window: tuple[slice, slice]) -> ShotFrame:
        """A rectangle of the frame, with the distances to outlines in the whole frame."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        cut: dict[str, Any] = {name: one[window] for name, one in values.items() if isinstance(one, np.ndarray)}
        cropped = replace(self, passes=None, **cut)
        vars(cropped).update(outline_distance_px=self.outline_distance_px[window], appearance=self.appearance[window])
        return cropped

    @cached_property
    def broad_color(self) -> np.ndarray:
        """Colours (H, W, 3), blurred as by `blur`."""
        return blur(self.color)

    @cached_property
    def appearance(self) -> np.ndarray:
        """Colours, and distances to outlines, (H, W, 4)."""
        return np.concatenate([self.color, self.outline_distance_px[..., None]], -1)

    @cached_property
    def outline_distance_px(self) -> np.ndarray:
        """Distance (H, W) to the nearest border between two objects, found by their indices or their motion."""
        is_outline = np.zeros(self.size_px, bool)
        for axis, later in ((0, np.s_[1:]), (1, np.s_[:, 1:])):
            apart = np.abs(np.diff(self.to_previous, axis=axis)) > OUTLINE_PX
            is_outline[later] |= apart[..., 0] | apart[..., 1] | (np.diff(self.index, axis=axis) != 0)
        if not is_outline.any():
            return np.full(self.size_px, float(sum(self.size_px)), np.float32)
        return distance_transform_edt(~is_outline).astype(np.float32)


def blur(color: np.ndarray) -> np.ndarray:
    """Colours (H, W, C) without details of a few pixels."""
    return gaussian_filter(color, (BROAD_PX, BROAD_PX, 0), mode="nearest", radius=BROAD_REACH_PX)


def read_frame(path: Path) -> ShotFrame:
    """A frame from the first view layer with vectors of Blender's multilayer EXR. Raise FileError if there is none.

    Positions in Blender's Vector pass are in pixels. X and Y are the previous position minus the present one, and Z and
    W are the present position minus the next one. Y and W point upwards.
    """
    lines = open_scanlines(path)  # also checks the size
    parts, matrix = _parts(lines), matrix_of(lines)
    layers = _layers(parts)
    layer = _layer_of_motion(layers, path)
    passes = layers[layer]
    combined, vector = (_channels(passes[one], names, path) for one, names in (("Combined", COLOR), ("Vector", VECTOR)))
    opacity = (
        _channels(passes["Combined"], ALPHA, path) if ALPHA in passes["Combined"] else np.ones_like(combined[..., :1])
    )
    position = _finite(_channels(passes["Position"], POSITION, path)) if "Position" in passes else None
    mended_px = mend_pixels([combined, opacity, vector], path)
    if np.abs(vector).max() > MOST_PX:
        message = "{} has motion vectors of more than {:,.0f} pixels"
        raise FileError(message, "render the frame again", excerpt(path), MOST_PX)
    opacity = opacity.clip(0, 1)
    index = np.zeros(combined.shape[:2], np.float32)
    for name, channel in INDEX_PASSES.items():
        if name in passes and not index.any():
            index = _finite(_channels(passes[name], channel, path)[..., 0])
    return ShotFrame(
        _straight_srgb(combined, opacity, matrix),
        opacity,
        np.stack([-vector[..., 1], vector[..., 0]], -1),
        np.stack([vector[..., 3], -vector[..., 2]], -1),
        index,
        position=position,
        passes=FilePasses(parts, layer, matrix),
        mended_px=mended_px,
    )


def _finite(values: np.ndarray) -> np.ndarray:
    """The values, with NaN and infinity replaced by 0."""
    return np.where(np.isfinite(values), values, 0)


def mend_pixels(all_values: list[np.ndarray], path: Path) -> int:
    """Replace pixels that are NaN or infinite in any of the arrays (H, W, C), and return their number.

    All arrays get the values of the nearest valid pixels, in place. Raise FileError if there are more than a few.
    """
    is_broken = ~np.logical_and.reduce([np.isfinite(values).all(-1) for values in all_values])
    count = int(is_broken.sum())
    if count > max(MOST_BROKEN * is_broken.size, 1) or count == is_broken.size:
        raise FileError("{} has {:,} values that are NaN or infinite", "render the frame again", excerpt(path), count)
    if count:
        rows, columns = distance_transform_edt(is_broken, return_distances=False, return_indices=True)
        for values in all_values:
            values[is_broken] = values[rows[is_broken], columns[is_broken]]
    return count


def write_repainted(path: Path, frame: ShotFrame, color: np.ndarray, metadata: Mapping[str, str]) -> np.ndarray:
    """Write a copy of the file of a frame with `passes`, with a new colour (H, W, 3), sRGB. All else stays the same.

    Only the compositor's layer is left out. metadata: see `metadata_of`. Return the colour as the file holds it,
    perhaps rounded to 16 bits. Raise FileError if the file cannot be written.
    """
    import OpenImageIO as oiio

    assert frame.passes is not None
    prefix = f"{frame.passes.layer}.Combined."
    light = srgb_to_linear(color)
    if (matrix := frame.passes.matrix) is not None:
        light = light @ np.linalg.inv(matrix).T
    linear = (light * frame.opacity).astype(_format(frame.passes.parts, prefix)).astype(np.float32)
    painted = [part.with_color(prefix, linear) for part in frame.passes.parts]
    parts = [rest for part in painted if (rest := part.without(COMPOSITE)) is not None]
    specs = [part.spec.copy() for part in parts]
    for name, text in exr_attributes(metadata).items():
        specs[0].attribute(name, text)
    for spec in specs:
        if not spec.get_string_attribute("DateTime"):
            spec.attribute("DateTime", NO_TIME)  # otherwise the current time is written
    output: Any = oiio.ImageOutput.create("openexr")
    is_written = output.open(str(path), tuple(specs))
    for number, part in enumerate(parts):
        if number:
            is_written = is_written and output.open(str(path), specs[number], "AppendSubimage")
        is_written = is_written and output.write_image(part.pixels)
    if not (output.close() and is_written):
        raise FileError("cannot write {}: {}", "check the disk and its free space", excerpt(path), output.geterror())
    return _straight_srgb(linear, frame.opacity, matrix)


def _straight_srgb(combined: np.ndarray, opacity: np.ndarray, matrix: np.ndarray | None) -> np.ndarray:
    """Straight sRGB colours (H, W, 3) from linear colours that are premultiplied by opacity (H, W, 1).

    matrix (3, 3): from the linear colours to linear sRGB; None if they are linear sRGB.
    """
    straight = combined
    if (opacity != 1).any():
        straight = np.divide(combined, opacity, out=np.zeros_like(combined), where=opacity > 0)
    if matrix is not None:
        straight = straight @ matrix.T.astype(np.float32)
    return linear_to_srgb(straight.clip(0, 1))


def _format(parts: list[_Part], prefix: str) -> str:
    """Number format of the channels with this prefix, by OpenImageIO's name, such as "half"."""
    return next(
        str(part.spec.channelformat(number))
        for part in parts
        for number, name in enumerate(part.spec.channelnames)
        if name.startswith(prefix)
    )


def _parts(lines: Scanlines) -> list[_Part]:
    """All parts of an EXR. Raise FileError if the file is no EXR or is damaged."""
    import OpenImageIO as oiio

    path = lines.path
    if lines.kind != "EXR":
        raise FileError("{} is {}, which has no motion vectors", RENDER_AGAIN, excerpt(path), lines.kind)
    lines.check_memory(lines.spec.nchannels)
    source: Any = oiio.ImageInput.open(str(path))
    found: list[_Part] = []
    held = 0
    while len(found) < MAX_PARTS and source.seek_subimage(len(found), 0):
        spec = source.spec()
        held += 4 * spec.width * spec.height * spec.nchannels
        if held > MEMORY_BYTES or (spec.height, spec.width) != (lines.spec.height, lines.spec.width):
            raise FileError("{} has passes of several sizes, or too many to read", RENDER_AGAIN, excerpt(path))
        pixels = source.read_image(len(found), 0, 0, spec.nchannels, "float")
        if pixels is None:
            raise damage_error(path, source.geterror())
        found.append(_Part(spec, np.array(pixels, np.float32).reshape(spec.height, spec.width, spec.nchannels)))
    source.geterror()  # clear the error of seeking past the last part
    return found


def _layer_of_motion(layers: Layers, path: Path) -> str:
    """The first view layer that has vectors and colours. Raise FileError if there is none."""
    for name, passes in layers.items():
        if "Vector" in passes and set(COLOR) <= passes.get("Combined", {}).keys():
            return name
    raise FileError("{} has no motion vectors", RENDER_AGAIN, excerpt(path))


def _layers(parts: list[_Part]) -> Layers:
    """Channels by view layer, pass and letter, as views of the parts' pixels. Channels without a layer are left out."""
    found: Layers = {}
    for part in parts:
        for number, name in enumerate(part.spec.channelnames):
            if name.count(".") >= 2:
                layer, one, channel = name.rsplit(".", 2)
                found.setdefault(layer, {}).setdefault(one, {})[channel.upper()] = part.pixels[..., number]
    return found


def _channels(channels: dict[str, np.ndarray], names: str, path: Path) -> np.ndarray:
    """Channels (H, W, C) of a pass, one for each letter of `names`. Raise FileError if one is missing."""
    if not set(names) <= channels.keys():
        raise FileError("{} has a pass without the channels {}", RENDER_AGAIN, excerpt(path), ", ".join(names))
    return np.stack([channels[name] for name in names], -1)
