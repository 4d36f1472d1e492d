"""Inside a Blender window: the list of maps under the source is drawn, and answers to clicks."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIMIT_S = 600
SIDE = 64
NOT_USED_PX = 52
"""Height from a row's map down to the first item of its menu."""
WHOLE = {"Color": (0.4, 0.25, 0.2), "NormalGL": (0.5, 0.5, 1.0), "NormalDX": (0.5, 0.5, 1.0), "Roughness": (0.3,) * 3}


def download() -> Path:
    """A folder as a library's, with a preview and a picture whose name says nothing."""
    folder = OUT / "Bricks102_1K-PNG"
    folder.mkdir(exist_ok=True)
    maps = {f"Bricks102_1K-PNG_{name}": color for name, color in WHOLE.items()}
    for stem, color in {**maps, "Bricks102": (0.4, 0.25, 0.2), "holes": (0.9,) * 3}.items():
        image = bpy.data.images.new(stem, SIDE, SIDE)
        image.pixels[:] = (*color, 1.0) * SIDE**2
        image.filepath_raw, image.file_format = str(folder / f"{stem}.png"), "PNG"
        image.save()
        bpy.data.images.remove(image)
    return folder


def scenario(walk: Walk) -> Steps:
    folder = download()
    settings = bpy.context.scene.impasto
    settings.tool, settings.filepath = "transform", str(folder / "Bricks102_1K-PNG_Color.png")
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield 1.0
    walk.screenshot("file.png")
    yield walk.click("impasto.use_set_beside", "VIEW_3D")
    yield until(lambda: len(settings.source_maps.rows))
    walk.record("is_folder", settings.filepath == str(folder))
    yield 1.0
    walk.screenshot("list.png")
    fields = yield walk.buttons("VIEW_3D")
    walk.record("fields", sorted(name for name in fields if "source_maps" in name))
    (place,) = (fields[name][0] for name in fields if name.endswith("rows[1].holds"))
    yield walk.tap(place)
    yield 0.7
    walk.screenshot("menu.png")
    yield walk.tap((place[0], place[1] - NOT_USED_PX))
    yield 0.7
    walk.screenshot("changed.png")
    walk.record("changed", settings.source_maps.rows[1].holds)
    yield walk.click("impasto.generate", "VIEW_3D")
    yield until(lambda: JOBS.shown_task is None and JOBS.reports, LIMIT_S)
    yield 1.0
    walk.screenshot("made.png")
    walk.record("report", [report.text for report in JOBS.reports.values()])


start(scenario, OUT)
