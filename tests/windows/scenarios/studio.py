"""Inside a Blender window: Make, progress, Cancel, undo; the window stays free, and is closed while a job runs."""

from __future__ import annotations

import shutil
import time

import bpy
from walk import CLICKS, OUT, SOURCE, Steps, Walk, installed_extension, until

JOBS = installed_extension().jobs.session.jobs
SPIN_S = 0.3
SHADERS_S = 15
"""Longest time that the screen stays as it is while shaders compile, on a machine that does nothing else."""
EDIT_PX, HISTORY_PX = 80, 80
"""From the left edge of the window to its Edit menu; from the top down to the history in it."""


class Pulse:
    """The longest time between two ticks of a timer: how long the main thread was busy at a stretch."""

    INTERVAL_S = 0.005

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self.last: float | None = None

    def __call__(self) -> float:
        now = time.perf_counter()
        if self.last is not None:
            self.gaps.append(now - self.last - self.INTERVAL_S)
        self.last = now
        return self.INTERVAL_S


def slowdown() -> float:
    """Time that the main thread takes to compute beside other work, relative to the time it takes alone."""
    started, computed = time.perf_counter(), time.thread_time()
    while (used_s := time.thread_time() - computed) < SPIN_S:
        pass
    return (time.perf_counter() - started) / used_s


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.impasto


def choose_source() -> None:
    """The photograph beside the saved file, as an artist has it."""
    shutil.copy(SOURCE, OUT)
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "studio.blend"))
    settings().filepath = f"//{SOURCE.name}"


def scenario(walk: Walk) -> Steps:
    choose_source()
    set_size(512)
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.settle(1.5)
    walk.screenshot("panel.png")
    slow = [slowdown()]
    yield from generates(walk)
    slow.append(slowdown())
    yield from undoes_in_one_step(walk)
    slow.append(slowdown())
    yield from cancels(walk)
    walk.record("slowdown", max(*slow, slowdown()))
    yield from survives_what_happens_meanwhile(walk)
    yield from is_closed_during_a_job(walk)


def generates(walk: Walk) -> Steps:
    """A click starts the job, the panel shows progress, and the selected cube has a material at the end."""
    pulse = Pulse()
    yield walk.click("impasto.generate", "VIEW_3D")
    bpy.app.timers.register(pulse)
    yield until(lambda: JOBS.shown_task, 10)
    yield until(lambda: not JOBS.shown_task or JOBS.shown_task.fraction > 0.05, 60)
    walk.screenshot("generating.png")
    yield until(lambda: not JOBS.shown_task, 120)
    bpy.app.timers.unregister(pulse)
    walk.record("longest_gaps_ms", [round(gap * 1000, 1) for gap in sorted(pulse.gaps)[-5:]])
    yield 1.0
    cube = bpy.data.objects["Cube"]
    walk.record("material", cube.active_material.name if cube.active_material else None)
    walk.record("images", sorted(image.name for image in bpy.data.images if image.get("impasto_recipe")))
    yield walk.move((400, 500))
    walk.close_up()
    yield walk.settle(SHADERS_S * slowdown(), 600)
    walk.screenshot("generated.png")
    walk.area("VIEW_3D").spaces.active.shading.type = "SOLID"


def undoes_in_one_step(walk: Walk) -> Steps:
    """The history in the Edit menu names the result, and a step back takes it away."""
    yield walk.press("LEFTMOUSE", (EDIT_PX, walk.window.height - 12))
    yield 0.5
    yield walk.tap((EDIT_PX + 50, walk.window.height - HISTORY_PX))
    yield 1.0
    walk.screenshot("undo_history.png")
    for _ in range(2):
        yield walk.press("ESC", (400, 500))
    with walk.at():
        bpy.ops.ed.undo()
    yield 1.0
    cube = bpy.data.objects["Cube"]
    walk.record("material_after_undo", cube.active_material.name if cube.active_material else None)
    with walk.at():
        bpy.ops.ed.redo()
    yield 1.0


def set_size(px: int) -> None:
    """Set both sides of the next texture."""
    quilt = bpy.context.scene.impasto_parameters.quilt
    quilt.width_px = quilt.height_px = px


def cancels(walk: Walk) -> Steps:
    """Cancel frees the panel at once and ends the job within three seconds."""
    set_size(4096)
    materials = len(bpy.data.materials)
    yield walk.click("impasto.generate", "VIEW_3D")
    yield until(lambda: JOBS.shown_task and JOBS.shown_task.fraction > 0, 60)
    task = JOBS.shown_task
    clicks = 0
    while not task.is_cancelled and clicks < CLICKS:
        clicks += 1
        place = yield walk.find("impasto.cancel", "VIEW_3D")
        yield walk.move(place)  # a simulated press is lost where a redraw came after the last move
        started = time.monotonic()
        yield walk.event("LEFTMOUSE", "PRESS", place)
        yield walk.event("LEFTMOUSE", "RELEASE", place)
        while not task.is_cancelled and time.monotonic() - started < 2:
            yield 0.02
    walk.record("cancel_noticed_s", round(time.monotonic() - started, 2))
    while not task.is_ended and time.monotonic() - started < 10:
        yield 0.02
    walk.record("cancel_ended_s", round(time.monotonic() - started, 2))
    yield 1.0
    walk.record("materials_made_by_a_cancelled_job", len(bpy.data.materials) - materials)


def survives_what_happens_meanwhile(walk: Walk) -> Steps:
    """The object is deleted, then another file opened, while a job runs: nothing crashes."""
    set_size(1024)
    yield walk.click("impasto.generate", "VIEW_3D")
    yield until(lambda: JOBS.shown_task, 10)
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    yield until(lambda: not JOBS.shown_task, 120)
    yield 1.0
    walk.record("kept_without_the_object", sum(1 for material in bpy.data.materials if material.get("impasto_recipe")))
    yield from begins(walk)
    with walk.at():
        bpy.ops.wm.read_homefile(app_template="")
    yield until(lambda: not JOBS.shown_task, 120)
    yield 1.0
    walk.record("alive_after_another_file", True)


def is_closed_during_a_job(walk: Walk) -> Steps:
    """The worker ends with Blender, which the walk quits next."""
    set_size(4096)
    yield from begins(walk)
    yield until(lambda: JOBS.shown_task.fraction > 0, 60)
    walk.record("job_is_running", JOBS.shown_task is not None)


def begins(walk: Walk) -> Steps:
    settings().filepath = str(SOURCE)
    with walk.at():
        bpy.ops.impasto.generate("INVOKE_DEFAULT")
    yield until(lambda: JOBS.shown_task, 10)
