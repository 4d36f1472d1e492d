"""A set of files is written whole or not at all, at once or tile by tile, whatever interrupts it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cases import each_case

from impasto import Host, Maps, Recipe, RunOptions, Step, Texture, read_maps, read_recipe, run
from impasto.data.dataset import dataset_of
from impasto.errors import Cancelled, FileError, ParameterError, PluginError
from impasto.io.formats import PngRows
from impasto.io.packing import Layout
from impasto.library.models import ModelLibrary
from impasto.options import Sink
from impasto.plugins.registry import registry
from impasto.running.rerun import rerun
from impasto.running.streaming import should_stream
from impasto.system import transaction
from impasto.system.locks import PREFIX, held
from impasto.system.transaction import recover, replace_files
from impasto.tools import Result, describe

pytestmark = pytest.mark.usefixtures("misbehaving")
NAMES = ("a.png", "b.png", "c.png", "d.png")
OLD = {name: f"old {name}".encode() for name in NAMES}
NEW = {name: f"new {name}".encode() for name in NAMES}
posix = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")


def write(folder: Path, contents: dict[str, bytes]) -> None:
    for name, data in contents.items():
        (folder / name).write_bytes(data)


def read(folder: Path) -> dict[str, bytes]:
    """The files in a folder with their contents, and b"" for folders."""
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


def targets(folder: Path, contents: dict[str, bytes] = NEW) -> dict[Path, bytes]:
    return {folder / name: data for name, data in contents.items()}


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_blocked_file_of_a_set_changes_no_file(when, tmp_path, monkeypatch):
    write(tmp_path, {name: OLD[name] for name in ("a.png", "b.png")})
    if when == "before":
        (tmp_path / "c.png").mkdir()
    else:
        commit = transaction._commit
        monkeypatch.setattr(transaction, "_commit", lambda *a, **b: (tmp_path / "c.png").mkdir() or commit(*a, **b))
    with pytest.raises(FileError, match="a folder of this name is in the way"):
        replace_files(targets(tmp_path))
    assert read(tmp_path) == {"a.png": OLD["a.png"], "b.png": OLD["b.png"], "c.png": b""}


def test_a_set_replaces_an_older_one(tmp_path):
    write(tmp_path, {**OLD, "other.png": b"stays"})
    with pytest.raises(FileError, match=r"a\.png is there already"):
        replace_files(targets(tmp_path), replace=False)
    assert read(tmp_path) == {**OLD, "other.png": b"stays"}
    names = {"w\udcff.png": b"not Unicode"} if sys.platform == "linux" else {}
    replace_files(targets(tmp_path, {**NEW, **names}))
    assert read(tmp_path) == {**NEW, **names, "other.png": b"stays"}


AT_EACH_STEP = """
import json, os, sys
from pathlib import Path
from impasto.errors import FileError
from impasto.system.transaction import recover, replace_files

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")
names = ("a.png", "b.png", "c.png", "d.png")
found = []

def refuse(self, target):
    if self.parent.name == "complete" and target.name == sys.argv[2]:
        raise PermissionError(13, "is used by another program")
    return os.replace(self, target)

def write(folder, steps):
    def count(event, _):
        nonlocal steps
        if event in CHANGES:
            steps -= 1
            if steps < 0:
                os.kill(os.getpid(), 9)

    sys.addaudithook(count)
    Path.replace = refuse
    try:
        replace_files({folder / name: b"new" for name in names})
    except FileError:
        pass
    os._exit(0)

for step in range(100):
    folder = Path(sys.argv[1], str(step))
    folder.mkdir()
    for name in ("a.png", "c.png"):
        (folder / name).write_bytes(b"old")
    child = os.fork()
    if not child:
        write(folder, step)
    code = os.waitpid(child, 0)[1]
    recover(folder)
    found.append((code, {path.name: path.read_text() if path.is_file() else "" for path in folder.iterdir()}))
    if not code:
        break
print(json.dumps(found))
"""


@posix
@pytest.mark.parametrize("refused", ["", "a.png", "d.png"], ids=["written", "unchanged", "finished later"])
def test_a_kill_at_any_step_leaves_a_whole_set_for_the_next_run(refused, tmp_path):
    """refused: a file that another program holds, until the process is killed."""
    command = [sys.executable, "-P", "-c", AT_EACH_STEP, tmp_path, refused]
    done = subprocess.run(command, capture_output=True, check=True)
    *killed, (code, whole) = json.loads(done.stdout)
    assert len(killed) > 8
    assert {code for code, _ in killed} == {signal.SIGKILL}
    older, newer = {"a.png": "old", "c.png": "old"}, dict.fromkeys(NAMES, "new")
    assert (code, whole) == (0, older if refused == "a.png" else newer)
    assert all(files in (older, newer) for _, files in killed), killed
    assert older in (files for _, files in killed)
    assert newer in (files for _, files in killed) or refused == "a.png"


@posix
@pytest.mark.parametrize("linked", ["new", "complete", "gone"])
def test_foreign_links_are_not_followed(linked, tmp_path):
    inside, mine = tmp_path / "inside", tmp_path / "mine"
    mine.mkdir()
    write(mine, OLD)
    left = inside / f"{PREFIX}x.set"
    left.mkdir(parents=True)
    (left / linked).symlink_to(mine)
    (inside / f"{PREFIX}y.set").symlink_to(mine)
    recover(inside)
    assert read(mine) == OLD


WITHIN = """
import sys
from pathlib import Path
from impasto.system.locks import held
from impasto.system.transaction import stage
with {what}:
    print("begins", flush=True)
    sys.stdin.read()
"""
STAGING = WITHIN.format(what="stage([Path(sys.argv[1], 'a.png')])")
HOLDING = WITHIN.format(what="held(Path(sys.argv[1]))")


def test_files_being_written_by_another_process_are_left_alone(tmp_path):
    command = [sys.executable, "-P", "-c", STAGING, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        recover(tmp_path)
        assert sorted(path.suffix for path in tmp_path.iterdir()) == [".lock", ".set"]
        running.kill()
    recover(tmp_path)
    assert read(tmp_path) == {}


TOLD = r"is being made by process \d+ on .* since \d\d:\d\d; wait until that is done"


@contextmanager
def held_by_another(target: Path) -> Iterator[None]:
    """Another thread holds the lock, as far as locks go another process."""
    lock = held(target)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lock.__enter__).result()
        yield
        pool.submit(lock.__exit__, None, None, None).result()


def test_lock_error_names_its_holder(tmp_path):
    target = tmp_path / "new" / "wall"
    command = [sys.executable, "-P", "-c", HOLDING, target]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        with pytest.raises(FileError, match=rf"wall is being made by process {running.pid} on .* since \d\d:\d\d"):
            held(target).__enter__()
        running.kill()
    with held(target):
        pass
    assert not target.parent.exists() or list(target.parent.iterdir()) == []


def test_a_lock_can_be_held_again_in_one_thread_and_leaves_nothing(tmp_path):
    with held(tmp_path / "new" / "wall"), held(tmp_path / "new" / "wall"):
        assert (tmp_path / "new").exists()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / f"{PREFIX}wall.lock").write_text("{}")  # of a dead process
    replace_files({tmp_path / "a.png": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("tile_by_tile", [False, True])
def test_a_second_run_with_the_same_folder_and_name_is_refused(tile_by_tile, tmp_path):
    recipe, sink = Recipe((Step("blotches", {"width_px": 32, "height_px": 32}),)), Sink(tmp_path, "wall")
    with held_by_another(tmp_path / "wall"):
        with pytest.raises(FileError, match=TOLD):
            run(recipe, {}, RunOptions(sink=replace(sink, tile_by_tile=tile_by_tile)))
        assert run(recipe, {}, RunOptions(sink=Sink(tmp_path, "other"))).paths
    assert run(recipe, {}, RunOptions(sink=replace(sink, tile_by_tile=tile_by_tile))).paths
    with pytest.raises(FileError, match="is there already"):
        run(recipe, {}, RunOptions(sink=Sink(tmp_path, "wall", replace=False, tile_by_tile=tile_by_tile)))


def test_a_second_training_installation_or_download_of_one_name_is_refused(tmp_path):
    recipe = Recipe((Step("learn", {"name": "wall", "steps": 1}, {"dataset": "dataset"}),))
    inputs = {"dataset": dataset_of(Maps.from_arrays({"base_color": np.random.default_rng(0).random((64, 64, 3))}))}
    with held_by_another(ModelLibrary(tmp_path).path("wall")), pytest.raises(FileError, match=TOLD):
        run(recipe, inputs, RunOptions(models_folder=tmp_path))
    (file,) = run(recipe, inputs, RunOptions(models_folder=tmp_path)).models
    assert file == ModelLibrary(tmp_path).path("wall")
    library = ModelLibrary(tmp_path / "library")
    with held_by_another(library.path("wall")), pytest.raises(FileError, match=TOLD):
        library.install(file)
    assert library.install(file).name == "wall"
    weights = registry().weights_library(tmp_path)
    with held_by_another(weights.path("squeezenet")), pytest.raises(FileError, match=TOLD):
        weights.download("squeezenet")


def test_foreign_journals_move_nothing_out_of_the_folder(tmp_path):
    inside, complete = tmp_path / "inside", tmp_path / "inside" / f"{PREFIX}x.set" / "complete"
    complete.mkdir(parents=True)
    write(complete, {"outside": b"bad"})
    (tmp_path / "outside").write_bytes(b"mine")
    recover(inside)
    assert (tmp_path / "outside").read_bytes() == b"mine"
    assert read(inside) == {"outside": b"bad"}


SIZE = {"width_px": 300, "height_px": 200}


def blotches(**parameters) -> Recipe:
    return Recipe((Step("blotches", SIZE | parameters),), 7)


def tiled(recipe: Recipe, folder: Path, format_: str = "png", host: Host | None = None, **how: str) -> Result:
    """What a recipe makes, written tile by tile."""
    sink = Sink(folder, "x", format_, tile_by_tile=True, **how)
    return run(recipe, None, RunOptions(sink=sink), *([host] if host else []))


PACKED = "unreal more=base_color,1-height"


@pytest.mark.parametrize(
    ("format_", "tile_px", "export"),
    [("png", 64, ""), ("png16", 301, ""), ("exr", 64, ""), ("png", 301, PACKED), ("exr", 64, PACKED)],
)
def test_the_files_are_those_of_the_whole_byte_for_byte(format_, tile_px, export, tmp_path):
    recipe = blotches(tile_px=tile_px)
    whole = run(recipe, {}, RunOptions(sink=Sink(tmp_path / "whole", "x", format_, export=export, tile_by_tile=False)))
    result = tiled(recipe, tmp_path / "tiles", format_, export=export)
    assert [path.name for path in result.paths] == [path.name for path in whole.paths]
    assert sorted((tmp_path / "tiles").iterdir()) == sorted(result.paths)
    for one, other in zip(result.paths, whole.paths, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    assert result.recipe == whole.recipe == run(recipe).recipe == read_recipe(result.paths[-1])
    assert len(result.maps) == 0
    assert (result.maps.width_m, result.maps.height_range_m) == (2.0, 0.01)
    assert export or rerun(result.paths[0], tmp_path / "again").identical


def test_filters_that_are_pointwise_follow(tmp_path):
    recipe = Recipe((*blotches().steps, Step("negative")), 7)
    whole = run(recipe).maps["base_color"].pixels
    path = tiled(recipe, tmp_path, "png16").paths[0]
    assert np.abs(read_maps(path)["base_color"].pixels - whole).max() <= 1 / 65535


@pytest.mark.slow
def test_streaming_reports_progress_and_a_preview(tmp_path):
    told, shown = [], []
    recipe = blotches(width_px=1100, height_px=520, tile_px=130)
    tiled(recipe, tmp_path, host=Host(on_progress=lambda *said: told.append(said), on_preview=shown.append))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    whole = run(recipe).maps["base_color"].pixels
    assert np.array_equal(shown[-1]["base_color"].pixels, whole[::3, ::3])
    assert len(shown) == 4 * 9
    shown.clear()
    tiled(blotches(tile_px=10), tmp_path / "more", host=Host(on_preview=shown.append))
    assert 50 <= len(shown) <= 100


@each_case("what-cannot-be-made-in-tiles")
def test_recipes_that_cannot_be_streamed_say_why(steps, format_, said, tmp_path):
    from impasto.io.files import Exporter

    registry().exporters["whole"] = Exporter("whole", "Whole", ".w", lambda name, texture, metadata: b"")
    with pytest.raises(ParameterError, match=said):
        tiled(Recipe(tuple(map(Step, steps))), tmp_path / "out", format_)
    assert not (tmp_path / "out").exists()


def test_large_results_should_be_streamed_where_they_can():
    large = {"width_px": 8192, "height_px": 4096}
    assert should_stream(blotches(**large), None)
    assert not should_stream(blotches(width_px=4096, height_px=4096), None)
    assert not should_stream(Recipe((Step("checker", large),)), None)
    assert not should_stream(Recipe((Step("blotches", large), Step("tint"))), None)
    assert describe(registry().tool("blotches"))["makes_tiles"]
    assert not describe(registry().tool("checker"))["makes_tiles"]


@pytest.mark.any_numpy
@pytest.mark.parametrize("format_", ["png", "exr"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [*((fault, PluginError) for fault in ("gap", "overlap", "short", "maps")), ("bug", ZeroDivisionError)],
)
def test_a_faulty_tool_leaves_older_files_whole_and_no_new_ones(fault, error, format_, tmp_path):
    tiled(blotches(), tmp_path, format_)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(error):
        tiled(blotches(fault=fault), tmp_path, format_)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("format_", ["png", "exr"])
def test_cancelling_leaves_nothing(format_, tmp_path):
    asked = iter([False] * 20)
    with pytest.raises(Cancelled):
        tiled(blotches(tile_px=32), tmp_path, format_, Host(is_cancelled=lambda: next(asked, True)))
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, signal
from pathlib import Path
from impasto import Recipe, RunOptions, Step, run
from impasto.errors import FileError
from impasto.options import RunOptions, Sink

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
recipe = Recipe((Step("blotches", {"width_px": 150, "height_px": 100}),), 7)
for format in ("png", "exr"):
    size = max(path.stat().st_size for path in run(recipe, None, RunOptions(sink=Sink(Path("a"), "x", format))).paths)
    for missing in (1, 100, size // 2, size - 50):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size - missing, resource.RLIM_INFINITY))
        try:
            run(recipe, None, RunOptions(sink=Sink(Path("b"), "x", format)))
        except FileError as error:
            print("free space" in error.remedy, list(Path().glob("b/*")))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@pytest.mark.slow
@pytest.mark.any_numpy
@pytest.mark.skipif(os.name == "nt", reason="limits the size of files, which Windows cannot")
def test_a_full_disk_at_any_moment_is_an_error(engine_with_misbehaving, tmp_path):
    command = [engine_with_misbehaving, "-P", "-c", LIMITED]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:-1] == ["True []"] * 8, done.stderr


@pytest.mark.any_numpy
def test_the_command_writes_tile_by_tile(impasto, tmp_path):
    options = ("blotches", "--stream", "--size", "96x80", "--tile-px", 40, "--out", tmp_path, "--format", "exr")
    done = impasto("generate", *options)
    assert (done.returncode, done.stderr) == (0, "")
    files = list(map(Path, done.stdout.split()))
    assert set(files) == set(tmp_path.iterdir())
    assert read_maps(tmp_path).size_px == (80, 96)
    assert [step.tool for step in read_recipe(files[0]).steps] == ["blotches"]
    refused = impasto("generate", "checker", "--stream", "--out", tmp_path, code=2)
    assert "checker makes its result in one piece" in refused.stderr


def test_a_picture_may_be_abandoned_while_a_thread_writes_it(tmp_path):
    """A signal can come between a thread's start and the pool's note of it; it crashed the process."""
    band = Texture(np.random.default_rng(0).random((256, 1024, 3), np.float32), "srgb")
    for number in range(3):
        rows = PngRows(tmp_path / f"{number}.png", Layout.of_map("base_color"), (4096, 1024), {}, bits=8)
        writing = threading.Thread(target=rows.write, args=(band,))
        writing.start()
        time.sleep(0.02)
        rows.abandon()
        writing.join()
