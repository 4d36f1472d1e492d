"""Every procedural material on a ball and tiled, its presets, what weathering does to one, and the assets of all.

`python render_materials.py THUMBNAILS PICTURES ASSETS`, in the core's Python.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from impasto import Recipe, Step, run
from impasto.io.assets import AssetList, ListedAsset, asset_text
from impasto.mask import EVERYWHERE, NOISE, Mask
from impasto.plugins.installation import description
from impasto.plugins.registry import registry
from impasto.recipe import GROUP
from impasto.surface.shading import Light, ball, plane
from impasto.tools import Tool, is_procedural

SIDE_PX, MAPS_PX, CAPTION_PX, COLUMNS = 128, 512, 18, 5
QUALITY = 84
BACKGROUND = (24, 24, 24)
WEATHERED_PX = 240
PRESET_PX, PRESET_COLUMNS, PRESET_QUALITY = 116, 10, 76
SOFTER = Light(strength=1.35)
"""A light under which white presets keep their relief."""
ASSET_PX, ASSET_QUALITY, COLOR_QUALITY = 192, 84, 78
"""Side of an asset's preview and of its base colour, and the quality of both."""
ASSET_LIST = "assets.json"
NO_MATERIALS = ("materials",)
"""Bundled models that make sketches of many materials."""
WEATHERING = ("", "wear", "dirt", "moss", "wetness")


def main(folder: Path, pictures: Path, assets: Path) -> None:
    write_assets(assets)
    draw_presets(pictures / "material_presets.jpg")
    draw_shelf(folder, pictures / "procedural.jpg")
    draw_weathering(pictures / "weathering.jpg")
    draw_group(pictures / "groups.jpg")


def draw_weathering(path: Path) -> None:
    """Bricks as they are, and with each layer of weathering."""
    row = Image.new("RGB", (len(WEATHERING) * WEATHERED_PX, WEATHERED_PX))
    for index, layer in enumerate(WEATHERING):
        parameters = {"width_px": 2 * MAPS_PX, "height_px": 2 * MAPS_PX, **({layer: 0.55} if layer else {})}
        maps = run(Recipe((Step("bricks", parameters),), seed=1)).maps
        row.paste(picture(ball(maps, WEATHERED_PX)), (index * WEATHERED_PX, 0))
    row.save(path, quality=QUALITY, optimize=True)
    print(path)


def draw_group(path: Path) -> None:
    """Bricks; with two layers; with each of them multiplied; both multiplied as a group; the group in patches."""
    sized = {"width_px": 2 * MAPS_PX, "height_px": 2 * MAPS_PX}
    bricks, grey = Step("bricks", sized), Step("adjust", {"saturation": 0.45, "hue": 12.0})
    layers = Step("moss", sized, mask=Mask(NOISE, amount=0.5, size=0.2)), grey
    multiply, patches = Mask(EVERYWHERE, blend="multiply"), Mask(NOISE, amount=0.4, size=0.3)
    members = tuple(replace(one, in_group=True) for one in layers)
    stacks = (
        (),
        layers,
        tuple(replace(one, mask=replace(one.mask or multiply, blend="multiply")) for one in layers),
        (*members, Step(GROUP, mask=multiply)),
        (*members, Step(GROUP, mask=patches)),
    )
    row = Image.new("RGB", (len(stacks) * WEATHERED_PX, WEATHERED_PX))
    for index, stack in enumerate(stacks):
        maps = run(Recipe((bricks, *stack), seed=1)).maps
        row.paste(picture(ball(maps, WEATHERED_PX)), (index * WEATHERED_PX, 0))
    row.save(path, quality=QUALITY, optimize=True)
    print(path)


def draw_presets(path: Path) -> None:
    """All named settings of the materials on balls, with their names."""
    cells = [preset_cell(tool, one["name"], one["values"]) for tool in materials() for one in tool.settings()]
    sheet(cells, PRESET_COLUMNS).save(path, quality=PRESET_QUALITY, optimize=True)
    print(path)


def preset_cell(tool: Tool, name: str, values: Mapping[str, Any]) -> Image.Image:
    """The material with a preset's values on a ball, below both names."""
    maps = run(Recipe((Step(tool.name, {"width_px": MAPS_PX, "height_px": MAPS_PX, **values}),), seed=1)).maps
    made = Image.new("RGB", (PRESET_PX, PRESET_PX + 2 * CAPTION_PX - 8), BACKGROUND)
    ImageDraw.Draw(made).text((4, 1), tool.label, fill=(150, 150, 150))
    ImageDraw.Draw(made).text((4, 13), name, fill=(230, 230, 230))
    made.paste(picture(ball(maps, PRESET_PX, SOFTER)), (0, 2 * CAPTION_PX - 8))
    print(f"{tool.label}: {name}")
    return made


def materials() -> list[Tool]:
    """All procedural materials, by group and name."""
    drawn = [tool for tool in registry().tools.values() if is_procedural(tool)]
    return sorted(drawn, key=lambda tool: (tool.subgroup, tool.name))


def sheet(cells: list[Image.Image], columns: int) -> Image.Image:
    """Pictures of one size in rows."""
    width, height = cells[0].size
    made = Image.new("RGB", (columns * width, -(-len(cells) // columns) * height), BACKGROUND)
    for index, one in enumerate(cells):
        made.paste(one, (index % columns * width, index // columns * height))
    return made


def draw_shelf(folder: Path, path: Path) -> None:
    """All materials; the balls alone are written into the folder, too."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.jpg"):
        old.unlink()
    cells = [cell(tool, folder / f"{tool.name}.jpg") for tool in materials()]
    sheet(cells, COLUMNS).save(path, quality=QUALITY, optimize=True)
    print(path)


def cell(tool: Tool, thumbnail: Path) -> Image.Image:
    """The material on a ball, which is written to a file, and beside it tiled two by two, with its name."""
    maps = run(Recipe((Step(tool.name, {"width_px": MAPS_PX, "height_px": MAPS_PX}),), seed=1)).maps
    round_ = picture(ball(maps, SIDE_PX))
    round_.save(thumbnail, quality=QUALITY, optimize=True)
    print(thumbnail)
    tiled = picture(np.tile(plane(maps), (2, 2, 1))).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    made = Image.new("RGB", (2 * SIDE_PX, SIDE_PX + CAPTION_PX), BACKGROUND)
    ImageDraw.Draw(made).text((4, 3), f"{tool.subgroup} / {tool.label}", fill=(225, 225, 225))
    made.paste(round_, (0, CAPTION_PX))
    made.paste(tiled, (SIDE_PX, CAPTION_PX))
    return made


def picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8))


def write_assets(folder: Path) -> None:
    """The list of assets of all materials, presets and bundled models, with their pictures."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.jpg"):
        old.unlink()
    listed = AssetList(assets=[asset(folder, name, step) for name, step in asset_steps()])
    (folder / ASSET_LIST).write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", "utf-8")


def asset_steps() -> Iterator[tuple[str, Step]]:
    """Names of assets, and the step that makes each."""
    for tool in materials():
        yield tool.label, Step(tool.name)
        for one in tool.settings():
            yield f"{tool.label} – {one['name']}", Step(tool.name, one["values"])
    for model in description()["models"]:
        if model["bundled"] and "base_color" in model["maps"] and model["name"] not in NO_MATERIALS:
            yield f"{model['label']} – learnt", Step(model["tool"], {"model": model["name"]})


def asset(folder: Path, name: str, step: Step) -> ListedAsset:
    """An asset, whose pictures are written into the folder."""
    sized = Step(step.tool, {"width_px": MAPS_PX, "height_px": MAPS_PX, **step.parameters})
    maps = run(Recipe((sized,), seed=1)).maps
    known = description()
    color = maps["base_color"].pixels
    recipe = Recipe((step,), seed=1)
    tools = {tool["name"]: tool for tool in known["tools"]}
    text = asset_text(recipe, tools, known["models"], color.mean((0, 1)).tolist())
    stem = "".join(part if part.isalnum() else "-" for part in name.lower()).replace("---", "-")
    preview, tile = f"{stem}.jpg", f"{stem}_base_color.jpg"
    picture(ball(maps, ASSET_PX)).save(folder / preview, quality=ASSET_QUALITY, optimize=True)
    small = picture(color).resize((ASSET_PX, ASSET_PX), Image.Resampling.BOX)
    small.save(folder / tile, quality=COLOR_QUALITY, optimize=True)
    values = {one: round(float(maps[one].pixels.mean()), 3) for one in ("roughness", "metallic") if one in maps}
    print(f"{text.catalog}: {name}")
    return ListedAsset(
        name=name,
        catalog=text.catalog,
        tags=list(text.tags),
        description=text.description,
        license=text.license,
        preview=preview,
        maps={"base_color": tile},
        values=values,
        width_m=round(maps.width_m or 1.0, 4),
        recipe=recipe.to_dict(),
        is_stand_in=True,
    )


main(*map(Path, sys.argv[1:4]))
