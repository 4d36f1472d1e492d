"""`match`: the recipe that a matcher finds for a phrase or a picture. The recipe records both."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..context import Context
from ..device import choose_device
from ..errors import Message, ParameterError
from ..host import NOBODY, Host
from ..matchers import Match, Matcher
from ..options import DEFAULT, RunOptions
from ..parameters import SizeParameters
from ..plugins.registry import registry
from ..recipe import MAX_TEXT, Recipe
from ..system.untrusted import excerpt, is_unicode
from ..texture import Maps
from ..tools import validate

MAX_PHRASE = 2_000
"""Limit of characters in a text: some paragraphs. A longer text does not describe a material."""


def match(
    name: str,
    subject: str | Maps,
    options: RunOptions = DEFAULT,
    host: Host = NOBODY,
    *,
    seed: int = 0,
    start: Recipe | None = None,
    size_px: tuple[int, int] | None = None,
) -> Match:
    """The match that the matcher called `name` finds for a text or a picture.

    start: a recipe to change. size_px: (height, width) of the result, for the steps that have a size.
    options, host: as for `run`. Raise ParameterError if the matcher, the subject or the recipe that it found is wrong;
    Cancelled if the host cancels.
    """
    matcher = registry().matcher(name)
    subject = _check(matcher, subject)
    if start is not None and not matcher.can_edit:
        raise ParameterError("{} does not change recipes", "leave the recipe to be changed out", name)
    known = registry()
    context = Context(
        rng=np.random.default_rng(seed),
        device=choose_device(options.device),
        models=known.model_library(options.models_folder),
        weights=known.weights_library(options.weights_folder),
        on_progress=host.on_progress,
        is_cancelled=host.is_cancelled,
    )
    notes: list[str] = []
    found = matcher.match(subject, seed, replace(context, on_note=notes.append), start)
    recipe = found.recipe if size_px is None else of_size(found.recipe, size_px)
    for step in recipe.steps:
        validate(known.tool(step.tool), step.parameters)
    all_notes = tuple(dict.fromkeys([*found.notes, *notes]))
    recipe = replace(recipe, matched=_record(matcher, subject, start, all_notes), made_with={})
    return replace(found, recipe=recipe, notes=all_notes)


def _check(matcher: Matcher, subject: str | Maps) -> str | Maps:
    """The subject, if the matcher can use it. Raise ParameterError if it is of another kind, empty or too long."""
    example = Message("write for example {!r}", matcher.example)
    if isinstance(subject, Maps):
        if matcher.subject != "picture":
            raise ParameterError("{} takes a text, and a picture was given", example, matcher.name)
        if "base_color" not in subject:
            raise ParameterError("{} needs base_color", "give a picture, or a folder that has one", matcher.name)
        return subject
    if matcher.subject != "text":
        raise ParameterError("{} takes a picture, and a text was given", "give a picture", matcher.name)
    if not is_unicode(subject):
        raise ParameterError("the text {} is not Unicode", example, excerpt(subject))
    text = " ".join(subject.split())
    if not text:
        raise ParameterError("the text is empty", example)
    if len(text) > MAX_PHRASE:
        message = "the text has {:,} characters, and the limit is {}"
        raise ParameterError(message, "describe one material in a few words; {}", len(text), MAX_PHRASE, example)
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ParameterError("the text {} contains control characters", example, excerpt(text))
    return text


def of_size(recipe: Recipe, size_px: tuple[int, int]) -> Recipe:
    """The recipe, with the size in each step that has one."""
    sized = {"height_px": size_px[0], "width_px": size_px[1]}
    steps = tuple(
        replace(step, parameters={**step.parameters, **sized})
        if issubclass(registry().tool(step.tool).parameters, SizeParameters)
        else step
        for step in recipe.steps
    )
    return replace(recipe, steps=steps)


def _record(matcher: Matcher, subject: str | Maps, start: Recipe | None, notes: Sequence[str]) -> dict[str, str]:
    """Record of a match: the text, after the texts of the recipe that it changed, or name and SHA-256 of the picture.

    It includes the notes, such as words that were not understood: whoever opens the file may not have seen them.
    """
    before = start.matched if start is not None else {}
    all_notes = "; ".join(dict.fromkeys(filter(None, [*before.get("notes", "").split("; "), *notes])))
    recorded = {"notes": all_notes[-MAX_TEXT:]} if all_notes else {}
    if isinstance(subject, Maps):
        return {"matcher": matcher.name, "name": subject.name, "sha256": subject.sha256(), **recorded}
    text = "; ".join(filter(None, [before.get("text", ""), subject]))
    return {"matcher": matcher.name, "text": text[-MAX_TEXT:], **recorded}
