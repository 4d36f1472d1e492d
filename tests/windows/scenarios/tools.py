"""Inside a Blender window: a tool is chosen from its intent's menu, by a search, and by its picture, in each editor."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Place, Steps, Walk, installed_extension, start

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
EDITORS = ("VIEW_3D", "ShaderNodeTree", "IMAGE_EDITOR")
FIRST_PX, ENTRY_PX = 130, 23
"""From the button of the tool down to the first tool that makes textures of a photograph, and between entries."""
LEFT_PX, PICTURE_PX = 60, 100
"""From the panel's left edge to the button; from the search down to the picture."""
ENTRIES = ("quilt", "patch-synthesis", "histogram-blending")
WORDS = (("en_US", ("endless from photo", "patch-synthesis")), ("de_DE", ("karten aus foto", "photo-maps")))
"""Words to search for in each language, and the tool."""
installed_extension()


def scenario(walk: Walk) -> Steps:
    settings = bpy.context.scene.impasto
    chosen: dict[str, list[str]] = {}
    before = EDITORS[0]
    for index, editor in enumerate(EDITORS):
        if editor != before:
            yield walk.switch(before, editor)
        before = editor
        yield walk.show_panel(editor, "Impasto")
        for language, words in WORDS:
            speak(language)
            settings.tool = "cnn-texture"
            yield 1.0
            walk.screenshot(f"{editor}_{language}.png")
            search = yield walk.find("wm.search_single_menu", editor)
            yield from chooses_from_the_menu(walk, editor, search, index)
            by_menu = settings.tool
            yield from searches(walk, search, words[0])
            chosen[f"{editor} {language}"] = [by_menu, ENTRIES[index], settings.tool, words[1]]
    speak("en_US")
    walk.record("chosen", chosen)
    yield from chooses_its_picture(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def speak(language: str) -> None:
    view = bpy.context.preferences.view
    view.language, view.use_translate_interface = language, True


def chooses_from_the_menu(walk: Walk, editor: str, search: Place, entry: int) -> Steps:
    """Click the button of the tool, and in the menu an entry."""
    x, y = walk.region(walk.area(editor), "UI").x + LEFT_PX, search[1]
    yield walk.tap((x, y))
    yield 0.5
    walk.screenshot(f"menu_{editor}_{bpy.context.preferences.view.language}.png")
    yield walk.tap((x, y - FIRST_PX - entry * ENTRY_PX))
    yield 0.5


def searches(walk: Walk, search: Place, name: str) -> Steps:
    """Click the search, and type a tool's name in the language of the interface."""
    yield walk.tap(search)
    yield 0.5
    for letter in name:
        key = "SPACE" if letter == " " else letter.upper()
        yield walk.event(key, "PRESS", search, unicode=letter)
        yield walk.event(key, "RELEASE", search)
    yield 0.5
    walk.screenshot(f"search_{bpy.context.preferences.view.language}.png")
    yield walk.event("RET", "PRESS", search)
    yield walk.event("RET", "RELEASE", search)
    yield 0.5


def chooses_its_picture(walk: Walk) -> Steps:
    """Click the picture of a material, and in the gallery another one."""
    settings = bpy.context.scene.impasto
    yield walk.switch("IMAGE_EDITOR", "VIEW_3D")
    yield walk.show_panel("VIEW_3D", "Impasto")
    settings.tool = "rust"
    yield 1.0
    x, y = yield walk.find("wm.search_single_menu", "VIEW_3D")
    yield walk.tap((x - LEFT_PX, y - PICTURE_PX))
    yield 1.5
    walk.screenshot("gallery.png")
    yield walk.tap((x - LEFT_PX, y - 2 * PICTURE_PX))
    yield 0.5
    walk.record("picture", settings.tool)


start(scenario, OUT)
