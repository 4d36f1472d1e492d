"""Parameters of a row put into the steps of its recipe, with text from a table as the values that it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from ..errors import ParameterError, choices
from ..parameters import color_of
from ..recipe import Recipe
from ..system.untrusted import excerpt, parse_json
from ..tools import Parameters, Tool, validate


def with_parameters(recipe: Recipe, tools: Sequence[Tool], given: Mapping[str, Any]) -> Recipe:
    """The recipe with the given parameters, and the defaults of all others.

    A parameter belongs to the step that has one of its name, or, as `2.NAME`, to the second step. ParameterError if no
    step has it, or several have, or its value is wrong.
    """
    chosen: list[dict[str, Any]] = [dict(step.parameters) for step in recipe.steps]
    for name, value in given.items():
        index, own = _place(tools, name)
        schema = _properties(tools[index].parameters)[own]
        chosen[index][own] = _from_text(value, schema) if isinstance(value, str) else value
    steps = zip(recipe.steps, tools, chosen, strict=True)
    complete = (
        replace(step, parameters=validate(tool, values).model_dump(mode="json")) for step, tool, values in steps
    )
    return replace(recipe, steps=tuple(complete))


def _place(tools: Sequence[Tool], name: str) -> tuple[int, str]:
    """Index of the step that a parameter belongs to, and the parameter's own name."""
    number, _, own = name.rpartition(".")
    wanted = [index for index in range(len(tools)) if not number or number == str(index + 1)]
    found = [index for index in wanted if own in tools[index].parameters.model_fields]
    if len(found) == 1:
        return found[0], own
    if found:
        numbered = " or ".join(f"{index + 1}.{own}" for index in found)
        raise ParameterError(f"several steps have the parameter {excerpt(own)}", f"write {numbered}")
    known = sorted({known for index in wanted for known in tools[index].parameters.model_fields})
    remedy = choices(own, known, f"`impasto tools {tools[wanted[0]].name}`" if wanted else "")
    raise ParameterError(f"no step has the parameter {excerpt(name)}", remedy)


@cache
def _properties(parameters: type[Parameters]) -> Mapping[str, Mapping[str, Any]]:
    return parameters.model_json_schema()["properties"]


def _from_text(text: str, schema: Mapping[str, Any]) -> Any:
    """The value that text in a table stands for: a colour, numbers joined by commas, or JSON."""
    if schema.get("format") == "color":
        return color_of(text)
    if schema.get("type") not in ("array", "object") and not isinstance(schema.get("enum", [""])[0], int):
        return text  # the tool's model converts numbers, and true or false
    is_bare = schema.get("type") == "array" and not text.startswith("[")
    return parse_json(f"[{text}]" if is_bare else text, excerpt(text), kind=ParameterError)
