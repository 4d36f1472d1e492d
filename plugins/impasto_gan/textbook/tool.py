"""The textbook tools; torch is imported only when they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Input, Result, Tool, Trainer

from .parameters import (
    ConditionalParameters,
    TextbookParameters,
    TrainConditionalParameters,
    TrainGanParameters,
    TrainProgressiveParameters,
)


class TextbookGenerator(Generator):
    """Makes textures with a model of its trainer, by the method of its name; of the subject only the size counts."""

    subgroup = "From a model"
    parameters = TextbookParameters
    uses_subject = False

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Maps:
        """The maps that the model has learned."""
        from .methods import generate_textbook

        return generate_textbook(self.name, subject, parameters, context)


class TextbookTrainer(Trainer):
    """Trains a model for the generator whose name follows `train-` in its own."""

    inputs = (Input("dataset", "the pictures to learn from", kind="dataset"),)

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Result:
        """The path of the model and the last losses."""
        from .methods import train_textbook

        return train_textbook(self.name.removeprefix("train-"), parameters, inputs["dataset"], context)


class Gan(TextbookGenerator):
    name, label = "gan", "Plain GAN"
    description = "The GAN of the textbook: makes a seamless texture with a small model that you trained"
    rank = 90


class TrainGan(TextbookTrainer):
    name, label = "train-gan", "Train a plain GAN"
    description = "Trains the GAN of the textbook on crops of your pictures: to learn with, and to compare against"
    rank = 90
    parameters = TrainGanParameters


class ConditionalGan(TextbookGenerator):
    name, label = "conditional-gan", "Conditional GAN"
    description = "Makes a seamless texture of the class that you choose, with a model that learned several"
    rank = 91
    parameters = ConditionalParameters


class TrainConditionalGan(TextbookTrainer):
    name, label = "train-conditional-gan", "Train a conditional GAN"
    description = "Trains one model for several classes of pictures, a folder for each"
    rank = 91
    example = "materials --name my-materials"
    parameters = TrainConditionalParameters


class ProgressiveGan(TextbookGenerator):
    name, label = "progressive-gan", "Progressive GAN"
    description = "Makes a seamless texture with a model that grew from coarse to fine"
    rank = 92


class TrainProgressiveGan(TextbookTrainer):
    name, label = "train-progressive-gan", "Train a progressive GAN"
    description = (
        "Trains on your pictures from coarse to fine: each resolution fades in when the one before has settled"
    )
    rank = 92
    parameters = TrainProgressiveParameters


def textbook_tools() -> list[Tool]:
    """The generators and their trainers."""
    return [Gan(), TrainGan(), ConditionalGan(), TrainConditionalGan(), ProgressiveGan(), TrainProgressiveGan()]
