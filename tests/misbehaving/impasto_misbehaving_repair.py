"""Tools for tests of regions: they fill, find, mend and extend at once, in ways that are easy to check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Parameters

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
