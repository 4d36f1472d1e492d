"""Parameters of `vae` and `train-vae`."""

from __future__ import annotations

from typing import Literal

from impasto.tools import Field, Parameters, SizeParameters, model_field


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
        1e-3, ge=0, le=1, description="Cost of what the latent tells; lower: truer to a source, higher: freer"
    )
    width: int = Field(64, ge=8, le=256, description="Channels of the coarsest stage: how much the model can hold")
    hold_out: bool = Field(False, description="Learn from one half of each picture, and leave the other to judge by")
