"""Parameter models of tools, and the fields whose JSON Schema says more than their type; `tools` offers them all."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from .errors import ParameterError
from .system.untrusted import excerpt
from .texture import Maps

Angle = Annotated[float, Field(json_schema_extra={"format": "angle"})]
"""An angle in degrees; hosts draw an angle field."""
UNKNOWN_AZIMUTH = -1.0
"""Value of a `LightAzimuth` that is not known, so that the tool does without."""
LightAzimuth = Annotated[float, Field(ge=UNKNOWN_AZIMUTH, le=360, json_schema_extra={"format": "azimuth"})]
"""Direction that light comes from in a picture, in degrees counter-clockwise: 0 from the right, 90 from the top.

`light_azimuth: LightAzimuth = Field(UNKNOWN_AZIMUTH, description="…")`. Any value below 0 counts as unknown. Hosts draw
a box to tick where it is known, the angle then, and a dial on the picture.
"""
_Share = Annotated[float, Field(ge=0, le=1)]
Color = Annotated[tuple[_Share, _Share, _Share], Field(json_schema_extra={"format": "color"})]
"""An sRGB colour, three floats in [0, 1]; hosts draw a colour field."""
POINT_RANGE = (-1.0, 2.0)
"""Limits of both coordinates of a `Point`: the picture is from 0 to 1, and there is as much again on each side."""
_X = Annotated[float, Field(title="X", ge=POINT_RANGE[0], le=POINT_RANGE[1])]
_Y = Annotated[float, Field(title="Y", ge=POINT_RANGE[0], le=POINT_RANGE[1])]
Point = Annotated[tuple[_X, _Y], Field(json_schema_extra={"format": "point"})]
"""A position (x, y) in the subject: fractions of its width from the left, and of its height from the top.

`top_left: Point = Field((0.0, 0.0), description="…")`. It may lie outside the subject, within `POINT_RANGE`, as the
corner of a wall that the photograph does not show. Hosts draw a handle on the picture, a line between two points, and a
quadrilateral between four.
"""


class Parameters(BaseModel):
    """Base of parameter models: frozen and flat; bool, int, float, str, Literal, tuples of floats, and those above."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NoParameters(Parameters):
    """Parameters of a tool without any."""


def zero_means(text: str, start: float) -> dict[str, Any]:
    """Mark of a number whose 0 is no amount: hosts show `text` in place of it, and `start` once a number is wanted.

    `block_px: int = Field(0, ge=0, …, json_schema_extra=zero_means("automatic", 128))`.
    """
    return {"zero": text, "start": start}


class SizeParameters(Parameters):
    """Base of the parameters of tools whose results may have any size."""

    width_px: int = Field(
        0,
        ge=0,
        le=16384,
        description="Width of the result in pixels; 0: as the source",
        json_schema_extra=zero_means("as the source", 1024),
    )
    height_px: int = Field(
        0,
        ge=0,
        le=16384,
        description="Height of the result in pixels; 0: as the source",
        json_schema_extra=zero_means("as the source", 1024),
    )

    def size_px(self, subject: Maps) -> tuple[int, int]:
        """(height, width) of the result; each is the subject's if its parameter is 0."""
        return self.size_from(subject.size_px if subject else None)

    def size_from(self, source_px: tuple[int, int] | None) -> tuple[int, int]:
        """(height, width) of the result from those of the source; None: there is no source."""
        source_height, source_width = source_px or (1024, 1024)
        return self.height_px or source_height, self.width_px or source_width


@cache
def schema_of(parameters: type[Parameters]) -> Mapping[str, Any]:
    """JSON Schema of a model of parameters."""
    return parameters.model_json_schema()


def properties_of(parameters: type[Parameters]) -> Mapping[str, Mapping[str, Any]]:
    """JSON Schema of each parameter, by name."""
    return schema_of(parameters).get("properties", {})


def display_hints(low: float | None = None, high: float | None = None, decimals: int | None = None) -> dict[str, Any]:
    """Hints on how hosts show a number: the usual range of its slider, within its limits, and its decimal places.

    `Field(1.0, ge=0.001, le=16, json_schema_extra=display_hints(high=1, decimals=4))`.
    """
    hints = {"soft_minimum": low, "soft_maximum": high, "decimals": decimals}
    return {name: hint for name, hint in hints.items() if hint is not None}


def visible_if(parameter: str, *values: bool | int | str) -> dict[str, Any]:
    """Condition of a field that is shown only while `parameter` has one of `values`.

    `Field(…, json_schema_extra=visible_if("method", "best"))`.
    """
    return {"visible_if": {parameter: list(values)}}


def for_each(input_: str, default: float, relative: bool = False) -> dict[str, Any]:
    """Mark of a field with one number for each value of an input; numbers that the user leaves out are `default`.

    `weight: tuple[float, ...] = Field((), …, json_schema_extra=for_each("style", 1.0, relative=True))`. relative:
    only the proportions of the numbers matter, so that hosts show none for a single value.
    """
    return {"for_each": input_, "default_of_each": default, "relative": relative}


def model_field(
    description: str = "Name of a model; empty: the first that fits", tool: str = "", default: str = ""
) -> Any:
    """Field with the name of a model, which hosts offer from the library: `model: str = model_field()`.

    The models are those that the tool itself runs, or those of another `tool`, for a trainer that starts from one.
    """
    extra: dict[str, Any] = {"format": "model", **({"model_of": tool} if tool else {})}
    return Field(default, description=description, json_schema_extra=extra)


def class_field(description: str) -> Any:
    """`material: str = class_field(…)`: a parameter that names a class of the chosen model; empty: the first."""
    return Field("", description=description, json_schema_extra={"format": "class"})


def sliders_field(description: str = "Sliders of the model, by their names: its card says what they do") -> Any:
    """`sliders: dict[str, float] = sliders_field()`: values of the chosen model's sliders, which its card describes."""
    return Field({}, description=description, json_schema_extra={"format": "sliders"})


def color_of(text: str) -> list[float]:
    """A colour from #ff8800, #f80, a CSS name, or three numbers from 0 to 1. ParameterError for anything else."""
    from PIL import ImageColor

    with contextlib.suppress(ValueError):
        channels = ImageColor.getrgb(text)
        if len(channels) == 3:
            return [round(channel / 255, 6) for channel in channels]
    with contextlib.suppress(ValueError):
        if len(numbers := [float(part) for part in text.split(",")]) == 3:
            return numbers
    raise ParameterError(f"{excerpt(text)} is no colour", "write #ff8800, a name such as orange, or 1,0.5,0")
