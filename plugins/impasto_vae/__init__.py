"""A variational autoencoder of the user's own textures: reconstructs a picture, varies it, or makes more of its kind.

`train-vae` trains a model; `vae` runs it, with a picture or without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from impasto import hookimpl
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Input, Result, Tile, Tool, Trainer

from .parameters import TrainVaeParameters, VaeParameters


class Vae(Generator):
    """The subject as the model reconstructs it, partly resampled, or a new surface; tiles, as latents are a torus."""

    name = "vae"
    label = "Vary with a trained model"
    description = (
        "Makes a picture seamless and varies it, or makes more of its kind, with a model trained on such pictures"
    )
    rank = 60
    subgroup = "From a model"
    task = "generate"
    parameters = VaeParameters

    def apply(self, subject: Maps, parameters: VaeParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        """The maps that the model learned; the subject is shrunk to the model's resolution first."""
        from .generate import generate_vae

        return generate_vae(subject, parameters, context)

    def tiles(
        self, subject: Maps, parameters: VaeParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Iterator[Tile]:
        """The result of `apply` in tiles."""
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
        """The path of the model and its figures. If cancelled, it leaves a checkpoint to resume from."""
        from .training import train_vae

        return train_vae(parameters, inputs["dataset"], context)


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Vae(), TrainVae()]
