"""Lessons for a fast style: pictures, and their paintings by a slow stylizer.

The pictures are drawn scenes and procedural materials, which need no download, and the user's own pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto import RunOptions
from impasto.context import Context
from impasto.data.dataset import Dataset
from impasto.plugins.registry import registry
from impasto.recipe import Recipe, Step
from impasto.running.runner import run
from impasto.surface.thumbnail import lit_picture
from impasto.texture import Maps
from impasto.tools import is_procedural
from impasto.training.pictures import Picture

from ..neighbours import painting as neighbours
from ..neighbours.parameters import NeighboursParameters
from ..patches import painting as patches
from ..patches.parameters import PatchesStyleParameters
from ..shared.controls import MASK, STYLE, StyleParameters
from ..shared.inputs import colors_of
from ..shared.restyle import restyle
from .parameters import TrainFastStyleParameters
from .preparing import in_palette
from .scenes import draw_scene

OWN = 0.5
"""Share of lessons with the user's pictures, if there are any."""
COLORS = 3
TEACHER_STEPS = 20

Teacher = Callable[[Tensor, int], Tensor]
"""`teacher(values, seed)` repaints a picture (3, H, W) in the style to learn."""


@dataclass(frozen=True)
class Lessons:
    """`count` pictures in the colours of a style, with their paintings by a teacher. Each is made when first needed.

    style: pixels (1, 3, h, w). own: the user's pictures; half of the lessons use them. The others are drawn with a side
    of `size_px`, the same for a seed: materials and scenes in turn.
    """

    count: int
    size_px: int
    seed: int
    style: Tensor
    teacher: Teacher
    own: Sequence[Picture] = ()

    def crop(self, size_px: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """A random crop (3, size_px, size_px) of a picture, turned and mirrored at random, and the same crop repainted.

        Both are sRGB in [0, 1].
        """
        crop = self._lesson(_draw(self.count, random)).random_crop(size_px, random)
        crop = torch.rot90(crop, _draw(4, random), (1, 2))
        crop = crop.flip(2) if _draw(2, random) else crop
        return crop[:COLORS], crop[COLORS:]

    def _lesson(self, index: int) -> Picture:
        """A picture and its repainted version, (6, H, W)."""
        if index not in self._lessons:
            values = self._values(index)
            pair = [in_palette(values[None], self.style)[0], self.teacher(values, self.seed + index)]
            self._lessons[index] = Picture(torch.cat(pair), (False, False))
        return self._lessons[index]

    def _values(self, index: int) -> Tensor:
        """The picture (3, H, W) of a lesson."""
        rng = np.random.default_rng([self.seed, index])
        if self.own and index < OWN * self.count:
            return self._piece(self.own[index % len(self.own)], rng)
        return self._material(index // 2) if index % 2 else draw_scene(self.size_px, rng)

    def _piece(self, picture: Picture, rng: np.random.Generator) -> Tensor:
        """A piece of a picture, of `size_px` a side or as large as it is."""
        top, left = (int(rng.integers(max(side - self.size_px, 0) + 1)) for side in picture.values.shape[1:])
        return picture.values[:, top : top + self.size_px, left : left + self.size_px]

    def _material(self, number: int) -> Tensor:
        """A procedural material (3, size_px, size_px) under a light."""
        parameters = {"width_px": self.size_px, "height_px": self.size_px}
        name = self._materials[number % len(self._materials)]
        return as_values(
            lit_picture(run(Recipe((Step(name, parameters),), self.seed % 2**31), None, RunOptions(device="cpu")).maps)
        )

    @cached_property
    def _materials(self) -> list[str]:
        """Names of the procedural materials, shuffled."""
        names = sorted(name for name, tool in registry().tools.items() if is_procedural(tool))
        return [names[place] for place in np.random.default_rng(self.seed).permutation(len(names))]

    @cached_property
    def _lessons(self) -> dict[int, Picture]:
        return {}


def teacher_of(chosen: TrainFastStyleParameters, paintings: Sequence[Maps], context: Context) -> Teacher:
    """The chosen teacher, which repaints in the style of the paintings, with strokes as large as the first one's."""
    style_values: dict[str, Any] = {"strokes_px": max(paintings[0].size_px), "seamless": "off"}
    style_values |= {"weight": (1.0,) * len(paintings), "preservation": chosen.preservation}
    paint: Callable[..., Tensor] = patches.paint
    parameters: StyleParameters = PatchesStyleParameters.model_validate(style_values)
    if chosen.teacher == "neighbours":
        paint = neighbours.paint
        style_values |= {"backbone": chosen.backbone, "steps": TEACHER_STEPS}
        parameters = NeighboursParameters.model_validate(style_values)
    quiet = replace(context, on_progress=lambda *_: None, on_preview=lambda _: None, is_stopped=lambda: False)

    def repainted(values: Tensor, seed: int) -> Tensor:
        subject = Maps.from_arrays({"base_color": values.permute(1, 2, 0).numpy()})
        inputs = {STYLE: tuple(paintings), MASK: (None,) * len(paintings)}
        result = restyle(paint, subject, parameters, inputs, replace(quiet, rng=np.random.default_rng(seed)))
        return as_values(result["base_color"].pixels)

    return repainted


def own_pictures(dataset: Dataset | None, longest_px: int, crop_px: int) -> list[Picture]:
    """The pictures of a dataset that are large enough for crops, shrunk to `longest_px`; none without a dataset."""
    samples = dataset.samples if dataset else ()
    fitting = (sample.load(longest_px) for sample in samples if min(sample.size_px) >= crop_px)
    return [Picture(as_values(colors_of(maps)), (False, False)) for maps in fitting]


def as_values(pixels: np.ndarray) -> Tensor:
    """Pixels (H, W, 3) as (3, H, W)."""
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _draw(count: int, random: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=random))
