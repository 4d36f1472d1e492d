"""Parameters of the generators of the classroom, and of their trainers."""

from __future__ import annotations

from typing import Literal

from impasto.tools import Field, Parameters, SizeParameters, class_field, model_field


class TextbookParameters(SizeParameters):
    """The model, and the amount of variation."""

    model: str = model_field("Name of a trained model; empty: the first that fits")
    variation: float = Field(
        1.0, ge=0, le=1.5, description="Variation across the picture; lower is calmer and more even"
    )


class ConditionalParameters(TextbookParameters):
    """The parameters of all textbook generators, and the class."""

    material: str = class_field("One of the model's classes; empty: the first")


class TrainTextbookParameters(Parameters):
    """Settings of a training: steps, data, and size of the networks."""

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
    start_from: str = model_field("Model to start from; empty: from scratch", tool="gan")


class TrainConditionalParameters(TrainTextbookParameters):
    """The plain GAN's settings."""

    start_from: str = model_field("Model to start from; empty: from scratch", tool="conditional-gan")


class TrainProgressiveParameters(TrainTextbookParameters):
    """The plain GAN's settings, with larger crops and the paper's learning rate."""

    batch: int = Field(8, ge=2, le=256, description="Crops in a step; more is steadier and slower")
    crop_px: int = Field(64, ge=32, le=128, description="Size that it grows to from 8 px, by doubling: 32, 64 or 128")
    learning_rate: float = Field(1e-3, ge=1e-6, le=1e-2, description="How fast it learns; lower it if it diverges")
    start_from: str = model_field("Model to start from; empty: from scratch", tool="progressive-gan")


class TrainGanParameters(TrainTextbookParameters):
    """The plain GAN's settings, and the loss."""

    loss: Literal["textbook", "relativistic"] = Field(
        "textbook", description="Textbook: as in 2014; relativistic: with penalties, as the torus generator is trained"
    )


class VaeParameters(SizeParameters):
    """The model, and the amount of variation."""

    model: str = model_field()
    variation: float = Field(
        0.5, ge=0, le=1, description="Fraction of the source that is replaced; 0: only at the seams, 1: all of it"
    )
    latents: Literal["patches", "fitted", "prior"] = Field(
        "patches",
        description="Source of new latents. Patches: copies that match; fitted: a random field like the data's; "
        "prior: white noise, as in the paper",
    )


class TrainVaeParameters(Parameters):
    """Parameters of the training and of the networks."""

    name: str = Field("untitled", description="Name of the model: letters, digits, - and _")
    start_from: str = model_field("Model to start from; empty: from scratch", tool="vae")
    steps: int = Field(2000, ge=1, le=200000, description="Steps of training")
    longest_px: int = Field(
        512, ge=32, le=4096, description="The data is shrunk to this longer side first; smaller shows larger shapes"
    )
    crop_px: int = Field(128, ge=80, le=512, multiple_of=16, description="Size of the crops that the networks see")
    batch: int = Field(4, ge=1, le=64, description="Crops in a step; more is steadier and slower")
    learning_rate: float = Field(1e-3, ge=1e-6, le=1e-2, description="How fast it learns; lower it if it diverges")
    kl_weight: float = Field(
        1e-3, ge=0, le=1, description="Cost of information in the latents; lower: truer to a source, higher: freer"
    )
    width: int = Field(64, ge=8, le=256, description="Channels of the coarsest stage: how much the model can hold")
    hold_out: bool = Field(False, description="Learn from one half of each picture, and leave the other to judge by")
