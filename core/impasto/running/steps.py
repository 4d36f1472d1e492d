"""A step of a recipe that is ready to run: its tool and every argument but the subject."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np

from ..context import Context
from ..errors import ParameterError, PluginError
from ..mask import Mask
from ..system.untrusted import printable
from ..texture import Maps
from ..tools import Result, Tool, is_neutral
from .inputs import Value

ALIKE = 0.02
"""Relative difference of aspect ratios up to which a mask fits its picture without a note."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReadyStep:
    """A step with every argument of its tool but the subject.

    rng: its own random generator. mask: where its result shows. image: the picture of a mask by image. key: of its
    result without the mask, in the cache; "" if it is not cached. in_group: as in the recipe. members: the steps of a
    group. below: the subject of the first of them.
    """

    tool: Tool
    parameters: Any
    inputs: Mapping[str, Value]
    rng: np.random.Generator
    mask: Mask | None = None
    image: Maps | None = None
    key: str = ""
    in_group: bool = False
    members: tuple[ReadyStep, ...] = ()
    below: Maps | None = None


Apply: TypeAlias = Callable[[ReadyStep, Maps, Context], Result]
"""Applies a step to a subject. Functions around a tool take an `Apply` and return another one."""


def checked(step: ReadyStep, subject: Maps, context: Context) -> Result:
    """Apply a step's tool to a subject, without its mask. The result has the seconds, and the tool's decisions."""
    started = perf_counter()
    check_needs(step.tool, subject)
    if is_neutral(step.tool, step.parameters):
        return Result(subject, seconds=(perf_counter() - started,), reused=(False,), decided=(None,))
    log.info("%s on %s: %s", step.tool.name, context.device, step.parameters)
    for item in step.tool.inputs:
        if item.on_subject:
            note_shape(item.name, step.inputs.get(item.name), subject, context)
    decided: list[Any] = [None]
    with _training_lock(step, context):
        own = replace(context, rng=step.rng, on_decision=decided.append)
        applied = step.tool.apply(subject, step.parameters, step.inputs, own)
    result = applied if isinstance(applied, Result) else Result(applied)
    check_made(step.tool, result.maps)
    return replace(result, seconds=(perf_counter() - started,), reused=(False,), decided=(decided[-1],))


def _training_lock(step: ReadyStep, context: Context) -> AbstractContextManager[None]:
    """A lock on the name of the model that a trainer makes. Raise FileError if another training holds it."""
    name = getattr(step.parameters, "name", None) if step.tool.kind == "trainer" else None
    if not name:
        return nullcontext()
    from ..ranks import Ranks

    return Ranks.connected().held(context.models.path(name))


def note_shape(name: str, value: Value | None, subject: Maps, context: Context) -> None:
    """Add a note for each input that is stretched, because its aspect ratio is not that of the subject."""
    for maps in value if isinstance(value, tuple) else (value,):
        if not (isinstance(maps, Maps) and maps and subject):
            continue
        (height, width), (rows, columns) = subject.size_px, maps.size_px
        tolerance = max(ALIKE, 1 / min(height, width, rows, columns))
        if abs(np.log(width * rows / (height * columns))) > tolerance:
            called = printable(maps.name) if maps.name else name.replace("_", " ")
            context.note("{} is {}x{}, and is stretched over the picture's {}x{}", called, columns, rows, width, height)


def check_needs(tool: Tool, subject: Maps) -> None:
    """Raise ParameterError if the subject lacks a map that the tool needs."""
    missing = [name for name in tool.needs if name not in subject]
    if missing:
        remedy = "give a source that has it, or a step that makes it"
        raise ParameterError("{} needs {}", remedy, tool.name, ", ".join(missing))


def check_made(tool: Tool, maps: Maps) -> None:
    """Raise PluginError if a map is not finite, as with weights that are too large."""
    for name in maps:
        if not np.isfinite(maps[name].pixels.sum()):
            remedy = "choose another model or other parameters, or tell the tool's author"
            raise PluginError("{} made a {} that has values that are NaN or infinite", remedy, tool.name, name)


def part_of_progress(on_progress: Callable[[float, str], None], index: int, count: int) -> Callable[[float, str], None]:
    """A progress callback for one of `count` equal parts, which reports to the callback of the whole."""
    return lambda fraction, message: on_progress((index + fraction) / count, message)
