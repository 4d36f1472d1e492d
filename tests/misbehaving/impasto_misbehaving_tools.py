"""Well-behaved tools and matchers for tests: what they were given is easy to see in what they make."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from impasto import Maps
from impasto.errors import ParameterError
from impasto.matchers import Match, Matcher
from impasto.recipe import Recipe, Step
from impasto.tools import (
    UNKNOWN_AZIMUTH,
    Estimator,
    Field,
    Filter,
    Generator,
    Input,
    LightAzimuth,
    NoParameters,
    Parameters,
    Point,
    Result,
    SizeParameters,
    Stylizer,
    Tool,
    visible_if,
)
from impasto_style.shared.controls import STYLE_INPUTS, StyleParameters

STEP_S = 0.05
LAST = 99
"""Rank behind the tools that artists use."""
TOOLS: list[Tool] = []


def tool(kind: type[Tool], description: str, given: type[Parameters] = NoParameters, **declared: Any) -> Callable:
    """A decorator: a tool that makes what a function of its name makes of subject, parameters, inputs and context."""

    def declare(function: Callable) -> Callable:
        name = function.__name__.replace("_", "-")
        texts = {"name": name, "label": name.capitalize().replace("-", " "), "description": f"{description}, for tests"}
        declared["apply"] = lambda self, *arguments: function(*arguments)
        TOOLS.append(type(function.__name__.title(), (kind,), texts | {"parameters": given} | declared)())
        return function

    return declare


class LitParameters(Parameters):
    strength: float = Field(0.5, ge=0, le=1, description="Ignored by the tool")
    light_azimuth: LightAzimuth = Field(UNKNOWN_AZIMUTH, description="Where the light comes from")


@tool(Estimator, "Looks for the light", LitParameters)
def lit(subject, parameters, inputs, context):
    """Writes the azimuth into the roughness: 0 if it is unknown, else its share of a turn."""
    share = max(parameters.light_azimuth, 0) / 360
    return subject.with_arrays({"roughness": np.full((*subject.size_px, 1), share, np.float32)})


MESH = Input("mesh", "the object that the picture lies on", required=False, kind="mesh")


@tool(Filter, "Counts triangles, islands and seams", rank=98, inputs=(MESH,))
def survey(subject, parameters, inputs, context):
    mesh = inputs.get("mesh")
    if mesh is None:
        return Result(subject, figures={"triangles": 0.0})
    figures = {"triangles": len(mesh), "islands": mesh.islands.max() + 1, "seams": len(mesh.seams[0])}
    return Result(subject, figures={name: float(value) for name, value in figures.items()})


CORNERS = visible_if("find", "corners")


class PlaneParameters(Parameters):
    find: Literal["nothing", "corners"] = Field("corners", description="Ignored by the tool")
    bottom_left: Point = Field((0.1, 0.9), description="A corner", json_schema_extra=CORNERS)
    top_left: Point = Field((0.1, 0.1), description="Another corner", json_schema_extra=CORNERS)
    top_right: Point = Field((0.9, 0.1), description="A third corner", json_schema_extra=CORNERS)
    bottom_right: Point = Field((0.9, 0.9), description="The last corner", json_schema_extra=CORNERS)


@tool(Filter, "Crops to corners", PlaneParameters, task="straighten", rank=98, needs=("base_color",))
def cut_plane(subject, parameters, inputs, context):
    """Crops to the box between two corners."""
    height, width = subject.size_px
    (left, top), (right, bottom) = (
        (round(min(max(x, 0), 1) * width), round(min(max(y, 0), 1) * height))
        for x, y in (parameters.top_left, parameters.bottom_right)
    )
    return subject.with_arrays({name: subject[name].pixels[top:bottom, left:right] for name in subject})


class SpanParameters(Parameters):
    start: Point = Field((0.25, 0.5), description="One end")
    end: Point = Field((0.75, 0.5), description="The other end")
    length_m: float = Field(1.0, gt=0, description="Length between the ends, in metres")


@tool(Filter, "Measures a picture", SpanParameters, task="scale", rank=98, needs=("base_color",))
def measure_span(subject, parameters, inputs, context):
    """Sets the width in metres by the length between two ends."""
    height, width = subject.size_px
    (x, y), (x1, y1) = parameters.start, parameters.end
    length_px = math.hypot((x1 - x) * width, (y1 - y) * height)
    return replace(subject, width_m=parameters.length_m * width / length_px)


class PlugParameters(Parameters):
    value: float = Field(0.5, ge=0, le=1, description="Value that all maps get")


REGION = (
    Input("mask", "the region", on_subject=True),
    Input("islands", "islands of UVs", required=False, on_subject=True),
)


@tool(Filter, "Fills a region with one value", PlugParameters, task="fill", rank=LAST, needs_source=True, inputs=REGION)
def plug(subject, parameters, inputs, context):
    """Fills the mask with one value, and the islands' shares into the blue of the colour."""
    within = inputs["mask"]["base_color"].pixels.mean(2, keepdims=True) > 0.5
    arrays = {name: np.where(within, np.float32(parameters.value), texture.pixels) for name, texture in subject.items()}
    if "islands" in inputs:
        arrays["base_color"] = np.where(within, inputs["islands"]["base_color"].pixels, arrays["base_color"])
    return subject.with_arrays(arrays)


@tool(Filter, "Finds dark pixels", task="landmarks", rank=LAST, needs=("base_color",))
def spot(subject, parameters, inputs, context):
    grey = subject["base_color"].pixels.mean(2, keepdims=True)
    return Maps.from_arrays({"opacity": (grey < grey.mean()).astype(np.float32)})


class BlotchesParameters(SizeParameters):
    tile_px: int = Field(64, ge=1, le=16384, description="Size of a tile")
    delay_s: float = Field(0.0, ge=0, le=10, description="Seconds that each tile takes")
    fault: Literal["none", "gap", "overlap", "short", "maps", "bug"] = Field("none", description="What goes wrong")


class Blotches(Generator):
    """Noise with a normal map, which needs each tile's neighbours; seamless at any size."""

    name, label, description = "blotches", "Blotches", "Noise in tiles, for tests"
    parameters = BlotchesParameters

    def apply(self, subject, parameters, inputs, context):
        size = parameters.size_px(subject)
        context.progress(0.5, "Blotching")
        return _region(_field(context), size, (0, 0, *size))

    def tiles(self, subject, parameters, inputs, context):
        height, width = parameters.size_px(subject)
        field, step = _field(context), parameters.tile_px
        places = [(top, left) for top in range(0, height, step) for left in range(0, width, step)]
        if parameters.fault == "short":
            places.pop()
        for index, (top, left) in enumerate(places):
            context.check()
            time.sleep(parameters.delay_s)
            window = (top, left, min(step, height - top), min(step, width - left))
            maps = _region(field, (height, width), window)
            if parameters.fault != "none" and index == len(places) // 2:
                top, maps = self._spoil(parameters.fault, top, maps)
            yield top, left, maps

    def _spoil(self, fault: str, top: int, maps: Maps) -> tuple[int, Maps]:
        if fault == "bug":
            raise ZeroDivisionError("the bug in this tool")
        if fault == "maps":
            return top, Maps({"height": maps["height"]})
        return top + {"gap": 1, "overlap": -1}.get(fault, 0), maps


def _field(context):
    from impasto.training.noise import NoiseField

    return NoiseField(int(context.rng.integers(2**31)))


def _region(field, size: tuple[int, int], window: tuple[int, int, int, int]) -> Maps:
    """All maps of a window, from noise one pixel wider on each side."""
    top, left, height, width = window
    noise = field.normal(0, 5, size, (top - 1, left - 1, height + 2, width + 2))
    noise = np.clip(0.5 + noise.permute(1, 2, 0).numpy() / 8, 0, 1)
    relief, inside = noise[..., 4:], noise[1:-1, 1:-1]
    slopes = np.stack([relief[1:-1, :-2, 0] - relief[1:-1, 2:, 0], relief[2:, 1:-1, 0] - relief[:-2, 1:-1, 0]], 2)
    normal = np.concatenate([slopes, np.full_like(slopes[..., :1], 2)], 2)
    normal /= np.sqrt((normal**2).sum(2, keepdims=True))
    arrays = {
        "base_color": inside[..., :3],
        "roughness": inside[..., 3:4],
        "normal": 0.5 + normal / 2,
        "height": inside[..., 4:],
    }
    return Maps.from_arrays(arrays, width_m=2.0, height_range_m=0.01)


@tool(Filter, "Inverts the colour", needs=("base_color",), is_pointwise=True)
def negative(subject, parameters, inputs, context):
    context.progress(0.5, "Inverting")
    return subject.with_arrays({"base_color": 1 - subject["base_color"].pixels})


class FlatParameters(StyleParameters):
    seconds: float = Field(0.0, ge=0, le=600, description="How long it takes, unless it is stopped")


@tool(Stylizer, "Paints with the mean colours of the styles", FlatParameters, inputs=STYLE_INPUTS)
def flat(subject, parameters, inputs, context):
    """Brightness becomes relief. What it goes on from shows through by half."""
    size = _size_px(subject, parameters.longest_px)
    picture = _scaled(subject["base_color"].pixels, size)
    painted = picture.copy()
    for style, mask in zip(inputs["style"], inputs["mask"], strict=True):
        mean = style["base_color"].pixels.mean((0, 1))
        where = 1.0 if mask is None else _scaled(mask["base_color"].pixels, size)[..., :1]
        painted += parameters.strength * where * (mean - painted)
    if "start" in inputs:
        painted = (painted + _scaled(inputs["start"]["base_color"].pixels, size)) / 2
    result = Maps.from_arrays({"base_color": painted}, name=subject.name)
    started = time.monotonic()
    while (passed := time.monotonic() - started) < parameters.seconds and not context.is_stopped():
        context.progress(passed / parameters.seconds, "Painting flat")
        context.preview(result)
        time.sleep(STEP_S)
    arrays = {name: _scaled(subject[name].pixels, size) for name in subject} | {"base_color": painted}
    if parameters.relief:
        height = painted.mean(2, keepdims=True)
        roughness = arrays.get("roughness", np.full_like(height, 0.5))
        arrays |= {"height": height, "normal": painted * 0 + np.float32((0.5, 0.5, 1)), "roughness": roughness / 2}
    return Maps.from_arrays(arrays, name=subject.name, height_range_m=0.01 if parameters.relief else None)


def _size_px(subject: Maps, longest_px: int) -> tuple[int, int]:
    height, width = subject.size_px
    scale = (longest_px or max(height, width)) / max(height, width)
    return round(height * scale), round(width * scale)


def _scaled(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W, C) by its nearest pixels."""
    rows, columns = (np.arange(side) * had // side for side, had in zip(size, pixels.shape, strict=False))
    return pixels[rows][:, columns].copy()


class WordCount(Matcher):
    """As many squares as the text has words; with a start, as many more."""

    name, label, description = "word-count", "Word count", "As many squares as words, for tests"
    subject, example, can_edit = "text", "one two three", True

    def suggestions(self) -> list[str]:
        return ["one", "two"]

    def match(self, subject, seed, context, start=None):
        words = subject.split()
        if "cat" in words:
            raise ParameterError("a cat is no number of squares", "write other words")
        if "wrong" in words:
            return Match(Recipe((Step("checker", {"squares": 1000}),), seed))
        context.progress(0.5, "Counting words")
        if start is not None:
            squares = int(start.steps[0].parameters["squares"]) + len(words)
            return Match(replace(start, steps=(Step("checker", {**start.steps[0].parameters, "squares": squares}),)))
        return Match(Recipe((Step("checker", {"squares": len(words)}),), seed), ("words were counted",))


class MeanColor(Matcher):
    """Squares of the picture's mean colour."""

    name, label, description = "mean-color", "Mean colour", "Squares of a picture's mean colour, for tests"
    subject, example, varies = "picture", "wall.png", False

    def match(self, subject, seed, context, start=None):
        color = [float(value) for value in subject["base_color"].pixels.mean((0, 1))]
        notes = (f"the picture is {subject.width_m:.4g} m wide",) if subject.width_m else ()
        return Match(Recipe((Step("checker", {"color": color}),), seed), notes, figures={"distance": 0.0})
