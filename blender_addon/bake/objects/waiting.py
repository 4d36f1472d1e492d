# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings that the panel shows before a bake. They are computed beside drawing."""

from __future__ import annotations

import json
from collections.abc import Sequence

import bpy

from ...bridge.target import NEW
from ...interface.deferred import Deferred
from ...tools.form import values_in
from ..settings import BakeOptions, ImpastoBakeSettings
from .sets import BakeSet
from .warnings import BakeWarning, warnings_before


def question_about(sets: Sequence[BakeSet], **settings: object) -> str:
    """The sets, with session ids for objects, and settings as JSON."""
    return json.dumps({"sets": [one.to_json(lambda obj: str(obj.session_uid)) for one in sets], **settings})


def sets_in(question: str) -> list[BakeSet]:
    """The sets that a question is about; none where an object was deleted meanwhile."""
    objects = {str(obj.session_uid): obj for obj in bpy.data.objects}
    try:
        return [BakeSet.from_json(one, objects) for one in json.loads(question)["sets"]]
    except KeyError:
        return []


def _warnings(question: str) -> list[BakeWarning]:
    about = json.loads(question)
    options = BakeOptions(uv_map=about["uv_map"], maps=tuple(about["maps"]))
    depsgraph = bpy.context.evaluated_depsgraph_get()
    sets = sets_in(question)
    return [found for one in sets for found in warnings_before(one, options, depsgraph, assigns=about["assigns"])]


warnings = Deferred(_warnings)


def warnings_of(sets: Sequence[BakeSet], settings: ImpastoBakeSettings) -> list[BakeWarning]:
    """Warnings about the sets, as far as they are known. For drawing."""
    if not sets:
        return []
    maps = BakeOptions.from_properties(values_in(BakeOptions, settings)).maps
    question = question_about(sets, uv_map=settings.uv_map, maps=maps, assigns=settings.material == NEW)
    return warnings.answer(question) or []
