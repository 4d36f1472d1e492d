# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pictures of the panel's result: the live preview, and variations with four seeds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.texture import is_large
from ..engine import engine
from ..engine.catalogue import catalogue, has_size
from ..jobs.session import connect, jobs
from ..jobs.task import Report, Task
from ..parameters import properties
from ..parameters.properties import MAX_INT
from ..tools.live import Live, PreviewInputs, run
from ..tools.request import Request
from .request import from_scene, why_incomplete

if TYPE_CHECKING:
    import numpy as np


COUNT = 4


@dataclass(frozen=True)
class Variation:
    """A seed and its picture: uint8 RGB, row 0 at the top."""

    seed: int
    pixels: np.ndarray


class _Latest:
    """The latest variations, with the tool, file and recipe that they were made for."""

    def __init__(self) -> None:
        self.items: tuple[Variation, ...] = ()
        self.key: tuple = ()
        self.recipe = ""


_latest = _Latest()


def shown(context: bpy.types.Context) -> tuple[Variation, ...]:
    """Variations of the chosen tool that are finished; none if there are none yet."""
    return _latest.items if _latest.key == _key(context) else ()


def are_of_other_settings(context: bpy.types.Context) -> bool:
    """Whether the panel was changed since the variations were made, except for the seed."""
    return _without_seed(from_scene(context)) != _latest.recipe


def task(context: bpy.types.Context) -> Task:
    """Task that makes the panel's result with four new seeds, and shows each as it comes."""
    live.cancel()
    connected, given, inputs = preview_inputs(context)
    seeds, key, recipe = random.sample(range(MAX_INT), COUNT), _key(context), _without_seed(given)

    def work(task: Task) -> None:
        client, made = connected(), []
        for seed in seeds:
            made.append(Variation(seed, run(task, client, replace(given, seed=seed), inputs)))
            _latest.items, _latest.key, _latest.recipe = tuple(made), key, recipe

    return Task("Four variations", work, lambda _: Report("INFO", "Choose one of the variations"))


def why_not(context: bpy.types.Context) -> str:
    """Reason why the panel's result can have no preview; empty if it can."""
    if missing := engine.why_none() or why_incomplete(context):
        return missing
    tool = catalogue[context.scene.impasto.tool]
    if not has_seeds(tool):
        return "This tool makes its result as its source is"
    group = properties.group_of(context.scene, tool)
    too_large = is_large((group.height_px, group.width_px))
    return "A result above 4096 × 4096 pixels is too large for a preview" if too_large else ""


def has_seeds(tool: Mapping[str, Any]) -> bool:
    """Whether a tool makes a different picture, of any size, for each seed."""
    return tool["kind"] == "generator" and has_size(tool)


def preview_inputs(context: bpy.types.Context) -> PreviewInputs:
    """Client, request and inputs of the panel's result, for a task's work."""
    request = replace(from_scene(context), device=engine.preferences().device)
    return connect(), request, request.read_inputs()


def _key(context: bpy.types.Context) -> tuple:
    return context.scene.impasto.tool, jobs.file_epoch


def _without_seed(request: Request) -> str:
    """Key of a request, without the seed."""
    source = request.source if isinstance(request.source, Path | None) else request.source.name
    return f"{source} {request.width_m} {replace(request, seed=0).recipe().to_json()}"


live = Live(properties.TEXTURE, "impasto", why_not, preview_inputs)
register = live.register


def unregister() -> None:
    live.unregister()
    _latest.items = ()
