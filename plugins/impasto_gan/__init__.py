"""Generators that learn one material from the artist's own photograph or map set, and then make it at any size.

`train-torus` makes a model; `torus` makes seamless textures with it.
"""

from __future__ import annotations

from collections.abc import Mapping

from impasto import hookimpl
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Generator, Parameters, Result, SizeParameters, Tool, Trainer


class TorusParameters(SizeParameters):
    """Which model, and how far it may go."""

    model: str = Field("", description="Name of a trained model; empty: the first of the library")
    variation: float = Field(
        1.0, ge=0, le=1.5, description="How much places differ; 1: as in the training data, lower: calmer, more even"
    )


class Torus(Generator):
    """One material, learned; the noise is drawn on a torus and every convolution wraps, so the result tiles."""

    name = "torus"
    label = "From a trained model"
    description = "Makes a seamless material of any size with a model that was trained on your own picture"
    parameters = TorusParameters

    def apply(self, subject: Maps, parameters: TorusParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        """The maps that the model has learned; of the subject only the size counts."""
        from .generate import generate_torus

        return generate_torus(subject, parameters, context)


class TrainTorusParameters(Parameters):
    """How long and on what the networks are trained."""

    name: str = Field("untitled", description="Name of the model: letters, digits, - and _")
    licence: str = Field("unknown", description="Licence of the training data; the model's card keeps it")
    steps: int = Field(800, ge=1, le=100000, description="Steps of training; about a second each on one core")
    longest_px: int = Field(
        512, ge=32, le=4096, description="The data is shrunk to this longer side first; smaller shows larger shapes"
    )
    crop_px: int = Field(96, ge=48, le=512, description="Size of the crops that the networks see, in pixels")
    batch: int = Field(6, ge=1, le=64, description="Crops in a step; more is steadier and slower")
    learning_rate: float = Field(5e-4, ge=1e-6, le=1e-2, description="How fast it learns; lower it if it diverges")
    width: int = Field(96, ge=8, le=256, description="Channels of the coarsest stage: how much the model can hold")


class TrainTorus(Trainer):
    """Trains a model for `torus` on the subject: a photograph, or a map set."""

    name = "train-torus"
    label = "Train on a material"
    description = "Learns one material from a photograph or a map set, for making it seamlessly at any size"
    parameters = TrainTorusParameters
    needs = ("base_color",)

    def apply(
        self, subject: Maps, parameters: TrainTorusParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Result:
        """The path of the model and the last losses. Cancelled, it leaves a checkpoint to go on from."""
        from .training import train_torus

        return train_torus(subject, parameters, context)


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Torus(), TrainTorus()]
