"""Classes of tools' parameters, and fields whose JSON Schema says more than their type. `tools` exports all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python

from .errors import ParameterError
from .system.untrusted import excerpt
from .texture import Maps

Angle = Annotated[float, Field(json_schema_extra={"format": "angle"})]
"""An angle in degrees; hosts draw an angle field."""
UNKNOWN_AZIMUTH = -1.0
"""Value of an unknown `LightAzimuth`: the tool works without it."""
LightAzimuth = Annotated[float, Field(ge=UNKNOWN_AZIMUTH, le=360, json_schema_extra={"format": "azimuth"})]
"""Direction that light comes from in a picture, in degrees counter-clockwise: 0 from the right, 90 from the top.

`light_azimuth: LightAzimuth = Field(UNKNOWN_AZIMUTH, description="…")`. Any value below 0 means unknown. Hosts draw a
checkbox for whether it is known, the angle if it is, and a dial on the picture.
"""
_Share = Annotated[float, Field(ge=0, le=1)]
Color = Annotated[tuple[_Share, _Share, _Share], Field(json_schema_extra={"format": "color"})]
"""An sRGB colour, three floats in [0, 1]; hosts draw a colour field."""
POINT_RANGE = (-1.0, 2.0)
"""Limits of both coordinates of a `Point`; the picture lies between 0 and 1."""
_X = Annotated[float, Field(title="X", ge=POINT_RANGE[0], le=POINT_RANGE[1])]
_Y = Annotated[float, Field(title="Y", ge=POINT_RANGE[0], le=POINT_RANGE[1])]
Point = Annotated[tuple[_X, _Y], Field(json_schema_extra={"format": "point"})]
"""A position (x, y) in the subject: fractions of its width from the left, and of its height from the top.

`top_left: Point = Field((0.0, 0.0), description="…")`. It may lie outside the subject, within `POINT_RANGE`, such as
the corner of a wall beyond the photograph. Hosts draw a handle on the picture, a line between two points, or a
quadrilateral between four.
"""


class Parameters(BaseModel):
    """Base of classes of parameters: frozen; bool, int, float, str, Literal, tuples of floats, and the types above."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def of_earlier(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The values of a recipe of an earlier version, under today's names; as they are if nothing has changed."""
        return values


class NoParameters(Parameters):
    """Parameters of a tool without any."""


def zero_means(text: str, start: float) -> dict[str, Any]:
    """Extra schema of a number whose 0 has a meaning of its own: hosts show `text` for 0, and offer `start` instead.

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
        """(height, width) of the result. If the parameter of a side is 0, the side is as long as the subject's."""
        return self.size_from(subject.size_px if subject else None)

    def size_from(self, source_px: tuple[int, int] | None) -> tuple[int, int]:
        """(height, width) of the result for a source of this (height, width), or None without a source."""
        source_height, source_width = source_px or (1024, 1024)
        return self.height_px or source_height, self.width_px or source_width


@cache
def schema_of(parameters: type[Parameters]) -> Mapping[str, Any]:
    """JSON Schema of a model of parameters."""
    return parameters.model_json_schema(schema_generator=_JsonSchema)


class _JsonSchema(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        """The default value as JSON; pydantic's own method builds a serializer for each."""
        return to_jsonable_python(dft)


def properties_of(parameters: type[Parameters]) -> Mapping[str, Mapping[str, Any]]:
    """JSON Schema of each parameter, by name."""
    return schema_of(parameters).get("properties", {})


def display_hints(low: float | None = None, high: float | None = None, decimals: int | None = None) -> dict[str, Any]:
    """Hints on how hosts show a number: the range of its slider, within its limits, and its decimal places.

    `Field(1.0, ge=0.001, le=16, json_schema_extra=display_hints(high=1, decimals=4))`.
    """
    hints = {"soft_minimum": low, "soft_maximum": high, "decimals": decimals}
    return {name: hint for name, hint in hints.items() if hint is not None}


def visible_if(parameter: str, *values: bool | int | str) -> dict[str, Any]:
    """Extra schema of a field that hosts show only while `parameter` has one of `values`.

    `Field(…, json_schema_extra=visible_if("method", "best"))`.
    """
    return {"visible_if": {parameter: list(values)}}


def for_each(input_: str, default: float, relative: bool = False) -> dict[str, Any]:
    """Extra schema of a field with one number for each value of an input. default: number of values without one.

    `weight: tuple[float, ...] = Field((), …, json_schema_extra=for_each("style", 1.0, relative=True))`. relative:
    only the ratios of the numbers matter, so hosts show no number for a single value.
    """
    return {"for_each": input_, "default_of_each": default, "relative": relative}


def model_field(
    description: str = "Name of a model; empty: the first that fits", tool: str = "", default: str = ""
) -> Any:
    """Field with the name of a model, which hosts list from the library: `model: str = model_field()`.

    tool: the tool whose models are listed, for a trainer that starts from one; "": the tool with this parameter.
    """
    extra: dict[str, Any] = {"format": "model", **({"model_of": tool} if tool else {})}
    return Field(default, description=description, json_schema_extra=extra)


def class_field(description: str) -> Any:
    """Field with the name of a class of the chosen model, empty for the first: `material: str = class_field(…)`."""
    return Field("", description=description, json_schema_extra={"format": "class"})


def sliders_field(description: str = "Sliders of the model, by their names: its card says what they do") -> Any:
    """Field with values of the chosen model's sliders, by name: `sliders: dict[str, float] = sliders_field()`."""
    return Field({}, description=description, json_schema_extra={"format": "sliders"})


def color_of(text: str) -> list[float]:
    """The colour in #ff8800, #f80, a CSS name, or three numbers from 0 to 1. Raise ParameterError for anything else."""
    from PIL import ImageColor

    with contextlib.suppress(ValueError):
        channels = ImageColor.getrgb(text)
        if len(channels) == 3:
            return [round(channel / 255, 6) for channel in channels]
    with contextlib.suppress(ValueError):
        if len(numbers := [float(part) for part in text.split(",")]) == 3:
            return numbers
    raise ParameterError("{} is no colour", "write #ff8800, a name such as orange, or 1,0.5,0", excerpt(text))
