"""The jobs of a batch, made one by one from the rows of a table, or from sources and seeds."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..actions import RUN
from ..atlas.mesh import Mesh
from ..descriptions import MESH
from ..errors import ImpastoError, Message, ParameterError, choices
from ..io.files import source_name
from ..parameters import color_of
from ..plugins.registry import registry
from ..recipe import Recipe, Step, name_inputs
from ..running.inputs import SOURCE, active_tools, check_inputs
from ..running.matching import match
from ..settings import has_settings, values_called
from ..system.names import check_name, usable_name
from ..system.typed_json import as_kind
from ..system.untrusted import excerpt, parse_json, read_json
from ..texture import Maps
from ..tools import Parameters, Tool, validate
from .job import BatchJob
from .names import fill_in
from .table import Row

NO_MESH = Mesh(np.zeros((1, 3, 3), np.float32), np.zeros((1, 3, 2), np.float32))
"""Placeholder for a mesh that is not read yet."""


class Recipes:
    """Recipes by the text that names them. Files are relative to `folder`, and are read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, Recipe] = {}

    def of(self, recipe_or_file: str, inputs: Iterable[str] = ()) -> Recipe:
        """The recipe in a file, or of one step with the tool of this name and inputs. Raise an ImpastoError."""
        if not _is_file(recipe_or_file):
            recipe = Recipe((Step(recipe_or_file, {}, _inputs_of(registry().tool(recipe_or_file), inputs)),))
            _check_kinds(recipe)
            return recipe
        if recipe_or_file not in self._read:
            path = self.folder / recipe_or_file
            recipe = Recipe.from_dict(read_json(path, Message("the recipe in {}", excerpt(path))))
            _check_kinds(recipe)
            self._read[recipe_or_file] = replace(recipe, inputs={}, made_with={})
        return self._read[recipe_or_file]

    def of_text(self, matcher: str, text: str, seed: int) -> Recipe:
        """The recipe that a matcher finds for a text. Raise ParameterError if it finds none, or takes no text."""
        if matcher in registry().matchers:
            recipe = match(matcher, text, seed=seed).recipe
            _check_kinds(recipe)
            return recipe
        raise ParameterError("{} takes no text", "leave the text out, or name a matcher as recipe", excerpt(matcher))

    def name_of(self, recipe_or_file: str) -> str:
        """The file's name without its ending, or the tool's."""
        return Path(recipe_or_file).stem if _is_file(recipe_or_file) else recipe_or_file


def _is_file(text: str) -> bool:
    return text.lower().endswith(".json")


def _inputs_of(tool: Tool, inputs: Iterable[str]) -> dict[str, str | list[str]]:
    """Inputs of a single step. `style`, `style-2` and so on are values of the tool's input style."""
    names = {
        item.name: sorted(
            (name for name in inputs if re.fullmatch(rf"{re.escape(item.name)}(-\d+)?", name)),
            key=lambda name: (len(name), name),
        )
        for item in tool.inputs
    }
    return name_inputs(names)[0]


def _check_kinds(recipe: Recipe) -> None:
    """Raise ParameterError for a tool that makes no maps."""
    for step in recipe.steps:
        if registry().tool(step.tool).kind == "trainer":
            raise ParameterError("{} trains a model, and a batch makes maps", "use `impasto train`", step.tool)


@dataclass(frozen=True)
class Output:
    """Destination of a batch: its folder, the pattern of names, format and export. replace: overwrite files."""

    folder: Path
    pattern: str = "{name}"
    format: str = "png"
    replace: bool = False
    device: str = "auto"
    export: str = ""


@dataclass(frozen=True)
class Plan:
    """The jobs of a batch. Each iteration makes them again, so that 100,000 jobs need little memory.

    rows: returns the rows of a table, or the mistakes in them, or complete jobs, each with its number in the table. The
    number is 0 without a table.
    """

    rows: Callable[[], Iterable[tuple[int, Row | BatchJob | ImpastoError]]]
    recipes: Recipes
    output: Output

    def __iter__(self) -> Iterator[BatchJob]:
        for _, job in self.numbered_jobs():
            if isinstance(job, ImpastoError):
                raise job
            yield job

    def numbered_jobs(self) -> Iterator[tuple[int, BatchJob | ImpastoError]]:
        """Each job, or the mistake in its row, after its number in the table."""
        for index, (number, row) in enumerate(self.rows(), start=1):
            try:
                yield number, row if isinstance(row, ImpastoError) else self._job(row, index)
            except ImpastoError as error:
                yield number, error

    def _job(self, row: Row | BatchJob, index: int) -> BatchJob:
        """The job of a row. ParameterError or FileError with the first mistake. The row's pictures are not read."""
        output = self.output
        if isinstance(row, BatchJob):
            check_name(row.name, "the name of the files")
            checked = self._valid_recipe(row.recipe, _input_names(row), {})
            device = row.device if output.device == "auto" else output.device
            return replace(row, recipe=checked, folder=output.folder, replace=output.replace, device=device)
        inputs = {name: self.recipes.folder / file for name, file in row.inputs.items() if file}
        if row.text or row.recipe in registry().matchers:
            recipe = self.recipes.of_text(row.recipe, row.text, row.seed or 0)
        else:
            recipe = self.recipes.of(row.recipe, inputs)
        named = settings_of(recipe, row.settings) if row.settings else {}
        recipe = self._valid_recipe(recipe, {*inputs, *_input_names(row)}, {**named, **row.parameters})
        recipe = replace(recipe, seed=recipe.seed if row.seed is None else row.seed)
        stem = usable_name(self.recipes.name_of(row.recipe))
        values = row.values
        if row.action == RUN:
            usual = source_name(inputs[SOURCE]) if SOURCE in inputs else stem
        else:
            action = registry().action(row.action)
            values = action.placed(values, self.recipes.folder)
            usual = action.title(as_kind(action.values, values, Message("row {}", row.number)))
        tool = recipe.steps[0].tool
        name = fill_in(output.pattern, name=row.name or usual, index=index, seed=recipe.seed, recipe=stem, tool=tool)
        job = BatchJob(
            name,
            recipe,
            inputs,
            output.folder,
            replace=output.replace,
            device=output.device,
            row=row.number,
            color_space=row.color_space,
            action=row.action,
            values=values,
        )
        if row.action == RUN:
            job = replace(job, format=output.format, export=output.export, width_m=row.width_m)
        return job

    def _valid_recipe(self, recipe: Recipe, inputs: Collection[str], parameters: Mapping[str, Any]) -> Recipe:
        """The enabled steps with the values of all parameters. Raise ParameterError for a wrong parameter or input."""
        tools = active_tools(recipe)
        recipe = replace(recipe, steps=recipe.active_steps)
        recipe = with_parameters(recipe, tools, parameters)
        check_inputs(recipe.steps, tools, {name: NO_MESH if name == MESH else Maps() for name in inputs})
        return recipe


def _input_names(row: Row | BatchJob) -> set[str]:
    """Names of the inputs that a recipe gets. An action other than `run` supplies the source."""
    return {*row.inputs, *([SOURCE] if row.action != RUN else [])}


def settings_of(recipe: Recipe, name: str) -> dict[str, Any]:
    """Named settings of the first tool that has settings of this name, as `2.NAME: value`, or raise ParameterError."""
    tools = active_tools(recipe)
    number, tool = next(
        ((number, tool) for number, tool in enumerate(tools, start=1) if has_settings(tool.settings(), name)),
        (len(tools), tools[-1]),
    )
    values = values_called(tool.name, tool.settings(), name)
    return {f"{number}.{parameter}": value for parameter, value in values.items()}


def with_parameters(recipe: Recipe, tools: Sequence[Tool], parameters: Mapping[str, Any]) -> Recipe:
    """The recipe with these parameters, and the defaults of all others.

    A parameter belongs to the step that has one of its name, or, as `2.NAME`, to the second step. Raise ParameterError
    if no step has it, or several have, or its value is wrong.
    """
    chosen: list[dict[str, Any]] = [dict(step.parameters) for step in recipe.steps]
    for name, value in parameters.items():
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
        raise ParameterError("several steps have the parameter {}", "write {}", excerpt(own), numbered)
    known = sorted({known for index in wanted for known in tools[index].parameters.model_fields})
    remedy = choices(own, known, f"`impasto tools {tools[wanted[0]].name}`" if wanted else "")
    raise ParameterError("no step has the parameter {}", remedy, excerpt(name))


@cache
def _properties(parameters: type[Parameters]) -> Mapping[str, Mapping[str, Any]]:
    return parameters.model_json_schema()["properties"]


def _from_text(text: str, schema: Mapping[str, Any]) -> Any:
    """The value of text in a table: a colour, numbers joined by commas, or JSON."""
    if schema.get("format") == "color":
        return color_of(text)
    if schema.get("type") not in ("array", "object") and not isinstance(schema.get("enum", [""])[0], int):
        return text  # the tool's model converts numbers, and true or false
    is_bare = schema.get("type") == "array" and not text.startswith("[")
    return parse_json(f"[{text}]" if is_bare else text, excerpt(text), kind=ParameterError)


def rows_of_sources(
    recipe: str,
    sources: Sequence[Path | None],
    inputs: Mapping[str, Path],
    seeds: Sequence[int],
    width_m: float | None = None,
    color_space: str = "",
) -> Iterator[tuple[int, Row]]:
    """A row for each source and seed, with the other inputs. A source of None is for recipes without one."""
    others = {name: str(path) for name, path in inputs.items()}
    for source in sources:
        values = {**others, SOURCE: str(source)} if source else others
        for seed in seeds:
            yield 0, Row(0, recipe, values, seed=seed, width_m=width_m, color_space=color_space)
