"""Inside a Blender window: what is not set up is greyed in panels and menus, while a script's own call works."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
STYLES = SOURCE.parent / "styles"
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIMIT_S = 600
SCRIPT = f"""import bpy
bpy.ops.impasto.stylize(
    "EXEC_DEFAULT", tool="patches-style", source={str(STYLES / "chelsea.png")!r}, style={str(STYLES / "coffee.png")!r},
    parameters='{{"longest_px": 64}}', name="by a script",
)
bpy.ops.impasto.run("EXEC_DEFAULT", tool="quilt", source={str(SOURCE)!r}, width_px=64, height_px=64, name="run")
"""


def scenario(walk: Walk) -> Steps:
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield from runs_a_script(walk)
    yield from clicks_what_is_greyed(walk)
    yield from clicks_a_menu(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def started() -> list[str]:
    """Jobs that have begun, and reports, since the reports were cleared."""
    return [*([JOBS.shown_task.label] if JOBS.shown_task else []), *(report.text for report in JOBS.reports.values())]


def runs_a_script(walk: Walk) -> Steps:
    """The text editor runs it by its shortcut; neither panel is set up."""
    yield walk.switch("VIEW_3D", "TEXT_EDITOR")
    text = bpy.data.texts.new("script")
    text.write(SCRIPT)
    walk.area("TEXT_EDITOR").spaces.active.text = text
    yield 1.0
    area = walk.area("TEXT_EDITOR")
    yield walk.press("P", (area.x + area.width // 2, area.y + area.height // 2), alt=True)
    yield until(lambda: "run" in bpy.data.materials or JOBS.reports, LIMIT_S)
    walk.screenshot("script.png")
    walk.record("made_by_the_script", [[name for name in ("by a script", "run") if name in kept] for kept in kinds()])
    yield walk.switch("TEXT_EDITOR", "VIEW_3D")


def kinds() -> tuple[list[str], list[str]]:
    return bpy.data.images.keys(), bpy.data.materials.keys()


def clicks_what_is_greyed(walk: Walk) -> Steps:
    """Generate without a source, Repaint without a style: nothing begins, and the reason is shown."""
    yield walk.show_panel("VIEW_3D", "Impasto")
    JOBS.reports.clear()
    yield 1.0
    yield walk.click("impasto.generate", "VIEW_3D")
    walk.screenshot("texture.png")
    yield walk.choose("RESTYLE")
    bpy.context.scene.impasto_style.image = bpy.data.images["by a script"]
    yield 0.5
    yield walk.click("impasto.stylize", "VIEW_3D")
    walk.screenshot("style.png")
    walk.record("started_when_greyed", started())


def clicks_a_menu(walk: Walk) -> Steps:
    """Object > Impasto: the first entry is greyed without a source, and begins with one."""
    quilt = bpy.context.scene.impasto_parameters.quilt
    quilt.width_px = quilt.height_px = 64
    done = {}
    for path in ("", str(SOURCE)):
        bpy.context.scene.impasto.filepath = path
        JOBS.reports.clear()
        yield 0.5
        place = (400, 600)
        yield walk.move(place)
        with walk.at(walk.area("VIEW_3D")):
            bpy.ops.wm.call_menu("INVOKE_DEFAULT", name="IMPASTO_MT_object")
        yield 0.7
        walk.screenshot(f"menu_{'ready' if path else 'greyed'}.png")
        yield walk.tap(place)
        if path:
            yield until(started, LIMIT_S)
        else:
            yield 2.0
        done["ready" if path else "greyed"] = started()
        yield until(lambda: JOBS.shown_task is None, LIMIT_S)
        yield walk.move((100, 900))
        yield walk.press("ESC", (100, 900))
    walk.record("started_by_the_menu", done)


start(scenario, OUT)
