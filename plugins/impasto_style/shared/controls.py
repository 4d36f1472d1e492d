"""Inputs and parameters that all stylizers share. This module does not import torch."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from impasto.tools import Field, Input, Parameters, for_each, visible_if, zero_means

STYLE, MASK, START = "style", "mask", "start"

STYLE_INPUTS = (
    Input(STYLE, "a picture whose style is used; several are mixed, or painted where their masks are", many=True),
    Input(
        MASK,
        "where its style is painted: white; black keeps the picture",
        required=False,
        for_each=STYLE,
        on_subject=True,
    ),
    Input(START, "a finished result to continue from, which may be smaller", required=False, on_subject=True),
)
"""Inputs of a stylizer besides its subject. Styles without a mask are mixed where no mask is white."""

BUNDLED = "style-encoder"
"""The bundled network, which needs no published weights."""
Backbone = Literal[
    "auto", "vgg19", "vgg19-keras", "vgg16", "vgg19-small", "squeezenet", "vgg19-normalised", "style-encoder"
]
NETWORKS = get_args(Backbone)[1:-1]
"""Published weights for tools without decoders, best first."""


def backbone_field() -> Any:
    """Default of the parameter `backbone`: the network whose features a tool uses."""
    return Field("auto", description="The network that looks at the pictures; auto: the best whose weights are there")


Color = Annotated[
    Literal["style", "picture", "blended", "lightness"],
    Field(
        description="Colours of the style; of the picture; between both; or only lightness is painted, hue stays put"
    ),
]
ColorMix = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="From the style's colours to the picture's",
        json_schema_extra=visible_if("color", "blended"),
    ),
]
LongestPx = Annotated[
    int,
    Field(
        ge=0,
        le=16384,
        title="Longer Side",
        description="Longer side of the result in pixels; 0: as the picture",
        json_schema_extra=zero_means("as the picture", 1024),
    ),
]
Seamless = Annotated[
    Literal["auto", "on", "off"],
    Field(description="The result tiles: always, never, or (auto) where the picture's opposite borders fit together"),
]
Relief = Annotated[
    float, Field(ge=0, le=1, description="How much the strokes stand out: height, normals and roughness follow them")
]


class StyleParameters(Parameters):
    """Parameters that all stylizers share. Each stylizer adds its own."""

    strength: float = Field(
        1.0, ge=0, le=1, description="How far to go: 0 keeps the picture's own statistics, 1 takes the style's"
    )
    preservation: float = Field(
        1.0, ge=0, le=10, description="How strongly the picture's shapes are kept, relative to the default"
    )
    strokes: float = Field(
        1.0, ge=0.1, le=4, description="Size of the strokes; 1: as if the style were as large as the picture"
    )
    strokes_px: int = Field(
        0,
        ge=0,
        le=16384,
        title="Strokes in Pixels",
        description="The style's longer side at stroke size 1, in pixels of the result; 0: the result's",
        json_schema_extra=zero_means("by stroke size", 512),
    )
    detail: float = Field(
        1.0, ge=0, le=2, description="How much fine detail of the style is painted, relative to the default"
    )
    color: Color = "style"
    color_mix: ColorMix = 0.5
    weight: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(
        (),
        description="Weight of a style where several are mixed",
        json_schema_extra=for_each(STYLE, 1.0, relative=True),
    )
    start_from: Literal["picture", "noise"] = Field(
        "picture", description="What is repainted: the picture, or noise, which leaves more to the style"
    )
    longest_px: LongestPx = 0
    seamless: Seamless = "auto"
    relief: Relief = 0.0
