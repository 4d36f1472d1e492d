"""Inside a Blender window: fields, lists, galleries and folded sections of the tabs are clicked."""

from __future__ import annotations

import bpy
from fields import BESIDE_LABEL, chooses_each, clicks_and_waits, opens_and_tries, tries_fields, write
from sections import closes, opens
from walk import SOURCE, Steps, Walk, installed_extension

STYLES = SOURCE.parent / "styles"
EXTENSION = installed_extension()
VIEW = "VIEW_3D"
FIRST_PX, ENTRY_PX = 130, 23
"""From the button of the tool down to the first tool that makes textures of a photograph, and between entries."""
LEFT_PX, PICTURE_PX, GALLERY_PX = 60, 100, 110
"""From the panel's left edge to the button of the tool; from its search down to the picture of a material, and from the
choice of what is repainted down to the picture of a style: Blender names no such button."""
WORDS = {"en_US": ("endless from photo", "patch-synthesis"), "de_DE": ("maps aus foto", "photo-maps")}
"""Words to search for in each language, and the tool."""


def scenario(walk: Walk) -> Steps:
    EXTENSION.engine.engine.preferences().styles_folder = str(STYLES)
    yield walk.show_panel(VIEW, "Impasto")
    yield from chooses_tools(walk)
    yield from adds_and_removes_a_preset(walk)
    for name in ("options", "parameters"):  # the lowest first, so that those above stay where they are
        yield from opens(walk, f"impasto_{name}")
    _, top = yield walk.find("wm.search_single_menu", VIEW)
    yield from tries_fields(walk, "photo", top=top, columns=(0.49, *BESIDE_LABEL))
    yield from restyles(walk)
    yield walk.choose("BAKE")
    yield from opens_and_tries(walk, "bake", "impasto_bake_options")
    yield walk.choose("MORE")
    yield walk.open_panel("train")
    yield from chooses_each(walk, "tool", bpy.context.scene.impasto_training, "trainer")


def chooses_tools(walk: Walk) -> Steps:
    """A tool is chosen by its menu, by a search in two languages, and a material by its picture."""
    settings, chosen = bpy.context.scene.impasto, []
    search = yield walk.find("wm.search_single_menu", VIEW)
    button = walk.region(walk.area(VIEW), "UI").x + LEFT_PX, search[1]
    yield walk.tap(button)
    yield 0.5
    walk.screenshot("menu.png")
    yield walk.tap((button[0], button[1] - FIRST_PX - ENTRY_PX))
    yield 0.5
    chosen.append(settings.tool)
    for language, (words, _) in WORDS.items():
        speak(language)
        yield 1.0
        yield walk.tap(search)
        yield 0.5
        yield from write(walk, words, search)
        yield 0.5
        chosen.append(settings.tool)
    speak("en_US")
    walk.record("chosen", [chosen, ["patch-synthesis", *(tool for _, tool in WORDS.values())]])
    settings.intent, settings.tool = "PHOTO", "rust"
    yield 1.0
    x, y = yield walk.find("wm.search_single_menu", VIEW)
    yield walk.tap((x - LEFT_PX, y - PICTURE_PX))
    yield 1.5
    walk.screenshot("gallery.png")
    yield walk.tap((x - LEFT_PX, y - 2 * PICTURE_PX))
    yield 0.5
    walk.record("picture", settings.tool)
    settings.tool = "quilt"
    yield 0.5


def speak(language: str) -> None:
    view = bpy.context.preferences.view
    view.language, view.use_translate_interface = language, True


def adds_and_removes_a_preset(walk: Walk) -> Steps:
    """The plus asks for a name; the minus takes it away again."""
    presets = EXTENSION.tools.presets
    yield from opens(walk, "impasto_parameters")
    place = yield walk.find("impasto.preset_add", VIEW)
    yield walk.press("LEFTMOUSE", place)
    yield 0.5
    walk.screenshot("preset.png")
    x, y = place
    yield walk.tap((x - 40, y - 3))
    yield write(walk, "clicked", place)
    yield walk.tap((x - 40, y - 33))
    yield 0.5
    walk.record("preset_added", presets.choice())
    found = yield walk.buttons(VIEW, top=y + 20, height=60)
    place = next((places[-1] for name, places in found.items() if "remove_name=True" in name), place)
    yield walk.press("LEFTMOUSE", place)
    yield 0.5
    walk.record("preset_left", presets.choice())
    yield from closes(walk, "impasto_parameters")


def restyles(walk: Walk) -> Steps:
    """Pictures of the gallery are chosen, and one of the small pictures of kinds."""
    yield walk.choose("RESTYLE")
    settings, group = bpy.context.scene.impasto_style, bpy.context.scene.impasto_parameters.patches_style
    settings.subject, settings.image = "IMAGE", bpy.data.images.load(str(STYLES / "chelsea.png"))
    yield 0.5
    yield from chooses_from_the_gallery(walk)
    walk.screenshot("style_chosen.png")
    yield from opens(walk, "impasto_style_options")
    yield from opens(walk, "impasto_style_kinds")
    yield from clicks_and_waits(walk, "impasto.style_kinds", VIEW, "style")
    yield 0.5
    walk.screenshot("kinds.png")
    before = group.kind
    yield walk.click("impasto.pick_style_kind", VIEW)
    walk.record("kind", [before, group.kind])
    yield from closes(walk, "impasto_style_kinds")


def chooses_from_the_gallery(walk: Walk) -> Steps:
    """Open the thumbnails, and click one after the other of the first row."""
    chosen = []
    for index in range(3, -1, -1):
        x, y = yield walk.find("subject", VIEW)
        region = walk.region(walk.area(VIEW), "UI")
        yield walk.press("LEFTMOUSE", (x, y - GALLERY_PX))
        yield 1.0
        walk.screenshot("thumbnails.png")
        yield walk.press("LEFTMOUSE", (region.x + region.width - 60 - 105 * index, y - GALLERY_PX - 110))
        yield 0.5
        style = bpy.context.scene.impasto_parameters.patches_style.input_style
        chosen.append(style.name if style else "None")
    walk.record("gallery", chosen)
