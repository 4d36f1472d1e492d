"""Makes the maps of a phrase with a trained model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from impasto.context import Context
from impasto.errors import ModelError, ParameterError
from impasto.library.networks import network_of
from impasto.numerics.resampling import bilinear_resize
from impasto.surface.relief import with_relief
from impasto.system.untrusted import excerpt
from impasto.texture import Maps
from impasto.training.standardisation import Standardisation

from .card import StackGanCard
from .data import HEIGHT_DEVIATIONS
from .encoder import words_of
from .encoding import encoder_of
from .model import CELL_PX, StackGanModel
from .parameters import StackGanParameters
from .stage_two import ENLARGED

LARGEST_PX = 4096
LONGEST_TEXT = 500
SUGGESTIONS = 3
RELIEF_LIMITS_PX, TEXEL_LIMITS_M = (1e-3, 100.0), (1e-6, 10.0)


def generate_stackgan(subject: Maps, parameters: StackGanParameters, context: Context) -> Maps:
    """Maps for the phrase, of the chosen size or the subject's."""
    size = parameters.size_px(subject)
    if max(size) > LARGEST_PX:
        message = "stackgan makes up to {} px a side in one piece, and was asked for {}x{}"
        raise ParameterError(message, "choose a smaller size: the result tiles", LARGEST_PX, size[1], size[0])
    stated, tensors = context.load_model(parameters.model, "stackgan")
    card = StackGanCard.of(stated)
    model = network_of(lambda: StackGanModel(card), tensors, card.name, "stackgan").eval().to(context.device)
    text = _text_or_example(parameters.text.strip(), card, context)
    encode, _ = encoder_of(card.encoder, card.slots, context)
    features = torch.from_numpy(encode([text])).to(context.device)
    if features.shape[1] != card.features:
        message = "{} needs {} features of a text, and {} gives {}"
        remedy = "install the version of the plugin that the model was trained with"
        raise ModelError(message, remedy, card.name, card.features, card.encoder, features.shape[1])
    context.progress(0.1, "Making the picture")
    cells = -(-size[0] // CELL_PX), -(-size[1] // CELL_PX)
    with torch.inference_mode():
        phi = model.embedding(features)
        s_0 = model.first(phi, context.noise, cells, parameters.variation)[0]
        context.check()
        if parameters.stage == "first":
            pixels = bilinear_resize(s_0, (ENLARGED * s_0.shape[2], ENLARGED * s_0.shape[3]))
        else:
            pixels = model.second(s_0, phi, context.noise)[0]
        about = model.surface(phi)[0]
        pixels = bilinear_resize(pixels, size)[0]
    context.check()
    return replace(maps_of(pixels, about, card, context.device), name=card.name)


def _text_or_example(text: str, card: StackGanCard, context: Context) -> str:
    """The text, or an example caption if it is empty. Raise ParameterError if the model knows none of its words."""
    if not text:
        if not card.examples:
            raise ParameterError("{} needs a phrase", "give one, such as --text 'old red bricks'", card.name)
        context.note("no text was given: this is {}", excerpt(card.examples[0]))
        return card.examples[0]
    if len(text) > LONGEST_TEXT:
        message = "the text has {} characters, and at most {} are read"
        raise ParameterError(message, "describe one material in a few words", len(text), LONGEST_TEXT)
    known, words = set(card.words), words_of(text)
    unknown = list(dict.fromkeys(word for word in words if word not in known))
    if not any(word in known and (len(word) > 2 or not word.isascii()) for word in words) and "#" not in text:
        listed = "; ".join(card.examples[:SUGGESTIONS])
        remedy = "describe a material as its captions do: {}"
        raise ParameterError("{} learned none of the words of {}", remedy, card.name, excerpt(text[:60]), listed)
    if unknown:
        context.note("no caption of {} has {}", card.name, ", ".join(map(repr, unknown[:8])))
    return text


def maps_of(pixels: Tensor, about: Tensor, card: StackGanCard, device: str = "cpu") -> Maps:
    """Maps in [0, 1] from standardised pixels (C, H, W), with normals and occlusion if there is height.

    about (C + 2,): means, and the logarithms of relief in texels and of texel size in metres.
    """
    mean, matrix = torch.tensor(card.surface.mean)[:, None, None], torch.tensor(card.surface.matrix)
    standardisation = Standardisation(card.maps, mean, matrix).to(pixels.device)
    values = standardisation.inverse(pixels.float()[None])[0].clamp(0, 1).cpu().numpy()
    relief_px, texel_m = (
        float(np.clip(np.exp(float(number)), *limits))
        for number, limits in zip(about[card.channels :], (RELIEF_LIMITS_PX, TEXEL_LIMITS_M), strict=True)
    )
    width_m = texel_m * pixels.shape[2]
    range_m = 2 * HEIGHT_DEVIATIONS * relief_px * texel_m if "height" in card.maps else None
    return with_relief(Maps.from_channels(values, card.maps, width_m=width_m, height_range_m=range_m), device)
