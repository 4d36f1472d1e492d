# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that make a material from words or like a picture, vary it, and change it by words."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import bpy
from bpy.props import StringProperty

from ..bridge import naming
from ..bridge.inputs import Source, read, recipe_called
from ..core.errors import Message, ParameterError
from ..core.recipe import Recipe
from ..engine.catalogue import catalogue
from ..generate import variations
from ..generate.request import name_of_match, shown_recipe, without_source
from ..image import OnImage
from ..jobs.description import description_task
from ..jobs.operator import TaskOperator
from ..jobs.session import jobs
from ..jobs.task import Place, Task
from ..parameters.properties import MAX_INT
from ..paths import FILE_PATH
from ..tools.form import given_properties, source_of, width_of, with_properties
from ..tools.request import Request
from ..tools.sources import chosen_source, source_poll_message
from .request import PICTURE, TEXT, MatchRequest, key_of, matcher_for, name_of, read_picture

RESULT = ("width_px", "height_px", "bits", "material", "out_dir", "replace", "device")
"""Fields of the request that are the result's."""


@with_properties(Request, *RESULT)
class MatchResultProperties:
    """Properties of a match's result; others are as in the Impasto panel."""

    matcher: StringProperty(name="Matcher", description="Name of the matcher; empty: the panel's")
    name: StringProperty(name="Name", description="What the results are called (default: as the words or the picture)")

    def result(self, context: bpy.types.Context, **size: int) -> Request:
        """Size, device, estimator and form of the result: from this call, else from the panel."""
        return replace(without_source(context), **{**size, **given_properties(self, RESULT)})


@with_properties(Request, "seed", "width_m")
class SubjectProperties(MatchResultProperties):
    """Properties of operators on words or a picture."""

    text: StringProperty(
        name="Words", description="One material in a few words: its kind, colours, pattern, size, wear"
    )
    source: StringProperty(name="Source", description="Path of a picture to match, instead of words", **FILE_PATH)
    image: StringProperty(name="Image", description="Name of an image of this .blend file to match, instead of words")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        settings = context.scene.impasto_match
        about = catalogue.matchers.get(settings.matcher)
        if about is None:
            return "The engine has nothing that makes materials from words or pictures"
        if about["subject"] == PICTURE:
            return source_poll_message(settings)
        return "" if settings.text.strip() else Message("Describe a material, such as {}", about["example"])

    def subject(self, context: bpy.types.Context) -> tuple[str, str | Source | None]:
        """Name of the matcher, and the words or picture of this call, or else of the panel."""
        _ensure_matchers()
        settings = context.scene.impasto_match
        if self.source or self.image:
            about = matcher_for(PICTURE, self.matcher, settings.matcher)
            return about["name"], source_of(self.image, self.source)
        if given_properties(self, ("text",)):
            return matcher_for(TEXT, self.matcher, settings.matcher)["name"], self.text
        about = catalogue.matcher(self.matcher or settings.matcher)
        return about["name"], chosen_source(settings) if about["subject"] == PICTURE else settings.text

    def request(self, context: bpy.types.Context) -> MatchRequest:
        """The request, with the key of its subject."""
        matcher, subject = self.subject(context)
        read = subject if isinstance(subject, str) else read_picture(subject)
        name = naming.of_parts(self.name) if self.name else name_of(subject or "")
        result = self.result(context)
        width_m = 0.0 if isinstance(read, str) else width_of(self, context)
        about, key = catalogue.matcher(matcher), key_of(matcher, subject)
        return MatchRequest(about, read, result, name, self._seed(context), width_m=width_m, key=key)

    def _seed(self, context: bpy.types.Context) -> int:
        return given_properties(self, ("seed",)).get("seed", context.scene.impasto.seed)


class IMPASTO_OT_match(SubjectProperties, TaskOperator, bpy.types.Operator):
    """Make a material from words, or one like a picture; its sliders are then those of the Impasto panel"""

    bl_label = "Generate from Words or Picture"
    place = Place.MATCH
    can_wait = True

    def task(self, context: bpy.types.Context) -> Task:
        variations.live.cancel()
        request = self.request(context)
        settings = context.scene.impasto
        if not settings.lock_seed and not given_properties(self, ("seed",)):
            request = replace(request, seed=random.randrange(MAX_INT))
        return request.task_in(context)


class IMPASTO_OT_match_variations(SubjectProperties, TaskOperator, bpy.types.Operator):
    """Make four different materials from the words or the picture, and show them scaled down"""

    bl_label = "Four Variations"
    place = Place.MATCH

    def task(self, context: bpy.types.Context) -> Task:
        variations.live.cancel()
        request = self.request(context)
        if not request.matcher["varies"]:
            raise ParameterError("{} finds the same for every seed", "make one material of it", request.matcher["name"])
        return request.variations_task()


@with_properties(Request, "width_m")
class IMPASTO_OT_match_image(OnImage, bpy.types.Operator):
    """Make a material like this image without its pixels; its sliders are then those of the Impasto panel"""

    bl_label = "Match Image"

    def task(self, context: bpy.types.Context) -> Task:
        variations.live.cancel()
        _ensure_matchers()
        image, settings = self.chosen_image(context), context.scene.impasto
        matcher = matcher_for(PICTURE, usual=context.scene.impasto_match.matcher)
        width_m = width_of(self, context)
        request = MatchRequest(
            matcher, read(image), without_source(context), name_of(image), settings.seed, width_m=width_m
        )
        return request.task_in(context)


class IMPASTO_OT_change_by_words(MatchResultProperties, TaskOperator, bpy.types.Operator):
    """Change what the Impasto panel shows by words, such as a little darker, and make a material of it"""

    bl_label = "Change by Words"
    place = Place.MATCH

    text: StringProperty(
        name="Change", description="What shall be different, such as a little darker, wetter, or no cracks"
    )
    start_from: StringProperty(
        name="Start",
        description="Name of a material or an image that Impasto made, to be changed; empty: what the panel shows",
    )

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if context.scene.impasto_match.change.strip() else "Say what shall be different"

    def task(self, context: bpy.types.Context) -> Task:
        variations.live.cancel()
        _ensure_matchers()
        settings = context.scene.impasto_match
        matcher = catalogue.matcher(self.matcher) if self.matcher else _editing(settings.matcher)
        text = given_properties(self, ("text",)).get("text", settings.change)
        size = {"width_px": 0, "height_px": 0} if self.start_from else {}
        start = recipe_called(self.start_from) if self.start_from else shown_recipe(context.scene)
        name = naming.of_parts(self.name) if self.name else self._name(context, start)
        result = self.result(context, **size)
        return MatchRequest(matcher, text, result, name, start.seed, start).task_in(context)

    def _name(self, context: bpy.types.Context, start: Recipe) -> str:
        """Name for the changed recipe: of the given data, of its first words, or of its tool."""
        if self.start_from:
            return naming.of_source(bpy.data.materials.get(self.start_from) or bpy.data.images[self.start_from])
        return name_of_match(context.scene.impasto) or catalogue[start.steps[0].tool]["label"]


def _editing(usual: str) -> Mapping[str, Any]:
    """The usual matcher, if it changes recipes, or the first that does. Raise ParameterError if none does."""
    able = [name for name, about in catalogue.matchers.items() if about["can_edit"]]
    if not able:
        message = "no plugin of the engine changes materials by words"
        raise ParameterError(message, "install one, then refresh the tools")
    return catalogue.matchers[usual if usual in able else able[0]]


def _ensure_matchers() -> None:
    """Ask the engine for its matchers if none is known yet."""
    if not catalogue.matchers:
        jobs.finish(description_task())
