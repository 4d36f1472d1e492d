"""`run`: carries out a recipe, as a whole or tile by tile, and records it.

The function and its arguments can be pickled, so any `concurrent.futures.Executor` can run many recipes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..context import Context, step_rngs
from ..descriptions import DIRECTIONS, MESH
from ..device import choose_device, fast_precision
from ..errors import ParameterError
from ..io.files import write_maps
from ..io.metadata import metadata_of
from ..plugins.registry import registry
from ..recipe import Recipe
from ..texture import Maps
from ..tools import Result, SizeParameters, Tile, Tool, validate
from .fold import fold, part_of_progress
from .inputs import (
    SOURCE,
    Given,
    as_needed,
    check_inputs,
    refuse_empty,
    seamed_mesh,
    subject_of,
    values_of,
    with_directions,
    with_masks_as_stored,
    with_numbers_for_each,
)
from .kept import KeptSteps, Making
from .preview_size import at_preview_size
from .steps import ReadyStep, check_made, check_needs
from .streaming import Sink, check_streamable, should_stream, tile_maker, write_tiles
from .tiled import on_sheet, on_subject, run_tiles, with_tiles
from .wanted import at_wanted_size


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
    inputs = at_wanted_size(inputs, active, tools, parameters)
    if preview_px:
        parameters, inputs = at_preview_size(tools, parameters, inputs, preview_px, kept)
    if sink is not None:
        check_streamable(active, tools, sink, inputs)
    subject, lying = as_needed(subject_of(inputs), tools), on_subject(active, tools)
    placed = on_sheet(with_masks_as_stored(with_directions(inputs), active), lying, tools)
    notes = [note for item in inputs.values() if isinstance(item, Maps) for note in item.notes]
    mesh = seamed_mesh(placed, notes)
    if subject.sheet and mesh is None:
        how: dict[str, Any] = {"device": device, "models_folder": models_folder, "weights_folder": weights_folder}
        how |= {"enough_px": enough_px, "preview_px": preview_px, "kept": kept, "on_preview": on_preview}
        how |= {"is_cancelled": is_cancelled, "is_stopped": is_stopped}
        result = _run_on_tiles(recipe, inputs, lying, on_progress, how)
        return replace(result, notes=tuple(dict.fromkeys((*notes, *result.notes))))
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
    masks = [step.mask for step in active]
    images: list[Any] = [placed[mask.input] if mask and mask.input else None for mask in masks]
    given = zip(tools, list(parameters), values, rngs, decided, masks, images, strict=True)
    steps = [ReadyStep(*arguments) for arguments in given]

    def record() -> Recipe:
        return _record(recipe, tools, parameters, inputs, context, used)

    on_texture = replace(subject, sheet=None)
    making = Making(kept, preview_px)
    result = _stream(steps, on_texture, context, sink, record) if sink else fold(steps, on_texture, context, making)
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
        return run(recipe, own, on_progress=on_progress and part_of_progress(on_progress, index, count), **how)

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
    return replace(result, paths=tuple(paths), notes=(*result.notes, *exporter.notes_on(result.maps)))


def _stream(
    steps: list[ReadyStep], subject: Maps, context: Context, sink: Sink, record: Callable[[], Recipe]
) -> Result:
    """The result of steps that is written tile by tile.

    Filters before the step that makes tiles prepare the source; those after it are applied to each tile.
    """
    index = tile_maker([step.tool for step in steps])
    preparing, first, others = steps[:index], steps[index], steps[index + 1 :]
    if preparing:
        subject = fold(preparing, subject, replace(context, on_progress=lambda *_: None)).maps
    check_needs(first.tool, subject)
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


def _check(tool: Tool, tiles: Iterator[Tile]) -> Iterator[Tile]:
    for top, left, maps in tiles:
        check_made(tool, maps)
        yield top, left, maps


def _each(tiles: Iterator[Tile], step: ReadyStep, context: Context) -> Iterator[Tile]:
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
    if tools[0].uses_subject or recipe.active_steps[0].mask:
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
    record |= {"color_space": given.color_space} if given.color_space else {}
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
