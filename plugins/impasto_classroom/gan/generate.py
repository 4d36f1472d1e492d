"""Makes maps with the model of a textbook GAN."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.library.networks import network_of
from impasto.system.untrusted import excerpt
from impasto.texture import Maps

from .card import TextbookCard
from .gan import PlainGenerator
from .progressive import ProgressiveGenerator
from .shared import maps_of

NETWORKS: Mapping[str, Callable[[TextbookCard], nn.Module]] = {
    "gan": lambda card: PlainGenerator(card.channels, card.width),
    "conditional-gan": lambda card: PlainGenerator(card.channels, card.width, len(card.classes)),
    "progressive-gan": lambda card: ProgressiveGenerator(card.channels, card.width, card.levels),
}
LARGEST_PX = 4096


def generate_textbook(tool: str, subject: Maps, parameters: Any, context: Context) -> Maps:
    """Maps from the model's network, with the chosen size or the subject's."""
    height, width = parameters.size_px(subject)
    if max(height, width) > LARGEST_PX:
        message = "{} makes up to {} px a side in one piece, and was asked for {}x{}"
        remedy = "choose a smaller size: the result tiles; or use torus, which works in parts"
        raise ParameterError(message, remedy, tool, LARGEST_PX, width, height)
    stated, tensors = context.load_model(parameters.model, tool)
    card = TextbookCard.of(stated)
    generator = network_of(lambda: NETWORKS[tool](card), tensors, card.name, tool)
    generator.eval().to(context.device)
    context.check()
    with torch.inference_mode():
        index = torch.tensor([_class_of(getattr(parameters, "material", ""), card)], device=context.device)
        pixels = generator(context.noise, 1, (height, width), index, parameters.variation)[0].cpu()
    context.check()
    return replace(maps_of(pixels, card, context.device), name=card.name)


def _class_of(material: str, card: TextbookCard) -> int:
    if not material or not card.classes:
        return 0
    if material not in card.classes:
        message = "{} has no class {}"
        raise ParameterError(message, "choose one of {}", card.name, excerpt(material), ", ".join(card.classes))
    return card.classes.index(material)
