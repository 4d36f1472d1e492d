"""`run`, which makes the result of a recipe.

It is a plain function, and its arguments can be pickled, except for the `Host`. So any executor can run recipes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import numpy as np

from ..descriptions import DIRECTIONS, MESH
from ..errors import Message
from ..host import NOBODY, Host
from ..io.files import write_maps
from ..io.presets import packing_of
from ..options import DEFAULT, RunOptions, Sink
from ..plugins.registry import registry
from ..recipe import Recipe
from ..system.locks import held
from ..texture import Maps
from ..tools import Result
from .fold import fold
from .inputs import SOURCE, RecipeInput
from .preparing import Ready, prepare
from .recording import RunLog, record_input
from .steps import part_of_progress
from .streaming import stream
from .tiled import tile_of, with_tiles


def run(
    recipe: Recipe, inputs: Mapping[str, RecipeInput] | None = None, options: RunOptions = DEFAULT, host: Host = NOBODY
) -> Result:
    """Fold the steps over `inputs["source"]`. Return the maps, and the recipe that makes them again.

    A tiled source (UDIM) is one surface if a mesh connects its tiles. Otherwise the recipe runs on each tile by itself.

    inputs: maps by name, or a trainer's dataset; "source" is the first subject, "mesh" the surface that it lies on, and
    "directions" an image of directions on that surface. With a sink in `options`, `Result.paths` are the files, and a
    result that is written strip by strip has no pixels. ParameterError before any tool runs if a tool, a parameter or
    an input is wrong. Raise FileError if files cannot be written, or another run is writing them. Raise Cancelled if
    the host cancels.
    """
    ready = prepare(recipe, inputs or {}, options, host.cache)
    sink = options.sink
    with held(sink.folder / sink.name, wait_s=sink.wait_s) if sink else nullcontext():
        if ready.subject.sheet is not None and ready.mesh is None:
            result = _on_each_tile(ready, replace(options, sink=None), host)
        else:
            log = RunLog(ready.notes)
            context = ready.context(options, host, log)
            if ready.is_streamed and sink:
                result = stream(ready.steps, ready.subject, context, sink, partial(ready.record, context, log))
            else:
                result = fold(ready.steps, replace(ready.subject, sheet=None), context, host.cache, options.preview_px)
            maps = with_tiles(result.maps, ready.subject, ready.inputs.get(MESH))
            recorded = ready.record(context, log, result)
            result = replace(result, maps=maps, recipe=recorded, notes=tuple(dict.fromkeys(log.notes)))
        return _written(result, sink) if sink and not ready.is_streamed else result


def _on_each_tile(ready: Ready, options: RunOptions, host: Host) -> Result:
    """Run a recipe on each UDIM tile by itself, with that tile of the aligned inputs.

    Tools keep the decisions that they make about the first tile. The recipe records the whole inputs.
    """
    tiles, recipe, on_tiles = ready.subject.tiles(), ready.recipe, {*ready.aligned_inputs, SOURCE}
    results: dict[int, Result] = {}
    for index, number in enumerate(tiles):
        own = {
            name: tile_of(value, number) if name in on_tiles and isinstance(value, Maps) else value
            for name, value in ready.inputs.items()
            if name not in (MESH, DIRECTIONS)
        }
        on_progress = part_of_progress(host.on_progress, index, len(tiles))
        results[number] = result = run(recipe, own, options, replace(host, on_progress=on_progress))
        assert result.recipe is not None
        recipe = replace(result.recipe, inputs={}, made_with={})
    first = results[min(tiles)]
    assert first.recipe is not None
    recorded = {name: record_input(ready.inputs[name]) for name in first.recipe.inputs}
    return replace(
        first,
        maps=Maps.of_tiles({number: result.maps for number, result in results.items()}),
        figures={name: float(np.mean([one.figures[name] for one in results.values()])) for name in first.figures},
        recipe=replace(first.recipe, inputs=recorded),
        notes=tuple(dict.fromkeys((*ready.notes, *_notes({number: one.notes for number, one in results.items()})))),
        seconds=tuple(map(sum, zip(*(one.seconds for one in results.values()), strict=True))),
        reused=tuple(map(all, zip(*(one.reused for one in results.values()), strict=True))),
    )


def _notes(by_tile: Mapping[int, Sequence[str]]) -> tuple[str, ...]:
    """Each note once, after the numbers of the tiles that have it, unless all have it."""
    found: dict[str, list[int]] = {}
    for number, notes in by_tile.items():
        for note in dict.fromkeys(notes):
            found.setdefault(note, []).append(number)
    listed = {note: "" if len(of) == len(by_tile) else f"{', '.join(map(str, of))}: " for note, of in found.items()}
    return tuple(Message("{}{}", tiles, note) for note, tiles in listed.items())


def _written(result: Result, sink: Sink) -> Result:
    """The result, written to the files of a sink."""
    exporter = registry().exporter(sink.format)
    where, packing = (sink.folder, sink.name, exporter), packing_of(sink.export)
    paths = write_maps(result.maps, *where, result.recipe, packing=packing, replace=sink.replace)
    return replace(result, paths=tuple(paths), notes=(*result.notes, *exporter.notes_on(result.maps, packing)))
