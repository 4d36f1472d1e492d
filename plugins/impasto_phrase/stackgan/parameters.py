"""Parameters of `stackgan` and `train-stackgan`."""

from __future__ import annotations

from typing import Literal

from impasto.tools import Field, Parameters, SizeParameters, model_field, visible_if


class StackGanParameters(SizeParameters):
    """The phrase, the model, and the amount of variation."""

    text: str = Field("", description="What to make, in a few words; empty: the first example of the model")
    model: str = model_field("Name of a trained model; empty: the first that fits")
    variation: float = Field(
        1.0, ge=0, le=1.5, description="Variation across the picture; lower is calmer and more even"
    )
    stage: Literal["both", "first"] = Field(
        "both", description="Both: the result; first: what Stage I made, enlarged, to see what Stage II adds"
    )


class TrainStackGanParameters(Parameters):
    """Settings of a training: steps of both stages, data, losses, and size of the networks."""

    name: str = Field("untitled", description="Name of the model: letters, digits, - and _")
    label: str = Field("", description="Name that users see; empty: the model's name")
    steps: int = Field(6000, ge=2, le=1000000, description="Steps of both stages together; more is better")
    stage_one_steps: int = Field(
        3000, ge=1, le=1000000, description="Steps of Stage I, which then stays as it is while Stage II learns"
    )
    longest_px: int = Field(
        512, ge=64, le=4096, description="Pictures are shrunk to this longer side first; smaller shows larger shapes"
    )
    crop_px: int = Field(
        256, ge=64, le=512, multiple_of=64, description="Size of the pictures of Stage II; Stage I sees a quarter"
    )
    detail_px: int = Field(
        128, ge=64, le=512, multiple_of=64, description="Part of its pictures that Stage II looks at in a step"
    )
    batch: int = Field(12, ge=2, le=256, description="Pictures in a step; more is steadier and slower")
    learning_rate: float = Field(1e-3, ge=1e-6, le=1e-2, description="How fast it learns; lower it if it diverges")
    width: float = Field(1.0, ge=0.125, le=4, description="Number of channels, relative to the default")
    loss: Literal["relativistic", "textbook"] = Field(
        "relativistic", description="Textbook: as in the paper; relativistic: with penalties, as torus is trained"
    )
    gamma: float = Field(
        1.0,
        ge=0,
        le=100,
        description="Weight of the penalties that keep the discriminators smooth",
        json_schema_extra=visible_if("loss", "relativistic"),
    )
    kl_weight: float = Field(
        0.02, ge=0, le=100, description="How far the meanings of phrases are spread, so that near phrases look alike"
    )
    encoder: str = Field("", description="Text encoder of a plugin; empty: the one that is built in")
    watched: bool = Field(True, description="Go back where the training fails; off: watch a collapse to its end")
    start_from: str = model_field("Model to start from; empty: from scratch", tool="stackgan")
