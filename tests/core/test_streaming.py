"""Results written tile by tile equal whole ones byte for byte; a fault or a stop leaves nothing behind."""

import os
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from impasto import Host, Recipe, RunOptions, Step, Texture, read_maps, read_recipe, run
from impasto.errors import Cancelled, ParameterError, PluginError
from impasto.io.formats import PngRows
from impasto.io.packing import Layout
from impasto.options import Sink
from impasto.plugins.registry import registry
from impasto.running.rerun import rerun
from impasto.running.streaming import should_stream
from impasto.tools import Result, describe

pytestmark = pytest.mark.usefixtures("misbehaving")
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
def test_progress_and_a_small_picture_are_told(tmp_path):
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


@pytest.mark.parametrize(
    ("steps", "format_", "said"),
    [
        (("checker",), "png", "checker makes its result in one piece; .* made in tiles: .*blotches"),
        (("blotches", "tint"), "png", "tint needs the whole picture at once; leave that step out"),
        (
            ("blotches",),
            "whole",
            "the format whole needs the whole picture .*; choose from exr, png, png-auto, png16",
        ),
    ],
)
def test_what_cannot_be_written_in_tiles_says_why(steps, format_, said, tmp_path):
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
def test_a_disk_that_fills_up_is_an_error_wherever_it_does(engine_with_misbehaving, tmp_path):
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
