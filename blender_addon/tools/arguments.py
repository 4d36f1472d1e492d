# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of operators that run tools: shared properties, JSON objects, sources."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..bridge import mapping
from ..bridge.inputs import Source, find_source, image_called
from ..bridge.target import ACTIVE, NEW, NONE
from ..core.errors import ParameterError
from ..core.system.untrusted import parse_json
from ..engine.catalogue import catalogue
from ..jobs.description import description_task
from ..jobs.session import jobs
from ..parameters.groups import unit_m
from ..parameters.properties import MAX_INT
from ..paths import RELATIVE_PATH, absolute

WIDTH_PX = IntProperty(name="Width", description="Width of the result in pixels; 0: as the source", min=0)
HEIGHT_PX = IntProperty(name="Height", description="Height of the result in pixels; 0: as the source", min=0)
WIDTH_M = FloatProperty(name="Real Width", description="Real-world width of the image in metres; 0: unknown", min=0)
SEED = IntProperty(name="Seed", description="Another seed, another result", min=0, max=MAX_INT)
DEVICE = StringProperty(name="Device", description="auto, cpu, cuda, cuda:1 or mps; empty: as in the preferences")
MATERIAL = EnumProperty(
    name="Material",
    description="Where the result goes",
    items=(
        (NEW, "New", "A new material on the selected objects"),
        (ACTIVE, "Active", "The active object's material"),
        (NONE, "Images", "New images, no material"),
    ),
)
MAPPING = EnumProperty(name="Mapping", description="How the textures are mapped to surfaces", items=mapping.ITEMS)
OUT_DIR = StringProperty(
    name="Output Folder",
    description="Write the maps as files here instead of packing them",
    subtype="DIR_PATH",
    options=RELATIVE_PATH,
)
REPLACE = BoolProperty(
    name="Replace", description="Replace files of the same name in the folder, which otherwise get a number"
)


def ensure_known(tool: str) -> None:
    """Ask the engine for its tools if this one is not known yet."""
    if tool not in catalogue:
        jobs.finish(description_task())


def given_to(operator: bpy.types.Operator, names: Iterable[str]) -> dict[str, Any]:
    """Properties of an operator that were set in this call, and so override the panel."""
    return {name: getattr(operator, name) for name in names if operator.properties.is_property_set(name)}


def width_of(operator: bpy.types.Operator, context: bpy.types.Context) -> float:
    """Real-world width of a picture in metres: as given in this call, or else as in the panels; 0: not known."""
    scene = context.scene
    return given_to(operator, ("width_m",)).get("width_m", scene.impasto.width_m * unit_m(scene))


def source_of(image: str, path: str) -> Source | None:
    """Image of this name, else the file at the path; None if neither is given."""
    if image:
        return image_called(image)
    return Path(absolute(path)) if path else None


def sources_from(text: str) -> dict[str, list[Source | None]]:
    """Sources in a JSON object of paths and names of images, or of lists of them, by input. ParameterError if wrong."""
    given = {name: [one] if isinstance(one, str) else one for name, one in parse_object(text, "inputs").items()}
    for name, names in given.items():
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            message = f"the input {name} is no name and no list of names"
            raise ParameterError(message, 'write {"style": "monet.jpg"}, or {"style": ["monet.jpg", "wave.jpg"]}')
    return {name: [find_source(one) if one else None for one in names] for name, names in given.items()}


def parse_names(text: str, what: str) -> list[str]:
    """Names in a JSON list in a property's text; empty text is an empty list. ParameterError for anything else."""
    example = 'write them like ["lane", "road"]'
    try:
        names = parse_json(text, what, kind=ParameterError) if text else []
    except ParameterError as error:
        raise ParameterError(error.message, example) from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ParameterError(f"{what} must be a JSON list of names, got {text[:40]}", example)
    return names


def parse_object(text: str, what: str) -> dict[str, Any]:
    """JSON object in a property's text; empty text is an empty object. ParameterError for anything else."""
    try:
        value = parse_json(text, what, kind=ParameterError) if text else {}
    except ParameterError as error:
        raise ParameterError(error.message, 'write them like {"variety": 0.7}') from error
    if not isinstance(value, dict):
        raise ParameterError(f"{what} must be a JSON object, got {text[:40]}", 'write them like {"variety": 0.7}')
    return value
