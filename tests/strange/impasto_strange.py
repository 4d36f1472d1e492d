"""A plugin with a tool for each task and a matcher, none called like ours: hosts must do all their work with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from impasto import Maps, Recipe, Result, Step, Tool, hookimpl
from impasto.library.models import save_model
from impasto.matchers import Match, Matcher
from impasto.tools import (
    Estimator,
    Field,
    Filter,
    Generator,
    Input,
    NoParameters,
    Parameters,
    Point,
    SizeParameters,
    Stylizer,
    Trainer,
    for_each,
    model_field,
)

TOOLS: list[Tool] = []


def tool(kind: type[Tool], description: str, given: type[Parameters] = NoParameters, **declared: Any) -> Callable:
    """A decorator: a tool that makes of its subject what a function of its name makes."""

    def declare(function: Callable) -> Callable:
        name = function.__name__
        declared["apply"] = lambda self, *arguments: function(*arguments)
        texts = {"name": name, "label": name.title(), "description": f"{description}, for tests", "parameters": given}
        TOOLS.append(type(name.title(), (kind,), texts | declared)())
        return function

    return declare


def one_color(size: tuple[int, int], color: Any, name: str = "") -> Maps:
    """A picture of one colour."""
    return Maps.from_arrays({"base_color": np.broadcast_to(np.float32(color), (*size, 3))}, name=name)


def mean_color(maps: Maps) -> np.ndarray:
    """The mean colour of a picture."""
    return maps["base_color"].pixels.mean((0, 1))


def each(maps: Maps, change: Callable[[np.ndarray], np.ndarray]) -> Maps:
    """The maps with all their pixels changed."""
    return maps.with_arrays({name: change(pixels) for name, pixels in maps.arrays().items()})


class Zeal(SizeParameters):
    zeal: float = Field(1.0, ge=0, le=1, description="Share of the source's colour")


@tool(Generator, "The mean colour of the source", Zeal, task="seamless", needs=("base_color",))
def zig(subject, parameters, inputs, context):
    return one_color(parameters.size_px(subject), parameters.zeal * mean_color(subject), subject.name)


class Learned(SizeParameters):
    model: str = model_field("A trained model")


@tool(Generator, "The colour that a model has learned", Learned, task="generate", uses_subject=False)
def zag(subject, parameters, inputs, context):
    return one_color(parameters.size_px(subject), context.load_model(parameters.model, "zag")[1]["color"])


class Named(Parameters):
    name: str = Field("untitled", description="Name of the model")


PICTURES = Input("dataset", "the pictures that it learns from", kind="dataset")


@tool(Trainer, "Learns the mean colour of its data", Named, inputs=(PICTURES,))
def zest(subject, parameters, inputs, context):
    data = inputs["dataset"]
    card = {"name": parameters.name, "architecture": "one colour", "tool": "zag", "data": data.sources()}
    card["figures"] = {"pictures": float(len(data.samples))}
    color = np.mean([mean_color(sample.load()) for sample in data.samples], 0).astype(np.float32)
    return Result(models=(save_model(context.models.path(parameters.name), {"color": color}, card).path,))


@tool(Estimator, "Takes brightness for roughness")
def zinc(subject, parameters, inputs, context):
    return subject.with_arrays({"roughness": subject["base_color"].pixels.mean(2, keepdims=True)})


class Lit(Parameters):
    lights: Literal["clock", "measured", "ball", "unknown"] = Field("clock", description="Ignored by the tool")
    clock: tuple[float, ...] = Field((), description="Hours", json_schema_extra=for_each("photo", 12.0))
    light_elevation: tuple[float, ...] = Field((), description="Angles", json_schema_extra=for_each("photo", 45.0))
    ball: tuple[float, float, float] = Field((0.0, 0.0, 0.0), description="Ignored by the tool")


PHOTOS = Input("photo", "photographs", many=True, least=3)


@tool(Generator, "The mean of photographs", Lit, task="stereo", group="Maps", uses_subject=False, inputs=(PHOTOS,))
def zoom(subject, parameters, inputs, context):
    photos = inputs["photo"]
    return one_color(photos[0].size_px, np.mean([mean_color(photo) for photo in photos], 0))


@tool(Stylizer, "Paints with the mean colour of a style", preview_px=64, inputs=(Input("style", "a painting"),))
def zephyr(subject, parameters, inputs, context):
    return subject.with_arrays(dict(one_color(subject.size_px, mean_color(inputs["style"])).arrays()))


class Halved(Parameters):
    halvings: int = Field(0, ge=0, le=3, description="Times that the size is halved")


@tool(Filter, "Halves a picture", Halved, task="prepare", keeps_size=False)
def zip(subject, parameters, inputs, context):
    step = 2**parameters.halvings
    return each(subject, lambda pixels: pixels[::step, ::step])


class Cornered(Parameters):
    here: Point = Field((0.5, 0.5), description="The corner that is kept")


@tool(Filter, "Crops to a point", Cornered, task="straighten", keeps_size=False, needs=("base_color",))
def zone(subject, parameters, inputs, context):
    height, width = (np.array(parameters.here[::-1]) * subject.size_px).round().astype(int)
    return each(subject, lambda pixels: pixels[:height, :width])


class Apart(Parameters):
    one: Point = Field((0.25, 0.5), description="One end")
    other: Point = Field((0.75, 0.5), description="The other end")
    apart_m: float = Field(1.0, gt=0, description="Metres between them")


@tool(Filter, "Measures a picture", Apart, task="scale", needs=("base_color",))
def zenith(subject, parameters, inputs, context):
    return replace(subject, width_m=parameters.apart_m / (parameters.other[0] - parameters.one[0]))


class Wrapped(Parameters):
    wraps: Literal["auto", "yes", "no"] = Field("auto", description="Ignored by the tool")


REGION = Input("mask", "the region", on_subject=True)
ISLANDS = Input("islands", "islands of UVs", required=False, on_subject=True)


@tool(Filter, "Blackens a region", Wrapped, task="fill", needs_source=True, inputs=(REGION, ISLANDS))
def zap(subject, parameters, inputs, context):
    outside = inputs["mask"]["base_color"].pixels.mean(2, keepdims=True) < 0.5
    return each(subject, lambda pixels: pixels * outside)


@tool(Filter, "Finds the left half", task="landmarks", needs=("base_color",))
def zebra(subject, parameters, inputs, context):
    height, width = subject.size_px
    return Maps.from_arrays({"opacity": np.float32(np.mgrid[:height, :width][1][..., None] < width // 2)})


@tool(Filter, "Blackens the borders", task="mend", needs=("base_color",))
def zero(subject, parameters, inputs, context):
    pixels = subject["base_color"].pixels.copy()
    pixels[[0, -1]] = pixels[:, [0, -1]] = 0
    return subject.with_arrays({"base_color": pixels})


class Margins(Parameters):
    left: int = Field(0, ge=0, description="Pixels")
    right: int = Field(0, ge=0, description="Pixels")
    top: int = Field(0, ge=0, description="Pixels")
    bottom: int = Field(0, ge=0, description="Pixels")
    unit: Literal["percent", "pixels"] = Field("percent", description="Ignored by the tool")


@tool(Filter, "Repeats the borders", Margins, task="extend", keeps_size=False, needs=("base_color",))
def zeppelin(subject, parameters, inputs, context):
    margins = ((parameters.top, parameters.bottom), (parameters.left, parameters.right), (0, 0))
    return each(subject, lambda pixels: np.pad(pixels, margins, "edge"))


class Endless(SizeParameters):
    cell_size: float = Field(0.5, gt=0, description="Ignored by the tool")
    sharpness: float = Field(0.5, ge=0, description="Ignored by the tool")
    layout: Literal["endless", "tile"] = Field("tile", description="Ignored by the tool")
    pattern: Literal["auto", "stochastic", "regular"] = Field("auto", description="Ignored by the tool")


@tool(Generator, "The mean colour without end", Endless, task="endless", rank=60, needs=("base_color",))
def zillion(subject, parameters, inputs, context):
    return one_color(parameters.size_px(subject), mean_color(subject), subject.name)


class Letters(SizeParameters):
    letters: int = Field(3, ge=0, le=100, description="Brightness in hundredths")


@tool(Generator, "Grey as many hundredths as there are letters", Letters, uses_subject=False)
def zool(subject, parameters, inputs, context):
    return one_color(parameters.size_px(subject), 3 * [parameters.letters / 100])


class Zither(Matcher):
    """As bright as the phrase is long."""

    name, label, description = "zither", "Zither", "Counts letters, for tests"
    subject, example, can_edit = "text", "long", True

    def match(self, subject, seed, context, start=None):
        return Match(Recipe((Step("zool", {"letters": len(subject)}),), seed))


class Zoetrope(Matcher):
    """As bright as the picture."""

    name, label, description = "zoetrope", "Zoetrope", "Takes brightness, for tests"
    subject, example = "picture", "wall.png"

    def match(self, subject, seed, context, start=None):
        return Match(Recipe((Step("zool", {"letters": round(100 * float(mean_color(subject).mean()))}),), seed))


@hookimpl
def impasto_tools() -> list[Tool]:
    """A tool for each task, and one that the matchers choose."""
    return TOOLS


@hookimpl
def impasto_matchers() -> list[Matcher]:
    """A matcher of texts and one of pictures."""
    return [Zither(), Zoetrope()]
