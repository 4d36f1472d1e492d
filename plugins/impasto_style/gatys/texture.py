"""Textures from features alone: the method of `gatys` without content, starting from noise."""

from __future__ import annotations

from dataclasses import replace

import torch

from impasto.context import Context
from impasto.texture import Maps

from ..shared.inputs import read_color
from ..shared.noise import noise_start
from ..shared.resampling import LEAST_PX, as_image, as_tensor
from ..shared.task import Region, Task
from .painting import paint
from .parameters import CnnTextureParameters, FeatureParameters, GatysParameters

OPAQUE = 0.5


def generate_texture(subject: Maps, parameters: CnnTextureParameters, context: Context) -> Maps:
    """A base colour of the requested size whose features have the statistics of the subject's."""
    height, width = (max(side, LEAST_PX) for side in parameters.size_px(subject))
    source = as_tensor(read_color(subject, OPAQUE), context.device)
    empty, regions = torch.zeros(1, 3, height, width, device=context.device), (Region(None, (0.0, 1.0)),)
    start = noise_start(empty, (empty, source), regions, context)
    task = Task(start, (start, source), regions, start, seamless=parameters.seamless)
    shared = {name: getattr(parameters, name) for name in FeatureParameters.model_fields}
    made = as_image(paint(task, GatysParameters(preservation=0, **shared), context))
    width_m = subject.width_m and subject.width_m * width / subject.size_px[1]
    plain = replace(subject, textures={}, width_m=width_m, height_range_m=None)
    return plain.with_arrays({"base_color": made[: parameters.size_px(subject)[0], : parameters.size_px(subject)[1]]})
