"""Parameters of `torus` and `train-torus`."""

from __future__ import annotations

from impasto.tools import Field, Parameters, SizeParameters, class_field, model_field, sliders_field

START = "materials"
"""The bundled model that trainings start from; it has learned many materials at once."""


class TorusParameters(SizeParameters):
    """The model, and the settings of its picture."""

    model: str = model_field("Name of a trained model; empty: the first of the library")
    material: str = class_field("Class of a model that knows several; empty: its first")
    variation: float = Field(
        1.0,
        ge=0,
        le=1.5,
        description="Variation across the picture; 1: as in the training data, lower: calmer, more even",
    )
    scale: float = Field(
        1.0, ge=0.25, le=2, description="Size of the pattern: 0.5 shows twice as much of it, half as large"
    )
    blend: float = Field(0.0, ge=0, le=1, description="How far to go to the other seed or material; 1: all the way")
    blend_seed: int = Field(1, ge=0, le=2**31 - 1, description="The seed to blend with")
    blend_material: str = class_field("The class to blend with, instead of another seed")
    sliders: dict[str, float] = sliders_field()
    texture_transfer: bool = Field(
        True,
        description="Build results from pieces of the exemplar, or else of the picture that the model learned, if it is"
        " stored; the model lays them out. Off: the network alone makes results",
    )
    strictness: float = Field(
        0.3, ge=0, le=1, description="How closely detail follows the model's layout; less leaves more to the exemplar"
    )


class TrainTorusParameters(Parameters):
    """Settings of a training: steps, data, and size of the networks."""

    name: str = Field("untitled", description="Name of the model: letters, digits, - and _")
    label: str = Field("", description="Name that users see; empty: the model's name")
    material: str = Field("", description="Kind of material, such as brick; the model's card keeps it")
    steps: int = Field(
        1500,
        ge=1,
        le=1000000,
        description="Steps of training, about 0.4 s each on a core: 1500 for a first look, 5000 to keep",
    )
    canvas_px: int = Field(
        384, ge=64, le=1024, description="Size of the surface that one step looks at: larger sees larger shapes"
    )
    longest_px: int = Field(
        1024,
        ge=64,
        le=8192,
        description="Pictures are shrunk to this longer side first, which sets the texel size of results",
    )
    crop_px: int = Field(112, ge=48, le=512, description="Size of the crops at full detail, in pixels")
    batch: int = Field(3, ge=1, le=256, description="Surfaces in a step; more is steadier and slower")
    learning_rate: float = Field(1e-3, ge=1e-6, le=1e-2, description="How fast it learns; lower it if it diverges")
    width: float = Field(
        1.0,
        ge=0.125,
        le=4,
        description="Number of channels, relative to the default; with more, the model learns more detail",
    )
    augment: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Highest probability of mirroring or blanking parts, so that few pictures are not learned by heart",
    )
    keep_exemplar: bool = Field(
        True,
        description="Keep the picture beside the model, in a file of its own, so that results are made of its pieces."
        " Only a single picture or map set is kept",
    )
    hold_out: bool = Field(False, description="Learn only one half of each picture, to be judged on the other")
    start_from: str = model_field(
        "Model to start from, which has learned others before; empty: from scratch, as with another width",
        tool="torus",
        default=START,
    )
