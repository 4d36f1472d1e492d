"""Parameters of `photometric-stereo`."""

from __future__ import annotations

from typing import Annotated, Literal

from impasto.tools import Angle, Field, Input, Parameters, display_hints, for_each, visible_if

PHOTO = "photo"
FEWEST = 3

PHOTOS = Input(
    PHOTO, "photographs of one surface from one place, each with the light elsewhere", many=True, least=FEWEST
)

Left = Annotated[float, Field(title="Left", ge=0, le=1)]
Top = Annotated[float, Field(title="Top", ge=0, le=1)]
Right = Annotated[float, Field(title="Right", ge=0, le=1)]
Bottom = Annotated[float, Field(title="Bottom", ge=0, le=1)]
BallX = Annotated[float, Field(title="Ball X", ge=0, le=1)]
BallY = Annotated[float, Field(title="Ball Y", ge=0, le=1)]
BallRadius = Annotated[float, Field(title="Ball Radius", ge=0, le=0.5)]


class PhotometricStereoParameters(Parameters):
    """Directions of the lights, and properties of the result."""

    lights: Literal["clock", "measured", "ball", "unknown"] = Field(
        "clock",
        description="Where the lights stand: guessed as on a clock; measured exactly; seen in a mirror ball; "
        "or unknown",
    )
    clock: tuple[float, ...] = Field(
        (),
        description="Where the light of this photograph stands, as hours on a clock: 12 above, 3 to the right, "
        "4.5 for half past four; 0: not given",
        json_schema_extra=for_each(PHOTO, 0.0),
    )
    light_elevation: tuple[float, ...] = Field(
        (),
        description="Angle of this photograph's light above the surface in degrees; 0: as the elevation of all",
        json_schema_extra=for_each(PHOTO, 0.0),
    )
    elevation: Angle = Field(
        45.0,
        ge=10,
        le=85,
        description="Angle of the lights above the surface, on average; lower makes a flatter relief",
    )
    inverted: bool = Field(
        False,
        description="Turn the relief inside out if bumps came out as dents",
        json_schema_extra=visible_if("lights", "unknown"),
    )
    ball: tuple[BallX, BallY, BallRadius] = Field(
        (0.0, 0.0, 0.0),
        description="Middle of the mirror ball from the left and the top, and its radius, all relative to the "
        "photograph's width; 0, 0, 0: look for it",
        json_schema_extra=visible_if("lights", "ball"),
    )
    relief: float = Field(
        1.0, ge=0, le=4, description="Steepness of the relief; 1: as measured, less is flatter, more is steeper"
    )
    align: bool = Field(True, description="Shift the photographs until they lie on each other")
    even_light: bool = Field(
        True, description="Take out that each light is brighter on one side; off, for a surface that bulges as a whole"
    )
    crop: tuple[Left, Top, Right, Bottom] = Field(
        (0.0, 0.0, 1.0, 1.0), description="Left, top, right and bottom of the part to keep, such as all but the ball"
    )
    width_m: float = Field(
        1.0,
        ge=0.001,
        le=100,
        title="Real Width",
        description="Real-world width of the whole photograph in metres",
        json_schema_extra=display_hints(high=5, decimals=3),
    )
