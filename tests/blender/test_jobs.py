"""Jobs that run while the user goes on, with a real worker: nothing that happens meanwhile loses anything.

Timers never fire without a window, so the tests call what the timer calls.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from blends import camera
from conftest import MODULE, refused
from styling import LIMIT_S, wait_until


@pytest.fixture
def jobs(extension, scene):
    return extension.jobs.session.jobs


@pytest.fixture
def start(extension, jobs):
    """Starts a tool as a click on Generate does, without waiting for it."""

    def start_tool(tool: str, material: str = "NEW", **parameters: object):
        size = {"width_px": 16, "height_px": 16}
        request = extension.tools.request.Request(tool=tool, parameters=parameters, estimator="none", **size)
        task = request.task(extension.bridge.target.target_of(bpy.context, material, tool))
        jobs.start(task)
        return task

    return start_tool


def finish(jobs) -> object:
    """Tick, as the timer does, until all tasks are done; what was reported last."""

    def is_done() -> bool:
        jobs.tick()
        return not jobs.tasks

    wait_until(is_done)
    return jobs.last_report


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text() if sys.platform == "linux" else True


def running(task) -> bool:
    return task.job is not None and task.fraction > 0


def made_images():
    return [image for image in bpy.data.images if "impasto_map" in image]


@pytest.mark.any_blender
def test_progress_and_previews_arrive_while_it_runs_and_cancel_ends_it_at_once_and_keeps_the_worker(jobs, start):
    task = start("slow", seconds=60)
    wait_until(lambda: running(task) and task.preview is not None)
    assert "Waiting for" in task.message
    assert task.preview.dtype == "uint8"
    pid = jobs.clients["interactive"].pid
    started = time.monotonic()
    bpy.ops.impasto.cancel()
    assert finish(jobs).level == "CANCELLED"
    assert time.monotonic() - started < 2.0, "the time after which a worker is killed"
    assert jobs.clients["interactive"].pid == pid
    assert not made_images()


@pytest.mark.any_blender
def test_a_second_job_waits_in_line_or_is_taken_out_of_it(jobs, start, extension, monkeypatch):
    operators = extension.jobs.operator
    first = start("slow", seconds=60)
    assert operators.busy_poll_message(can_wait=True), "a double-click is one click"
    monkeypatch.setattr(extension.jobs.session, "DOUBLE_CLICK_S", 0.0)
    assert operators.busy_poll_message() == "Impasto is busy: Slow"
    assert not operators.busy_poll_message(can_wait=True)
    start("checker")
    assert operators.busy_poll_message(can_wait=True), "one waits"
    bpy.ops.impasto.cancel(is_next=True)
    assert (jobs.tasks, jobs.waiting) == ([first], [])
    second = start("checker")
    assert (jobs.tasks, jobs.waiting) == ([first], [second])
    bpy.ops.impasto.cancel()
    assert finish(jobs).text.startswith("Made the material checker")
    assert not jobs.waiting


@pytest.mark.slow
@pytest.mark.any_blender
def test_a_tool_that_ignores_cancel_is_killed_and_the_next_job_runs(jobs, start):
    task = start("hang", seconds=60)
    wait_until(lambda: running(task) or (task.job and task.message != "Waiting for the worker"))
    task.cancel()
    assert finish(jobs).level == "CANCELLED"
    start("checker")
    assert finish(jobs).level == "INFO"


@pytest.mark.essential
@pytest.mark.any_blender
def test_a_worker_that_is_killed_is_an_error_and_the_next_job_runs(jobs, start, extension):
    task = start("slow", seconds=60)
    wait_until(lambda: running(task))
    extension.core.system.process.kill(jobs.clients["interactive"]._connection.popen)
    report = finish(jobs)
    assert report.level == "ERROR"
    assert "the worker died (killed by SIGKILL)" in report.text
    assert "worker.log" in report.text
    start("checker")
    assert finish(jobs).level == "INFO"


@pytest.mark.slow
def test_a_worker_that_dies_in_a_script_raises_and_leaves_the_scene_as_it_was(scene, image):
    refused(r"exit code 3|ended in the middle of base_color", "run", tool="die-while-sending", image=image.name)
    assert bpy.ops.impasto.run(tool="chatty", image=image.name) == {"FINISHED"}


def test_a_deleted_active_material_is_made_anew(jobs, start, plane):
    plane.active_material = bpy.data.materials.new("mine")
    start("checker", material="ACTIVE")
    bpy.data.materials.remove(bpy.data.materials["mine"])
    assert "this is a new one" in finish(jobs).text
    assert plane.active_material == bpy.data.materials["checker"]


def test_undo_during_a_job_is_no_problem(jobs, start, scene):
    bpy.ops.ed.undo_push(message="plane")
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    task = start("slow", seconds=1)
    bpy.ops.ed.undo()
    assert "Cube" not in bpy.data.objects
    assert task in jobs.tasks
    report = finish(jobs)
    assert "deleted meanwhile" in report.text
    assert bpy.data.materials["slow"].use_fake_user


@pytest.mark.slow
def test_a_step_of_undo_beside_a_thread(extension):
    """Within `temp_override`, Blender crashes at once: operators ask Python for the context without its lock."""
    script = (
        "import os, threading, bpy, addon_utils\n"
        f"jobs = addon_utils.enable({MODULE!r}, default_set=True).jobs.session\n"
        "def work():\n    while True:\n        {number: str(number) for number in range(50)}\n"
        "threading.Thread(target=work, daemon=True).start()\n"
        "for _ in range(200):\n    jobs.push_undo('Impasto: a thread is here')\n"
        "os._exit(0)\n"  # Python could not end beside the thread
    )
    command = [sys.executable, "-P", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def test_a_step_of_undo_without_a_window(extension, jobs, scene, monkeypatch):
    """As from a timer, whose context has none."""
    bpy.ops.ed.undo_push(message="before")
    bpy.data.materials.new("undone")
    monkeypatch.setattr(extension.jobs.session, "bpy", WithoutWindow())
    extension.jobs.session.push_undo("Impasto: " + "砖墙" * 30)
    monkeypatch.undo()
    bpy.data.materials.new("after")
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert [name for name in ("undone", "after") if name in bpy.data.materials] == ["undone"]
    bpy.ops.ed.undo()
    assert "undone" not in bpy.data.materials
    assert not hasattr(bpy.types, "IMPASTO_OT_undo_step")


class WithoutWindow:
    """`bpy`, but for the window in its context."""

    context = SimpleNamespace(window=None)

    def __getattr__(self, name: str) -> object:
        return getattr(bpy, name)


def test_a_result_is_applied_in_parts(jobs, start, plane):
    """Nothing is seen of it before the last one: not its images, nor a draft of its material."""
    task = start("checker")
    wait_until(lambda: task.is_ended)
    seen = []
    while jobs.tasks:
        seen.append((len(made_images()), "checker" in bpy.data.materials, bool(plane.active_material)))
        assert jobs.tick() == 0.01 or not jobs.tasks, "the next part soon"
    assert seen == [(0, False, False), (6, False, False), (6, False, False), *[(6, True, False)] * 2]
    assert plane.active_material.name == "checker"


@pytest.mark.parametrize("parts", [1, 4])
def test_undo_between_the_parts_of_a_result_is_repaired(jobs, start, plane, parts):
    task = start("checker")
    wait_until(lambda: task.is_ended)
    for _ in range(parts):
        jobs.tick()
    for image in made_images()[:2]:
        bpy.data.images.remove(image)
    assert finish(jobs).text.startswith("Made the material checker")
    assert plane.active_material.name == "checker"
    assert all(node.image for node in plane.active_material.node_tree.nodes if node.type == "TEX_IMAGE")


@pytest.mark.parametrize("parts", [0, 1])
def test_when_another_file_is_opened_the_result_is_kept_as_files(jobs, start, extension, parts):
    """Also after a part of it was put into the file."""
    task = start("checker")
    start("checker")
    for _ in range(parts):
        wait_until(lambda: task.is_ended)
        jobs.tick()
    bpy.ops.wm.read_homefile(use_empty=True)
    assert not jobs.waiting, "what it was to be made for is gone"
    report = finish(jobs)
    assert "Another file was opened" in report.text
    kept = extension.engine.engine.user_folder() / "kept"
    assert str(kept) in report.text
    assert (kept / "checker_base_color.png").read_bytes().startswith(b"\x89PNG")
    assert not made_images()
    assert not bpy.data.materials


def test_a_result_waits_while_the_scene_is_rendered(jobs, start, scene, extension):
    """The tick comes from within a real render, as it could in a window."""
    seen = []

    def while_rendering(*_: object) -> None:
        task.wait(LIMIT_S)
        jobs.tick()
        seen.append((len(jobs.tasks), len(made_images())))

    camera((8, 8))
    task = start("checker")
    bpy.app.handlers.render_pre.append(while_rendering)
    try:
        bpy.ops.render.render()
    finally:
        bpy.app.handlers.render_pre.remove(while_rendering)
    assert seen == [(1, 0)]
    assert finish(jobs).level == "INFO"
    assert made_images()


@pytest.mark.essential
def test_the_main_thread_never_works_on_pixels(jobs, extension, scene):
    """With results of 2048 x 1024: to start, tick and put them into the .blend, by processor time of this thread.

    They take a few ms; packing the pixels here would take some 200. The limit lies far from both.
    """
    given = {"tool": "checker", "width_px": 2048, "height_px": 1024, "estimator": "none"}
    times_ms = {"start": [], "tick": [], "put": []}

    def measure(name, function):
        started = time.thread_time()
        value = function()
        times_ms[name].append((time.thread_time() - started) * 1000)
        return value

    for _ in range(2):
        target = extension.bridge.target.target_of(bpy.context, "NEW", "big")
        task = measure("start", lambda target=target: extension.tools.request.Request(**given).task(target))
        measure("start", lambda task=task: jobs.start(task))
        while not task.is_ended:
            measure("tick", jobs.tick)
            time.sleep(0.01)
        measure("put", jobs.tick)
    best_ms = {name: min(values) for name, values in times_ms.items()}
    print({name: f"{min(values):.1f} to {max(values):.1f} ms" for name, values in times_ms.items()})
    assert all(value <= 60.0 for value in best_ms.values()), times_ms
    assert tuple(bpy.data.images["big_height"].size) == (2048, 1024)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [("disable", 0), pytest.param("crash", 9, marks=pytest.mark.any_blender)])
def test_blender_can_be_closed_while_a_job_runs(extension, tmp_path, how, code):
    """In a Blender of its own: it ends by itself, and its worker with it."""
    script = tmp_path / "close.py"
    script.write_text(
        "import bpy, addon_utils, sys, time\n"
        f"module = addon_utils.enable({MODULE!r}, default_set=True)\n"
        "request = module.tools.request.Request(tool='slow', parameters={'seconds': 60.0}, estimator='none')\n"
        "task = request.task(module.bridge.target.target_of(bpy.context, 'NONE', 'slow'))\n"
        "module.jobs.session.jobs.start(task)\n"
        "while not (task.job and task.fraction > 0):\n    time.sleep(0.01)\n"
        "print('PID', module.jobs.session.jobs.clients['interactive'].pid, flush=True)\n"
        "if sys.argv[-1] == 'disable':\n"
        f"    addon_utils.disable({MODULE!r}, default_set=True)\n"
        "elif sys.argv[-1] == 'crash':\n"
        "    import os; os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, script, how], capture_output=True, text=True, timeout=300, check=False)
    pid = int(done.stdout.split("PID ")[1].split()[0])
    assert done.returncode == code, done.stderr
    wait_until(lambda: not is_alive(pid))
