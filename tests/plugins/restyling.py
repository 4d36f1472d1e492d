"""Pictures, painters and measures of the tests of repainting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from kornia.filters import gaussian_blur2d
from skimage import data
from torch import Tensor

from impasto import Maps
from impasto.context import Context
from impasto.surface.color import linear_to_oklab, srgb_to_linear
from impasto_style.shared.controls import StyleParameters
from impasto_style.shared.optimise import Objective
from impasto_style.shared.resampling import resize_picture
from impasto_style.shared.restyle import restyle
from impasto_style.shared.task import StyleTask

COFFEE = Maps.from_arrays({"base_color": data.coffee()[::8, ::8] / 255}, name="coffee.png")  # 50x75
CAT = Maps.from_arrays({"base_color": data.chelsea()[::3, ::3] / 255}, name="cat.png")  # 100x151
SPACE = Maps.from_arrays({"base_color": data.hubble_deep_field()[::8, ::8] / 255}, name="space.png")


def blurred(task: StyleTask, parameters: StyleParameters, context: Context) -> Tensor:
    """A method that only blurs."""
    return gaussian_blur2d(task.picture, 5, (1.5, 1.5))


def stretched(task: StyleTask, parameters: StyleParameters, context: Context) -> Tensor:
    """A method that shows the first style, stretched."""
    return resize_picture(task.sources[1], task.picture.shape[2:])


def averaged(task: StyleTask, parameters: StyleParameters, context: Context) -> Tensor:
    """A method that moves each region to the mean colour of what it is mixed from."""
    painted = torch.zeros_like(task.picture)
    for region in task.regions:
        mixed = sum(weight * source.mean((2, 3)) for weight, source in zip(region.weights, task.sources, strict=True))
        painted += (1 if region.mask is None else region.mask) * mixed[..., None, None]
    return painted


class Recorder:
    """A method that remembers its task and gives the picture back."""

    task: StyleTask | None = None

    def __call__(self, task: StyleTask, parameters: StyleParameters, context: Context) -> Tensor:
        self.task = task
        return task.picture


def painted(paint: Callable, subject: Maps = COFFEE, style: Maps | list[Maps] = CAT, seed: int = 0, **given) -> Maps:
    """The subject, restyled; given are inputs, styles and masks alone or several, and parameters."""
    styles, masks = ([one] if isinstance(one, Maps) else one for one in (style, given.pop("mask", [])))
    inputs = {"style": styles, "mask": [*masks, *[None] * (len(styles) - len(masks))]}
    inputs |= {"start": given.pop("start")} if "start" in given else {}
    parameters = StyleParameters(**{"weight": [1.0] * len(styles), **given})
    return restyle(paint, subject, parameters, inputs, Context(rng=np.random.default_rng(seed)))


def task_of(subject: Maps = COFFEE, style: Maps | list[Maps] = CAT, **given) -> StyleTask:
    """The task that a method would get."""
    recorder = Recorder()
    painted(recorder, subject, style, **given)
    assert recorder.task is not None
    return recorder.task


def color(maps: Maps) -> np.ndarray:
    return maps["base_color"].pixels


def oklab(maps: Maps) -> np.ndarray:
    return linear_to_oklab(srgb_to_linear(color(maps))).reshape(-1, 3)


def left_half(height: int = 50, width: int = 75, value: float = 1.0) -> Maps:
    """A mask that is white on the left."""
    mask = np.zeros((height, width, 1), np.float32)
    mask[:, : width // 2] = value
    return Maps.from_arrays({"base_color": np.repeat(mask, 3, 2)}, name="mask.png")


def right_half() -> Maps:
    return Maps.from_arrays({"base_color": 1 - left_half()["base_color"].pixels})


def flat(value: float, height: int = 32, width: int = 32, opacity: float | None = None) -> Maps:
    maps = Maps.from_arrays({"base_color": np.full((height, width, 3), value)}, name="flat.png")
    return maps if opacity is None else maps.with_arrays({"opacity": np.full((height, width), opacity)})


def mean_distance(one: Maps, other: Maps) -> float:
    return float(np.linalg.norm(oklab(one).mean(0) - oklab(other).mean(0)))


def loss_and_gradient(objective: Objective, x: Tensor) -> tuple[Tensor, Tensor]:
    """The loss () of a picture x (1, 3, H, W), and its gradient."""
    x = x.detach().clone().requires_grad_()
    loss = objective.loss(x, objective.features(x))
    loss.backward()
    return loss.detach(), x.grad
