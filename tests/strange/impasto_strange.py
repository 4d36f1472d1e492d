"""A plugin with a tool for each task and a matcher, none called like ours: hosts must do all their work with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from impasto import Maps, Recipe, Result, Step, Tool, hookimpl
from impasto.context import Context
from impasto.library.models import save_model
from impasto.matchers import Match, Matcher
from impasto.tools import (
    Estimator,
    Field,
    Filter,
    Generator,
    Input,
    Parameters,
    Point,
    SizeParameters,
    Stylizer,
    Trainer,
    for_each,
    model_field,
)


def one_color(size: tuple[int, int], color: Any, name: str = "") -> Maps:
    """A picture of one colour."""
    return Maps.from_arrays({"base_color": np.broadcast_to(np.float32(color), (*size, 3))}, name=name)


def mean_color(maps: Maps) -> np.ndarray:
    """The mean colour of a picture."""
    return maps["base_color"].pixels.mean((0, 1))


class ZigParameters(SizeParameters):
    zeal: float = Field(1.0, ge=0, le=1, description="Share of the source's colour")


class Zig(Generator):
    name, label, description = "zig", "Zig", "The mean colour of the source, for tests"
    task, needs = "seamless", ("base_color",)
    parameters = ZigParameters

    def apply(self, subject: Maps, parameters: ZigParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        return one_color(parameters.size_px(subject), parameters.zeal * mean_color(subject), subject.name)


class ZagParameters(SizeParameters):
    model: str = model_field("A trained model")


class Zag(Generator):
    name, label, description = "zag", "Zag", "The colour that a model has learned, for tests"
    task, uses_subject = "generate", False
    parameters = ZagParameters

    def apply(self, subject: Maps, parameters: ZagParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        return one_color(parameters.size_px(subject), context.load_model(parameters.model, self.name)[1]["color"])


class ZestParameters(Parameters):
    name: str = Field("untitled", description="Name of the model")


class Zest(Trainer):
    name, label, description = "zest", "Zest", "Learns the mean colour of its data, for tests"
    parameters = ZestParameters
    inputs = (Input("dataset", "the pictures that it learns from", kind="dataset"),)

    def apply(self, subject: Maps, parameters: ZestParameters, inputs: Mapping[str, Any], context: Context) -> Result:
        data = inputs["dataset"]
        card = {"name": parameters.name, "architecture": "one colour", "tool": Zag.name, "data": data.sources()}
        card["figures"] = {"pictures": float(len(data.samples))}
        color = np.mean([mean_color(sample.load()) for sample in data.samples], 0).astype(np.float32)
        return Result(models=(save_model(context.models.path(parameters.name), {"color": color}, card).path,))


class Zinc(Estimator):
    name, label, description = "zinc", "Zinc", "Takes brightness for roughness, for tests"

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Maps:
        return subject.with_arrays({"roughness": subject["base_color"].pixels.mean(2, keepdims=True)})


class ZoomParameters(Parameters):
    lights: Literal["clock", "measured", "ball", "unknown"] = Field("clock", description="Ignored by the tool")
    clock: tuple[float, ...] = Field((), description="Hours", json_schema_extra=for_each("photo", 12.0))
    light_elevation: tuple[float, ...] = Field((), description="Angles", json_schema_extra=for_each("photo", 45.0))
    ball: tuple[float, float, float] = Field((0.0, 0.0, 0.0), description="Ignored by the tool")


class Zoom(Generator):
    name, label, description = "zoom", "Zoom", "The mean of photographs, for tests"
    task, group, uses_subject = "stereo", "Maps", False
    parameters = ZoomParameters
    inputs = (Input("photo", "photographs", many=True, least=3),)

    def apply(self, subject: Maps, parameters: ZoomParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        photos = inputs["photo"]
        return one_color(photos[0].size_px, np.mean([mean_color(photo) for photo in photos], 0))


class Zephyr(Stylizer):
    name, label, description = "zephyr", "Zephyr", "Paints with the mean colour of a style, for tests"
    preview_px = 64
    inputs = (Input("style", "a painting"),)

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Maps:
        return subject.with_arrays(dict(one_color(subject.size_px, mean_color(inputs["style"])).arrays()))


class ZipParameters(Parameters):
    halvings: int = Field(0, ge=0, le=3, description="Times that the size is halved")


class Zip(Filter):
    name, label, description = "zip", "Zip", "Halves a picture, for tests"
    task, keeps_size = "prepare", False
    parameters = ZipParameters

    def apply(self, subject: Maps, parameters: ZipParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        step = 2**parameters.halvings
        return subject.with_arrays({name: pixels[::step, ::step] for name, pixels in subject.arrays().items()})


class ZoneParameters(Parameters):
    here: Point = Field((0.5, 0.5), description="The corner that is kept")


class Zone(Filter):
    name, label, description = "zone", "Zone", "Crops to a point, for tests"
    task, keeps_size, needs = "straighten", False, ("base_color",)
    parameters = ZoneParameters

    def apply(self, subject: Maps, parameters: ZoneParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        height, width = (
            round(share * side) for share, side in zip(parameters.here[::-1], subject.size_px, strict=True)
        )
        return subject.with_arrays({name: pixels[:height, :width] for name, pixels in subject.arrays().items()})


class ZenithParameters(Parameters):
    one: Point = Field((0.25, 0.5), description="One end")
    other: Point = Field((0.75, 0.5), description="The other end")
    apart_m: float = Field(1.0, gt=0, description="Metres between them")


class Zenith(Filter):
    name, label, description = "zenith", "Zenith", "Measures a picture, for tests"
    task, needs = "scale", ("base_color",)
    parameters = ZenithParameters

    def apply(self, subject: Maps, parameters: ZenithParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        return replace(subject, width_m=parameters.apart_m / (parameters.other[0] - parameters.one[0]))


class ZapParameters(Parameters):
    wraps: Literal["auto", "yes", "no"] = Field("auto", description="Ignored by the tool")


class Zap(Filter):
    name, label, description = "zap", "Zap", "Blackens a region, for tests"
    task, needs_source = "fill", True
    parameters = ZapParameters
    inputs = (
        Input("mask", "the region", on_subject=True),
        Input("islands", "islands of UVs", required=False, on_subject=True),
    )

    def apply(self, subject: Maps, parameters: ZapParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        outside = inputs["mask"]["base_color"].pixels.mean(2, keepdims=True) < 0.5
        return subject.with_arrays({name: pixels * outside for name, pixels in subject.arrays().items()})


class Zebra(Filter):
    name, label, description = "zebra", "Zebra", "Finds the left half, for tests"
    task, needs = "landmarks", ("base_color",)

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Maps:
        height, width = subject.size_px
        return Maps.from_arrays({"opacity": np.float32(np.mgrid[:height, :width][1][..., None] < width // 2)})


class Zero(Filter):
    name, label, description = "zero", "Zero", "Blackens the borders, for tests"
    task, needs = "mend", ("base_color",)

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Maps:
        pixels = subject["base_color"].pixels.copy()
        pixels[[0, -1]] = pixels[:, [0, -1]] = 0
        return subject.with_arrays({"base_color": pixels})


class ZeppelinParameters(Parameters):
    left: int = Field(0, ge=0, description="Pixels")
    right: int = Field(0, ge=0, description="Pixels")
    top: int = Field(0, ge=0, description="Pixels")
    bottom: int = Field(0, ge=0, description="Pixels")
    unit: Literal["percent", "pixels"] = Field("percent", description="Ignored by the tool")


class Zeppelin(Filter):
    name, label, description = "zeppelin", "Zeppelin", "Repeats the borders, for tests"
    task, keeps_size, needs = "extend", False, ("base_color",)
    parameters = ZeppelinParameters

    def apply(self, subject: Maps, parameters: ZeppelinParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        margins = ((parameters.top, parameters.bottom), (parameters.left, parameters.right), (0, 0))
        return subject.with_arrays({name: np.pad(x, margins, "edge") for name, x in subject.arrays().items()})


class ZillionParameters(SizeParameters):
    cell_size: float = Field(0.5, gt=0, description="Ignored by the tool")
    sharpness: float = Field(0.5, ge=0, description="Ignored by the tool")
    layout: Literal["endless", "tile"] = Field("tile", description="Ignored by the tool")
    pattern: Literal["auto", "stochastic", "regular"] = Field("auto", description="Ignored by the tool")


class Zillion(Generator):
    name, label, description = "zillion", "Zillion", "The mean colour without end, for tests"
    task, rank, needs = "endless", 60, ("base_color",)
    parameters = ZillionParameters

    def apply(self, subject: Maps, parameters: SizeParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        return one_color(parameters.size_px(subject), mean_color(subject), subject.name)


class ZoolParameters(SizeParameters):
    letters: int = Field(3, ge=0, le=100, description="Brightness in hundredths")


class Zool(Generator):
    name, label, description = "zool", "Zool", "Grey as many hundredths as there are letters, for tests"
    uses_subject = False
    parameters = ZoolParameters

    def apply(self, subject: Maps, parameters: ZoolParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        return one_color(parameters.size_px(subject), 3 * [parameters.letters / 100])


class Zither(Matcher):
    """As bright as the phrase is long."""

    name, label, description = "zither", "Zither", "Counts letters, for tests"
    subject, example, can_edit = "text", "long", True

    def match(self, subject: str | Maps, seed: int, context: Context, start: Recipe | None = None) -> Match:
        return Match(Recipe((Step(Zool.name, {"letters": len(str(subject))}),), seed))


class Zoetrope(Matcher):
    """As bright as the picture."""

    name, label, description = "zoetrope", "Zoetrope", "Takes brightness, for tests"
    subject, example = "picture", "wall.png"

    def match(self, subject: str | Maps, seed: int, context: Context, start: Recipe | None = None) -> Match:
        assert isinstance(subject, Maps)
        return Match(Recipe((Step(Zool.name, {"letters": round(100 * float(mean_color(subject).mean()))}),), seed))


@hookimpl
def impasto_tools() -> list[Tool]:
    """A tool for each task, and one that the matchers choose."""
    return [
        *(Zig(), Zag(), Zest(), Zinc(), Zoom(), Zephyr(), Zip(), Zone(), Zenith()),
        *(Zap(), Zebra(), Zero(), Zeppelin(), Zillion(), Zool()),
    ]


@hookimpl
def impasto_matchers() -> list[Matcher]:
    """A matcher of texts and one of pictures."""
    return [Zither(), Zoetrope()]
