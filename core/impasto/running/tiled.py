"""Recipes on tiled images (UDIM) with a mesh: all tiles as one surface on a sheet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..atlas.mesh import Mesh
from ..atlas.raster import NONE, rasterization
from ..context import Context
from ..descriptions import MESH
from ..errors import ParameterError
from ..recipe import Step
from ..surface.resizing import resized_maps
from ..texture import Maps
from ..tools import SizeParameters, Tool
from ..udim import TileSheet, tile_numbers
from .inputs import RecipeInput, subject_of
from .steps import ReadyStep

BEYOND = 0.01
"""Largest part of a tile by which faces may cross its border. Beyond it, the texture repeats."""


def names_on_subject(steps: Sequence[Step], tools: Sequence[Tool]) -> set[str]:
    """Names of the inputs that are aligned with the subject, as masks are."""
    declared = [(step, item) for step, tool in zip(steps, tools, strict=True) for item in tool.inputs]
    masks = {step.mask.input for step in steps if step.mask and step.mask.input}
    return masks.union(name for step, item in declared if item.on_subject for name in step.names_of(item.name))


def on_sheet(
    inputs: Mapping[str, RecipeInput], aligned_inputs: Collection[str], tools: Sequence[Tool]
) -> dict[str, RecipeInput]:
    """Inputs with aligned inputs and mesh mapped to the sheet of the subject's UDIM tiles; unchanged without tiles.

    A picture that is not tiled is repeated on each tile. Raise ParameterError if no face of the mesh lies on the tiles.
    """
    sheet, placed = subject_of(inputs).sheet, dict(inputs)
    if sheet is None or not isinstance(mesh := inputs.get(MESH), Mesh):
        return placed
    if maker := next((tool.name for tool in tools if tool.kind == "generator"), ""):
        message = "{} makes a new texture, and the source is tiled (UDIM)"
        raise ParameterError(message, "give a source that is not tiled", maker)
    for name, maps in inputs.items():
        if name in aligned_inputs and isinstance(maps, Maps):
            sizes = dict(zip(sheet.numbers, sheet.sizes_px, strict=True))
            placed[name] = Maps.of_tiles({one: resized_maps(tile_of(maps, one), size) for one, size in sizes.items()})
    return placed | {MESH: mesh_on(sheet, mesh)}


def sheet_of_cover(mesh: Mesh, size_px: tuple[int, int]) -> TileSheet | None:
    """Tiles of one size for a new texture of a mesh, by its faces' centres. None for one tile, or repeating UVs."""
    squares = np.floor(mesh.uvs.mean(1))
    inside, numbers = mesh.uvs - squares[:, None], np.unique(tile_numbers(squares))
    crosses = ((inside < -BEYOND) | (inside > 1 + BEYOND)).any()
    if len(numbers) == 1 or 0 in numbers or crosses or mesh.repeats:
        return None
    return TileSheet(tuple(int(number) for number in numbers), (size_px,) * len(numbers))


def on_tiles_of_cover(
    steps: list[ReadyStep], index: int, subject: Maps, context: Context
) -> tuple[list[ReadyStep], Context]:
    """Steps and context for the sheet of all UDIM tiles, if the mesh that the step at `index` covers uses several."""
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
    context.note("its UVs lie on several tiles, each of which has a texture: {}", ", ".join(map(str, sheet.numbers)))
    return others, replace(context, mesh=placed if len(placed.seams[0]) else None, sheet=sheet)


def on_own_tiles(result: Maps, sheet: TileSheet) -> Maps:
    """Maps on a sheet, which may have been resized, as tiles."""
    result = replace(result, sheet=sheet)
    return result if result.size_px == sheet.size_px else Maps.of_tiles(result.tiles())


def with_tiles(result: Maps, before: Maps, mesh: RecipeInput | None) -> Maps:
    """Maps made on a sheet, as tiles. A map of a tile stays as it was unless a texel that a face shows has changed."""
    sheet = before.sheet
    if sheet is None or not isinstance(mesh, Mesh):
        return result
    result = on_own_tiles(result, sheet)
    if result.size_px != before.size_px:
        return result
    placed = mesh_on(sheet, mesh).uvs * (sheet.size_px[1], -sheet.size_px[0]) + (0, sheet.size_px[0])
    is_shown = sheet.split(rasterization(placed, sheet.size_px)[0][..., None] != NONE)
    old = before.tiles()
    tiles = {
        number: _with_unchanged(maps, old[number], is_shown[number][..., 0]) for number, maps in result.tiles().items()
    }
    return replace(Maps.of_tiles(tiles), width_m=result.width_m)


def _with_unchanged(result: Maps, before: Maps, seen: np.ndarray) -> Maps:
    """Maps of a tile, with the earlier map where no shown texel has changed. seen: (H, W), whether a face shows it."""
    old = {name: before[name] for name in result if name in before}
    same = {name: one for name, one in old.items() if np.array_equal(result[name].pixels[seen], one.pixels[seen])}
    return replace(result, textures={**result.textures, **same})


def tile_of(maps: Maps, number: int) -> Maps:
    """The maps of one tile, or the whole picture if it is not tiled. Raise ParameterError if the tile is missing."""
    tiles = maps.tiles()
    if maps.sheet is not None and number not in tiles:
        remedy = "add the tile, or give a picture that is not tiled"
        raise ParameterError("{} has no tile {}, which the source has", remedy, maps.name or "an input", number)
    return tiles.get(number, maps)


def mesh_on(sheet: TileSheet, mesh: Mesh) -> Mesh:
    """The faces of a mesh that lie on the tiles of a sheet, with their UVs on the sheet."""
    is_shown = sheet.numbers_of(mesh.uvs) > 0
    if not is_shown.any():
        numbers = ", ".join(map(str, sheet.numbers))
        message = "no face of {} lies on the tiles of its texture: {}"
        raise ParameterError(message, "check which UV map the texture uses", mesh.name or "the mesh", numbers)
    return replace(mesh, positions=mesh.positions[is_shown], uvs=sheet.uvs_of(mesh.uvs[is_shown]))
