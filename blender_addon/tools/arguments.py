# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of operators that run tools: JSON objects, sources, tools that are not known yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bpy.props import BoolProperty

from ..bridge.inputs import Source, image_called
from ..core.errors import ParameterError
from ..core.system.outside import parse_json
from ..engine.catalogue import catalogue
from ..jobs.description import describing
from ..jobs.session import jobs
from ..paths import absolute

REPLACE = BoolProperty(
    name="Replace", description="Replace files of the same name in the folder, which otherwise get a number"
)


def learn(tool: str) -> None:
    """Ask the engine for its tools where this one is not known yet."""
    if tool not in catalogue:
        jobs.finish(describing())


def source_of(image: str, path: str) -> Source | None:
    """The image of this name, else the file at the path; None where neither is given."""
    if image:
        return image_called(image)
    return Path(absolute(path)) if path else None


def parse_object(text: str, what: str) -> dict[str, Any]:
    """What a property holds as JSON; empty text is an empty object. ParameterError where it is no object."""
    try:
        value = parse_json(text, what, kind=ParameterError) if text else {}
    except ParameterError as error:
        raise ParameterError(error.message, 'write them like {"variety": 0.7}') from error
    if not isinstance(value, dict):
        raise ParameterError(f"{what} must be a JSON object, got {text[:40]}", 'write them like {"variety": 0.7}')
    return value
