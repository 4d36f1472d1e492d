"""Tools for tests that ask for the light, a mesh or points, or repair, in ways that are easy to check."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import (
    UNKNOWN_AZIMUTH,
    Estimator,
    Field,
    Filter,
    Input,
    LightAzimuth,
    Parameters,
    Point,
    Result,
    visible_if,
)


class LitParameters(Parameters):
    strength: float = Field(0.5, ge=0, le=1, description="Ignored by the tool")
    light_azimuth: LightAzimuth = Field(UNKNOWN_AZIMUTH, description="Where the light comes from")


class Lit(Estimator):
    """Writes the azimuth into the roughness: 0 if it is unknown, else its share of a turn."""

    name, label, description = "lit", "Lit", "Looks for the light, for tests"
    parameters = LitParameters

    def apply(self, subject: Maps, parameters: LitParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        share = max(parameters.light_azimuth, 0) / 360
        return subject.with_arrays({"roughness": np.full((*subject.size_px, 1), share, np.float32)})


class Survey(Filter):
    """Counts triangles, islands and seams of the mesh, and changes nothing."""

    name, label, description = "survey", "Survey", "Counts triangles, islands and seams, for tests"
    rank = 98
    inputs = (Input("mesh", "the object that the picture lies on", required=False, kind="mesh"),)

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Result:
        mesh = inputs.get("mesh")
        if mesh is None:
            return Result(subject, figures={"triangles": 0.0})
        seams, _ = mesh.seams
        figures = {"triangles": len(mesh), "islands": mesh.islands.max() + 1, "seams": len(seams)}
        return Result(subject, figures={name: float(value) for name, value in figures.items()})


CORNERS = visible_if("find", "corners")


class PlaneParameters(Parameters):
    find: Literal["nothing", "corners"] = Field("corners", description="Ignored by the tool")
    bottom_left: Point = Field((0.1, 0.9), description="A corner", json_schema_extra=CORNERS)
    top_left: Point = Field((0.1, 0.1), description="Another corner", json_schema_extra=CORNERS)
    top_right: Point = Field((0.9, 0.1), description="A third corner", json_schema_extra=CORNERS)
    bottom_right: Point = Field((0.9, 0.9), description="The last corner", json_schema_extra=CORNERS)


class Plane(Filter):
    """Crops to the box between two corners."""

    name, label, description = "cut-plane", "Cut plane", "Crops to corners, for tests"
    task, rank = "straighten", 98
    parameters = PlaneParameters
    needs = ("base_color",)

    def apply(self, subject: Maps, parameters: PlaneParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
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


class Span(Filter):
    """Sets the width in metres by the length between two ends."""

    name, label, description = "measure-span", "Measure span", "Measures a picture, for tests"
    task, rank = "scale", 98
    parameters = SpanParameters
    needs = ("base_color",)

    def apply(self, subject: Maps, parameters: SpanParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        height, width = subject.size_px
        (x, y), (x1, y1) = parameters.start, parameters.end
        length_px = math.hypot((x1 - x) * width, (y1 - y) * height)
        return replace(subject, width_m=parameters.length_m * width / length_px)


LAST = 99
"""Rank behind the tools that artists use."""


class PlugParameters(Parameters):
    value: float = Field(0.5, ge=0, le=1, description="Value that all maps get")


class Plug(Filter):
    """Fills the mask with one value, and the islands' shares into the blue of the colour."""

    name, label, description = "plug", "Plug", "Fills a region with one value, for tests"
    task, rank, needs_source = "fill", LAST, True
    parameters = PlugParameters
    inputs = (
        Input("mask", "the region", on_subject=True),
        Input("islands", "islands of UVs", required=False, on_subject=True),
    )

    def apply(self, subject: Maps, parameters: PlugParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        within = inputs["mask"]["base_color"].pixels.mean(2, keepdims=True) > 0.5
        arrays = {
            name: np.where(within, np.float32(parameters.value), texture.pixels) for name, texture in subject.items()
        }
        if "islands" in inputs:
            arrays["base_color"] = np.where(within, inputs["islands"]["base_color"].pixels, arrays["base_color"])
        return subject.with_arrays(arrays)


class Spot(Filter):
    """Finds what is darker than the mean."""

    name, label, description = "spot", "Spot", "Finds dark pixels, for tests"
    task, rank, needs = "landmarks", LAST, ("base_color",)

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Maps], context: Context) -> Maps:
        grey = subject["base_color"].pixels.mean(2, keepdims=True)
        return Maps.from_arrays({"opacity": (grey < grey.mean()).astype(np.float32)})
