"""The tools `fast-style` and `train-fast-style`; torch is imported only when they run."""

from __future__ import annotations

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Input, Inputs, Result, Stylizer, Trainer

from ..shared.controls import MASK
from .parameters import FastStyleParameters, TrainFastStyleParameters

DATASET, PICTURES = "dataset", "pictures"


class FastStyle(Stylizer):
    """Repaints with a network that has learned one style: any size and number of pictures, in a moment."""

    name, label = "fast-style", "Repaint with a trained style"
    description = "Repaints pictures in a moment, with a model that train-fast-style has made of a painting"
    rank = 45
    parameters = FastStyleParameters
    inputs = (Input(MASK, "where it is painted: white; black keeps the picture", required=False, on_subject=True),)

    def apply(self, subject: Maps, parameters: FastStyleParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject, repainted."""
        from .painting import repaint

        return repaint(subject, parameters, inputs, context)


class TrainFastStyle(Trainer):
    """Trains a model for `fast-style` on one painting, or on several by one painter."""

    name, label = "train-fast-style", "Train a style"
    description = "Learns the style of a painting, to repaint any number of pictures in a moment"
    rank = 65
    example = "night.jpg --name night"
    parameters = TrainFastStyleParameters
    inputs = (
        Input(DATASET, "a painting, or several by one hand", kind="dataset"),
        Input(PICTURES, "pictures like those that will be repainted", required=False, kind="dataset"),
    )

    def apply(self, subject: Maps, parameters: TrainFastStyleParameters, inputs: Inputs, context: Context) -> Result:
        """The model's path and its figures. After cancelling, a checkpoint remains, from which training resumes."""
        from .train import train_fast_style

        return train_fast_style(parameters, inputs[DATASET], inputs.get(PICTURES), context)
