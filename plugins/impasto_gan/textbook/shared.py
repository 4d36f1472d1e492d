"""Shared by the textbook trainers and generators: data, previews, the probe, the card, and making maps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from impasto.context import Context
from impasto.device import training_precision
from impasto.errors import ParameterError
from impasto.library.networks import fitted
from impasto.surface.relief import with_relief
from impasto.texture import MAP_CHANNELS, Maps
from impasto.tools import Result
from impasto.training.base import Training, start_from
from impasto.training.loop import new_model_path, train_model

from .card import TextbookCard, textbook_card
from .crops import Crops, read_crops
from .parameters import TrainTextbookParameters

PREVIEW_PX = 128
PROBES = 16
LARGEST_PX = 4096


class TextbookTraining(Training):
    """A generator G(noise, batch, size_px, classes, variation) and a discriminator, trained on crops."""

    def __init__(
        self, crops: Crops, parameters: TrainTextbookParameters, seed: int, device: str, precision: str
    ) -> None:
        super().__init__(parameters.steps, parameters.learning_rate, seed, device, precision)
        self.crops, self.batch, self.crop_px = crops, parameters.batch, parameters.crop_px
        self.width = parameters.width
        with self.seeded():
            networks = self.networks_of(len(crops.pixels), parameters.width)
        self.hold(networks, self.optimizer)
        self.ema.eval()
        self.real, self.real_classes = crops.draw(PROBES, self.crop_px, torch.Generator().manual_seed(0))

    @abstractmethod
    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """The networks by name: "generator" and "discriminator"."""

    @abstractmethod
    def optimizer(self, weights: Any) -> torch.optim.Optimizer:
        """An optimiser for the weights of one network."""

    @torch.no_grad()
    def probe(self) -> tuple[Tensor, Tensor]:
        """Pictures from fixed noise, and fixed crops of the data, of the same classes."""
        size_px = (self.crop_px, self.crop_px)
        return self.ema(self.fixed_noise(), PROBES, size_px, self.real_classes), self.real

    @torch.no_grad()
    def preview(self) -> Maps:
        """At most four classes, side by side."""
        count = min(max(len(self.crops.labels), 1), 4)
        classes = torch.arange(count, device=self.device)
        pixels = self.ema(self.fixed_noise(), count, (PREVIEW_PX, PREVIEW_PX), classes)
        return maps_of(torch.cat(list(pixels), 2), textbook_card(self.stated()))

    def stated(self) -> dict[str, Any]:
        """The model's card if training ended now."""
        return {"name": "untitled", "width": self.width, **self.card()}

    def card(self) -> dict[str, Any]:
        """The card's fields that are needed to make maps."""
        crops = self.crops
        return {
            "maps": list(crops.maps),
            "mean": crops.mean.flatten().tolist(),
            "deviation": crops.deviation.flatten().tolist(),
            "texel_m": crops.texel_m,
            "span_px": crops.span_px,
        }


def train_textbook(
    kind: type[TextbookTraining],
    architecture: str,
    parameters: TrainTextbookParameters,
    inputs: Mapping[str, Any],
    context: Context,
    needs_classes: bool = False,
) -> Result:
    """Train a model for the generator called `architecture` on the dataset, and save it."""
    path = new_model_path(parameters.name, context)
    dataset = inputs["dataset"]
    if needs_classes and (len(dataset.labels) < 2 or any(sample.label is None for sample in dataset.samples)):
        message = f"{architecture} learns classes, and the data has {len(dataset.labels) or 'none'}"
        raise ParameterError(message, "give a folder with one folder a class, or use train-gan")
    crops = read_crops(dataset, parameters.longest_px, parameters.crop_px, parameters.hold_out, context.device)
    seed = int(context.rng.integers(2**62))
    training = kind(crops, parameters, seed, context.device, training_precision(context.device))
    start_from(training, parameters.start_from, architecture, context)

    def describe() -> dict[str, Any]:
        classes = {"classes": list(crops.labels)} if needs_classes else {}
        return {"width": parameters.width, **training.card(), **classes, "data": list(crops.about)}

    return train_model(training, path, architecture, parameters, dataset, context, describe, parameters.watched)


def generate_textbook(
    tool: str, build: Callable[[TextbookCard], nn.Module], subject: Maps, parameters: Any, context: Context
) -> Maps:
    """Maps of the chosen size, or of the subject's, by the model's network, which `build(card)` creates."""
    height, width = parameters.size_px(subject)
    if max(height, width) > LARGEST_PX:
        message = f"{tool} makes up to {LARGEST_PX} px a side in one piece, and was asked for {width}x{height}"
        raise ParameterError(message, "choose a smaller size: the result tiles; or use torus, which works in parts")
    stated, tensors = context.load_model(parameters.model, tool)
    card = textbook_card(stated)
    generator = fitted(lambda: build(card), tensors, card.name, tool)
    classes = _class_of(getattr(parameters, "material", ""), card)
    generator.eval().to(context.device)
    context.check()
    with torch.inference_mode():
        index = torch.tensor([classes], device=context.device)
        pixels = generator(context.noise, 1, (height, width), index, parameters.variation)[0].cpu()
    context.check()
    return replace(maps_of(pixels, card, context.device), name=card.name)


def _class_of(material: str, card: TextbookCard) -> int:
    if not material or not card.classes:
        return 0
    if material not in card.classes:
        raise ParameterError(f"{card.name} has no class {material!r}", f"choose one of {', '.join(card.classes)}")
    return card.classes.index(material)


def maps_of(pixels: Tensor, card: TextbookCard, device: str = "cpu") -> Maps:
    """Maps in [0, 1] from standardised pixels (C, H, W), with normals and occlusion if there is height."""
    mean, deviation = (
        torch.tensor(given, device=pixels.device).view(-1, 1, 1) for given in (card.mean, card.deviation)
    )
    values = (pixels.float() * deviation + mean).clamp(0, 1).cpu()
    parts = values.split([MAP_CHANNELS[name] for name in card.maps])
    arrays = {name: part.permute(1, 2, 0).numpy() for name, part in zip(card.maps, parts, strict=True)}
    width_m = card.texel_m * pixels.shape[2]
    range_m = card.span_px * card.texel_m if "height" in arrays else None
    return with_relief(Maps.from_arrays(arrays, width_m=width_m, height_range_m=range_m), device)
