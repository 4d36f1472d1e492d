"""Recipes on tiled images (UDIM) without a mesh: each tile by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..descriptions import DIRECTIONS, MESH
from ..host import Host
from ..options import RunOptions
from ..texture import Maps
from ..tools import Result
from .inputs import SOURCE
from .preparing import Ready
from .recording import record_input
from .steps import part_of_progress
from .tiled import tile_of


def on_each_tile(run: Callable[..., Result], ready: Ready, options: RunOptions, host: Host) -> Result:
    """The result of running a recipe on each tile, which inputs that lie on the subject belong to.

    What tools decide about the first tile holds for all. The recipe is recorded with the whole inputs.
    """
    tiles, recipe = ready.subject.tiles(), ready.recipe
    results: dict[int, Result] = {}
    for index, number in enumerate(tiles):
        own = {
            name: tile_of(given, number)
            if name in {*ready.aligned_inputs, SOURCE} and isinstance(given, Maps)
            else given
            for name, given in ready.inputs.items()
            if name not in (MESH, DIRECTIONS)
        }
        on_progress = part_of_progress(host.on_progress, index, len(tiles))
        results[number] = result = run(recipe, own, options, replace(host, on_progress=on_progress))
        assert result.recipe is not None
        recipe = replace(result.recipe, inputs={}, made_with={})
    first = results[min(tiles)]
    assert first.recipe is not None
    recorded = {name: record_input(ready.inputs[name]) for name in first.recipe.inputs}
    notes = _notes({number: result.notes for number, result in results.items()})
    return replace(
        first,
        maps=Maps.of_tiles({number: result.maps for number, result in results.items()}),
        figures={name: float(np.mean([one.figures[name] for one in results.values()])) for name in first.figures},
        recipe=replace(first.recipe, inputs=recorded),
        notes=tuple(dict.fromkeys((*ready.notes, *notes))),
        seconds=tuple(map(sum, zip(*(one.seconds for one in results.values()), strict=True))),
        reused=tuple(map(all, zip(*(one.reused for one in results.values()), strict=True))),
    )


def _notes(by_tile: Mapping[int, Sequence[str]]) -> tuple[str, ...]:
    """Notes on tiles, each once, with the numbers of those that it is about unless it is about all."""
    found: dict[str, list[int]] = {}
    for number, notes in by_tile.items():
        for note in dict.fromkeys(notes):
            found.setdefault(note, []).append(number)
    listed = {note: "" if len(of) == len(by_tile) else f"{', '.join(map(str, of))}: " for note, of in found.items()}
    return tuple(f"{tiles}{note}" for note, tiles in listed.items())
