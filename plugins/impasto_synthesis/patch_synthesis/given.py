"""The further inputs of patch synthesis, and the guidance from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.context import Context
from impasto.data.prepare import maps_at_scale
from impasto.errors import ParameterError
from impasto.numerics.filters import blur
from impasto.patterns.exemplar import Guidance, join_guidance
from impasto.patterns.features import opponent, with_ranks_of
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.resizing import resize
from impasto.texture import Maps, Texture

from ..material import LEFT_OUT
from .atlas import Atlas
from .parameters import PatchSynthesisParameters

LABELS = "labels"
STRICTNESS = 8.0
"""Cost, at full strictness, of a difference from the guide of one deviation, in mean distances."""
MIX = 10.0
"""Weight of showing the wanted source."""
BROAD = 0.03
"""Width of the blur of colours that a guide is compared with, relative to the source's shorter side."""
BLOB = 0.08
"""Deviation of the Gaussian filter that shapes random regions, relative to the source's shorter side."""
SOFT = 0.015
"""Half width of the band in which cuts between sources may run, relative to the result's shorter side."""
LEAST_DEVIATION = 1e-3
UNEVEN, UNEVEN_SIZE = 0.15, 0.02
"""Deviation of a guide's noise, relative to the guide's, and of the noise's filter, relative to the source's side."""
NEARLY_GREY = 0.02
"""A guide with less deviation of colour differences is grey, and only its brightness counts."""


@dataclass(frozen=True)
class GivenMaps:
    """Inputs other than the subject. masks: at most one for each of the others, or None."""

    leave_out: Maps | None
    labels: Maps | None
    guide: Maps | None
    others: Sequence[Maps]
    masks: Sequence[Maps | None]

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> GivenMaps:
        """The inputs by name. Raise ParameterError for combinations that do not work."""
        others, masks = tuple(inputs.get("others") or ()), tuple(inputs.get("mask") or ())
        labels, guide = inputs.get(LABELS), inputs.get("guide")
        if labels and not guide:
            raise ParameterError("labels were given without a guide", "give a guide in the same colours as well")
        if labels and others:
            raise ParameterError("labels and others were both given", "mix photographs by their masks instead")
        return cls(inputs.get("leave_out"), labels, guide, others, (*masks, *[None] * (len(others) - len(masks))))

    def carried_pictures(self, size_px: tuple[int, int]) -> dict[str, np.ndarray]:
        """Pictures (H, W, C) that belong to the subject, which has `size_px`."""
        carried = {}
        if self.leave_out:
            carried[LEFT_OUT] = _mask(self.leave_out, size_px)
        if self.labels:
            carried[LABELS] = _picture(self.labels, size_px)
        return carried

    def guidance(
        self, atlas: Atlas, parameters: PatchSynthesisParameters, size_px: tuple[int, int], context: Context
    ) -> Guidance | None:
        """Guidance from all inputs together; None if there is none."""
        parts = [*self._of_guide(atlas, parameters.strictness, size_px, context)]
        if self.others:
            weights = [1.0, *parameters.weight, *[1.0] * (len(self.others) - len(parameters.weight))]
            masks = [
                None if mask is None else torch.from_numpy(_brightness(mask, size_px)[..., 0])
                for mask in (None, *self.masks)
            ]
            found = shares(weights, masks, size_px, atlas.side_px, _seed(context)).to(context.device)
            parts.append(mix_guidance(atlas.part_of_rows(), atlas.image.shape[2], found))
        return join_guidance(parts)

    def _of_guide(
        self, atlas: Atlas, strictness: float, size_px: tuple[int, int], context: Context
    ) -> Iterator[Guidance]:
        """Guidance by the guide, if there is one: by its labels, or else by its colours."""
        if not self.guide:
            return
        wanted = torch.from_numpy(_picture(self.guide, size_px)).permute(2, 0, 1).to(context.device)
        if self.labels:
            yield label_guidance(atlas.fitted.carried[LABELS], wanted, strictness)
        else:
            yield color_guidance(atlas.image.expand(3, -1, -1), wanted, strictness, _seed(context))


def _seed(context: Context) -> int:
    return int(context.rng.integers(1 << 62))


def _picture(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Pixels (H, W, 3) of a picture, at `size_px`."""
    pixels = resize(next(iter(maps.values())).pixels, size_px)
    return np.repeat(pixels[..., :1], 3, 2) if pixels.shape[2] < 3 else pixels


def _brightness(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Mean (H, W, 1) of the channels of a picture, at `size_px`."""
    return resize(next(iter(maps.values())).pixels.mean(2, keepdims=True), size_px)


def _mask(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Mask (H, W, 1) of `size_px` from the brightness of a picture of any size."""
    mask = (_brightness(maps, size_px) > 0.5).astype(np.float32)
    if mask.all():
        raise ParameterError("leave_out is white everywhere, so nothing is left", "paint black what may be used")
    return mask


def label_guidance(labels: Tensor, wanted: Tensor, strength: float) -> Guidance:
    """Guidance by the colours of labels of the source (3, h, w) and of the result (3, H, W).

    Raise ParameterError if the source's labels have one colour.
    """
    mean = labels.mean((1, 2), keepdim=True)
    deviation = (labels - mean).square().sum(0).mean().sqrt()
    if deviation < LEAST_DEVIATION:
        message = "labels have one colour everywhere"
        raise ParameterError(message, "paint each kind of surface of the photograph in its own colour")
    factor = (STRICTNESS * strength) ** 0.5 / deviation
    return Guidance((labels - mean) * factor, (wanted - mean) * factor)


def color_guidance(color: Tensor, wanted: Tensor, strength: float, seed: int) -> Guidance:
    """Guidance by broad colours; the guide's (3, H, W) are matched to the distribution of the source's (3, h, w).

    Smooth noise makes even parts of the guide as uneven as the source.
    """
    width = 2 * round(BROAD * min(color.shape[1:]) / 2) + 1
    broad = avg_pool2d(opponent(color)[None], width, 1, width // 2, count_include_pad=False)[0]
    guide = opponent(wanted)
    generator = torch.Generator().manual_seed(seed)
    noise = blur(torch.randn(3, *wanted.shape[1:], generator=generator), UNEVEN_SIZE * min(color.shape[1:]))
    guide = guide + (UNEVEN * guide[0].std() * noise / noise.std()).to(guide)
    used = [0] + [channel for channel in (1, 2) if opponent(wanted)[channel].std() > NEARLY_GREY]
    even = broad[used] - broad[used].mean((1, 2), keepdim=True)
    matched = torch.stack([with_ranks_of(guide[channel], values) for channel, values in zip(used, even, strict=True)])
    factor = (STRICTNESS * strength) ** 0.5 / even.square().sum(0).mean().sqrt().clamp(min=LEAST_DEVIATION)
    return Guidance(even * factor, matched * factor)


def mix_guidance(part: Tensor, width: int, wanted: Tensor) -> Guidance:
    """Guidance by shares (S, H, W) of sources, 0 to 1. part (h,): number of the source in each row."""
    shares = torch.stack([part == number for number in range(len(wanted))]).float()  # (S, h)
    return Guidance(MIX**0.5 * shares[..., None].expand(-1, -1, width), MIX**0.5 * wanted)


def shares(
    weights: Sequence[float], masks: Sequence[Tensor | None], size_px: tuple[int, int], side_px: int, seed: int
) -> Tensor:
    """Share of each source (S, H, W): 1 where its mask (H, W) is white, or in random regions of the rest."""
    free = [number for number, mask in enumerate(masks) if mask is None]
    covered = [mask for mask in masks if mask is not None]
    rest = 1 - torch.stack(covered).amax(0) if covered else torch.ones(size_px)
    regions = _random_regions([weights[number] for number in free], size_px, side_px, seed)
    found = [mask if mask is not None else rest * regions[free.index(number)] for number, mask in enumerate(masks)]
    return blur(torch.stack(found), SOFT * min(size_px))


def _random_regions(weights: Sequence[float], size_px: tuple[int, int], side_px: int, seed: int) -> Tensor:
    """Regions (S, H, W) on the torus, each 1 in a share of it that is proportional to its weight."""
    generator = torch.Generator().manual_seed(seed)
    noise = blur(torch.randn(len(weights), *size_px, generator=generator), BLOB * side_px)
    taken = torch.zeros(size_px, dtype=torch.bool)
    regions = torch.zeros(len(weights), *size_px)
    for number, weight in enumerate(weights):
        remaining = (~taken).sum().item() * weight / max(sum(weights[number:]), 1e-9)
        values = noise[number].masked_fill(taken, -torch.inf).flatten()
        chosen = values.topk(round(remaining)).indices
        regions[number].view(-1)[chosen] = 1
        taken.view(-1)[chosen] = True
    return regions


def with_common_maps(photographs: Sequence[Maps], context: Context) -> list[Maps]:
    """The photographs with their common maps, in the first one's colour spaces and, if known, at its texel size.

    Raise ParameterError if they have no map in common.
    """
    first = photographs[0]
    names = [name for name in first if all(name in other for other in photographs)]
    if not names:
        raise ParameterError("the photographs have no map in common", "give pictures that all have a base colour")
    missing = sorted({name for other in photographs for name in other} - set(names))
    if missing:
        context.note("left out {}, which not all of the photographs have", ", ".join(missing))
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
