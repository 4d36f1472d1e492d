"""The tools of the classroom; torch is imported only when they run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Input, Inputs, Result, Tile, Tool, Trainer

from .parameters import (
    ConditionalParameters,
    TextbookParameters,
    TrainConditionalParameters,
    TrainGanParameters,
    TrainProgressiveParameters,
    TrainVaeParameters,
    VaeParameters,
)


class TextbookGenerator(Generator):
    """Makes textures with a model from its trainer; only the size of the subject is used."""

    subgroup = "From a model"
    parameters = TextbookParameters
    uses_subject = False

    def apply(self, subject: Maps, parameters: Any, inputs: Inputs, context: Context) -> Maps:
        """The model's maps."""
        from .gan.generate import generate_textbook

        return generate_textbook(self.name, subject, parameters, context)


class ClassroomTrainer(Trainer):
    """Trains a model for the generator named after `train-` in its own name."""

    inputs = (Input("dataset", "the pictures to learn from", kind="dataset"),)

    def apply(self, subject: Maps, parameters: Any, inputs: Inputs, context: Context) -> Result:
        """The model's path and the last losses."""
        from .training import train

        return train(self.name.removeprefix("train-"), parameters, inputs["dataset"], context)


class Vae(Generator):
    """Reconstructs the subject, partly resampled, or makes a new surface. Latents are a torus, so results tile."""

    name = "vae"
    label = "Vary with a trained model"
    description = (
        "Makes a picture seamless and varies it, or makes more of its kind, with a model trained on such pictures"
    )
    rank = 60
    subgroup = "From a model"
    task = "generate"
    parameters = VaeParameters

    def apply(self, subject: Maps, parameters: VaeParameters, inputs: Inputs, context: Context) -> Maps:
        """The model's maps; the subject is first shrunk to the model's resolution."""
        from .vae.generate import generate_vae

        return generate_vae(subject, parameters, context)

    def tiles(self, subject: Maps, parameters: VaeParameters, inputs: Inputs, context: Context) -> Iterator[Tile]:
        """The result of `apply` in tiles."""
        from .vae.generate import generate_tiles

        return generate_tiles(subject, parameters, context)


class TrainVae(ClassroomTrainer):
    name, label = "train-vae", "Train an autoencoder"
    description = "Learns a surface from your pictures, to reconstruct them, vary them and make more of their kind"
    rank = 60
    parameters = TrainVaeParameters
    inputs = (Input("dataset", "the pictures that it learns from", kind="dataset"),)


class Gan(TextbookGenerator):
    name, label = "gan", "Plain GAN"
    description = "The GAN of the textbook: makes a seamless texture with a small model that you trained"
    rank = 90


class TrainGan(ClassroomTrainer):
    name, label = "train-gan", "Train a plain GAN"
    description = "Trains the GAN of the textbook on crops of your pictures: to learn with, and to compare against"
    rank = 90
    parameters = TrainGanParameters


class ConditionalGan(TextbookGenerator):
    name, label = "conditional-gan", "Conditional GAN"
    description = "Makes a seamless texture of the class that you choose, with a model that learned several"
    rank = 91
    parameters = ConditionalParameters


class TrainConditionalGan(ClassroomTrainer):
    name, label = "train-conditional-gan", "Train a conditional GAN"
    description = "Trains one model for several classes of pictures, a folder for each"
    rank = 91
    example = "materials --name my-materials"
    parameters = TrainConditionalParameters


class ProgressiveGan(TextbookGenerator):
    name, label = "progressive-gan", "Progressive GAN"
    description = "Makes a seamless texture with a model that grew from coarse to fine"
    rank = 92


class TrainProgressiveGan(ClassroomTrainer):
    name, label = "train-progressive-gan", "Train a progressive GAN"
    description = (
        "Trains on your pictures from coarse to fine: each resolution fades in when the one before has settled"
    )
    rank = 92
    parameters = TrainProgressiveParameters


def classroom_tools() -> list[Tool]:
    """The generators and their trainers."""
    gans = [Gan(), TrainGan(), ConditionalGan(), TrainConditionalGan(), ProgressiveGan(), TrainProgressiveGan()]
    return [Vae(), TrainVae(), *gans]
