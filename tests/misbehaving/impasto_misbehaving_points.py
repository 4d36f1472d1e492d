"""Filters for tests whose parameters are points: a plane by four corners, and a scale by two ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Parameters, Point, visible_if

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
