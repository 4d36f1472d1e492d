"""Makes maps with a trained torus generator: one pass, any size, seamless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from impasto.context import Context
from impasto.errors import ModelError
from impasto.texture import MAP_CHANNELS, Maps

from .networks import TorusGenerator

if TYPE_CHECKING:
    from . import TorusParameters


def generate_torus(subject: Maps, parameters: TorusParameters, context: Context) -> Maps:
    """Maps of the chosen size, or of the subject's, from the model and this step's seed."""
    card, tensors = context.load_model(parameters.model, "torus")
    maps = tuple(card["maps"])
    try:
        generator = TorusGenerator(sum(MAP_CHANNELS[name] for name in maps), card["widths"])
        generator.load_state_dict({name: torch.from_numpy(array).float() for name, array in tensors.items()})
        mean, deviation = (torch.tensor(card[name]).view(-1, 1, 1) for name in ("mean", "deviation"))
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ModelError(f"{card['name']} does not fit torus: {error}", "train it again, or choose another") from error
    height, width = parameters.size_px(subject)
    context.check()
    with torch.inference_mode():
        pixels = generator.to(context.device)(context.noise, 1, (height, width), parameters.variation)[0]
    made = maps_of(pixels.cpu(), maps, mean, deviation)
    texel_m = card.get("texel_m")
    return replace(
        made,
        name=str(card["name"]),
        width_m=texel_m * width if texel_m else None,
        height_range_m=card.get("height_range_m"),
    )


def maps_of(pixels: Tensor, names: Sequence[str], mean: Tensor, deviation: Tensor) -> Maps:
    """Standardised pixels (C, H, W) as maps in [0, 1]; `names` in the order of their channels."""
    values = (pixels * deviation + mean).clamp(0, 1)
    parts = values.split([MAP_CHANNELS[name] for name in names])
    return Maps.from_arrays({name: part.permute(1, 2, 0).numpy() for name, part in zip(names, parts, strict=True)})
