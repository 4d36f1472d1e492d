"""Results that are too large for memory: files grow from the top while the tiles are made.

Memory holds one row of tiles, called a band, and the band before it while that is being written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ..context import Context
from ..descriptions import MESH
from ..errors import Message, ParameterError, PluginError
from ..io.files import write_bands
from ..io.metadata import metadata_of
from ..io.packing import MapFiles
from ..io.presets import packing_of
from ..options import Sink
from ..plugins.registry import registry
from ..recipe import Recipe, Step
from ..texture import MAP_CHANNELS, Maps, Texture, is_large
from ..tools import Result, SizeParameters, Tile, Tool, makes_tiles, validate
from .fold import fold
from .inputs import RecipeInput, subject_of
from .steps import ReadyStep, check_made, check_needs, checked

PREVIEW_SIZE_PX = 512
PREVIEWS = 100
"""Limit of previews of one result: one for each of thousands of small tiles would take too long."""


def should_stream(recipe: Recipe, source_px: tuple[int, int] | None, format_: str = "png") -> bool:
    """Whether a recipe's result is large (over 4096²) and can be made tile by tile.

    source_px: (height, width) of the source, which is not tiled; None if there is none.
    """
    tools = [registry().tool(step.tool) for step in recipe.active_steps]
    parameters = [validate(tool, step.parameters) for tool, step in zip(tools, recipe.active_steps, strict=True)]
    return makes_large_tiles(recipe.active_steps, tools, parameters, source_px, format_)


def is_streamed(
    steps: Sequence[Step],
    tools: Sequence[Tool],
    parameters: Sequence[Any],
    inputs: Mapping[str, RecipeInput],
    sink: Sink,
) -> bool:
    """Whether a result is written tile by tile. Raise ParameterError if it should be and cannot."""
    if sink.tile_by_tile:
        check_streamable(steps, tools, sink.format, inputs)
    if sink.tile_by_tile is not None:
        return sink.tile_by_tile
    subject = subject_of(inputs)
    if MESH in inputs or subject.sheet is not None:
        return False
    return makes_large_tiles(steps, tools, parameters, subject.size_px if subject else None, sink.format)


def makes_large_tiles(
    steps: Sequence[Step],
    tools: Sequence[Tool],
    parameters: Sequence[Any],
    source_px: tuple[int, int] | None,
    format_: str,
) -> bool:
    """`should_stream` for steps with these tools and parameters."""
    if obstacle_to_tiles(steps, tools) or registry().exporter(format_).start is None:
        return False
    first = parameters[tile_maker(tools)]
    assert isinstance(first, SizeParameters)
    return is_large(first.size_from(source_px))


def obstacle_to_tiles(steps: Sequence[Step], tools: Sequence[Tool]) -> str:
    """Reason why these steps cannot be run tile by tile; "" if they can. tools: of the steps."""
    if not tools:
        return "all steps of the recipe are disabled"
    first = tile_maker(tools)
    if not makes_tiles(tools[first]):
        return Message("{} makes its result in one piece", tools[first].name)
    if masked := next((tool for step, tool in zip(steps[first:], tools[first:], strict=True) if step.mask), None):
        return Message("the mask of {} needs the whole picture at once", masked.name)
    after = tools[first + 1 :]
    whole = next((tool.name for tool in after if not tool.is_pointwise), "")
    return Message("{} needs the whole picture at once", whole) if whole else ""


def tile_maker(tools: Sequence[Tool]) -> int:
    """Index of the step that makes tiles: the first that is no filter, since leading filters need the whole source."""
    return next((index for index, tool in enumerate(tools) if tool.kind not in ("filter", "group")), 0)


def check_streamable(
    steps: Sequence[Step], tools: Sequence[Tool], format_: str, inputs: Mapping[str, RecipeInput]
) -> None:
    """Raise ParameterError if a tool, the format, a mesh or a tiled source needs the whole picture at once."""
    if subject_of(inputs).sheet:
        message = "a tiled source (UDIM) cannot be written tile by tile: each of its own tiles is made at once"
        raise ParameterError(message, "run it as a whole, or give one tile of it")
    if MESH in inputs:
        message = "a recipe with a mesh cannot be written tile by tile: its seams connect distant parts of the picture"
        raise ParameterError(message, "run it as a whole, or leave the input {} out", MESH)
    if reason := obstacle_to_tiles(steps, tools):
        makers = sorted(name for name, tool in registry().tools.items() if makes_tiles(tool))
        message = "the recipe cannot be written tile by tile: {}"
        remedy = "leave that step out, or run the recipe as a whole; made in tiles: {}"
        raise ParameterError(message, remedy, reason, ", ".join(makers) or "no tool")
    if registry().exporter(format_).start is None:
        able = ", ".join(sorted(name for name, one in registry().exporters.items() if one.start))
        raise ParameterError("the format {} needs the whole picture at once", "choose from {}", format_, able)


def stream(
    steps: Sequence[ReadyStep], subject: Maps, context: Context, sink: Sink, record: Callable[[Result], Recipe]
) -> Result:
    """Make and write the result of steps tile by tile. Its maps have no pixels.

    Filters before the step that makes tiles prepare the source. Those after it are applied to each tile. `record` gives
    the recipe for the files once the first band is made.
    """
    index = tile_maker([step.tool for step in steps])
    first = steps[index]
    decided: list[Any] = [None] * len(steps)
    if index:
        prepared = fold(list(steps[:index]), subject, replace(context, on_progress=lambda *_: None))
        subject, decided[:index] = prepared.maps, prepared.decided
    check_needs(first.tool, subject)
    context.progress(0.0, first.tool.label)

    def decide(parameters: Any) -> None:
        decided[index] = parameters

    quiet = replace(context, on_progress=lambda *_: None, on_preview=lambda _: None)  # `_watch` reports progress
    own = replace(quiet, rng=first.rng, on_decision=decide)

    def finished() -> Iterator[Tile]:
        for top, left, maps in first.tool.tiles(subject, first.parameters, first.inputs, own):
            check_made(first.tool, maps)
            for place, step in enumerate(steps[index + 1 :], index + 1):
                result = checked(step, maps, quiet)
                maps, decided[place] = result.maps, result.decided[0]
            yield top, left, maps

    def describe(maps: Maps) -> Mapping[str, str]:
        return metadata_of(record(Result(decided=tuple(decided))), maps.width_m, maps.height_range_m)

    paths, about = write_tiles(finished(), first.parameters.size_px(subject), sink, context, describe)
    return Result(about, paths=paths, decided=tuple(decided))


def write_tiles(
    tiles: Iterable[Tile],
    size_px: tuple[int, int],
    sink: Sink,
    context: Context,
    describe: Callable[[Maps], Mapping[str, str]],
) -> tuple[tuple[Path, ...], Maps]:
    """Write a picture of `size_px` (height, width) from its tiles; return the paths, and `Maps` without textures.

    The tiles come in bands from the top; those of a band have one height and any order. The returned maps hold the name
    and scale of the first band, from which `describe(maps)` also computes the files' metadata. All files are written,
    or none, even on cancellation.
    Raise PluginError if the tiles do not cover the picture exactly once, and FileError if the disk is full.
    """
    bands = _bands(_watch(tiles, size_px, context), size_px)
    first = next(bands)
    exporter, metadata, about = registry().exporter(sink.format), describe(first), replace(first, textures={})
    files = MapFiles.of(first, size_px, sink.folder / sink.name, exporter.suffix, packing_of(sink.export))
    bands = chain((first,), bands)
    del first  # so that its memory is freed once it is written
    write_bands(bands, size_px, files, exporter, metadata, replace=sink.replace)
    return files.paths, about


def _watch(tiles: Iterable[Tile], size_px: tuple[int, int], context: Context) -> Iterator[Tile]:
    """The tiles. After each, report progress and a small preview. Raise Cancelled."""
    step = -(-max(size_px) // PREVIEW_SIZE_PX)
    rows: dict[str, np.ndarray] = {}
    all_px, done_px, shown_px = size_px[0] * size_px[1], 0, 0
    for top, left, maps in tiles:
        yield top, left, maps
        name = "base_color" if "base_color" in maps else next(iter(maps))
        if not rows:
            rows[name] = np.zeros((-(-size_px[0] // step), -(-size_px[1] // step), MAP_CHANNELS[name]), np.float32)
        small = maps[name].pixels[-top % step :: step, -left % step :: step]
        row, column = -(-top // step), -(-left // step)
        rows[name][row : row + small.shape[0], column : column + small.shape[1]] = small
        done_px += maps.size_px[0] * maps.size_px[1]
        context.progress(done_px / all_px, "Making tiles")
        if done_px - shown_px >= all_px / PREVIEWS:
            shown_px = done_px
            context.preview(Maps.from_arrays({name: rows[name].copy()}))


def _bands(tiles: Iterable[Tile], size_px: tuple[int, int]) -> Iterator[Maps]:
    """The tiles joined into bands of the picture's width, from the top."""
    height, width = size_px
    bottom, band = 0, None
    names: tuple[str, ...] = ()
    for top, left, maps in tiles:
        names = names or tuple(maps)
        band = band or _Band(bottom, width, maps, names)
        band.add(top, left, maps)
        if band.is_full:
            yield band.maps
            bottom, band = bottom + maps.size_px[0], None
    if band is not None or bottom != height:
        raise PluginError("tiles ended at row {} of {}", "report this to the tool's author", bottom, height)


class _Band:
    """A row of tiles being collected; `maps` is complete once `is_full`."""

    def __init__(self, top: int, width: int, tile: Maps, names: tuple[str, ...]) -> None:
        self._top, self._height, self._names = top, tile.size_px[0], names
        self._covered = np.zeros(width, bool)
        shapes = {name: (self._height, width, MAP_CHANNELS[name]) for name in tile}
        empty = {name: Texture(np.empty(shapes[name], np.float32), tile[name].color_space) for name in tile}
        self.maps = replace(tile, textures=empty)

    @property
    def is_full(self) -> bool:
        return bool(self._covered.all())

    def add(self, top: int, left: int, tile: Maps) -> None:
        height, width = tile.size_px
        place = slice(left, left + width)
        fits = (top, height) == (self._top, self._height) and 0 <= left <= len(self._covered) - width
        if not fits or self._covered[place].any() or tuple(tile) != self._names:
            message = (
                "a tile of {}x{} px with {} at row {}, column {} does not fit into the band of {}x{} px with {} "
                "at row {}"
            )
            band = (len(self._covered), self._height, ", ".join(self._names), self._top)
            own = (width, height, ", ".join(tile), top, left)
            raise PluginError(message, "report this to the tool's author", *own, *band)
        self._covered[place] = True
        for name in tile:
            self.maps[name].pixels[:, place] = tile[name].pixels
