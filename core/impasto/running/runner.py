"""`run`: the definition of what a recipe makes.

It is a plain function of values that can be pickled (a `Host` cannot), so any executor can run recipes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace

from ..descriptions import MESH
from ..host import NOBODY, Host
from ..io.files import write_maps
from ..io.presets import packing_of
from ..options import DEFAULT, RunOptions, Sink
from ..plugins.registry import registry
from ..recipe import Recipe
from ..system.locks import held
from ..tools import Result
from .each_tile import on_each_tile
from .fold import fold
from .inputs import RecipeInput
from .preparing import prepare
from .recording import RunLog
from .streaming import stream
from .tiled import with_tiles


def run(
    recipe: Recipe, inputs: Mapping[str, RecipeInput] | None = None, options: RunOptions = DEFAULT, host: Host = NOBODY
) -> Result:
    """Fold the steps over `inputs["source"]` and return the maps with the recipe that makes them again.

    With a mesh that has seams, a tiled source is one surface; otherwise the steps are run on each tile by itself.

    inputs: by name, as "source" maps, or a trainer's dataset; as "mesh" the surface that the source lies on; and as
    "directions" a picture of the directions on it. With a sink in `options`, `Result.paths` are its files; written tile
    by tile, the maps have no pixels. ParameterError before anything runs if a tool, parameter or input is wrong;
    FileError if files cannot be written, or another run writes them; Cancelled if the host cancels.
    """
    ready = prepare(recipe, inputs or {}, options, host.cache)
    sink = options.sink
    with held(sink.folder / sink.name, wait_s=sink.wait_s) if sink else nullcontext():
        if ready.subject.sheet is not None and ready.mesh is None:
            result = on_each_tile(run, ready, replace(options, sink=None), host)
        else:
            log = RunLog(ready.notes)
            context = ready.context(options, host, log)
            if ready.is_streamed and sink:
                result = stream(
                    ready.steps, ready.subject, context, sink, lambda made: ready.record(context, log, made)
                )
            else:
                result = fold(ready.steps, replace(ready.subject, sheet=None), context, host.cache, options.preview_px)
            maps = with_tiles(result.maps, ready.subject, ready.inputs.get(MESH))
            recorded = ready.record(context, log, result)
            result = replace(result, maps=maps, recipe=recorded, notes=tuple(dict.fromkeys(log.notes)))
        return _written(result, sink) if sink and not ready.is_streamed else result


def _written(result: Result, sink: Sink) -> Result:
    """The result as a whole, in the files of a sink."""
    exporter = registry().exporter(sink.format)
    where, packing = (sink.folder, sink.name, exporter), packing_of(sink.export)
    paths = write_maps(result.maps, *where, result.recipe, packing=packing, replace=sink.replace)
    return replace(result, paths=tuple(paths), notes=(*result.notes, *exporter.notes_on(result.maps, packing)))
