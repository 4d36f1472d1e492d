# SPDX-License-Identifier: GPL-3.0-or-later
"""Bakes that are cancelled, killed, or run out of disk or memory: a clear message, and the scene as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest
from baking import material, module, plane, state
from test_installer import small_disk

pytestmark = pytest.mark.usefixtures("scene")


def two() -> list[bpy.types.Object]:
    """Two selected objects with a material each."""
    made = []
    for name in ("First", "Second"):
        made.append(plane(material(name)))
        made[-1].name = name
    return made


def request(folder: Path) -> object:
    """The request of a click on Bake Maps for the two, with files in a folder and new materials."""
    results, sets = module("bake.results"), module("bake.objects.sets")
    options = module("bake.settings").BakeOptions(maps=("base_color", "normal"), width_px=64, height_px=64, samples=1)
    given = [sets.BakeSet.of(bpy.data.objects[name]) for name in ("First", "Second")]
    targets = [results.target_of(one, "NEW") for one in given]
    return module("bake.request").BakeRequest(given, options, targets, folder)


def carried_out(given: object, at: str, act: object) -> object:
    """Carry a request out as a window does, and act once, on the message that ends with `at`; the report."""
    task = given.task()
    say, done = task.say, []

    def heard(message: str, fraction: float = 0.0) -> None:
        say(message, fraction)
        if at in message and not done:
            done.append(message)
            act(task)

    task.say = heard
    if not at:
        act(task)
    task.start()
    assert task.wait(120)
    assert done or not at, f"never said {at!r}"
    return task.conclude()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for the maps."""
    (tmp_path / "maps").mkdir()
    return tmp_path / "maps"


STAGES = {
    "before it starts": "",
    "while Blender starts": "Starting Blender in the background",
    "in the second map": "First: normal",
    "between sets": "Second: base color",
    "once all is baked": "Keeping the maps",
}


@pytest.mark.essential
@pytest.mark.parametrize("stage", STAGES)
def test_a_bake_can_be_cancelled_at_every_stage(stage: str, folder: Path, temporary: Path) -> None:
    two()
    before = state()
    report = carried_out(request(folder), STAGES[stage], lambda task: task.cancel())
    assert (report.level, report.text) == ("CANCELLED", "Bake: cancelled")
    assert state() == before
    assert [*folder.iterdir(), *temporary.iterdir()] == []


def children() -> Iterator[int]:
    """Processes that bake for this one."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"child.py" in path.read_bytes() and f"PPid:\t{os.getpid()}\n" in (path.parent / "status").read_text():
                yield int(path.parent.name)
        except OSError:
            continue


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the process in /proc")
def test_a_blender_that_is_killed_during_a_bake_changes_nothing(folder: Path, temporary: Path) -> None:
    two()
    before = state()

    def kill(_task: object) -> None:
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)

    report = carried_out(request(folder), "First: normal", kill)
    assert report.level == "ERROR"
    assert "Blender in the background was ended by signal 9, and nothing has changed; bake again" in report.text
    assert state() == before
    assert [*folder.iterdir(), *temporary.iterdir()] == []
    assert carried_out(request(folder), "First: base color", lambda task: None).level == "INFO"


@pytest.mark.slow
def test_a_bake_ends_with_the_blender_that_asked_for_it(temporary: Path) -> None:
    """Once nobody reads what it says, its folder is gone, too."""
    two()
    process, sets = module("bake.process.background"), module("bake.objects.sets")
    options = module("bake.settings").BakeOptions(
        maps=("base_color", "normal"), width_px=2048, height_px=2048, samples=4
    )
    given = process.prepare([sets.BakeSet.of(bpy.data.objects[name]) for name in ("First", "Second")], options)
    running = subprocess.Popen(given.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert any(b"Baking First: base color" in line for line in running.stdout)
    assert given.folder.exists()
    running.stdout.close()
    assert running.wait(120) != 0
    assert list(temporary.iterdir()) == []


def fill_up(folder: Path, left: int) -> None:
    """Fill a disk but for some bytes."""
    free = os.statvfs(folder)
    with (folder / "filler").open("ab") as stream:
        stream.write(bytes(max(free.f_bavail * free.f_frsize - left, 0)))


@pytest.mark.slow
def test_files_that_find_the_disk_full_are_not_half_written(tmp_path: Path) -> None:
    two()
    before = state()
    disk = tmp_path / "disk"
    with small_disk(disk, "1M"):
        fill_up(disk, 4096)
        report = carried_out(request(disk), "Second: normal", lambda task: None)
        assert report.level == "ERROR"
        assert "No space left" in report.text
        assert "free" in report.text
        assert [path.name for path in disk.iterdir()] == ["filler"]
    assert state() == before


@pytest.mark.slow
@pytest.mark.parametrize(("left", "said"), [(4096, "cannot be written to"), (1_300_000, "No space left")])
def test_a_temporary_folder_that_is_full_is_told(left: int, said: str, tmp_path: Path, monkeypatch) -> None:
    """At once, where the objects do not fit, or later, where the maps do not."""
    two()
    before = state()
    disk = tmp_path / "disk"
    with small_disk(disk, "2M"):
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        fill_up(disk, left)
        try:
            text = carried_out(request(tmp_path), "Starting", lambda task: fill_up(disk, 4096)).text
        except module("core.errors").ImpastoError as error:
            text = str(error)
        assert said in text
        assert "; " in text, "without a remedy"
        assert {path.name for path in disk.iterdir()} <= {"filler"}
    assert state() == before


def test_maps_that_cannot_fit_into_memory_are_refused_before_the_bake_and_tiles_count() -> None:
    obj = plane(material())
    memory, sets = module("bake.process.memory"), module("bake.objects.sets")
    options = module("bake.settings").BakeOptions(width_px=2**20, height_px=2**20)
    before = state()
    with pytest.raises(module("core.errors").ImpastoError, match=r"needs .* of memory, and .* are free; choose"):
        memory.check_memory([sets.BakeSet.of(obj)], options)
    assert 2**26 < memory.free_bytes() < 2**50
    memory.check_memory([sets.BakeSet.of(obj)], module("bake.settings").BakeOptions(width_px=64, height_px=64))
    assert state() == before

    obj = plane(material(), material(), faces=2)
    for loop in obj.data.polygons[1].loop_indices:
        obj.data.uv_layers[0].data[loop].uv[0] += 0.5
    side_px = int((0.7 * memory.free_bytes() / module("bake.process.costs").BYTES_PER_PIXEL) ** 0.5)
    options = module("bake.settings").BakeOptions(width_px=side_px, height_px=side_px)
    memory.check_memory([sets.BakeSet.of(obj)], options)
    with pytest.raises(module("core.errors").ImpastoError, match="of memory"):
        memory.check_memory([sets.BakeSet.of(obj, use_tiles=True)], options)
