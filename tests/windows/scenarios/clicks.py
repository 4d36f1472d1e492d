"""Inside a Blender window: every button, field, list and gallery of the panels is clicked; what that did is noted."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fields import (
    FIRST_ITEM_PX,
    chooses_each,
    chooses_images,
    clicks_and_waits,
    opens_and_tries,
    tries_fields,
    write,
)
from sections import closes, opens, places_of
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE, PART = map(Path, sys.argv[sys.argv.index("--") + 1 :])
PART = PART.name
STYLES = SOURCE.parent / "styles"
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIMIT_S = 600
GALLERY_PX = 110
"""From the choice of what is repainted down to the picture that opens the thumbnails: Blender names no such button."""


def scenario(walk: Walk) -> Steps:
    EXTENSION.engine.engine.preferences().styles_folder = str(STYLES)
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield from {"textures": textures, "results": made, "styles": styles, "training": training}[PART](walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def textures(walk: Walk) -> Steps:
    """Fields, the search for a tool, its thumbnail, random values; presets."""
    yield from opens_sections(walk)
    yield from tries_fields(walk, "fields")
    yield from searches_a_tool(walk)
    yield from adds_and_removes_a_preset(walk)
    yield from chooses_an_image_and_colors(walk)


def opens_sections(walk: Walk) -> Steps:
    """The lowest first, so that those above stay where they are."""
    for name in ("variations", "parameters"):
        yield from opens(walk, f"impasto_{name}")


def searches_a_tool(walk: Walk) -> Steps:
    """Find a material by its name, give it random values, and take both back."""
    settings = bpy.context.scene.impasto
    settings.intent, settings.tool = "WORDS", "bricks"
    yield 0.5
    place = yield walk.find("wm.search_single_menu", "VIEW_3D")
    yield walk.press("LEFTMOUSE", place)
    yield 0.3
    yield from write(walk, "cobbles", place)
    yield 0.5
    values = bpy.context.scene.impasto_parameters.cobbles
    roughness = values.polish
    walk.record("searched", settings.tool)
    yield walk.click("impasto.randomize", "VIEW_3D")
    yield 0.5
    walk.record("is_random", values.polish != roughness)
    walk.screenshot("material.png")
    settings.intent = "PHOTO"
    yield 0.5


def chooses_an_image_and_colors(walk: Walk) -> Steps:
    """The image from the list of those that there are; a filter's two colours from their wheels."""
    settings = bpy.context.scene.impasto
    bpy.data.images.load(str(STYLES / "chelsea.png"))
    settings.tool, settings.source_kind = "tint", "IMAGE"
    yield 0.5
    yield from chooses_images(walk, height=200)
    walk.record("image", settings.image.name if settings.image else "")
    _, y = yield walk.find("dark", "VIEW_3D")
    yield from tries_fields(walk, "colors", top=y + 20, height=90, columns=(0.68, 0.82))


def made(walk: Walk) -> Steps:
    """A model by the search; previews and variations; Generate with nothing selected, and Assign."""
    scene = bpy.context.scene
    scene.impasto.tool, scene.impasto.source_kind = "torus", "NONE"
    torus = scene.impasto_parameters.torus
    torus.width_px = torus.height_px = 256
    yield 0.5
    yield from searches_a_model(walk)
    yield from opens(walk, "impasto_variations")
    yield walk.click("live_preview", "VIEW_3D")
    yield until(lambda: EXTENSION.generate.variations.live.pixels is not None, LIMIT_S)
    yield walk.click("tile_preview", "VIEW_3D")
    yield from picks_each_variation(walk)
    walk.screenshot("previews.png")
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.object.select_all(action="DESELECT")
    yield from clicks_and_waits(walk, "impasto.generate", "VIEW_3D", "texture")
    yield 0.5
    walk.screenshot("nothing_selected.png")
    cube = bpy.data.objects["Cube"]
    walk.record("unassigned", JOBS.last_report.unassigned)
    cube.select_set(True)
    yield 0.5
    yield walk.click("impasto.assign", "VIEW_3D")
    walk.record("assigned", cube.active_material.name if cube.active_material else "")


def styles(walk: Walk) -> Steps:
    """Fields; every picture of the gallery; Repaint, and what can be done with the image that it made."""
    yield walk.choose("RESTYLE")
    settings = bpy.context.scene.impasto_style
    settings.image = bpy.data.images.load(str(STYLES / "chelsea.png"))
    yield 0.5
    walk.screenshot("style_panel.png")
    yield from tries_fields(walk, "fields")
    for name in ("controls", "result"):
        yield from opens_and_tries(walk, name, f"impasto_style_{name}")
        yield from closes(walk, f"impasto_style_{name}")
    yield walk.choice("RESTYLE")  # scrolled to it
    yield from chooses_from_the_gallery(walk)
    walk.screenshot("style_chosen.png")
    yield from picks_a_kind(walk)
    bpy.context.scene.impasto_parameters.patches_style.longest_px = 64
    yield from clicks_and_waits(walk, "impasto.stylize", "VIEW_3D", "style")
    walk.record("repainted", JOBS.reports["style"].text)
    yield walk.switch("VIEW_3D", "IMAGE_EDITOR")
    yield from images(walk)
    walk.record("reports", sorted(JOBS.reports))


def picks_a_kind(walk: Walk) -> Steps:
    """Small pictures of all kinds of style, and a click on the button below one of them."""
    group = bpy.context.scene.impasto_parameters.patches_style
    yield from opens(walk, "impasto_style_kinds")
    yield from clicks_and_waits(walk, "impasto.style_kinds", "VIEW_3D", "style")
    yield 0.5
    walk.screenshot("kinds.png")
    found = yield walk.buttons("VIEW_3D", **(yield from places_of(walk, "impasto_style_kinds")))
    name = sorted(name for name in found if name.startswith("impasto.pick_style_kind"))[0]
    before = group.kind
    yield walk.tap(found[name][0])
    walk.record("kind", [name, before, group.kind])
    group.kind = before
    JOBS.reports.clear()
    yield from closes(walk, "impasto_style_kinds")


def training(walk: Walk) -> Steps:
    """Fields, the list of trainers, and the list of images."""
    settings = bpy.context.scene.impasto_training
    yield walk.choose("MORE")
    yield walk.open_panel("train")
    yield from tries_fields(walk, "fields")
    yield from chooses_each(walk, "tool", settings, "trainer")
    bpy.data.images.load(str(STYLES / "chelsea.png"))
    settings.data_kind = "IMAGE"
    yield 0.5
    _, y = yield walk.find("data_kind", "VIEW_3D")
    yield from chooses_images(walk, top=y, height=60)
    walk.record("image", settings.image.name if settings.image else "")
    walk.screenshot("train_panel.png")


def images(walk: Walk) -> Steps:
    """Buttons of the image that is shown: each button makes a new one, and its report is beside it."""
    space = walk.area("IMAGE_EDITOR").spaces.active
    yield walk.show_panel("IMAGE_EDITOR", "Impasto")
    yield 0.5
    walk.screenshot("no_image.png")
    space.image = next(image for image in bpy.data.images if EXTENSION.stylize.request.is_painted(image))
    made = {}
    for name in ("make_seamless", "estimate_maps", "rerun", "continue_larger"):
        before = set(bpy.data.images)
        space.image = next(image for image in before if EXTENSION.stylize.request.is_painted(image))
        yield 0.5
        yield from clicks_and_waits(walk, f"impasto.{name}", "IMAGE_EDITOR", "image")
        made[name] = [len(set(bpy.data.images) - before), JOBS.reports["image"].level]
    walk.record("made_of_the_image", made)
    yield 0.5
    walk.screenshot("image_panel.png")


def adds_and_removes_a_preset(walk: Walk) -> Steps:
    """The plus asks for a name; the minus takes it away again."""
    presets = EXTENSION.tools.presets
    place = yield walk.find("impasto.preset_add", "VIEW_3D")
    yield walk.press("LEFTMOUSE", place)
    yield 0.5
    walk.screenshot("preset.png")
    x, y = place
    yield walk.tap((x - 40, y - 3))
    yield write(walk, "clicked", place)
    yield walk.tap((x - 40, y - 33))
    yield 0.5
    walk.record("preset_added", presets.choice())
    found = yield walk.buttons("VIEW_3D", top=y + 20, height=60)
    place = next((places[-1] for name, places in found.items() if "remove_name=True" in name), place)
    yield walk.press("LEFTMOUSE", place)
    yield 0.5
    walk.record("preset_left", presets.choice())


def searches_a_model(walk: Walk) -> Steps:
    """Part of a name is typed, and the match below is clicked."""
    group = bpy.context.scene.impasto_parameters.torus
    yield from opens(walk, "impasto_parameters")
    x, y = yield walk.find("model", "VIEW_3D")
    yield walk.press("LEFTMOUSE", (x, y))
    yield 0.3
    for letter in "woo":
        yield walk.event(letter.upper(), "PRESS", (x, y), unicode=letter)
        yield walk.event(letter.upper(), "RELEASE", (x, y))
    yield 0.5
    walk.screenshot("search.png")
    yield walk.press("LEFTMOUSE", (x, y - FIRST_ITEM_PX))
    yield 0.3
    walk.record("searched_model", group.model)
    yield from closes(walk, "impasto_parameters")


def picks_each_variation(walk: Walk) -> Steps:
    """Four pictures, four buttons, four seeds."""
    yield from clicks_and_waits(walk, "impasto.variations", "VIEW_3D", "texture")
    yield 0.5
    found = yield walk.buttons("VIEW_3D")
    buttons = sorted(name for name in found if name.startswith("impasto.pick_variation"))
    picked = []
    for name in buttons:
        yield walk.tap(found[name][0])
        picked.append(bpy.context.scene.impasto.seed)
    walk.record(
        "picked", [picked, [item.seed for item in EXTENSION.generate.variations.latest_variations(bpy.context)]]
    )
    walk.record("pick_buttons", buttons)


def chooses_from_the_gallery(walk: Walk) -> Steps:
    """Open the thumbnails, and click one after the other."""
    chosen = []
    for index in range(3, -1, -1):
        x, y = yield walk.find("subject", "VIEW_3D")
        region = walk.region(walk.area("VIEW_3D"), "UI")
        yield walk.press("LEFTMOUSE", (x, y - GALLERY_PX))
        yield 1.0
        if not chosen:
            walk.screenshot("thumbnails.png")
        right = region.x + region.width - 60
        yield walk.press("LEFTMOUSE", (right - 105 * index, y - GALLERY_PX - 110))
        yield 0.5
        style = bpy.context.scene.impasto_parameters.patches_style.input_style
        chosen.append(style.name if style else "None")
    walk.record("gallery", chosen)


start(scenario, OUT)
