"""Inside a Blender window: the panels and the preferences in three languages, and F3 with an artist's words."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
MODULE = "bl_ext.user_default.impasto"
JOBS = installed_extension().jobs.session.jobs
EMPTY = OUT / "empty.png"


def speak(language: str) -> None:
    view = bpy.context.preferences.view
    view.language = language
    view.use_translate_interface = view.use_translate_tooltips = True


def typed(walk: Walk, text: str, place: tuple[int, int]) -> Steps:
    """Type a text, letter by letter."""
    for letter in text:
        key = "SPACE" if letter == " " else letter.upper()
        yield walk.event(key, "PRESS", place, unicode=letter)
        yield walk.event(key, "RELEASE", place)


def refused(walk: Walk) -> Steps:
    """Have the engine refuse a picture that is empty; the panel says why, and a popup, which takes the next keys."""
    yield until(lambda: JOBS.shown_task is None)
    speak("zh_HANS")
    EMPTY.touch()
    settings = bpy.context.scene.impasto
    settings.tool, settings.source_kind, settings.filepath = "quilt", "FILE", str(EMPTY)
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.generate("INVOKE_DEFAULT")
    yield until(lambda: JOBS.shown_task is None, 120)
    yield 1.0
    walk.screenshot("error_zh_HANS.png")
    sentence = sys.modules[f"{MODULE}.translations.texts"].sentence
    walk.record("error", [sentence(report.text) for report in JOBS.reports.values()])


def scenario(walk: Walk) -> Steps:
    """Look at the panels in each language, then find Generate by what it makes."""
    yield until(lambda: JOBS.shown_task is None)
    settings = bpy.context.scene.impasto
    yield walk.show_panel("VIEW_3D", "Impasto")
    for language in ("zh_HANS", "de_DE", "fr_FR"):
        speak(language)
        yield 1.0
        walk.screenshot(f"panel_{language}.png")
        if language == "zh_HANS":
            walk.record("generate", bpy.app.translations.pgettext_iface("Generate", "Operator"))
            given = os.environ.pop("IMPASTO_ENGINE")
            walk.area("VIEW_3D").tag_redraw()
            yield 3.0  # the graphics card is looked for
            walk.screenshot("no_engine_zh_HANS.png")
            os.environ["IMPASTO_ENGINE"] = given
    speak("en_US")
    settings.tool = "torus"
    torus = bpy.context.scene.impasto_parameters.torus
    torus.width_px = torus.height_px = 64
    yield 1.0
    area = walk.area("VIEW_3D")
    middle = (area.x + area.width // 3, area.y + area.height // 2)
    before = set(bpy.data.materials.keys())
    yield walk.press("F3", middle)
    yield 1.0
    yield typed(walk, "seamless tex", middle)
    yield 1.0
    walk.screenshot("f3_seamless_tex.png")
    yield walk.event("RET", "PRESS", middle)
    yield walk.event("RET", "RELEASE", middle)
    yield until(lambda: set(bpy.data.materials.keys()) - before, 120)
    walk.record("made", sorted(set(bpy.data.materials.keys()) - before))
    yield refused(walk)


start(scenario, OUT)
