"""Recipes that rows name: files, each read once, tools, and matchers with a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..errors import ParameterError
from ..plugins.registry import registry
from ..recipe import Recipe, Step, name_inputs
from ..running.matching import match
from ..system.untrusted import excerpt, read_json
from ..tools import Tool


class Recipes:
    """Recipes by the text that names them. Files are relative to `folder`, and cannot change during a batch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, Recipe] = {}

    def of(self, given: str, inputs: Iterable[str] = ()) -> Recipe:
        """The recipe in a file, or of one step with the tool of this name and inputs. Raises an ImpastoError."""
        if not _is_file(given):
            recipe = Recipe((Step(given, {}, _inputs_of(registry().tool(given), inputs)),))
            _check_kinds(recipe)
            return recipe
        if given not in self._read:
            path = self.folder / given
            recipe = Recipe.from_dict(read_json(path, f"the recipe in {excerpt(path)}"))
            _check_kinds(recipe)
            self._read[given] = replace(recipe, inputs={}, made_with={})
        return self._read[given]

    def of_text(self, matcher: str, text: str, seed: int) -> Recipe:
        """The recipe that a matcher finds for a text. ParameterError if it finds none, or takes no text."""
        if matcher in registry().matchers:
            recipe = match(matcher, text, seed=seed).recipe
            _check_kinds(recipe)
            return recipe
        raise ParameterError(f"{excerpt(matcher)} takes no text", "leave the text out, or name a matcher as recipe")

    def name_of(self, given: str) -> str:
        """The file's name without its ending, or the tool's."""
        return Path(given).stem if _is_file(given) else given


def _is_file(given: str) -> bool:
    return given.lower().endswith(".json")


def _inputs_of(tool: Tool, given: Iterable[str]) -> dict[str, str | list[str]]:
    """Inputs of a single step: `style`, `style-2` and so on are those that the tool calls style."""
    names = {
        item.name: sorted(
            (name for name in given if re.fullmatch(rf"{re.escape(item.name)}(-\d+)?", name)),
            key=lambda name: (len(name), name),
        )
        for item in tool.inputs
    }
    return name_inputs(names)[0]


def _check_kinds(recipe: Recipe) -> None:
    """Raise ParameterError for a tool that makes no maps."""
    for step in recipe.steps:
        if registry().tool(step.tool).kind == "trainer":
            raise ParameterError(f"{step.tool} trains a model, and a batch makes maps", "use `impasto train`")
