"""The photographs that patch synthesis mixes: the subject and others, with the same maps at the same texel size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from impasto.context import Context
from impasto.data.prepare import maps_at_scale
from impasto.errors import ParameterError
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.texture import Maps, Texture


def with_common_maps(photographs: Sequence[Maps], context: Context) -> list[Maps]:
    """The photographs with the maps that all have, in the first one's colour spaces and, if known, at its texel size.

    ParameterError if they have no map in common.
    """
    first = photographs[0]
    names = [name for name in first if all(name in other for other in photographs)]
    if not names:
        raise ParameterError("the photographs have no map in common", "give pictures that all have a base colour")
    missing = sorted({name for other in photographs for name in other} - set(names))
    if missing:
        context.note(f"left out {', '.join(missing)}, which not all of the photographs have")
    return [_as(first, other, names) for other in photographs]


def _as(first: Maps, other: Maps, names: Sequence[str]) -> Maps:
    """The named maps of another photograph, stored like those of the first."""
    other = replace(other, textures={name: _in_color_space(other[name], first[name].color_space) for name in names})
    if other is first or not (first.width_m and other.width_m):
        return other
    texel_m, own_m = (maps.width_m / maps.size_px[1] for maps in (first, other) if maps.width_m)
    return maps_at_scale(other, own_m / texel_m)


def _in_color_space(texture: Texture, color_space: str) -> Texture:
    """The texture in this colour space."""
    if color_space == "srgb" and texture.color_space == "linear":
        return Texture(linear_to_srgb(texture.pixels), "srgb")
    if color_space == "linear" and texture.color_space == "srgb":
        return Texture(srgb_to_linear(texture.pixels), "linear")
    return texture
