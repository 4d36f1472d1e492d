"""The tools `stackgan` and `train-stackgan`; torch is imported only when they run."""

from __future__ import annotations

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Input, Inputs, Result, Trainer

from .parameters import StackGanParameters, TrainStackGanParameters


class StackGan(Generator):
    """Makes a material for a phrase with a trained model; only the size of the subject is used."""

    name, label = "stackgan", "From a phrase (StackGAN)"
    description = "Makes a seamless texture of a phrase with a model that learned from pictures with captions"
    rank = 70
    subgroup = "From a model"
    parameters = StackGanParameters
    uses_subject = False

    def apply(self, subject: Maps, parameters: StackGanParameters, inputs: Inputs, context: Context) -> Maps:
        """The model's maps for the phrase, and those derived from height."""
        from .generate import generate_stackgan

        return generate_stackgan(subject, parameters, context)


class TrainStackGan(Trainer):
    """Trains a model for `stackgan`."""

    name, label = "train-stackgan", "Train on captions"
    description = "Learns pictures by their captions, to make new ones of phrases: a text file beside each picture"
    rank = 70
    example = "materials --name my-materials"
    parameters = TrainStackGanParameters
    inputs = (Input("dataset", "pictures or map sets, each with a caption", kind="dataset"),)

    def apply(self, subject: Maps, parameters: TrainStackGanParameters, inputs: Inputs, context: Context) -> Result:
        """The model's path and its figures. After cancelling, a checkpoint remains, from which training resumes."""
        from .train import train_stackgan

        return train_stackgan(parameters, inputs["dataset"], context)
