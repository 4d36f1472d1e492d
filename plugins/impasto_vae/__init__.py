"""A variational autoencoder of the artist's own texture: reconstructs it, varies it, or makes more of it.

`train-vae` makes a model; `vae` runs it, with a picture or without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from impasto import hookimpl
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import (
    Field,
    Generator,
    Input,
    Parameters,
    Result,
    SizeParameters,
    Tile,
    Tool,
    Trainer,
    model_field,
)

if TYPE_CHECKING:
    from impasto.data.dataset import Dataset


class VaeParameters(SizeParameters):
    """Which model, and how much is made new."""

    model: str = model_field()
    variation: float = Field(
        0.5, ge=0, le=1, description="Share of the source that is made new; 0: all is kept but the seams, 1: nothing is"
    )


class Vae(Generator):
    """The subject as the model sees it, partly made new; without one, all new. The latent is a torus: it tiles."""

    name = "vae"
    label = "Vary with a trained model"
    description = (
        "Makes a picture seamless and varies it, or makes more of its kind, with a model trained on such pictures"
    )
    rank = 60
    parameters = VaeParameters

    def apply(self, subject: Maps, parameters: VaeParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        """The maps that the model has learned; the subject is shrunk to the model's resolution first."""
        from .generate import generate_vae

        return generate_vae(subject, parameters, context)

    def tiles(
        self, subject: Maps, parameters: VaeParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Iterator[Tile]:
        """The same in tiles."""
        from .generate import generate_tiles

        return generate_tiles(subject, parameters, context)


class TrainVaeParameters(Parameters):
    """How long and on what the networks are trained."""

    name: str = Field("untitled", description="Name of the model: letters, digits, - and _")
    start_from: str = model_field("Name of a model to go on from; empty: begin anew", tool="vae")
    steps: int = Field(2000, ge=1, le=200000, description="Steps of training")
    longest_px: int = Field(
        512, ge=32, le=4096, description="The data is shrunk to this longer side first; smaller shows larger shapes"
    )
    crop_px: int = Field(128, ge=80, le=512, multiple_of=16, description="Size of the crops that the networks see")
    batch: int = Field(4, ge=1, le=64, description="Crops in a step; more is steadier and slower")
    learning_rate: float = Field(1e-3, ge=1e-6, le=1e-2, description="How fast it learns; lower it if it diverges")
    kl_weight: float = Field(
        1e-3, ge=0, le=1, description="Cost of what the latent tells; lower: truer to a source, higher: freer"
    )
    width: int = Field(64, ge=8, le=256, description="Channels of the coarsest stage: how much the model can hold")
    hold_out: bool = Field(False, description="Learn from one half of each picture, and leave the other to judge by")


class TrainVae(Trainer):
    """Trains a model for `vae` on photographs or map sets of one kind of surface."""

    name = "train-vae"
    label = "Train an autoencoder"
    description = "Learns a surface from your pictures, to reconstruct them, vary them and make more of their kind"
    rank = 60
    parameters = TrainVaeParameters
    inputs = (Input("dataset", "the pictures that it learns from", kind="dataset"),)

    def apply(
        self, subject: Maps, parameters: TrainVaeParameters, inputs: Mapping[str, Any], context: Context
    ) -> Result:
        """The path of the model and its figures. Cancelled, it leaves a checkpoint to go on from."""
        from .training import train_vae

        dataset: Dataset = inputs["dataset"]
        return train_vae(parameters, dataset, context)


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Vae(), TrainVae()]
