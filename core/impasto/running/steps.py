"""A step of a recipe that is ready to run: its tool with all that it is applied with but the subject."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..context import Context
from ..errors import ParameterError, PluginError
from ..mask import Mask
from ..system.untrusted import printable
from ..texture import Maps
from ..tools import Result, Tool, is_neutral
from .inputs import Value
from .masks import masked

ALIKE = 0.02
"""Relative difference of proportions up to which a mask has the picture's shape."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReadyStep:
    """A step with all arguments of its tool but the subject; on_decision: receives parameters that it decided.

    mask: where it shows; image: that of a mask by image.
    """

    tool: Tool
    parameters: Any
    inputs: Mapping[str, Value]
    rng: np.random.Generator
    on_decision: Callable[[Any], None]
    mask: Mask | None = None
    image: Maps | None = None

    def apply(self, subject: Maps, context: Context) -> Result:
        check_needs(self.tool, subject)
        if is_neutral(self.tool, self.parameters):
            return Result(subject)
        log.info("%s on %s: %s", self.tool.name, context.device, self.parameters)
        for item in self.tool.inputs:
            if item.on_subject:
                note_shape(item.name, self.inputs.get(item.name), subject, context)
        with self._alone(context):
            own = replace(context, rng=self.rng, on_decision=self.on_decision)
            made = self.tool.apply(subject, self.parameters, self.inputs, own)
        result = made if isinstance(made, Result) else Result(made)
        check_made(self.tool, result.maps)
        return result

    def blend(self, subject: Maps, made: Result, context: Context) -> Result:
        """The tool's result where the mask shows, and elsewhere the subject."""
        assert self.mask is not None
        context.check()
        note_shape("mask", self.image, subject, context)
        seeds: Any = self.rng.bit_generator.seed_seq
        lifts = self.tool.kind == "generator"
        maps = masked(self.mask, self.image, subject, made.maps, seeds, context.device, lifts)
        return replace(made, maps=maps)

    def _alone(self, context: Context) -> AbstractContextManager[None]:
        """A lock on the name of the model that a trainer makes; FileError if another training holds it."""
        name = getattr(self.parameters, "name", None) if self.tool.kind == "trainer" else None
        if not name:
            return nullcontext()
        from ..ranks import Ranks

        return Ranks.connected().held(context.models.path(name))


def note_shape(name: str, given: Value | None, subject: Maps, context: Context) -> None:
    """Tell of maps of other proportions than the subject on which they are laid, for which they are stretched."""
    for maps in given if isinstance(given, tuple) else (given,):
        if not (isinstance(maps, Maps) and maps and subject):
            continue
        (height, width), (rows, columns) = subject.size_px, maps.size_px
        tolerance = max(ALIKE, 1 / min(height, width, rows, columns))
        if abs(np.log(width * rows / (height * columns))) > tolerance:
            called = printable(maps.name) if maps.name else name.replace("_", " ")
            context.note(f"{called} is {columns}x{rows}, and is stretched over the picture's {width}x{height}")


def check_needs(tool: Tool, subject: Maps) -> None:
    """Raise ParameterError if the subject lacks a map that the tool needs."""
    missing = [name for name in tool.needs if name not in subject]
    if missing:
        remedy = "give a source that has it, or a step that makes it"
        raise ParameterError(f"{tool.name} needs {', '.join(missing)}", remedy)


def check_made(tool: Tool, maps: Maps) -> None:
    """Raise PluginError if a map is not finite, as with weights that are too large."""
    for name in maps:
        if not np.isfinite(maps[name].pixels.sum()):
            message = f"{tool.name} made a {name} that has values that are NaN or infinite"
            raise PluginError(message, "choose another model or other parameters, or tell the tool's author")
