"""Detail from an exemplar: a model's picture places the shapes, and pieces of the exemplar show them.

A network soon learns the layout and large shapes, but hardly ever the grain and sharp outlines of a photograph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from impasto.context import Context
from impasto.data.prepare import Preparation, maps_at_scale, prepare
from impasto.errors import Message, ModelError, ParameterError
from impasto.numerics.filters import blur
from impasto.patterns.lattice import TorusRegion, full_region
from impasto.texture import MAP_CHANNELS, Maps
from impasto.tools import Inputs, Tile

from .card import TorusCard
from .generate import RANGE_M, TILE_PX, Synthesis
from .parameters import TorusParameters
from .transfer import BLEND_PX, transfer

MOST_PX = 4096 * 4096
"""Most pixels of a result. Its pieces are compared all at once, which takes about 0.1 kB of memory per pixel."""
EVENED = ("base_color", "height", "roughness")
"""Maps that are evened; metal stays as it is in the exemplar."""
BROAD = 1 / 14
"""Standard deviation of the blur for broad variation, relative to the tile's shorter side."""
BROAD_KEPT = 0.6
"""Share of the broad variation kept at a variation of 1. With more, repeats show in 4 x 4 tiles."""
MEASURED_PX = 256
"""Longest side of the small pictures that measure the effect of sliders."""
MOST_CONTRAST, LEAST_DEVIATION = 2.0, 1e-3
"""Largest factor of a deviation by sliders; and maps with less deviation count as even."""
GENERATED = 0.3
"""Fraction of the work until the model's own picture is finished."""


def exemplar_for(synthesis: Synthesis, parameters: TorusParameters, inputs: Inputs, context: Context) -> Maps | None:
    """The given exemplar, or else the picture that the model learned, if it is wanted, stored and usable.

    If it is not usable, a note says why, and the recipe records that the network alone made the picture.
    """
    if not parameters.texture_transfer or "exemplar" in inputs:
        return inputs.get("exemplar") if parameters.texture_transfer else None
    model = context.models.find(parameters.model, "torus")
    if not model.card.get("exemplar"):
        return None
    height, width = synthesis.choice.picture_px
    try:
        if height * width > MOST_PX:
            message = "the result has {}x{} px, and 4096x4096 are the limit"
            raise ModelError(message, "make a smaller tile", width, height)
        return context.load_exemplar(model)
    except ModelError as error:
        context.note("made by the network alone, without detail: {}", error.message)
        context.decide(parameters.model_copy(update={"texture_transfer": False}))
        return None


def detail(synthesis: Synthesis, exemplar: Maps, strictness: float, context: Context) -> Maps:
    """A model's picture, rebuilt from pieces of the exemplar; maps that the exemplar lacks stay the model's.

    Raise ParameterError for an exemplar without base colour, and for results of more than `MOST_PX`.
    """
    height, width = synthesis.choice.picture_px
    if height * width > MOST_PX:
        message = Message("detail from an exemplar was asked for {}x{} px, and 4096x4096 are the limit", width, height)
        raise ParameterError(message, "make a smaller tile, which repeats without a seam, or leave the exemplar out")
    values = _values(synthesis, context)
    parts = _parts(synthesis.model.card, values)
    source = source_of(synthesis, exemplar, context)
    lacking = [name for name in parts if name not in source]
    if lacking:
        context.note("the exemplar has no {}, so that of the model was kept", ", ".join(lacking))

    def report(done: float, find_origin: Callable[[], Tensor]) -> None:
        context.progress(GENERATED + (0.9 - GENERATED) * done, "Taking detail from the exemplar")

    laid = transfer(source, {name: parts[name] for name in source}, strictness, context.rng, report)
    pieces = dict(zip(source, laid.joined(BLEND_PX, BLEND_PX), strict=True))
    context.progress(0.95, "Smoothing the seams")
    broad_share = BROAD_KEPT * synthesis.choice.variation
    pieces |= {name: even_values(pieces[name], broad_share) for name in EVENED if name in pieces}
    ordinary = synthesis.with_relief(torch.cat(list((parts | _with_sliders(pieces, synthesis)).values())))
    return synthesis.with_name_and_size(
        Maps.from_arrays({name: part.permute(1, 2, 0).contiguous().cpu().numpy() for name, part in ordinary.items()})
    )


def even_values(values: Tensor, share: float) -> Tensor:
    """Values (c, H, W) of a tile with only a share of their broad variation."""
    broad = blur(values, BROAD * min(values.shape[1:]))
    return values - (1 - share) * (broad - broad.mean((1, 2), keepdim=True))


def _with_sliders(pieces: Mapping[str, Tensor], synthesis: Synthesis) -> dict[str, Tensor]:
    """Pieces (c, H, W) by map, with means and deviations changed by the sliders as in the model's picture.

    The changes are measured on small pictures of the same seed, with and without the sliders.
    """
    choice = synthesis.choice
    if choice.moved is None or not choice.moved.any():
        return dict(pieces)
    halvings = max(choice.halvings, math.ceil(math.log2(max(choice.size) / MEASURED_PX)))
    moved, still = (
        _statistics(replace(synthesis, choice=replace(choice, halvings=halvings, moved=shift)))
        for shift in (choice.moved, None)
    )
    return {name: _with_change(part, still[name], moved[name]) for name, part in pieces.items()}


def _statistics(synthesis: Synthesis) -> dict[str, tuple[Tensor, Tensor]]:
    """Mean and deviation (c, 1, 1) of each map of a model's picture."""
    with torch.inference_mode():
        parts = _parts(synthesis.model.card, synthesis.maps(full_region(synthesis.choice.picture_px)))
    return {name: (part.mean((1, 2), keepdim=True), part.std((1, 2), keepdim=True)) for name, part in parts.items()}


def _with_change(part: Tensor, before: tuple[Tensor, Tensor], after: tuple[Tensor, Tensor]) -> Tensor:
    """A part (c, H, W) with its mean shifted and its deviation scaled as between two pictures."""
    ratio = (after[1] / before[1].clamp(min=LEAST_DEVIATION)).clamp(1 / MOST_CONTRAST, MOST_CONTRAST)
    mean = part.mean((1, 2), keepdim=True)
    return (part - mean) * ratio + mean + after[0] - before[0]


def detailed_tiles(synthesis: Synthesis, exemplar: Maps, strictness: float, context: Context) -> Iterator[Tile]:
    """The result of `detail` in tiles (top, left, maps), in bands from the top."""
    whole = detail(synthesis, exemplar, strictness, context)
    height, width = whole.size_px
    for top in range(0, height, TILE_PX[0]):
        for left in range(0, width, TILE_PX[1]):
            box = slice(top, top + TILE_PX[0]), slice(left, left + TILE_PX[1])
            parts = {name: replace(whole[name], pixels=whole[name].pixels[box]) for name in whole}
            yield top, left, replace(whole, textures=parts)


def _values(synthesis: Synthesis, context: Context) -> Tensor:
    """Values (C, H, W) of the whole picture, computed band by band."""
    size = height, width = synthesis.choice.picture_px
    bands = []
    for top in range(0, height, TILE_PX[0]):
        context.progress(GENERATED * top / height, "Generating")
        with torch.inference_mode():
            bands.append(synthesis.maps(TorusRegion(top, 0, min(TILE_PX[0], height - top), width, size)))
    return torch.cat(bands, 1).clone()


def _parts(card: TorusCard, values: Tensor) -> dict[str, Tensor]:
    """Values (c, H, W) by map."""
    return dict(zip(card.maps, values.split([MAP_CHANNELS[name] for name in card.maps]), strict=True))


def source_of(synthesis: Synthesis, exemplar: Maps, context: Context) -> dict[str, Tensor]:
    """Values (c, h, w) of the exemplar's maps that the model has learned too, at the result's texel size."""
    card = synthesis.model.card
    if "base_color" in card.maps and "base_color" not in exemplar:
        raise ParameterError("the exemplar has no base colour", "give the picture, or the set, that the model learned")
    prepared = _prepare(exemplar, synthesis)
    names = [name for name in card.maps if name in prepared]
    source = {
        name: torch.from_numpy(np.ascontiguousarray(prepared[name].pixels.transpose(2, 0, 1))).to(context.device)
        for name in names
    }
    if "height" in source:  # both in the model's units
        ratio = (prepared.height_range_m or RANGE_M) / (synthesis.scale_of("height_range_m") or RANGE_M)
        source["height"] = source["height"] * ratio
    return source


def _prepare(exemplar: Maps, synthesis: Synthesis) -> Maps:
    """The exemplar, prepared like training data, with texels of the result's size.

    Its own texels have the size that it states, or else it has as many as the model's training pictures.
    """
    card, texel_m = synthesis.model.card, synthesis.scale_of("texel_m")
    longest_px = max(exemplar.size_px)
    learned_px = max((max(item.size_px) for item in card.data if item.size_px), default=longest_px)
    if exemplar.width_m and texel_m:
        learned_px = max(1, round(longest_px * exemplar.width_m / exemplar.size_px[1] / texel_m))
    width_m = exemplar.width_m or (texel_m or 1 / 1024) * learned_px * exemplar.size_px[1] / longest_px
    known = {name: exemplar[name] for name in exemplar if name in (*card.maps, "normal")}
    prepared = prepare(known, Preparation(min(longest_px, learned_px)), width_m, exemplar.height_range_m)
    return maps_at_scale(prepared, synthesis.choice.scale / 2**synthesis.choice.halvings)
