"""Parameters of `fast-style` and `train-fast-style`."""

from __future__ import annotations

from typing import Literal

from impasto.tools import Field, Parameters, model_field

from ..shared.controls import Backbone, Color, ColorMix, LongestPx, Relief, Seamless, backbone_field

SHARED = ("strength", "color", "color_mix", "longest_px", "seamless", "relief")
"""Parameters of all stylizers that also apply to a learned style."""


class FastStyleParameters(Parameters):
    """The model, and the parameters of all stylizers that need no new training."""

    model: str = model_field("The model of a style, trained by train-fast-style; empty: the first")
    strength: float = Field(
        1.0, ge=0, le=1, description="How far to go: 0 keeps the picture, 1 is as the model paints; it fades between"
    )
    color: Color = "style"
    color_mix: ColorMix = 0.5
    longest_px: LongestPx = 0
    seamless: Seamless = "auto"
    relief: Relief = 0.0


class TrainFastStyleParameters(Parameters):
    """Settings of a training: steps, data, losses, and the size of the network."""

    name: str = Field("untitled", description="Name of the model: letters, digits, - and _")
    label: str = Field("", description="Name that users see; empty: the model's name")
    start_from: str = model_field("Model to start from; empty: from scratch", tool="fast-style")
    steps: int = Field(4000, ge=1, le=1000000, description="Steps of training")
    longest_px: int = Field(
        512,
        ge=64,
        le=4096,
        description="The painting is shrunk to this longer side first; smaller paints finer strokes",
    )
    crop_px: int = Field(
        128, ge=64, le=512, multiple_of=16, description="Size of the pictures that the network sees in a step"
    )
    batch: int = Field(4, ge=1, le=64, description="Pictures in a step; more is steadier and slower")
    learning_rate: float = Field(1e-3, ge=1e-6, le=1e-2, description="How fast it learns; lower it if it diverges")
    preservation: float = Field(
        1.0, ge=0, le=10, description="How strongly the teacher keeps the picture's shapes; 1 is the usual"
    )
    coherence: float = Field(
        0.0, ge=0, le=100, description="How strongly strokes follow what moves, for films; 0 learns faster"
    )
    lessons: int = Field(
        32, ge=1, le=1000, description="Pictures that the teacher repaints for it to learn from, some seconds each"
    )
    teacher: Literal["patches-style", "neighbours"] = Field(
        "patches-style", description="The stylizer that shows how to repaint; neighbours takes twice as long"
    )
    width: int = Field(12, ge=4, le=64, description="Channels at full resolution: how much the model can hold")
    backbone: Backbone = backbone_field()
