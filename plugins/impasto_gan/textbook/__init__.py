"""Three generators as their papers have them, to learn with and to compare against: plain, conditional, progressive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import (
    Field,
    Generator,
    Input,
    Parameters,
    Result,
    SizeParameters,
    Tool,
    Trainer,
    model_field,
)

DATASET = Input("dataset", "the pictures to learn from", kind="dataset")


class TextbookParameters(SizeParameters):
    """Which model, and how far it may go."""

    model: str = model_field("Name of a trained model; empty: the first that fits")
    variation: float = Field(1.0, ge=0, le=1.5, description="How much places differ; lower is calmer and more even")


class ConditionalParameters(TextbookParameters):
    """Which class as well."""

    material: str = Field("", description="One of the model's classes; empty: the first")


class TrainTextbookParameters(Parameters):
    """How long and on what the networks are trained."""

    name: str = Field("untitled", description="Name of the model: letters, digits, - and _")
    steps: int = Field(5000, ge=1, le=1000000, description="Steps of training; more is better up to a point")
    longest_px: int = Field(
        256, ge=32, le=4096, description="Pictures are shrunk to this longer side first; smaller shows larger shapes"
    )
    crop_px: int = Field(32, ge=32, le=128, multiple_of=8, description="Size of the crops that the networks see")
    batch: int = Field(16, ge=2, le=256, description="Crops in a step; more is steadier and slower")
    learning_rate: float = Field(2e-4, ge=1e-6, le=1e-2, description="How fast it learns; lower it if it diverges")
    width: int = Field(64, ge=16, le=512, multiple_of=16, description="Channels of the widest layer")
    hold_out: bool = Field(False, description="Learn from half of each picture only, so that the other half can judge")
    watched: bool = Field(True, description="Go back where the training fails; off: watch a collapse to its end")
    start_from: str = model_field("A model to go on from; empty: start anew", tool="gan")


class TrainConditionalParameters(TrainTextbookParameters):
    """As for the plain GAN."""

    start_from: str = model_field("A model to go on from; empty: start anew", tool="conditional-gan")


class TrainProgressiveParameters(TrainTextbookParameters):
    """As for the plain GAN, but larger crops and the paper's rate."""

    batch: int = Field(8, ge=2, le=256, description="Crops in a step; more is steadier and slower")
    crop_px: int = Field(64, ge=32, le=128, description="Size that it grows to from 8 px, by doubling: 32, 64 or 128")
    learning_rate: float = Field(1e-3, ge=1e-6, le=1e-2, description="How fast it learns; lower it if it diverges")
    start_from: str = model_field("A model to go on from; empty: start anew", tool="progressive-gan")


class TrainGanParameters(TrainTextbookParameters):
    """With a choice of the loss."""

    loss: Literal["textbook", "relativistic"] = Field(
        "textbook", description="Textbook: as in 2014; relativistic: with penalties, as the torus generator is trained"
    )


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
    description = "Trains on your pictures from coarse to fine: each octave fades in when the one before has settled"
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
