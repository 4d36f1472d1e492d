"""The textbook methods by the names of their generators: making maps with a model, and training one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from impasto.context import Context
from impasto.data.dataset import Dataset
from impasto.device import training_precision
from impasto.errors import ParameterError
from impasto.library.networks import network_of
from impasto.system.untrusted import excerpt
from impasto.texture import Maps
from impasto.tools import Result
from impasto.training.model import train_model

from .card import TextbookCard
from .conditional import ConditionalTraining
from .crops import read_crops
from .gan import GanTraining, PlainGenerator
from .parameters import TrainGanParameters, TrainTextbookParameters
from .progressive import ProgressiveGenerator, ProgressiveTraining
from .relativistic import RelativisticTraining
from .shared import TextbookTraining, maps_of

NETWORKS: Mapping[str, Callable[[TextbookCard], nn.Module]] = {
    "gan": lambda card: PlainGenerator(card.channels, card.width),
    "conditional-gan": lambda card: PlainGenerator(card.channels, card.width, len(card.classes)),
    "progressive-gan": lambda card: ProgressiveGenerator(card.channels, card.width, card.levels),
}
TRAININGS: Mapping[str, type[TextbookTraining]] = {
    "gan": GanTraining,
    "conditional-gan": ConditionalTraining,
    "progressive-gan": ProgressiveTraining,
}
LARGEST_PX = 4096


def train_textbook(tool: str, parameters: TrainTextbookParameters, dataset: Dataset, context: Context) -> Result:
    """Train a model for the generator `tool` on the dataset, and save it."""
    kind = TRAININGS[tool]
    if isinstance(parameters, TrainGanParameters) and parameters.loss == "relativistic":
        kind = RelativisticTraining
    if kind.learns_classes:
        _check_classes(dataset, tool)

    def build(seed: int) -> TextbookTraining:
        crops = read_crops(dataset, parameters.longest_px, parameters.crop_px, parameters.hold_out, context.device)
        return kind(crops, parameters, seed, context.device, training_precision(context.device))

    return train_model(build, tool, parameters, dataset, context, parameters.watched)


def _check_classes(dataset: Dataset, tool: str) -> None:
    remedy = "give a folder with one folder a class, or use train-gan"
    if len(dataset.labels) < 2:
        raise ParameterError(f"{tool} learns classes, and the data has {len(dataset.labels) or 'none'}", remedy)
    for sample in dataset.samples:
        if sample.label is None:
            raise ParameterError(f"{tool} learns classes, and {sample.name} has none", remedy)


def generate_textbook(tool: str, subject: Maps, parameters: Any, context: Context) -> Maps:
    """Maps of the chosen size, or of the subject's, by the model's network."""
    height, width = parameters.size_px(subject)
    if max(height, width) > LARGEST_PX:
        message = f"{tool} makes up to {LARGEST_PX} px a side in one piece, and was asked for {width}x{height}"
        raise ParameterError(message, "choose a smaller size: the result tiles; or use torus, which works in parts")
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
        raise ParameterError(
            f"{card.name} has no class {excerpt(material)}", f"choose one of {', '.join(card.classes)}"
        )
    return card.classes.index(material)
