"""`run`: carries out a recipe.

A fold over tools: each step maps the subject to the next. The function and its arguments can be pickled, so any
`concurrent.futures.Executor` can run many recipes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ..atlas.mesh import Mesh
from ..context import Context, step_rngs
from ..descriptions import DIRECTIONS, MESH
from ..device import choose_device, fast_precision
from ..errors import ParameterError, PluginError
from ..io.files import write_maps
from ..io.metadata import metadata_of
from ..plugins.registry import registry
from ..recipe import Recipe
from ..system.locks import held
from ..texture import Maps
from ..tools import Result, SizeParameters, Tile, Tool, validate
from .inputs import (
    SOURCE,
    Given,
    Value,
    as_needed,
    check_inputs,
    refuse_empty,
    seamed_mesh,
    subject_of,
    values_of,
    with_directions,
    with_numbers_for_each,
)
from .kept import KeptSteps, Making
from .preview_size import at_preview_size
from .streaming import Sink, check_streamable, should_stream, tile_maker, write_tiles
from .tiled import mesh_on, on_own_tiles, on_sheet, on_subject, run_tiles, sheet_of_cover, with_tiles
from .unfolding import Unfolding, takes_mesh

log = logging.getLogger(__name__)


def run(
    recipe: Recipe,
    inputs: Mapping[str, Given] | None = None,
    *,
    sink: Sink | None = None,
    device: str = "auto",
    models_folder: Path | None = None,
    weights_folder: Path | None = None,
    enough_px: int | None = None,
    preview_px: int | None = None,
    kept: KeptSteps | None = None,
    on_progress: Callable[[float, str], None] | None = None,
    on_preview: Callable[[Maps], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    is_stopped: Callable[[], bool] | None = None,
) -> Result:
    """Run the steps on `inputs["source"]` and return the maps with the recipe that makes them again.

    A tiled source is one surface with a mesh; without one, or on a mesh without seams, the steps are run on each tile.

    inputs: maps, a dataset for a trainer, as "mesh" the surface that the subject lies on, and as "directions" an image
    of those on it. sink: destination of the result, which is made and written tile by tile, so it may be larger than
    memory; `Result.paths` are its files.
    models_folder, weights_folder: libraries other than the user's. enough_px: longer side that is enough for a preview,
    so that generators may make the same picture smaller. preview_px: longer side at which all steps are run instead,
    for a preview that is only similar. kept: results of steps of earlier runs, to be used again.
    on_progress(fraction, message), on_preview(maps): called from this thread. ParameterError before anything runs if a
    tool, parameter or input is wrong; Cancelled once `is_cancelled()` is true. Once `is_stopped()` is true, tools that
    improve their result step by step finish early with what they have.
    """
    inputs = dict(inputs or {})
    active = recipe.active_steps
    if not active:
        raise ParameterError("all steps of the recipe are disabled", "enable one")
    tools = [registry().tool(step.tool) for step in active]
    parameters = [validate(tool, step.parameters) for tool, step in zip(tools, active, strict=True)]
    check_inputs(active, tools, {name: given for name, given in inputs.items() if name not in recipe.spare_inputs})
    refuse_empty(inputs)
    parameters = [with_numbers_for_each(*given) for given in zip(tools, parameters, active, strict=True)]
    if preview_px:
        parameters, inputs = at_preview_size(tools, parameters, inputs, preview_px, kept)
    if sink is not None:
        check_streamable(tools, sink, inputs)
    subject, lying = as_needed(subject_of(inputs), tools), on_subject(active, tools)
    placed = on_sheet(with_directions(inputs), lying, tools)
    mesh = seamed_mesh(placed)
    if subject.sheet and mesh is None:
        how: dict[str, Any] = {"device": device, "models_folder": models_folder, "weights_folder": weights_folder}
        how |= {"enough_px": enough_px, "preview_px": preview_px, "kept": kept, "on_preview": on_preview}
        how |= {"is_cancelled": is_cancelled, "is_stopped": is_stopped}
        return _run_on_tiles(recipe, inputs, lying, on_progress, how)
    notes: list[str] = []
    used: dict[str, dict[str, str]] = {"models": {}, "exemplars": {}, "weights": {}}  # hashes of those that tools load
    context = _context(
        device,
        used,
        on_note=notes.append,
        models=registry().model_library(models_folder),
        weights=registry().weights_library(weights_folder),
        enough_px=preview_px or enough_px,
        mesh=mesh,
        sheet=subject.sheet,
        on_progress=on_progress,
        on_preview=on_preview,
        is_cancelled=is_cancelled,
        is_stopped=is_stopped,
    )
    if any(tool.may_use_bfloat16 for tool in tools):
        context = replace(context, precision=fast_precision(context.device))
    rngs = step_rngs(recipe.seed, len(recipe.steps))
    rngs = [rng for rng, step in zip(rngs, recipe.steps, strict=True) if step.enabled]
    values = [values_of(tool, step, placed) for tool, step in zip(tools, active, strict=True)]
    decided = [partial(parameters.__setitem__, index) for index in range(len(tools))]
    steps = [_Step(*given) for given in zip(tools, list(parameters), values, rngs, decided, strict=True)]

    def record() -> Recipe:
        return _record(recipe, tools, parameters, inputs, context, used)

    on_texture = replace(subject, sheet=None)
    making = Making(kept, preview_px)
    result = _stream(steps, on_texture, context, sink, record) if sink else _fold(steps, on_texture, context, making)
    maps = with_tiles(result.maps, subject, inputs.get(MESH))
    return replace(result, maps=maps, recipe=record(), notes=tuple(dict.fromkeys(notes)))


def _run_on_tiles(
    recipe: Recipe,
    inputs: Mapping[str, Given],
    lying: Collection[str],
    on_progress: Callable[[float, str], None] | None,
    how: Mapping[str, Any],
) -> Result:
    """The result of a recipe for each tile of the subject, with the recipe for all of them."""

    def one(recipe: Recipe, own: Mapping[str, Given], index: int, count: int) -> Result:
        return run(recipe, own, on_progress=on_progress and _share(on_progress, index, count), **how)

    result = run_tiles(one, recipe, inputs, lying)
    assert result.recipe is not None
    recorded = {name: _record_input(inputs[name]) for name in result.recipe.inputs}
    return replace(result, recipe=replace(result.recipe, inputs=recorded))


def run_to_files(
    recipe: Recipe,
    inputs: Mapping[str, Given] | None,
    sink: Sink,
    *,
    tile_by_tile: bool | None = None,
    **how: Any,
) -> Result:
    """`run` with the result in the files `Result.paths`: the same bytes, whether written tile by tile or as a whole.

    By default, results above 4096² are written tile by tile, if tools and format support it. how: as for `run`.
    """
    if tile_by_tile is None:
        subject = subject_of(inputs or {})
        is_whole = MESH in (inputs or {}) or subject.sheet is not None
        tile_by_tile = not is_whole and should_stream(recipe, subject, sink.format)
    with sink.lock():
        if tile_by_tile:
            return run(recipe, inputs, sink=sink, **how)
        result = run(recipe, inputs, **how)
        exporter = registry().exporter(sink.format)
        packing, replaces = sink.packing, sink.replace
        where = sink.folder, sink.name, exporter
        paths = write_maps(result.maps, *where, result.recipe, packing=packing, replace=replaces)
    return replace(result, paths=tuple(paths))


@dataclass(frozen=True)
class _Step:
    """A step with all arguments of its tool but the subject; on_decision: receives parameters that it decided."""

    tool: Tool
    parameters: Any
    inputs: Mapping[str, Value]
    rng: np.random.Generator
    on_decision: Callable[[Any], None]

    def apply(self, subject: Maps, context: Context) -> Result:
        _check_needs(self.tool, subject)
        log.info("%s on %s: %s", self.tool.name, context.device, self.parameters)
        with self._alone(context):
            own = replace(context, rng=self.rng, on_decision=self.on_decision)
            made = self.tool.apply(subject, self.parameters, self.inputs, own)
        result = made if isinstance(made, Result) else Result(made)
        _check_made(self.tool, result.maps)
        return result

    def _alone(self, context: Context) -> AbstractContextManager[None]:
        """A lock on the name of the model that a trainer makes; FileError if another training holds it."""
        name = getattr(self.parameters, "name", None) if self.tool.kind == "trainer" else None
        return held(context.models.path(name)) if name else nullcontext()


def _fold(steps: list[_Step], subject: Maps, context: Context, making: Making | None = None) -> Result:
    """The result of the steps in turn, each applied to the whole result of the previous one."""
    result, making = Result(subject), making or Making()
    covers = [index for index, step in enumerate(steps) if step.tool.kind == "generator" and takes_mesh(step.tool)]
    surface: Unfolding | None = None
    is_tiled = context.sheet is not None
    for index in range(len(steps)):
        if index in covers and not context.sheet:
            steps, context = _on_tiles(steps, index, result.maps, context)
        step = steps[index]
        step_context = replace(context, on_progress=_share(context.on_progress, index, len(steps)))
        others = steps[index + 1 :]
        if not making.preview_px and not all(one.tool.is_pointwise or one.tool.kind == "estimator" for one in others):
            step_context = replace(step_context, enough_px=None)  # others may have parameters in pixels
        step_context.progress(0.0, step.tool.label)
        if context.mesh and index >= max(covers, default=0):  # what comes before is made to cover the mesh
            surface = surface or Unfolding(context.mesh, result.maps)
            result = replace(result, maps=surface.subject(step.tool, result.maps, step_context))
            step = replace(step, inputs=surface.inputs(step.tool, step.inputs))
            step_context = surface.context(step_context)
        result = _join(result, making.result(step, result.maps, step_context))
        step_context.progress(1.0, step.tool.label)
        if index < len(steps) - 1 and result.maps:
            step_context.preview(result.maps)
    result = replace(result, seconds=tuple(making.seconds), reused=tuple(making.reused))
    maps = surface.on_texture(result.maps) if surface else result.maps
    return replace(result, maps=on_own_tiles(maps, context.sheet) if context.sheet and not is_tiled else maps)


def _on_tiles(steps: list[_Step], index: int, subject: Maps, context: Context) -> tuple[list[_Step], Context]:
    """Steps and context of which those from a cover on are for the sheet of its tiles, if the mesh lies on several."""
    cover, mesh = steps[index], steps[index].inputs[MESH]
    assert isinstance(mesh, Mesh)
    if not isinstance(cover.parameters, SizeParameters):
        return steps, context
    sheet = sheet_of_cover(mesh, cover.parameters.size_px(subject))
    if sheet is None:
        return steps, context
    placed, (height, width) = mesh_on(sheet, mesh), sheet.size_px
    sized = cover.parameters.model_copy(update={"width_px": width, "height_px": height})
    others = [replace(step, inputs={**step.inputs, MESH: placed}) if MESH in step.inputs else step for step in steps]
    others[index] = replace(others[index], parameters=sized)
    context.note(f"its UVs lie on several tiles, each of which has a texture: {', '.join(map(str, sheet.numbers))}")
    return others, replace(context, mesh=placed if len(placed.seams[0]) else None, sheet=sheet)


def _stream(steps: list[_Step], subject: Maps, context: Context, sink: Sink, record: Callable[[], Recipe]) -> Result:
    """The result of steps that is written tile by tile.

    Filters before the step that makes tiles prepare the source; those after it are applied to each tile.
    """
    index = tile_maker([step.tool for step in steps])
    preparing, first, others = steps[:index], steps[index], steps[index + 1 :]
    if preparing:
        subject = _fold(preparing, subject, replace(context, on_progress=lambda *_: None)).maps
    _check_needs(first.tool, subject)
    context.progress(0.0, first.tool.label)
    quiet = replace(context, on_progress=lambda *_: None, on_preview=lambda _: None)  # `write_tiles` reports progress
    tiles = first.tool.tiles(subject, first.parameters, first.inputs, replace(quiet, rng=first.rng))
    tiles = _check(first.tool, tiles)
    for step in others:
        tiles = _each(tiles, step, quiet)
    size_px = first.parameters.size_px(subject)
    paths, about = write_tiles(
        tiles, size_px, sink, context, lambda maps: metadata_of(record(), maps.width_m, maps.height_range_m)
    )
    return Result(about, paths=paths)


def _check_made(tool: Tool, maps: Maps) -> None:
    """Raise PluginError if a map is not finite, as with weights that are too large."""
    for name in maps:
        if not np.isfinite(maps[name].pixels.sum()):
            message = f"{tool.name} made a {name} that has values that are NaN or infinite"
            raise PluginError(message, "choose another model or other parameters, or tell the tool's author")


def _check(tool: Tool, tiles: Iterator[Tile]) -> Iterator[Tile]:
    for top, left, maps in tiles:
        _check_made(tool, maps)
        yield top, left, maps


def _each(tiles: Iterator[Tile], step: _Step, context: Context) -> Iterator[Tile]:
    return ((top, left, step.apply(maps, context).maps) for top, left, maps in tiles)


def _context(device: str, used: dict[str, dict[str, str]], **given: Any) -> Context:
    """The context of a run, of given fields and defaults. Loaded models, exemplars and weights are added to `used`."""
    return Context(
        device=choose_device(device),
        on_model=lambda model: used["models"].update({model.name: model.sha256()}),
        on_exemplar=lambda model: used["exemplars"].update({model.name: model.card["exemplar"]}),
        on_weights=lambda installed: used["weights"].update({installed.name: installed.sha256()}),
        **{name: value for name, value in given.items() if value is not None},
    )


def _share(on_progress: Callable[[float, str], None], index: int, count: int) -> Callable[[float, str], None]:
    return lambda fraction, message: on_progress((index + fraction) / count, message)


def _join(before: Result, after: Result) -> Result:
    return replace(after, models=before.models + after.models, figures={**before.figures, **after.figures})


def _check_needs(tool: Tool, subject: Maps) -> None:
    missing = [name for name in tool.needs if name not in subject]
    if missing:
        remedy = "give a source that has it, or a step that makes it"
        raise ParameterError(f"{tool.name} needs {', '.join(missing)}", remedy)


def _record(
    recipe: Recipe,
    tools: list[Tool],
    parameters: list[Any],
    inputs: Mapping[str, Given],
    context: Context,
    used: Mapping[str, Mapping[str, str]],
) -> Recipe:
    """The recipe with all defaults, and the record of its run; inputs that it does not use are left out."""
    named = {MESH, DIRECTIONS}.union(*(step.input_names for step in recipe.steps))
    if tools[0].uses_subject:
        named.add(SOURCE)
    elif isinstance(parameters[0], SizeParameters):  # of the subject, which is not recorded, only the size was used
        height, width = parameters[0].size_px(subject_of(inputs))
        parameters = [parameters[0].model_copy(update={"width_px": width, "height_px": height}), *parameters[1:]]
    chosen = iter(parameters)
    steps = tuple(
        replace(step, parameters=next(chosen).model_dump(mode="json")) if step.enabled else step
        for step in recipe.steps
    )
    return replace(
        recipe,
        steps=steps,
        inputs={name: _record_input(given) for name, given in inputs.items() if name in named},
        made_with={
            "versions": versions_of(tools),
            "device": context.device.split(":")[0],
            "precision": context.precision,
            **{kind: hashes for kind, hashes in used.items() if hashes},
            **({"stopped": True} if context.is_stopped() else {}),
        },
    )


def _record_input(given: Given) -> dict[str, str | float]:
    record: dict[str, str | float] = {"name": given.name, "sha256": given.sha256()}
    if not isinstance(given, Maps):
        return record
    scale = {"width_m": given.tile_width_m, "height_range_m": given.height_range_m}
    return record | {name: value for name, value in scale.items() if value is not None}


def versions_of(tools: Sequence[Tool]) -> dict[str, str]:
    """Versions of Impasto, of the packages that compute, and of the plugins that the tools belong to."""
    names = {tool.name for tool in tools}
    owners = {plugin.distribution for plugin in registry().plugins if names.intersection(plugin.tools)}
    return {name: _version(name) for name in sorted({"impasto", "torch", "numpy"} | owners)}


@cache
def _version(distribution: str) -> str:
    """Version of a distribution, read once because that takes longer than a small preview."""
    return version(distribution)
