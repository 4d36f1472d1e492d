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

DATASET = Input("dataset", "the pictures to learn from", kind="dataset")


class Gan(Generator):
    """Makes textures with a model of `train-gan`."""

    name = "gan"
    label = "Plain GAN"
    description = "The GAN of the textbook: makes a seamless texture with a small model that you trained"
    rank = 90
    parameters = TextbookParameters
    uses_subject = False

    def apply(self, subject: Maps, parameters: TextbookParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        """The maps that the model has learned; of the subject only the size counts."""
        from .gan import Generator as Network
        from .shared import generate_textbook

        return generate_textbook(
            self.name, lambda card: Network(card.channels, card.width), subject, parameters, context
        )


class TrainGan(Trainer):
    """Trains a model for `gan`."""

    name = "train-gan"
    label = "Train a plain GAN"
    description = "Trains the GAN of the textbook on crops of your pictures: to learn with, and to compare against"
    rank = 90
    parameters = TrainGanParameters
    inputs = (DATASET,)

    def apply(
        self, subject: Maps, parameters: TrainGanParameters, inputs: Mapping[str, Any], context: Context
    ) -> Result:
        """The path of the model and the last losses."""
        from .gan import GanTraining
        from .relativistic import RelativisticTraining
        from .shared import train_textbook

        kind = GanTraining if parameters.loss == "textbook" else RelativisticTraining
        return train_textbook(kind, "gan", parameters, inputs, context)


class ConditionalGan(Generator):
    """Makes textures of a class with a model of `train-conditional-gan`."""

    name = "conditional-gan"
    label = "Conditional GAN"
    description = "Makes a seamless texture of the class that you choose, with a model that learned several"
    rank = 91
    parameters = ConditionalParameters
    uses_subject = False

    def apply(
        self, subject: Maps, parameters: ConditionalParameters, inputs: Mapping[str, Any], context: Context
    ) -> Maps:
        """The maps that the model has learned; of the subject only the size counts."""
        from .gan import Generator as Network
        from .shared import generate_textbook

        return generate_textbook(
            self.name,
            lambda card: Network(card.channels, card.width, len(card.classes)),
            subject,
            parameters,
            context,
        )


class TrainConditionalGan(Trainer):
    """Trains a model for `conditional-gan`."""

    name = "train-conditional-gan"
    label = "Train a conditional GAN"
    description = "Trains one model for several classes of pictures, a folder for each"
    rank = 91
    example = "materials --name my-materials"
    parameters = TrainConditionalParameters
    inputs = (DATASET,)

    def apply(
        self, subject: Maps, parameters: TrainConditionalParameters, inputs: Mapping[str, Any], context: Context
    ) -> Result:
        """The path of the model and the last losses."""
        from .conditional import ConditionalTraining
        from .shared import train_textbook

        return train_textbook(ConditionalTraining, "conditional-gan", parameters, inputs, context, needs_classes=True)


class ProgressiveGan(Generator):
    """Makes textures with a model of `train-progressive-gan`."""

    name = "progressive-gan"
    label = "Progressive GAN"
    description = "Makes a seamless texture with a model that grew from coarse to fine"
    rank = 92
    parameters = TextbookParameters
    uses_subject = False

    def apply(self, subject: Maps, parameters: TextbookParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        """The maps that the model has learned; of the subject only the size counts."""
        from .progressive import Generator as Network
        from .shared import generate_textbook

        return generate_textbook(
            self.name,
            lambda card: Network(card.channels, card.width, card.levels),
            subject,
            parameters,
            context,
        )


class TrainProgressiveGan(Trainer):
    """Trains a model for `progressive-gan`."""

    name = "train-progressive-gan"
    label = "Train a progressive GAN"
    description = (
        "Trains on your pictures from coarse to fine: each resolution fades in when the one before has settled"
    )
    rank = 92
    parameters = TrainProgressiveParameters
    inputs = (DATASET,)

    def apply(
        self, subject: Maps, parameters: TrainProgressiveParameters, inputs: Mapping[str, Any], context: Context
    ) -> Result:
        """The path of the model and the last losses."""
        from .progressive import ProgressiveTraining
        from .shared import train_textbook

        return train_textbook(ProgressiveTraining, "progressive-gan", parameters, inputs, context)


def textbook_tools() -> list[Tool]:
    """The generators and their trainers."""
    return [
        Gan(),
        TrainGan(),
        ConditionalGan(),
        TrainConditionalGan(),
        ProgressiveGan(),
        TrainProgressiveGan(),
    ]
