"""The jobs of a batch, made one by one from rows of a table, or from sources and seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import ImpastoError
from ..io.files import source_name
from ..plugins.registry import registry
from ..recipe import Recipe
from ..running.inputs import SOURCE, check_inputs
from ..system.names import check_name, usable_name
from ..texture import Maps
from .job import BatchJob
from .names import fill_in
from .parameters import with_parameters
from .recipes import Recipes
from .table import Row


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
    """The jobs of a batch, made anew at each iteration, so that 100,000 need little memory.

    rows: a call gives the rows of a table, the mistakes in them, or complete jobs, each with its number in the table; 0
    if there is no table.
    """

    rows: Callable[[], Iterable[tuple[int, Row | BatchJob | ImpastoError]]]
    recipes: Recipes
    output: Output

    def __iter__(self) -> Iterator[BatchJob]:
        for _, job in self.numbered():
            if isinstance(job, ImpastoError):
                raise job
            yield job

    def numbered(self) -> Iterator[tuple[int, BatchJob | ImpastoError]]:
        """Each job, or the mistake in its row, with its number in the table."""
        for index, (number, row) in enumerate(self.rows(), start=1):
            try:
                yield number, row if isinstance(row, ImpastoError) else self._job(row, index)
            except ImpastoError as error:
                yield number, error

    def _job(self, row: Row | BatchJob, index: int) -> BatchJob:
        """The job of a row. ParameterError or FileError with the first mistake, except in its pictures."""
        output = self.output
        if isinstance(row, BatchJob):
            check_name(row.name, "the name of the files")
            checked = self._checked(row.recipe, row.inputs, {})
            device = row.device if output.device == "auto" else output.device
            return replace(row, recipe=checked, folder=output.folder, replace=output.replace, device=device)
        inputs = {name: self.recipes.folder / file for name, file in row.inputs.items() if file}
        if row.text or row.recipe in registry().matchers:
            recipe = self.recipes.matched(row.recipe, row.text, row.seed or 0)
        else:
            recipe = self.recipes.of(row.recipe, inputs)
        recipe = self._checked(recipe, inputs, row.parameters)
        recipe = replace(recipe, seed=recipe.seed if row.seed is None else row.seed)
        stem = usable_name(self.recipes.name_of(row.recipe))
        own = row.name or (source_name(inputs[SOURCE]) if SOURCE in inputs else stem)
        tool = recipe.steps[0].tool
        name = fill_in(output.pattern, name=own, index=index, seed=recipe.seed, recipe=stem, tool=tool)
        return BatchJob(
            name,
            recipe,
            inputs,
            output.folder,
            format=output.format,
            export=output.export,
            replace=output.replace,
            device=output.device,
            width_m=row.width_m,
            row=row.number,
        )

    def _checked(self, recipe: Recipe, inputs: Mapping[str, Path], parameters: Mapping[str, Any]) -> Recipe:
        """The recipe with these and all other parameters. ParameterError for a mistake in it or its inputs."""
        tools = [registry().tool(step.tool) for step in recipe.steps]
        recipe = with_parameters(recipe, tools, parameters)
        check_inputs(recipe.steps, tools, dict.fromkeys(inputs, Maps()))
        return recipe


def rows_of_sources(
    recipe: str,
    sources: Sequence[Path | None],
    inputs: Mapping[str, Path],
    seeds: Sequence[int],
    width_m: float | None = None,
) -> Iterator[tuple[int, Row]]:
    """A row for each source and seed, with the other inputs; a source of None is for recipes without one."""
    others = {name: str(path) for name, path in inputs.items()}
    for source in sources:
        given = {**others, SOURCE: str(source)} if source else others
        for seed in seeds:
            yield 0, Row(0, recipe, given, seed=seed, width_m=width_m)
