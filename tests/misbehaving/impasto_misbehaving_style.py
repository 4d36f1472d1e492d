"""A stylizer for tests: quick, with every input and parameter that stylizers have, and as slow as it is told to be."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from impasto import Maps
from impasto.context import Context
from impasto.tools import Field, Stylizer
from impasto_style.shared.controls import STYLE_INPUTS, StyleParameters

STEP_S = 0.05


class FlatParameters(StyleParameters):
    seconds: float = Field(0.0, ge=0, le=600, description="How long it takes, unless it is stopped")


class Flat(Stylizer):
    """Paints with the styles' mean colours; brightness becomes relief. What it goes on from shows through by half."""

    name, label, description = "flat", "Flat", "Paints with the mean colours of the styles, for tests"
    parameters = FlatParameters
    inputs = STYLE_INPUTS

    def apply(self, subject: Maps, parameters: FlatParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
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
