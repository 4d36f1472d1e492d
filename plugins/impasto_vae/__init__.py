"""A variational autoencoder of the artist's own texture: reconstructs it, varies it, or makes more of it.

`train-vae` makes a model; `vae` runs it, with a picture or without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from impasto import hookimpl
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Input, Result, Tile, Tool, Trainer

from .parameters import TrainVaeParameters, VaeParameters

if TYPE_CHECKING:
    from impasto.data.dataset import Dataset


class Vae(Generator):
    """The subject as the model sees it, partly made new; without one, all new. The latent is a torus: it tiles."""

    name = "vae"
    label = "Vary with a trained model"
    description = (
        "Makes a picture seamless and varies it, or makes more of its kind, with a model trained on such pictures"
    )
    rank = 60
    task = "generate"
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
